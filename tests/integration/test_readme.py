"""The README's examples run as written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def test_there_are_examples():
    assert len(EXAMPLES) == 6
    assert len([line for line in EXAMPLES[0].splitlines() if line]) <= 5


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=["train", "dqn", "hindsight", "foresight", "pettingzoo", "play"]
)
def test_example_runs_as_written(example, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if "four.zip" in example and "save" in example:
        assert (tmp_path / "four.zip").stat().st_size > 1_000_000
