"""What can be imported: every module, and every public name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"rlhf_agents": ".", "rlhf_adapters": "adapters", "rlhf_games": "games"}


def _modules() -> list[str]:
    names = []
    for package, folder in PACKAGES.items():
        for path in (ROOT / folder / package).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            names.append(".".join(parts).removesuffix(".__init__"))
    return sorted(name for name in names if not name.endswith(".__main__"))


def _reading_order(name: str) -> tuple[bool, bool, str]:
    """Constants, classes, functions; each by alphabet. The order that ruff keeps (RUF022)."""
    return (not name.isupper(), not name[0].isupper(), name)


def test_modules_are_importable_without_optional_libraries():
    assert [name for name in _modules() if not import_module(name).__doc__] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_sorted_and_unique(package: str):
    names = import_module(package).__all__
    assert list(names) == sorted(set(names), key=_reading_order)


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_importable(package: str):
    module = import_module(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert set(module.__all__) <= set(dir(module))
