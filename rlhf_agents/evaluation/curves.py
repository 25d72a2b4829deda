"""Measuring a model while it learns."""

from __future__ import annotations

import time
from collections.abc import Callable

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from rlhf_agents.plots import LearningCurve

__all__ = ["CurveCallback", "LearningCurve"]


class CurveCallback(BaseCallback):
    """Measures a model during training: `model.learn(steps, callback=CurveCallback(...))`.

    Args:
        measure: a description of the value.
        score: returns the value of a model.
        every: environment steps between two points.
        name: of the curve.

    Attributes:
        curve: the points so far; its seconds do not include the time for measuring.
    """

    def __init__(
        self, measure: str, score: Callable[[BaseAlgorithm], float], every: int, name: str = "HFDQN"
    ) -> None:
        super().__init__()
        self.curve = LearningCurve(name, measure)
        self._score = score
        self._every = every
        self._next = 0
        self._begun = 0.0

    def _on_training_start(self) -> None:
        self._begun = time.perf_counter()

    def _on_rollout_start(self) -> None:
        if self.num_timesteps >= self._next:
            self._measure()

    def _on_step(self) -> bool:
        return True

    def _on_training_end(self) -> None:
        self._measure()

    def _measure(self) -> None:
        model: object = self.model
        assert isinstance(model, BaseAlgorithm)
        paused = time.perf_counter()
        self._next = self.num_timesteps + self._every
        self.curve.add(self.num_timesteps, paused - self._begun, self._score(model))
        self._begun += time.perf_counter() - paused
