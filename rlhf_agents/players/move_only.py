"""Players that only choose a move, and perhaps give each move a value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.explanation import Explanation, unfinished
from rlhf_games.base import MOVER, Game, States


class MoveOnlyPlayer(ABC):
    """A `Player` that takes one position at a time.

    Args:
        game: the rules.
        name: its name in results.
    """

    def __init__(self, game: Game, name: str) -> None:
        self.game = game
        self.name = name

    @abstractmethod
    def choose(self, state: States, goal: str) -> int:
        """Return a legal action in an unfinished position uint64 `[W]`."""

    def values(self, state: States, action: int) -> NDArray[np.float32]:
        """Return the values of the moves, float32 `[A]`, NaN for illegal ones.

        Args:
            state: an unfinished position uint64 `[W]`.
            action: the action from `choose`.
        """
        values = np.where(self.game.legal(state[None])[0], 0.0, np.nan).astype(np.float32)
        values[action] = 1.0
        return values

    def act(self, states: States, goal: str = "win") -> NDArray[np.int64]:
        """Return one action per unfinished position uint64 `[B, W]`, int64 `[B]`."""
        rows = np.ascontiguousarray(states)
        return np.array([self.choose(state, goal) for state in rows], np.int64)

    def think(self, state: States, goal: str = "win", seat: int = MOVER) -> Iterator[Explanation]:
        """Explain at once, see `Player.think`."""
        return iter((self.explain(state, goal, seat),))

    def explain(self, state: States, goal: str = "win", seat: int = MOVER) -> Explanation:
        """Explain the move in one position uint64 `[W]`, see `Player.explain`.

        Raises:
            ValueError: the game is over.
        """
        position = unfinished(self.game, state)[0]
        action = self.choose(position, goal)
        values = self.values(position, action)
        return Explanation(
            action=action,
            goal=goal,
            values=values if seat == MOVER else 1 - values,
            seat=seat,
            line=(action,),
        )
