"""Adapters know what they share, and no other adapter: a new one needs no entry anywhere."""

from __future__ import annotations

import importlib.util
import pkgutil

import grimp
import pytest

import rlhf_adapters
from rlhf_adapters.registry import _LIBRARIES

ADAPTERS = [
    f"rlhf_adapters.{module.name}"
    for module in pkgutil.iter_modules(rlhf_adapters.__path__)
    if module.name.startswith("from_")
]


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("rlhf_adapters", cache_dir=None)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_is_imported_only_by_name(graph, adapter):
    """The user's own environments are Gymnasium's: `make_env` imports that adapter."""
    importers = graph.find_modules_that_directly_import(adapter)
    allowed = {"rlhf_adapters"} if adapter == "rlhf_adapters.from_gymnasium" else set()
    assert importers <= allowed


def test_all_adapters_are_registered():
    assert {library.module for library in _LIBRARIES} == set(ADAPTERS)
    assert all(importlib.util.find_spec(library.module) for library in _LIBRARIES)
