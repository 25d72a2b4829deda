"""How `rlhf-play` ends: Ctrl-C and SIGTERM in every mode, also in the middle of a search."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.agents.cli.programs import run

MODES = {
    "terminal": ["connect_four", "--agent", "minimax:30", "--side", "second", "--terminal"],
    "recording": ["connect_four", "--agent", "minimax:30", "--watch", "--record", "{tmp}/a.gif"],
    "window": ["connect_four", "--agent", "minimax:30", "--side", "second"],
    "environment": ["CartPole-v1", "--terminal", "--games", "100000", "--plies", "10000000"],
    "environment on film": [
        "CartPole-v1",
        "--record",
        "{tmp}/a.gif",
        "--games",
        "100000",
        "--plies",
        "9999999",
    ],
    "environment in a window": ["CartPole-v1", "--games", "100000"],
}


@pytest.fixture(scope="module")
def _compiled():
    """Everything that the searches need, so that they are not still compiling."""
    words = ["connect_four", "--agent", "minimax:2", "--watch", "--opponent", "random"]
    assert run("play", *words, "--games", 2).returncode == 0


@pytest.mark.usefixtures("_compiled")
@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
@pytest.mark.parametrize("mode", MODES)
def test_signals_end_every_mode(mode, kind, tmp_path):
    words = [word.format(tmp=tmp_path) for word in MODES[mode]]
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "from rlhf_agents.cli.play import main; raise SystemExit(main())"
    variables = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    if "window" in mode:
        variables["SDL_VIDEODRIVER"] = "dummy"
    with subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=variables,
    ) as process:
        try:
            time.sleep(15)  # by now it searches, or acts
            assert process.poll() is None, process.stderr.read()
            begin = time.monotonic()
            process.send_signal(kind)
            process.wait(60)
            assert time.monotonic() - begin < 5  # two seconds, on a machine that has time
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()
    assert list(tmp_path.iterdir()) == []
