"""What has to be compiled is compiled elsewhere first, once, and given up on closing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer import compiling
from rlhf_agents.play.viewer.app import App

SETUP = Setup("tic_tac_toe", opponent="minimax:3")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    return tmp_path


def test_what_was_compiled_is_remembered(cache):
    assert not compiling.is_compiled(SETUP)
    compiling.remember(SETUP)
    assert compiling.is_compiled(SETUP)
    assert not compiling.is_compiled(Setup("tic_tac_toe", opponent="random"))
    assert not compiling.is_compiled(Setup("connect_four", opponent="minimax:3"))


def test_changed_sources_are_compiled_again(cache, monkeypatch):
    compiling.remember(SETUP)
    monkeypatch.setattr("rlhf_agents.compiling._sources", lambda: "later")
    assert not compiling.is_compiled(SETUP)


def test_names_with_slashes_are_no_folders(cache):
    setup = Setup("tic_tac_toe", agent="../../a b/c.zip")
    compiling.remember(setup)
    assert compiling.is_compiled(setup)
    assert [path.parent for path in cache.rglob("*.compiled")] == [cache]


def test_where_nothing_can_be_remembered_nothing_breaks(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    compiling.remember(SETUP)
    assert not compiling.is_compiled(SETUP)


def test_a_mistake_ends_the_other_process(cache):
    process = compiling.begin_compiling(Setup("tic_tac_toe", goal="no such goal"))
    assert process.wait(240) != 0
    assert not list(cache.glob("*.compiled"))


def test_closing_gives_compiling_up(cache):
    app = App(SETUP, Path(cache))
    app._loader.begin()
    while app._loader._compiler is None:
        time.sleep(0.001)
    app.close()
    assert app._loader._compiler.wait(60) != 0
    app._loader._thread.join(60)
    assert not app._loader.busy
    assert app._loader.take() is None
