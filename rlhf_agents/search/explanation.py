"""Results of searches, and the check that a position can be searched."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rlhf_games.base import Game, Outcome, States

DRAWN = 0.006
"""A proven value of `win` so near to 0.5 is that of a draw: wins and losses are further away."""


@dataclass(frozen=True)
class Distance:
    """When a game ends.

    Attributes:
        plies: from now on.
        exact: both sides play their best until then; else that is the most it can take.
    """

    plies: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.plies}" if self.exact else f"at most {self.plies}"


@dataclass(frozen=True, repr=False)
class Explanation:
    """A player's reasons for its move in one position.

    Attributes:
        action: its move.
        goal: the name of the goal that it pursues.
        values: float32 `[A]`, the value of every move for that goal in [0, 1]; NaN if illegal.
        goal_values: for each goal by name, the value of the best move for that goal, in [0, 1];
            empty for players without goals.
        line: the moves that it expects, its own first.
        nodes: positions evaluated by the network.
        proof_nodes: positions visited to prove values.
        seconds: time spent.
        proven: the value of `action` follows from the rules alone.
        distance: if it is proven to win or to lose, when the game ends.
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
    distance: Distance | None = None
    pursued: str = "win"
    seat: int = 0

    def __repr__(self) -> str:
        worth = self.proof or f"{float(self.values[self.action]):.0%}"
        line = " ".join(map(str, self.line))
        return (
            f"Explanation: action {self.action} to {self.pursued} ({worth}), "
            f"expects {line or 'nothing'}, {self.nodes} positions"
        )

    @property
    def proof(self) -> str:
        """What is proven of `action`: "wins in 7", "loses in at most 12", "draws", "" if nothing.

        Where that is not about winning it is "proven".
        """
        if not self.proven or self.pursued != "win":
            return "proven" if self.proven else ""
        value = float(self.values[self.action])
        if abs(value - 0.5) < DRAWN:
            return "draws"
        most = "" if self.distance is None else f" in {self.distance}"
        return f"{'wins' if value > 0.5 else 'loses'}{most}"


@dataclass(frozen=True, repr=False)
class Forecast:
    """The expected end of a game, as shares of simulated games: an estimate, not a proof.

    Attributes:
        games: the number of simulated games.
        win: share in [0, 1] that the mover wins.
        draw: share of draws.
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

    def __repr__(self) -> str:
        return (
            f"Forecast: the mover wins {self.win:.0%}, draws {self.draw:.0%}, loses "
            f"{self.lose:.0%} of {self.games} games"
        )


class GameOverError(ValueError):
    """A move was requested in a finished game."""


def unfinished(game: Game, state: States) -> States:
    """Return a position uint64 `[W]` as a batch of one, `[1, W]`, after checking it.

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
