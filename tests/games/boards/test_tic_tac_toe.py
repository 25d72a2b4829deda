"""Tic-Tac-Toe: small enough to see whole."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_games.base import GameError
from tests.games.game_contract import StoneGameContract

GAME = rlhf_games.make("tic_tac_toe")
LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))


class TestTicTacToe(StoneGameContract):
    name = "tic_tac_toe"
    perft = (9, 72, 504, 3024, 15120, 54720, 148176, 200448, 127872)
    deadlines = frozenset({"win_by", "lose_by"})


def test_reachable_positions():
    states = GAME.initial(1)
    counts = [1]
    ends = {-1: 0, 0: 0, 1: 0}
    while len(states):
        rows, actions = np.nonzero(GAME.legal(states))
        states = np.unique(GAME.step(states[rows], actions), axis=0)
        counts.append(len(states))
        for value in ends:
            ends[value] += int((GAME.outcome(states) == value).sum())
    assert sum(counts) == 5478
    assert ends == {-1: 626 + 316, 0: 16, 1: 0}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("first", [True, False])
def test_lines_win(line, first: bool):
    others = [cell for cell in range(9) if cell not in line]
    # The other player's stones lie so that they are no line themselves.
    idle = next(
        (a, b, c)
        for a in others
        for b in others
        for c in others
        if a < b < c and (a, b, c) not in LINES
    )
    order = (line, idle) if first else (idle, line)
    moves = [cell for pair in zip(*order, strict=True) for cell in pair][: 5 if first else 6]
    states = GAME.initial(1)
    for move in moves:
        assert GAME.legal(states)[0, move]
        states = GAME.step(states, np.array([move]))
    assert GAME.outcome(states)[0] == -1
    achieved = {
        goal.name for goal, has in zip(GAME.goals, GAME.achieved(states)[0, 1], strict=True) if has
    }
    assert achieved == {"win", "win_by_6"}


def test_a_line_of_the_mover_is_impossible():
    planes = np.zeros((1, 2, 3, 3), np.float32)
    planes[0, 0, 0] = 1
    planes[0, 1, 1, :2] = planes[0, 1, 2, 0] = 1
    with pytest.raises(GameError, match="shows an impossible position of Tic-Tac-Toe"):
        GAME.from_observation(planes)
