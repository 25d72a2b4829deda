"""Plain records that travel between the rooms."""

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
        nodes: positions evaluated.
        seconds: time spent.
        proven: the value of `action` follows from the rules alone.
        pursued: the goal actually played for; differs from `goal` when that is out of reach.
        seat: whose eyes these are, `MOVER` or `WAITING`. To the waiting player `values` is what it
            gets if the mover plays each move, and `action` the move that it expects.
    """

    action: int
    goal: str
    values: NDArray[np.float32]
    goal_values: dict[str, float] = field(default_factory=dict)
    line: tuple[int, ...] = ()
    nodes: int = 0
    seconds: float = 0.0
    proven: bool = False
    pursued: str = "win"
    seat: int = 0


@dataclass(frozen=True)
class Forecast:
    """How a game is expected to end: shares of imagined games, an estimate and no proof.

    Attributes:
        games: how many were imagined.
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


def unfinished(game: Game, state: States) -> States:
    """Return a position uint64 `[W]` that is to be explained as a batch of one, `[1, W]`.

    Raises:
        ValueError: the game is over.
    """
    states = np.ascontiguousarray(state, np.uint64)[None]
    if game.outcome(states)[0] != Outcome.ONGOING:
        msg = "the game is over, there is nothing to explain"
        raise ValueError(msg)
    return states
