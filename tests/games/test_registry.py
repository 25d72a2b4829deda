"""Games by name, ours and those of plugins."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

import rlhf_games
from rlhf_games.base import Game, GameError, UnknownGameError


def test_names_are_sorted_and_every_one_can_be_made():
    names = rlhf_games.names()
    assert names == sorted(names)
    assert {"connect_four", "tic_tac_toe"} <= set(names)
    for name in names:
        game = rlhf_games.make(name)
        assert isinstance(game, Game)
        assert game.name == name


def test_unknown_game_gets_near_names_and_the_list():
    with pytest.raises(UnknownGameError) as error:
        rlhf_games.make("conect_four")
    message = str(error.value)
    assert "'conect_four'; did you mean connect_four?" in message
    assert message.endswith("known: " + ", ".join(rlhf_games.names()))
    assert isinstance(error.value, GameError)


def test_far_names_get_no_hint():
    with pytest.raises(UnknownGameError, match=r"^unknown game 'zzz'; known: "):
        rlhf_games.make("zzz")


def test_plugins_add_games_but_replace_none(monkeypatch: pytest.MonkeyPatch):
    def found(group: str) -> list[EntryPoint]:
        assert group == "rlhf_games"
        target = "rlhf_games.boards.tic_tac_toe:TicTacToe"
        return [EntryPoint(name, target, group) for name in ("noughts", "connect_four")]

    monkeypatch.setattr(rlhf_games, "entry_points", found)
    assert "noughts" in rlhf_games.names()
    assert rlhf_games.make("noughts").title == "Tic-Tac-Toe"
    assert rlhf_games.make("connect_four").title == "Connect Four"


def test_libraries_make_games_by_the_name_behind_the_colon(monkeypatch: pytest.MonkeyPatch):
    def found(group: str) -> list[EntryPoint]:
        assert group == "rlhf_games.libraries"
        return [EntryPoint("mine", "rlhf_games:make", group)]

    monkeypatch.setattr(rlhf_games, "entry_points", found)
    assert rlhf_games.libraries() == ["mine"]
    assert rlhf_games.find("mine:anything") == "rlhf_games:make"
    with pytest.raises(UnknownGameError, match=r"unknown library 'mime'; did you mean mine\?"):
        rlhf_games.find("mime:tic_tac_toe")
    monkeypatch.setattr(rlhf_games, "_table", lambda: rlhf_games._GAMES)
    assert rlhf_games.make("mine:tic_tac_toe").title == "Tic-Tac-Toe"
