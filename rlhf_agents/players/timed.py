"""Players that stop when their time is up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.limits import checked_seconds
from rlhf_agents.search.budget import SLICE_SECONDS, Clock
from rlhf_agents.search.explanation import Explanation
from rlhf_games.base import MOVER, States


class AnytimePlayer(Protocol):
    """The part of a `Player` that a clock needs."""

    name: str

    def think(self, state: States, goal: str, seat: int = MOVER) -> Iterator[Explanation]:
        """Yield better and better explanations, see `Player.think`."""
        ...


class TimedPlayer:
    """A player whose search ends after some seconds, with the best move so far.

    Args:
        player: searches in steps of some `SLICE_SECONDS`; none begins that would overrun the time.
        seconds: per move.

    Raises:
        SettingError: the time is impossible.
    """

    def __init__(self, player: AnytimePlayer, seconds: float) -> None:
        self.player = player
        self.seconds = checked_seconds(seconds)
        self.name = f"{player.name}@{seconds:g}s"

    def act(self, states: States, goal: str = "win") -> NDArray[np.int64]:
        """Return one action per position, see `Player.act`."""
        return np.array([self.explain(state, goal).action for state in states], np.int64)

    def explain(self, state: States, goal: str = "win", seat: int = MOVER) -> Explanation:
        """Explain the move in one position, see `Player.explain`."""
        *_, last = self.think(state, goal, seat)
        return last

    def think(self, state: States, goal: str = "win", seat: int = MOVER) -> Iterator[Explanation]:
        """Yield better and better explanations until the time is up, see `Player.think`."""
        clock = Clock(self.seconds)
        steps = self.player.think(state, goal, seat)  # raises at once if the game is over
        return self._until(clock, steps)

    @staticmethod
    def _until(clock: Clock, steps: Iterator[Explanation]) -> Iterator[Explanation]:
        for why in steps:
            yield why if why.line else replace(why, line=(why.action,))
            if clock.left < SLICE_SECONDS:
                return
