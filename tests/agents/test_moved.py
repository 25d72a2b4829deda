"""Import paths of version 0.1: they go on, with a warning, and so do plug-ins written for them."""

from __future__ import annotations

import importlib
import sys
import warnings
from importlib.metadata import EntryPoint

import pytest

from rlhf_agents import moved
from rlhf_agents.play.viewer import boards
from rlhf_agents.play.viewer.boards.base import Board
from rlhf_agents.play.viewer.boards.grid import GridBoard


@pytest.fixture(autouse=True)
def not_yet_imported(monkeypatch):
    for name in moved.MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.parametrize(("old", "new"), moved.MODULES.items())
def test_old_modules_forward_with_a_warning(old, new):
    with warnings.catch_warnings(record=True) as caught:  # its packages are old, too
        warnings.simplefilter("always")
        module = importlib.import_module(old)
    assert {warning.category for warning in caught} == {DeprecationWarning}
    assert any(old in str(warning.message) and new in str(warning.message) for warning in caught)
    new_module = importlib.import_module(new)
    public = [name for name in vars(new_module) if not name.startswith("_")]
    assert all(getattr(module, name) is getattr(new_module, name) for name in public)


def test_rooms_are_boards():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        base = importlib.import_module("rlhf_agents.viewer.rooms.base")
        grid = importlib.import_module("rlhf_agents.viewer.rooms.grid")
    assert base.Room is Board
    assert grid.GridRoom is GridBoard


class FifteenBoard(GridBoard):
    """A board as a plug-in may bring it."""

    def __init__(self) -> None:
        super().__init__(4, 4, 16, gravity=False)


@pytest.mark.parametrize("group", ["rlhf_agents.rooms", "rlhf_agents.boards"])
def test_boards_are_found_in_both_groups(group, monkeypatch):
    monkeypatch.setitem(sys.modules, "plugin_with_a_board", sys.modules[__name__])
    plugin = EntryPoint("fifteen", "plugin_with_a_board:FifteenBoard", group)
    monkeypatch.setattr(
        boards, "entry_points", lambda group: [plugin] if group == plugin.group else []
    )
    assert isinstance(boards.known_board("fifteen"), FifteenBoard)
    assert boards.known_board("sixteen") is None
