"""Training that is killed at any moment leaves a file that loads and goes on as if it was not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
RANDOM_KILLS = 10
"""Of a game and of another world each, besides 8 aimed at the moment of writing."""


@pytest.mark.skipif(sys.platform != "linux", reason="needs fork and SIGKILL")
def test_36_kills_lose_nothing(tmp_path):
    paths = [str(ROOT), *filter(None, sys.path)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.agents.training.killing", str(tmp_path), str(RANDOM_KILLS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout.splitlines()[-1])
    assert sum(result["deaths"] for result in results) == 2 * (RANDOM_KILLS + 8)
    for result in results:
        assert result["loaded"] >= result["kills"] - 4  # of all after the first checkpoint
        assert result["steps"] == sorted(result["steps"])  # nothing that was saved gets lost
        assert 0 < result["steps"][-1] < result["budget"]  # all kills hit a run under way
        assert result["differences"] == []
        assert result["left"] == []
