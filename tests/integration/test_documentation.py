"""The examples of README and documentation run as written, and their links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([\w./-]+)")
EXAMPLES = [
    pytest.param(example, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, example in enumerate(PYTHON.findall(page.read_text("utf-8")))
]


def test_the_readme_is_for_newcomers():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) <= 120
    first = PYTHON.findall(readme)[0]
    assert len([line for line in first.splitlines() if line]) <= 5


def test_there_are_examples():
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_runs_as_written(example: str, tmp_path: Path):
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    text = re.sub(r"^ {4}.*$|`[^`]*`", "", page.read_text("utf-8"), flags=re.MULTILINE)
    targets = LINK.findall(text)
    assert [target for target in targets if not (page.parent / target).exists()] == []
