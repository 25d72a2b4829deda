"""PettingZoo's copied board games under the contract of games."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.players.minimax import MinimaxPlayer
from tests.games.game_contract import GameContract

pytest.importorskip("chess", reason="needs the extra pettingzoo")
moves = pytest.importorskip("pettingzoo.classic.chess.chess_utils", reason="needs it, too")


class CopiedContract(GameContract):
    """Few games, for PettingZoo takes its time."""

    deadlines = frozenset({"win_by", "lose_by"})
    n_games = 4
    many = 600


class TestGo(CopiedContract):
    name = "pettingzoo:go_v5(board_size=2)"
    # Four cells and a pass; no suicide, a second pass ends the game.
    perft = (5, 21)


class TestChess(CopiedContract):
    name = "pettingzoo:chess_v6(max_plies=8)"
    # https://www.chessprogramming.org/Perft_Results
    perft = (20, 400)


def test_games_survive_pickling():
    game = rlhf_games.make("pettingzoo:go_v5(board_size=3,komi=0.5)")
    copied = pickle.loads(pickle.dumps(game))
    states = game.step(game.initial(2), np.array([4, 0]))
    assert copied.name == game.name
    assert np.array_equal(copied.observe(states), game.observe(states))


def test_minimax_finds_a_mate_in_one():
    """Fool's mate, in PettingZoo's numbers of moves."""
    game = rlhf_games.make("pettingzoo:chess_v6(max_plies=100)")
    board = game.cache.backend.initial().env.board
    states = game.initial(1)
    for move in ("f2f3", "e7e5", "g2g4"):
        states = game.step(states, np.array([_number(game, states, board, move)]))
        board.push_uci(move)
    best = MinimaxPlayer(game, 1).act(states)
    assert best[0] == _number(game, states, board, "d8h4")
    assert game.outcome(game.step(states, best))[0] == -1


def _number(game, states, board, move: str) -> int:
    """The action that is a move: PettingZoo says which move an action is."""
    seat = int(game.mover(states)[0])
    legal = np.flatnonzero(game.legal(states)[0]).tolist()
    (number,) = [a for a in legal if moves.action_to_move(board, a, seat).uci() == move]
    return number
