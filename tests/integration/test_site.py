"""The parts of the site that do not need Sphinx; `make docs` builds the whole."""

from __future__ import annotations

import ast
import re
import sys
import zlib
from importlib import import_module
from pathlib import Path

import pytest

import rlhf_games

DOCS = Path(__file__).resolve().parents[2] / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.py"))


@pytest.fixture(scope="module")
def site():
    """The modules that make the site."""
    sys.path.insert(0, str(DOCS))
    names = ("check_links", "docstrings", "inventories", "made_pages", "results")
    modules = {name: import_module(f"_site.{name}") for name in names}
    sys.path.remove(str(DOCS))
    return modules


def test_broken_links_are_found(site, tmp_path: Path):
    (tmp_path / "a.html").write_text('<a href="b.html#x">1</a><img src="no.png"><p id="y">')
    (tmp_path / "b.html").write_text('<a href="a.html#y">1</a><a href="https://else.where">2</a>')
    (tmp_path / "c.html").write_text('<iframe src="a.html"></iframe><a href="#top">3</a>')
    found = site["check_links"].broken_links(tmp_path)
    assert found == ["a.html: b.html#x", "a.html: no.png", "c.html: #top"]


def test_inventories_are_sphinx_s(site, tmp_path: Path):
    known = site["inventories"].mapping(DOCS / "inventories", tmp_path)
    assert set(known) == {"gymnasium", "numpy", "python", "stable_baselines3"}
    for address, path in known.values():
        assert address.startswith("https://")
        head, _, packed = Path(path).read_bytes().partition(b"follows below.\n")
        assert head.startswith(b"# Sphinx inventory version 2\n")
        for line in zlib.decompress(packed).decode().splitlines():
            assert re.fullmatch(r"\S+ py:\w+ 1 \S+ -", line)


def test_indented_lines_of_docstrings_are_code(site):
    lines = ["Do it.", "", "    code", "", "    more", "", "Args:", "    name: text.", "", "End."]
    site["docstrings"].mark_code(None, "", "", None, None, lines)
    assert lines[:5] == ["Do it.", "", "::", "", "    code"]
    assert lines[-4:] == ["Args:", "    name: text.", "", "End."]


def test_the_glossary_has_every_goal_of_every_game(site):
    page = (DOCS / "goals.md").read_text("utf-8")
    for name in rlhf_games.names():
        assert f"made/goals_{name}.md" in page
        table = site["made_pages"].goal_table(name)
        assert all(f"| `{goal.name}` |" in table for goal in rlhf_games.make(name).goals)


def test_tables_of_pages_are_those_of_the_files(site):
    results = site["results"]
    shown = set()
    for page in DOCS.glob("*.md"):
        text = page.read_text("utf-8")
        assert results.filled(text) == text, f"run python docs/_site/results.py for {page.name}"
        shown |= set(re.findall(r"<!-- results: (\w+) -->", text))
    assert shown == {path.stem for path in results.RESULTS.glob("*.csv")}
    sizes = [path.stat().st_size for path in results.RESULTS.glob("*.csv")]
    assert len(sizes) >= 10
    assert max(sizes) < 10_000


def test_figures_of_the_readme_are_those_of_the_files(site):
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    assert [figure for figure in site["results"].readme_figures() if figure not in readme] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_assert_something_and_are_listed(notebook: Path):
    text = notebook.read_text("utf-8")
    asserts = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assert)]
    assert len(asserts) >= 2
    assert f"notebooks/{notebook.stem}\n" in (DOCS / "index.md").read_text("utf-8")


def test_there_are_six_notebooks():
    assert len(NOTEBOOKS) == 6
