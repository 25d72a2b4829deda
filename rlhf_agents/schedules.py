"""Learning-rate schedules in SB3's form: functions of the remaining progress, 1 to 0."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi


@dataclass(frozen=True)
class Cosine:
    """A learning rate that falls from `start` to `start * floor` along a half cosine."""

    start: float
    floor: float = 0.02

    def __call__(self, progress_remaining: float) -> float:
        """Return the learning rate for a remaining progress from 1 to 0."""
        share = 0.5 * (1.0 + cos(pi * (1.0 - progress_remaining)))
        return self.start * (self.floor + (1.0 - self.floor) * share)
