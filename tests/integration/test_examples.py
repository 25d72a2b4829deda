"""The scripts of `examples/` run as written, with small numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
RUNS = {
    "learn_with_hindsight.py": (["--bits", "6", "--steps", "600"], "HFDQN with hindsight"),
    "play_and_explain.py": (["--nodes", "16"], "result for the player to move: -1"),
    "steer_by_goals.py": (["--games", "20", "--nodes", "8"], "goal lose"),
    "train_by_self_play.py": (["--steps", "2000"], "rlhf-play --game connect_four --agent"),
    "your_own_environment.py": (["--steps", "2000"], "arrived: True"),
}


def test_every_example_is_run():
    assert {path.name for path in FOLDER.glob("*.py")} == set(RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_example_runs(name: str, tmp_path: Path):
    arguments, expected = RUNS[name]
    done = subprocess.run(
        [sys.executable, "-W", "error", FOLDER / name, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout
