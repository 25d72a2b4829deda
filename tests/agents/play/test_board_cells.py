"""What a board shows: stones, the cell of a move, the line that has won, where a line would lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rlhf_games
from rlhf_agents.play import board_cells
from rlhf_agents.play.session import Session


@pytest.fixture(scope="module")
def four():
    return rlhf_games.make("connect_four")


@pytest.fixture(scope="module")
def three():
    return rlhf_games.make("tic_tac_toe")


@pytest.mark.parametrize("moves", [[3, 3, 2], [3, 3, 2, 2]])
def test_stones_of_both_players_whoever_moves(four, moves):
    expected = np.zeros((6, 7), int)
    expected[5, 3], expected[4, 3], expected[5, 2] = 1, 2, 1
    if len(moves) == 4:
        expected[4, 2] = 2
    stones = board_cells.stones_of(four, Session(four, moves=moves).state)
    np.testing.assert_array_equal(stones, expected)


def test_what_a_move_is(four, three):
    assert board_cells.plays_columns(four)
    assert not board_cells.plays_cells(four)
    assert board_cells.plays_cells(three)
    assert not board_cells.plays_columns(three)


@given(data=st.data())
def test_a_stone_lands_where_it_is_said_to(four, data):
    session = Session(four)
    while not session.over:
        before = board_cells.stones_of(four, session.state)
        action = data.draw(st.sampled_from(session.legal()))
        wanted = board_cells.landing_cell(four, before, action)
        session.play(action)
        after = board_cells.stones_of(four, session.state)
        assert board_cells.placed_cell(before, after) == wanted
        assert (before != after).sum() == 1


def test_full_columns_and_taken_cells_have_no_place(four, three):
    stones = board_cells.stones_of(four, Session(four, moves=[0] * 6).state)
    assert board_cells.landing_cell(four, stones, 0) is None
    stones = board_cells.stones_of(three, Session(three, moves=[4]).state)
    assert board_cells.landing_cell(three, stones, 4) is None
    assert board_cells.landing_cell(three, stones, 5) == (1, 2)


def test_the_cells_of_an_expected_line(four):
    state = Session(four, moves=[3]).state
    cells = board_cells.line_cells(four, state, (3, 3, 6))
    assert cells == [((4, 3), 1), ((3, 3), 0), ((5, 6), 1)]


@pytest.mark.parametrize(
    ("moves", "last", "cells"),
    [
        ([0, 6, 1, 6, 2, 5, 3], (5, 3), {(5, 0), (5, 1), (5, 2), (5, 3)}),
        ([0, 1, 0, 1, 0, 1, 0], (2, 0), {(2, 0), (3, 0), (4, 0), (5, 0)}),
        (
            [0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3],
            (2, 3),
            {(5, 0), (4, 1), (3, 2), (2, 3)},
        ),
    ],
)
def test_the_line_that_has_won(four, moves, last, cells):
    session = Session(four, moves=moves)
    assert session.over
    assert board_cells.winning_cells(four, session.state, last) == cells
    session.undo()
    assert board_cells.winning_cells(four, session.state, last) == set()


def test_two_lines_at_once(four):
    moves = [0, 0, 1, 1, 2, 2, 4, 4, 5, 5, 6, 6, 3]
    session = Session(four, moves=moves)
    assert session.winner == 0
    cells = board_cells.winning_cells(four, session.state, (5, 3))
    assert cells == {(5, column) for column in range(7)}


@pytest.mark.parametrize("name", ["othello_6x6", "breakthrough_6x6"])
def test_boards_do_not_turn_from_move_to_move(name):
    """A move changes its own cells only, and `placed_cell` finds where it went."""
    game = rlhf_games.make(name)
    session, rng = Session(game), np.random.default_rng(0)
    while not session.over:
        before, seat = board_cells.stones_of(game, session.state), session.seat
        action = int(rng.choice(session.legal()))
        session.play(action)
        after = board_cells.stones_of(game, session.state)
        place = board_cells.placed_cell(before, after)
        paths = board_cells.paths_of(game.names_of(seat), 6)
        if paths:
            assert place == paths[action][1]
            assert before[paths[action][0]] == after[place] == seat + 1
            assert (before != after).sum() == 2
        elif game.names_of(seat)[action] == "pass":
            assert place is None
        else:
            assert place == divmod(action, 6) == board_cells.landing_cell(game, before, action)
        assert board_cells.winning_cells(game, session.state, place) == set()


def test_names_that_are_no_paths():
    assert board_cells.paths_of(("a1", "pass"), 6) == ()
    assert board_cells.paths_of(("a1b2", "pass"), 6) == ()
    assert board_cells.paths_of(("a1b2",), 6) == (((5, 0), (4, 1)),)


def test_names_of_a_line_change_sides():
    game = rlhf_games.make("breakthrough_6x6")
    session = Session(game)
    move = session.legal()[0]
    first, second = board_cells.line_labels(game, session.state, (move, move))
    assert first == game.names_of(0)[move]
    assert second == game.names_of(1)[move] != first
