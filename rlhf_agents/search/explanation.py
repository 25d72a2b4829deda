"""Results of searches, and the check that a position can be searched."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rlhf_games.base import Game, Outcome, States


@dataclass(frozen=True)
class Explanation:
    """Why a player would move as it does, in one position.

    Attributes:
        action: the move that it would play.
        goal: the name of the goal that it pursues.
        values: float32 `[A]`, the value of every move for that goal in [0, 1]; NaN if illegal.
        goal_values: for each goal by name, the value of the best move if that goal were asked, in
            [0, 1]; empty for players without goals.
        line: the moves that it expects, its own first.
        nodes: positions evaluated by the network.
        proof_nodes: positions visited to prove values.
        seconds: time spent.
        proven: the value of `action` follows from the rules alone.
        pursued: the goal actually played for; differs from `goal` when that is out of reach.
        seat: whose point of view this is, `MOVER` or `WAITING`. To the waiting player `values` is
            what it gets if the mover plays each move, and `action` the move that it expects.
    """

    action: int
    goal: str
    values: NDArray[np.float32]
    goal_values: dict[str, float] = field(default_factory=dict)
    line: tuple[int, ...] = ()
    nodes: int = 0
    proof_nodes: int = 0
    seconds: float = 0.0
    proven: bool = False
    pursued: str = "win"
    seat: int = 0


@dataclass(frozen=True)
class Forecast:
    """How a game is expected to end: shares of simulated games: an estimate, not a proof.

    Attributes:
        games: how many were simulated.
        win: share in [0, 1] that the mover wins.
        draw: share that is drawn.
        lose: share that the mover loses.
        goals: share in which the mover achieves each goal, by name.
        theirs: share in which the waiting player does.
    """

    games: int
    win: float
    draw: float
    lose: float
    goals: dict[str, float]
    theirs: dict[str, float]


class GameOverError(ValueError):
    """A move was asked for in a finished game."""


def unfinished(game: Game, state: States) -> States:
    """Return a position uint64 `[W]` that is to be searched as a batch of one, `[1, W]`.

    Raises:
        GameOverError: the game is over.
    """
    states = np.ascontiguousarray(state, np.uint64)[None]
    check_unfinished(game, states)
    return states


def check_unfinished(game: Game, states: States) -> None:
    """Check that every position uint64 `[B, W]` has a move.

    Raises:
        GameOverError: a game is over.
    """
    over = np.flatnonzero(game.outcome(states) != Outcome.ONGOING)
    if len(over):
        which = "" if len(states) == 1 else f" in position {over[0]}"
        msg = f"the game is over{which}: there is no move to choose or explain"
        raise GameOverError(msg)
