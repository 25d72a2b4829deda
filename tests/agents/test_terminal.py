"""Whole games through the terminal's prompts, and what a person sees."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

import rlhf_games
from rlhf_agents import board_text
from rlhf_agents.agent import Agent
from rlhf_agents.play_session import Session
from rlhf_agents.players import AgentPlayer
from rlhf_agents.settings import Foresight
from rlhf_agents.terminal import Quit, Table
from tests.agents.weights import random_weights


def table(name="connect_four", person=0, lines=()):
    game = rlhf_games.make(name)
    agent = Agent("agent", game, random_weights(game), Foresight())
    players = [AgentPlayer(agent, 10), AgentPlayer(agent, 10)]
    names = ["agent", "agent"]
    players[person], names[person] = None, "you"
    typed = iter(lines)

    def ask(_prompt):
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    console = Console(file=io.StringIO(), width=100, no_color=True)
    return Table(Session(game), tuple(players), tuple(names), console, ask)


def printed(table):
    return table.console.file.getvalue()


@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe"])
@pytest.mark.parametrize("person", [0, 1])
def test_a_whole_game(name, person):
    """The person tries every move in turn; impossible ones are refused without harm."""
    game = rlhf_games.make(name)
    moves = [name for _ in range(game.max_plies) for name in game.action_names]
    board = table(name, person, moves)
    board.play()
    assert board.session.over
    assert "plies" in printed(board)
    assert "achieved:" in printed(board)
    assert len(board.seen) == len(board.session.moves) + 1


def test_end_of_input_quits():
    board = table(lines=["4"])
    with pytest.raises(Quit):
        board.play()
    assert len(board.session.moves) == 2


def test_commands():
    commands = ["help", "goals", "goal", "goal lose", "goal fly", "hint", "nonsense", "", "8", "4"]
    board = table(lines=[*commands, "undo", "undo", "redo", "new", "quit"])
    with pytest.raises(Quit):
        board.play()
    text = printed(board)
    for expected in (
        "take back your last move",
        "win_diagonal",
        "the agent plays for 'win'",
        "from now on the agent plays for 'lose'",
        "has no goal 'fly'",
        "hint: ",
        "'nonsense' is neither a move nor a command",
        "'8' is neither a move nor a command",
        "there is nothing to take back",
    ):
        assert expected in text
    assert board.session.moves == []
    assert board.session.goals == ["win", "lose"]


def test_a_full_column_is_refused():
    board = table(lines=["1", "1", "1", "1", "1", "1", "1"])
    with pytest.raises(Quit):
        board.play()
    heights = board_text.stones(board.session.game, board.session.state)[:, 0]
    if (heights != 0).all():
        assert "that move is not possible; possible:" in printed(board)
    assert len(board.session.moves) >= 2


def test_boards_show_both_players_whoever_moves():
    game = rlhf_games.make("connect_four")
    session = Session(game, moves=[3, 3, 2])
    expected = np.zeros((6, 7), int)
    expected[5, 3], expected[4, 3], expected[5, 2] = 1, 2, 1
    np.testing.assert_array_equal(board_text.stones(game, session.state), expected)
    rows = board_text.board(game, session.state, (5, 2)).plain.splitlines()
    assert len(rows) == 7
    assert rows[5].split() == ["·", "·", "[X]", "X", "·", "·", "·"]
    assert rows[6].split() == list("1234567")


def test_values_stand_below_their_columns():
    game = rlhf_games.make("connect_four")
    agent = AgentPlayer(Agent("a", game, random_weights(game), Foresight()), 10)
    session = Session(game, moves=[0, 0, 0, 0, 0, 0])
    why = agent.explain(session.state)
    line = board_text.move_values(game, why).plain.splitlines()[0]
    cells = [line[5 * i : 5 * i + 5].strip() for i in range(7)]
    assert cells[0] == ""  # the column is full
    assert all(cell.endswith("%") for cell in cells[1:])
    bars = board_text.bars(why).plain.splitlines()
    assert [bar.split()[0] for bar in bars] == ["win", "draw", "lose"]
    assert board_text.expected(game, why).startswith(f"expects {game.action_names[why.action]}")


def test_unreachable_goals_are_said_to_be():
    game = rlhf_games.make("connect_four")
    agent = AgentPlayer(Agent("a", game, random_weights(game), Foresight()), 10)
    session = Session(game, moves=[0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4])
    why = agent.explain(session.state, "win_by_12")
    assert "win_by_12 is out of reach: plays to win" in board_text.expected(game, why)
