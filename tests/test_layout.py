"""The shape of the house: where files lie, how long they are, what an import drags in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("rlhf_agents", "adapters/rlhf_adapters", "games/rlhf_games")
FOLDERS = (*PACKAGES, "docs", "examples", "tests")
TOP_LEVEL = {
    ".ci",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "adapters",
    "constraints.txt",
    "docs",
    "examples",
    "games",
    "pyproject.toml",
    "rlhf_agents",
    "tests",
}
MAX_LINES = 400
HEAVY = ("torch", "pygame", "pyspiel", "pettingzoo", "bitbully", "rlhf_games.boards.connect_four")


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def repository_files() -> list[str]:
    """Paths that git tracks or would add, relative to the repository root."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("needs git")
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git repository")
    return [name for name in listing.stdout.split("\0") if name and (ROOT / name).exists()]


@pytest.mark.parametrize("folder", ["adapters", "games", "tests"])
def test_folders_above_packages_are_no_packages(folder: str):
    """As a package, `adapters` would shadow (and, installed, overwrite) AdapterHub's."""
    assert not (ROOT / folder / "__init__.py").exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_packages_with_types(package: str):
    assert (ROOT / package / "__init__.py").is_file()
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_are_short(folder: str):
    paths = sorted((ROOT / folder).rglob("*.py"))
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in paths
    }
    assert lengths
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_every_module_lies_in_a_checked_folder(repository_files: list[str]):
    folders = tuple(f"{folder}/" for folder in FOLDERS)
    modules = [name for name in repository_files if name.endswith(".py")]
    assert [name for name in modules if not name.startswith(folders)] == []


def test_top_level_holds_only_what_belongs_there(repository_files: list[str]):
    assert {name.partition("/")[0] for name in repository_files} - TOP_LEVEL == set()


def test_import_is_light():
    """`import rlhf_agents` loads neither torch, nor an optional library, nor a concrete game."""
    script = f"import sys, rlhf_agents; print(*(n for n in {HEAVY!r} if n in sys.modules))"
    folders = os.pathsep.join(str((ROOT / package).parent) for package in PACKAGES)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout.split(), result.stderr) == (0, [], "")


def test_extra_all_is_the_union_of_the_other_extras(project: dict):
    extras = project["optional-dependencies"]
    (requirement,) = extras["all"]
    union = re.fullmatch(r"rlhf-agents\[(.+)\]", requirement)
    assert union is not None
    assert set(union[1].split(",")) == set(extras) - {"all", "docs", "test"}


def test_constraints_pin_every_direct_dependency(project: dict):
    requirements = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        requirements += extra
    wanted = {_distribution(requirement) for requirement in requirements} - {"rlhf-agents"}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {_distribution(line) for line in lines if "==" in line and not line.startswith("#")}
    assert pinned == wanted


def test_versions_agree(project: dict):
    version = project["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f'__version__ = "{version}"' in (ROOT / "rlhf_agents" / "__init__.py").read_text("utf-8")
    assert f"\nversion: {version}\n" in citation
    released = re.search(rf"^## \[{re.escape(version)}\] - (\S+)$", changelog, re.MULTILINE)
    assert released is not None
    assert f"\ndate-released: {released[1]}\n" in citation


def _distribution(requirement: str) -> str:
    """The normalised name (PEP 503) that a requirement starts with."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~!; ]", requirement)[0]).lower()


def test_the_list_of_slow_tests_names_tests():
    """A test that was renamed or removed must leave the list too, see `tests/conftest.py`."""
    gone = []
    for name in (ROOT / "tests" / "slow_tests.txt").read_text(encoding="utf-8").split():
        path, *_, function = name.split("::")
        file = ROOT / path
        # Inherited tests are defined in a contract elsewhere: then the file is enough.
        if not file.is_file() or (
            "class " not in (text := file.read_text("utf-8")) and f"def {function}(" not in text
        ):
            gone.append(name)
    assert gone == []
