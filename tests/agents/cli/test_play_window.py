"""`rlhf-play` and its window: without pygame-ce, and without a display that answers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def test_without_pygame_the_terminal_is_used(tmp_path):
    (tmp_path / "pygame.py").write_text("raise ImportError('no pygame here')")
    program = "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    program += "from rlhf_agents.cli.play import main; raise SystemExit(main())"
    command = [sys.executable, "-c", program, str(tmp_path), "--game", "tic_tac_toe"]
    variables = {**os.environ, "DISPLAY": ":99"}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=variables,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "the window needs pygame-ce: pip install 'rlhf-agents[viewer]'; playing in the terminal.\n"
    )
    assert "achieved:" in done.stdout
    films = subprocess.run(
        [*command, "--watch", "--record", str(tmp_path / "a.gif")],
        capture_output=True,
        text=True,
        check=False,
        env=variables,
    )
    assert films.returncode == 2
    assert films.stderr.startswith("error: the window needs pygame-ce")
    assert not (tmp_path / "a.gif").exists()


def test_a_display_opens_the_window(tmp_path):
    """With SDL's dummy driver; the goal is wrong, which only the loaded game can tell."""
    program = "from rlhf_agents.cli.play import main; raise SystemExit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "--game", "connect_four", "--goal", "wim"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SDL_VIDEODRIVER": "dummy"},
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "wim" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="displays have names on X11 only")
def test_a_display_that_does_not_answer():
    code = "from rlhf_agents.cli.play import main; raise SystemExit(main())"
    variables = {
        k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    }
    done = subprocess.run(
        [sys.executable, "-c", code, "--game", "tic_tac_toe"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**variables, "DISPLAY": ":7357"},
    )
    assert done.returncode == 0, done.stderr
    assert "no display to open a window on; playing in the terminal." in done.stderr
    assert "achieved:" in done.stdout
