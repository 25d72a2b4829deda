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

PROGRAM = """
import os
from numba.core import event
from rlhf_agents.cli.train import main

def leave(code, leave_at_once=os._exit):
    print("compiled", [each.data["dispatcher"].py_func for _, each in compiled.buffer], flush=True)
    leave_at_once(code)

os._exit = leave
with event.install_recorder("numba:compile") as compiled:
    raise SystemExit(main())
"""
LIMIT = 4.0
"""CPU seconds from the signal to the end: two seconds, of two threads."""
COMPILING = "compiling, once"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sends signals as Unix does")


def used_by(pid):
    """Return the CPU seconds of a process and of those that it has started and waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def train(folder, *words, cache=None):
    """Start training, perhaps with an empty cache of its own; it ends with the test."""
    own = {"NUMBA_CACHE_DIR": str(cache)} if cache else {}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words, "--out", str(folder / "model.zip")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(("env", "delay"), [("CartPole-v1", 3.0), ("tic_tac_toe", 4.0)])
def test_a_signal_is_heard_while_the_compiler_works(tmp_path, env, delay):
    before = _seconds_of_children()
    with train(tmp_path, "--env", env, cache=tmp_path) as program:
        assert program.stderr is not None
        if env == "tic_tac_toe":  # CartPole needs little, and nothing is said of that
            assert COMPILING in program.stderr.readline()
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
    assert code == 128 + signal.SIGTERM
    assert said.splitlines()[-1] == "interrupted"
    assert not (tmp_path / "model.zip").exists()


def test_training_compiles_nothing_more_and_a_signal_saves(tmp_path):
    """What the child has compiled is all that training needs."""
    before = _seconds_of_children()
    with train(tmp_path, "--env", "tic_tac_toe", "--steps", "100000000") as program:
        assert program.stdout is not None
        assert program.stderr is not None
        while "Training" not in program.stderr.readline():
            assert program.poll() is None
        time.sleep(3.0)
        used = used_by(program.pid)
        program.send_signal(signal.SIGTERM)
        program.stderr.read()
        said = program.stdout.read()
        assert program.wait(60) == 0
    assert _seconds_of_children() - before - used < LIMIT
    assert said.splitlines()[-1] == "compiled []"
    assert (tmp_path / "model.zip").exists()


def test_a_mistake_is_said_once(tmp_path):
    with train(tmp_path, "--env", "CartPole-v1", "--goal", "wn") as program:
        assert program.stderr is not None
        lines = program.stderr.read().splitlines()
        assert program.wait(60) == 2
    assert "unknown goal 'wn'" in lines[-1]
    assert len([line for line in lines if COMPILING not in line]) == 1
