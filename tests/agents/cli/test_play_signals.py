"""How `rlhf-play` ends: Ctrl-C and SIGTERM in every mode, also in the middle of a search."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.agents.cli.programs import run

resource = pytest.importorskip("resource", reason="measures processes as Unix does")

PATIENCE = 240.0
LIMIT = 4.0
"""CPU seconds from the signal to the end: two seconds, of two threads."""

CODE = """
import signal, sys
from pathlib import Path
from rlhf_agents.cli.play import main
from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.players.minimax import MinimaxPlayer

def noticed(method):
    def noticing(*args):
        Path(marker).touch()
        return method(*args)
    return noticing

marker = sys.argv.pop(1)
MinimaxPlayer._deepen = noticed(MinimaxPlayer._deepen)
EpisodePlayer.advance = noticed(EpisodePlayer.advance)
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run in the background
raise SystemExit(main())
"""
MODES = {
    "terminal": ["connect_four", "--agent", "minimax:30", "--side", "second", "--terminal"],
    "recording": ["connect_four", "--agent", "minimax:30", "--watch", "--record", "a.gif"],
    "window": ["connect_four", "--agent", "minimax:30", "--watch"],
    "environment": ["CartPole-v1", "--terminal", "--games", "100000", "--plies", "9999999"],
    "environment on film": ["CartPole-v1", "--record", "a.gif", "--games", "100000"],
    "environment in a window": ["CartPole-v1", "--agent", "random", "--games", "100000"],
}


@pytest.fixture(scope="module")
def _compiled():
    """Everything that the searches need, so that they are not still compiling."""
    words = ["connect_four", "--agent", "minimax:2", "--watch", "--opponent", "random"]
    assert run("play", *words, "--games", 2).returncode == 0


@pytest.mark.slow
@pytest.mark.usefixtures("_compiled")
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("mode", "kind"),
    [(mode, signal.SIGINT) for mode in MODES]
    + [(mode, signal.SIGTERM) for mode in ("terminal", "environment in a window")],
)
def test_signals_end_every_mode(mode, kind, tmp_path):
    folder, marker = tmp_path / "folder", tmp_path / "marker"
    folder.mkdir()
    variables = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    if "window" in mode:
        variables["SDL_VIDEODRIVER"] = "dummy"
    words = [*MODES[mode], "--plies", "9999999"] if "film" in mode else MODES[mode]
    before = _seconds_of_children()
    with subprocess.Popen(
        [sys.executable, "-c", CODE, str(marker), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=variables,
    ) as process:
        try:
            _wait_for(marker, process)
            time.sleep(0.5)
            used = _seconds_of(process.pid)
            process.send_signal(kind)
            process.wait(60)
            error = process.stderr.read()
        finally:
            process.kill()
    assert "Traceback" not in error
    assert _seconds_of_children() - before - used < LIMIT
    assert list(folder.iterdir()) == []


def _wait_for(marker: Path, process: subprocess.Popen) -> None:
    until = time.monotonic() + PATIENCE
    while not marker.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.1)


def _seconds_of(pid: int) -> float:
    """Return the CPU time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seconds_of_children() -> float:
    """Return the CPU time of all processes that this one has started and waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
