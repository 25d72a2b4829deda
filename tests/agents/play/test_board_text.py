"""Positions as text: both players' stones, the last move, values below their columns."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.play import board_text
from rlhf_agents.play.session import Session
from rlhf_agents.players.agent import Agent
from rlhf_agents.players.minimax import MinimaxPlayer
from rlhf_agents.players.players import AgentPlayer
from rlhf_agents.search.explanation import Distance, Explanation
from rlhf_agents.settings import Foresight
from tests.adapters.foreign_games.nim import PASS, Nim, nim
from tests.agents.weights import random_weights


@pytest.fixture(scope="module")
def four():
    return rlhf_games.make("connect_four")


@pytest.fixture(scope="module")
def agent(four):
    return AgentPlayer(Agent("a", four, random_weights(four), Foresight()), 10)


def explanation(**changes):
    values = np.full(7, 0.25, np.float32)
    values[3] = 0.6
    usual = {"action": 3, "goal": "win", "values": values, "line": (3, 2, 6), "nodes": 9}
    return Explanation(**{**usual, **changes})


def test_the_last_stone_stands_in_brackets_above_the_names_of_the_columns(four):
    after = Session(four, moves=[3, 3, 2]).state
    rows = board_text.board(four, after, (5, 2)).plain.splitlines()
    assert len(rows) == 7
    assert rows[4].split() == ["·", "·", "·", "O", "·", "·", "·"]
    assert rows[5].split() == ["·", "·", "[X]", "X", "·", "·", "·"]
    assert rows[6].split() == list("1234567")
    for column, name in enumerate("1234567"):
        assert rows[6].index(name) == 5 * column + 2


def test_free_cells_show_their_names_where_a_move_is_a_cell():
    game = rlhf_games.make("tic_tac_toe")
    rows = board_text.board(game, Session(game, moves=[4]).state, (1, 1)).plain.splitlines()
    assert [row.split() for row in rows] == [["1", "2", "3"], ["4", "[X]", "6"], ["7", "8", "9"]]
    state = Session(game, moves=[4]).state
    why = MinimaxPlayer(game, 9).explain(state)
    values = board_text.move_values(game, why, state).plain.splitlines()
    assert len(values) == 3
    assert values[0][:5].strip() == "50%"  # the corner holds the draw
    assert values[1][5:10].strip() == ""  # taken
    assert 0 <= int(values[0][5:10].strip(" %")) < 10  # the edge loses


def test_values_stand_below_their_columns(four, agent):
    state = Session(four, moves=[0, 0, 0, 0, 0, 0]).state
    why = agent.explain(state)
    line = board_text.move_values(four, why, state).plain.splitlines()[0]
    cells = [line[5 * i : 5 * i + 5].strip() for i in range(7)]
    assert cells[0] == ""  # the column is full
    assert cells[1:] == [f"{100 * value:.0f}%" for value in why.values[1:]]


def test_bars_are_as_long_as_the_chance():
    chances = {"win": 0.1, "draw": 0.5, "lose": 1.0, "win_vertical": 0.7}
    rows = board_text.bars(explanation(goal_values=chances)).plain.splitlines()
    assert [row.split()[0] for row in rows] == ["win", "draw", "lose"]
    assert [row.count("█") for row in rows] == [12, 10, 20]  # win: what looking ahead found
    assert [row.split()[-1] for row in rows] == ["60%", "50%", "100%"]
    assert board_text.bars(explanation()).plain == ""


def test_expected_lines_use_the_names_of_the_moves(four):
    state = Session(four).state
    assert board_text.expected(four, explanation(), state) == "expects 4 3 7 (9 positions, 0 ms)"
    proven = board_text.expected(four, explanation(proven=True, seconds=1.5), state)
    assert proven == "expects 4 3 7 (9 positions, 1500 ms, wins)"
    far = explanation(proven=True, distance=Distance(7, exact=False))
    soon = board_text.expected(four, far, state)
    assert soon.endswith(", wins in at most 7)")
    assert board_text.spoken(four, explanation(), state) == "60% win, expects 3 7"
    assert board_text.spoken(four, explanation(line=(3,)), state) == "60% win"


def test_unreachable_goals_are_said_to_be(four, agent):
    session = Session(four, moves=[0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4])
    why = agent.explain(session.state, "win_by_12")
    said = board_text.expected(four, why, session.state)
    assert "to win by move 12 is out of reach, so it plays to win" in said


def test_thoughts_say_everything_in_order(four, agent):
    state = Session(four).state
    why = agent.explain(state, "draw")
    rows = board_text.thoughts(four, why, state, "a's moves").plain.splitlines()
    assert rows[0] == "a's moves, to draw:"
    assert rows[1] == board_text.move_values(four, why, state).plain.rstrip("\n")
    assert rows[-1] == board_text.expected(four, why, state)
    assert any(row.strip().startswith("lose") for row in rows)


def test_games_without_a_board_are_text_and_lists_of_moves():
    game = nim()
    state = Session(game, moves=[0]).state
    assert board_text.board(game, state).plain == "9 stones\nmoves: 0, 1, 2\n"
    assert board_text.board(game, Session(game, moves=[0, 2]).state).plain.endswith("moves: pass\n")
    values = np.array([0.25, 0.5, 0.75, np.nan], np.float32)
    text = board_text.move_values(game, explanation(values=values, action=2), state).plain
    assert text.split() == ["2", "75%", "1", "50%", "0", "25%"]


def test_names_that_depend_on_the_position_stand_beside_what_is_typed():
    class Named(Nim):
        def label(self, position, action):
            return f"leave {position[0] - action - 1}"

    game = nim(Named())
    state = Session(game, moves=[2]).state
    assert board_text.move_name(game, Session(game).state, 1) == "1 (leave 8)"
    assert board_text.move_name(game, state, PASS) == "pass"


def test_moves_of_a_foreign_game_are_typed_as_people_write_them():
    game = rlhf_games.make("openspiel:connect_four")
    state = Session(game).state
    assert board_text.move_name(game, state, 0) == "1"
    why = explanation(action=6, line=(6, 0))
    assert board_text.expected(game, why, state).startswith("expects 7 1 ")
