"""A session keeps the game straight: turns, undo and redo, results, records."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.errors import SettingError
from rlhf_agents.play.session import Session
from rlhf_games.base import IllegalMoveError, UnknownGoalError

WIN_IN_COLUMN = [0, 1, 0, 1, 0, 1, 0]


@pytest.fixture
def session():
    return Session(rlhf_games.make("connect_four"))


def test_turns_alternate_and_the_winner_is_known(session):
    for ply, move in enumerate(WIN_IN_COLUMN):
        assert session.seat == ply % 2
        assert not session.over
        session.play(move)
    assert session.over
    assert session.winner == 0
    assert session.last_move == 0
    assert session.legal() == []
    assert session.result_text(["A", "B"]) == "A wins after 7 moves"
    with pytest.raises(SettingError, match="the game is over"):
        session.play(3)


def test_achieved_goals_of_both_seats(session):
    for move in WIN_IN_COLUMN:
        session.play(move)
    first, second = session.achieved()
    assert {"win", "win_vertical", "win_by_12", "last_30"} <= set(first)
    assert {"lose", "lose_by_12"} <= set(second)
    assert "last_20" not in second


def test_a_draw_has_no_winner():
    session = Session(rlhf_games.make("tic_tac_toe"))
    for move in (0, 1, 2, 4, 3, 5, 7, 6, 8):
        session.play(move)
    assert session.over
    assert session.winner is None
    assert session.result_text(["A", "B"]) == "a draw after 9 moves"


def test_undo_and_redo(session):
    for move in (3, 3, 2):
        session.play(move)
    state = session.state.copy()
    assert session.undo(2) == 2
    assert session.moves == [3]
    assert session.redo(5) == 2
    np.testing.assert_array_equal(session.state, state)
    session.undo(1)
    session.play(6)  # another move forgets what was undone
    assert session.redo() == 0
    assert session.undo(100) == 3
    np.testing.assert_array_equal(session.state, session.game.initial(1)[0])


def test_illegal_moves_and_unknown_goals_change_nothing(session):
    with pytest.raises(IllegalMoveError):
        session.play(7)
    with pytest.raises(UnknownGoalError):
        session.set_goal(0, "fly")
    assert session.moves == []
    session.set_goal(1, "draw")
    assert session.goals == ["win", "draw"]


def test_records_replay(session):
    for move in WIN_IN_COLUMN:
        session.play(move)
    session.set_goal(0, "win_vertical")
    again = Session.from_record(session.game, json.loads(json.dumps(session.to_record())))
    assert again.moves == session.moves
    assert again.goals == session.goals
    np.testing.assert_array_equal(again.state, session.state)


def test_taking_back_is_for_a_seat(session):
    for move in (3, 2, 4):
        session.play(move)
    assert session.take_back(1) == 2  # the second player's move, and the answer
    assert session.moves == [3]
    assert session.take_back(1) == 0
    assert session.play_again(1) == 2
    assert session.moves == [3, 2, 4]
    assert session.play_again(1) == 0
    assert session.take_back(0) == 1


def test_lost_games_can_be_taken_back(session):
    for move in WIN_IN_COLUMN:
        session.play(move)
    assert session.take_back(1) == 2
    assert not session.over
    assert session.seat == 1


def test_openings_are_not_taken_back():
    session = Session(rlhf_games.make("connect_four"), moves=[1, 2], opening=2)
    session.play(3)
    assert [int(session.game.plies(state[None])[0]) for state in session.history] == [2, 3]
    assert session.take_back(1) == 0
    assert session.undo(9) == 1
    assert session.moves == [1, 2]
    again = Session.from_record(session.game, session.to_record())
    assert (again.moves, again.opening) == ([1, 2], 2)


def test_impossible_sessions():
    game = rlhf_games.make("connect_four")
    with pytest.raises(SettingError, match="opening"):
        Session(game, moves=[1], opening=2)
    with pytest.raises(SettingError, match="two goals"):
        Session(game, goals=["win"])


def test_hints_are_for_the_goal_of_whoever_moves(session):
    class Asked:
        name = "asked"

        def explain(self, state, goal):
            return tuple(state), goal

    session.set_goal(1, "draw")
    session.play(3)
    assert session.hint(Asked()) == (tuple(session.state), "draw")


@pytest.mark.parametrize(
    "record",
    [
        {"format": 1, "game": "connect_four", "goals": ["win"], "moves": []},
        {
            "format": 1,
            "game": "connect_four",
            "goals": ["win", "win"],
            "moves": [*WIN_IN_COLUMN, 3],
        },
        {"format": 1, "game": "connect_four", "goals": ["win", "win"], "moves": [], "opening": 1},
        {},
        {"format": 1, "game": "chess", "goals": [], "moves": []},
        {"format": 99, "game": "connect_four", "goals": ["win", "win"], "moves": []},
        {"format": 1, "game": "connect_four", "goals": ["win", "fly"], "moves": []},
        {"format": 1, "game": "connect_four", "goals": ["win", "win"], "moves": [9]},
        {"format": 1, "game": "connect_four", "goals": ["win", "win"], "moves": "x"},
    ],
)
def test_bad_records(session, record):
    with pytest.raises(SettingError, match="record"):
        Session.from_record(session.game, record)


def test_going_to_a_move_keeps_the_whole_line():
    game = rlhf_games.make("connect_four")
    session = Session(game, moves=[3, 3, 2, 1], opening=1)
    session.go_to(2)
    assert (session.moves, session.line, session.last_seat) == ([3, 3], [3, 3, 2, 1], 1)
    session.go_to(99)
    assert session.moves == [3, 3, 2, 1]
    session.go_to(0)
    assert session.moves == [3]  # nobody takes an opening back
    assert Session(game).last_seat == 0


def test_what_was_asked_is_remembered_move_by_move():
    game = rlhf_games.make("connect_four")
    session = Session(game, moves=[3])
    session.set_goal(1, "draw")
    session.play(3)
    session.set_goal(0, "lose")
    session.play(2)
    assert session.asked == ["win", "draw", "lose"]
    session.undo(2)
    again = Session.from_record(game, json.loads(json.dumps(session.to_record())))
    assert (again.moves, again.undone, again.asked) == ([3], [2, 3], ["win", "draw", "lose"])
    again.redo()
    assert again.asked == ["win", "draw", "lose"]
    again.play(6)
    assert again.line == [3, 3, 6]
    assert again.asked == ["win", "draw", "lose"]
