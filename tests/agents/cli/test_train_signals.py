"""SIGTERM ends `rlhf-train` within two seconds at any time, also while everything is compiled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agents.cli.test_play_signals import _seconds_of_children

PROGRAM = "from rlhf_agents.cli.train import main; raise SystemExit(main())"
LIMIT = 4.0
"""CPU seconds from the signal to the end: two seconds, of two threads."""
COMPILING = "compiling, once"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sends signals as Unix does")


def used_by(pid):
    """Return the CPU seconds of a process and of those that it has started and waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def train(folder, *words):
    """Start training with a cache of its own, empty at first; it ends with the test."""
    paths = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words, "--out", str(folder / "model.zip")],
        env={**os.environ, "PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(folder / "cache")},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("world", ["CartPole-v1", "tic_tac_toe"])
@pytest.mark.parametrize("delay", [0.5, 4.0, 10.0])
def test_a_signal_is_heard_while_the_compiler_works(tmp_path, world, delay):
    before = _seconds_of_children()
    with train(tmp_path, "--env", world) as program:
        assert program.stderr is not None
        line = program.stderr.readline()
        assert COMPILING in line
        time.sleep(delay)
        assert program.poll() is None
        used = used_by(program.pid)
        program.send_signal(signal.SIGTERM)
        said = program.stderr.read()
        code = program.wait(60)
    assert _seconds_of_children() - before - used < LIMIT
    if code == 0:  # a fast machine had compiled everything, and was learning
        assert (tmp_path / "model.zip").exists()
        return
    # Once training listens to signals itself, but has nothing to save, it ends as by Ctrl-C.
    assert code in (128 + signal.SIGTERM, 128 + signal.SIGINT)
    assert said == "interrupted\n"
    assert not (tmp_path / "model.zip").exists()


def test_training_compiles_nothing_more_and_a_signal_saves(tmp_path):
    """The second run finds everything in the cache, and its first steps are no longer long."""
    words = ["--env", "tic_tac_toe", "--steps", "100000000"]
    before = _seconds_of_children()
    with train(tmp_path, *words) as program:
        assert program.stderr is not None
        assert COMPILING in program.stderr.readline()
        while "training" not in program.stderr.readline():
            assert program.poll() is None
        files = sorted((tmp_path / "cache").rglob("*.nbc"))
        assert files
        time.sleep(1.0)
        used = used_by(program.pid)
        program.send_signal(signal.SIGTERM)
        program.stderr.read()
        assert program.wait(60) == 0
    assert _seconds_of_children() - before - used < LIMIT
    assert sorted((tmp_path / "cache").rglob("*.nbc")) == files
    assert (tmp_path / "model.zip").exists()
    with train(tmp_path, *words, "--force") as program:
        assert program.stderr is not None
        assert COMPILING not in program.stderr.readline()
        program.send_signal(signal.SIGTERM)


def test_a_mistake_is_said_once(tmp_path):
    with train(tmp_path, "--env", "CartPole-v1", "--goal", "wn") as program:
        assert program.stderr is not None
        lines = program.stderr.read().splitlines()
        assert program.wait(60) == 2
    assert COMPILING in lines[0]
    assert len(lines) == 2
    assert "unknown goal 'wn'" in lines[1]
