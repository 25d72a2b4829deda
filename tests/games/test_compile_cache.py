"""The cache of compiled code outlives games that are gone, and notices every edit that matters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numba
import pytest
from numba.core.caching import FunctionCache

GAME = """
from typing import NamedTuple

from rlhf_games import rules
from rlhf_games.compiled import implement
from helping import FACTOR

@rules.position_words(1)
class {name}(NamedTuple):
    n_actions: int = 1
    n_cells: int = 1
    n_goals: int = 3

@implement(rules.plies, {name})
def plies(rules, state):
    return FACTOR
"""
CALLER = """
import sys
import numba
from rlhf_games import rules
from rlhf_games.compiled import compiled

@compiled
def count(tag):
    return rules.plies(tag, (numba.uint64(0),))
"""
RUN = """
import importlib, sys
sys.path.insert(0, {folder!r})
import calling
tag = getattr(importlib.import_module({module!r}), {name!r})()
print(calling.count(tag))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "calling.py").write_text(CALLER)
    (tmp_path / "helping.py").write_text("FACTOR = 7\n")
    for module, name in (("first", "First"), ("second", "Second")):
        (tmp_path / f"{module}.py").write_text(GAME.format(name=name))
    return tmp_path


def count(folder: Path, module: str) -> str:
    script = RUN.format(folder=str(folder), module=module, name=module.title())
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={"NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*.nbc")}


def test_numba_has_what_the_cache_overrides():
    """Written for numba 0.61 to 0.68: a newer one must be looked at."""
    assert numba.__version__ < "0.69"
    for name in ("_load_overload", "_save_overload"):
        assert name in vars(FunctionCache.__mro__[1]), name


def test_a_new_process_compiles_nothing(folder: Path):
    assert count(folder, "first") == "7"
    before = files(folder)
    assert before
    assert count(folder, "first") == "7"
    assert files(folder) == before


def test_a_game_that_is_gone_breaks_no_other(folder: Path):
    assert count(folder, "first") == count(folder, "second") == "7"
    (folder / "second.py").unlink()
    assert count(folder, "first") == "7"


def test_a_game_that_comes_back_changed_is_compiled_again(folder: Path):
    assert count(folder, "first") == "7"
    changed = (folder / "first.py").read_text().replace("return FACTOR", "return FACTOR + 1")
    (folder / "first.py").write_text(changed)
    assert count(folder, "first") == "8"


def test_a_module_beside_a_game_counts(folder: Path):
    assert count(folder, "first") == "7"
    # Of another length: Python itself overlooks an edit within a second that keeps the size.
    (folder / "helping.py").write_text("FACTOR = 3 * 3\n")
    assert count(folder, "first") == "9"


def test_an_edit_throws_away_only_what_it_concerns(folder: Path):
    count(folder, "first")
    before = files(folder)
    count(folder, "second")
    (folder / "second.py").write_text((folder / "second.py").read_text() + "\n# edited\n")
    count(folder, "second")
    after = files(folder)
    assert all(after[path] == stamp for path, stamp in before.items())


@pytest.mark.parametrize("content", [b"", b"x" * 40, b"\x80" * 5000])
def test_damaged_files_are_compiled_again(folder: Path, content: bytes):
    count(folder, "first")
    for path in files(folder):
        path.write_bytes(content)
    assert count(folder, "first") == "7"
