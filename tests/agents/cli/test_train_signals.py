"""SIGTERM ends `rlhf-train` within two seconds at any time, also while everything is compiled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = "from rlhf_agents.cli.train import main; raise SystemExit(main())"
LIMIT = 2.0
COMPILING = "compiling, once"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sends signals as Unix does")


def train(folder, *words):
    """Start training with an empty cache."""
    paths = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words, "--out", str(folder / "model.zip")],
        env={**os.environ, "PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(folder / "cache")},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("world", ["CartPole-v1", "tic_tac_toe"])
@pytest.mark.parametrize("delay", [0.5, 4.0, 10.0])
def test_a_signal_is_heard_while_the_compiler_works(tmp_path, world, delay):
    with train(tmp_path, "--env", world) as program:
        assert program.stderr is not None
        line = program.stderr.readline()
        assert COMPILING in line
        time.sleep(delay)
        assert program.poll() is None
        program.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        said = program.stderr.read()
        code = program.wait(60)
        assert time.monotonic() - begin < LIMIT
    assert (code, said) == (128 + signal.SIGTERM, "interrupted\n")
    assert not (tmp_path / "model.zip").exists()


def test_training_compiles_nothing_more_and_a_signal_saves(tmp_path):
    """The second run finds everything in the cache, and its first steps are no longer long."""
    words = ["--env", "tic_tac_toe", "--steps", "100000000"]
    with train(tmp_path, *words) as program:
        assert program.stderr is not None
        assert COMPILING in program.stderr.readline()
        while "training" not in program.stderr.readline():
            assert program.poll() is None
        files = sorted((tmp_path / "cache").rglob("*.nbc"))
        assert files
        time.sleep(1.0)
        program.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        program.stderr.read()
        assert program.wait(60) == 0
        assert time.monotonic() - begin < LIMIT
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
