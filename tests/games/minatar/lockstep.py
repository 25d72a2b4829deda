"""The original MinAtar beside ours: its random decisions, written down, decide ours."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rlhf_games import minatar
from rlhf_games.arcade.rules import OVER

Player = Callable[["Lockstep"], int]


def original_module() -> Any:
    """Import the library, or skip the test."""
    logging.getLogger().addHandler(logging.NullHandler())  # it warns that it cannot draw
    return pytest.importorskip("minatar", reason="needs minatar: pip install --no-deps minatar")


class Recorder:
    """A random source that writes every decision down as a number in [0, 1) that leads to it."""

    def __init__(self, seed: int) -> None:
        self.source = np.random.RandomState(seed)
        self.tape: list[float] = []

    def rand(self, *shape: int) -> Any:
        values = self.source.rand(*shape)
        self.tape.extend(np.ravel(values))
        return values

    def randint(self, low: int, high: int | None = None, size: int | None = None) -> Any:
        low, high = (0, low) if high is None else (low, high)
        values = self.source.randint(low, high, size)
        self.tape.extend((np.ravel(values) - low + 0.5) / (high - low))
        return values

    def draws(self, n: int, first: int = 0) -> np.ndarray:
        """What was decided since the last call, as draws `[1, n]` from index `first` on."""
        row = np.zeros((1, n))
        row[0, first : first + len(self.tape)] = self.tape
        self.tape = []
        return row


class Lockstep:
    """The original and our game, played with the same actions; every step is compared.

    Args:
        name: of the game.
        seed: of the original.
        immortal: play on after the end as if it had not come, so that the game grows hard.
        sticky: as in `minatar.make`.
    """

    def __init__(self, name: str, seed: int, immortal: bool = False, sticky: float = 0.1) -> None:
        library = original_module()
        self.game = minatar.make(name, sticky=sticky)
        self.original = library.Environment(name, sticky_action_prob=sticky)
        self.random = Recorder(seed)
        self.original.random = self.original.env.random = self.random
        self.immortal = immortal
        self.score = self.episodes = 0
        self.original.reset()
        self.states = self.game.initial(self.random.draws(self.game.n_draws, first=1))
        self.compare(0, False, np.zeros(1))

    def play(self, player: Player, steps: int) -> None:
        """Play, comparing what is seen, the points and the end of every step."""
        for _ in range(steps):
            action = player(self)
            points, over = self.original.act(action)
            draws = self.random.draws(self.game.n_draws)
            self.states, rewards = self.game.step(self.states, np.array([action]), draws)
            self.compare(points, over, rewards)
            self.score += int(points)
            if over:
                self.go_on()

    def compare(self, points: int, over: bool, rewards: np.ndarray) -> None:
        expected = self.original.state().transpose(2, 0, 1)
        assert np.array_equal(self.game.observe(self.states)[0], expected)
        assert rewards[0] == points
        assert self.game.over(self.states)[0] == over

    def go_on(self) -> None:
        self.episodes += 1
        if self.immortal:
            self.original.env.terminal = False
            self.states[0, OVER] = 0
        else:
            self.original.reset()
            draws = self.random.draws(self.game.n_draws, first=1)
            self.states = self.game.restart(self.states, draws)
            self.compare(0, False, np.zeros(1))
