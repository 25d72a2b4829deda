"""Budgets of searches that work in slices: a number of nodes, or seconds by the clock."""

from __future__ import annotations

import time
from typing import Protocol

SLICE_SECONDS = 0.02
"""Between two looks at the clock, so that signals and `stop` are heard soon."""
SMALLEST_SECONDS = 0.0002
"""With less time left than this no slice is begun."""
FIRST_SLICE = 16
now = time.perf_counter
"""The clock; benchmarks on a busy machine count CPU time instead."""
CAUTION = 0.8
"""Share of the time left that a slice may be expected to take: speed varies."""


class Budget(Protocol):
    """Hands out nodes slice by slice."""

    def next_slice(self) -> int:
        """Return how many nodes may be spent now; 0: the budget is used up."""
        ...

    def used(self, nodes: int) -> None:
        """Report how many nodes the slice took."""
        ...


class NodeBudget:
    """A number of nodes.

    Args:
        nodes: how many.
    """

    def __init__(self, nodes: int) -> None:
        self.left = nodes

    def next_slice(self) -> int:
        """Return how many nodes are left, see `Budget`."""
        return max(self.left, 0)

    def used(self, nodes: int) -> None:
        """Subtract nodes, see `Budget`."""
        self.left -= nodes


class Clock:
    """A deadline.

    Args:
        seconds: from now.
    """

    def __init__(self, seconds: float) -> None:
        self.started = now()
        self.end = self.started + seconds

    @property
    def left(self) -> float:
        """Seconds to the deadline; negative after it."""
        return self.end - now()

    @property
    def elapsed(self) -> float:
        """Seconds since it was started."""
        return now() - self.started

    def share(self, part: float) -> Clock:
        """Return a clock for a part in [0, 1] of what is left."""
        return Clock(part * max(self.left, 0.0))


class TimeBudget:
    """As many nodes as fit before a deadline, at the speed seen so far.

    Args:
        clock: the deadline.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._speed = 0.0
        self._begun = clock.started

    def next_slice(self) -> int:
        """Return how many nodes take some 20 ms, or less near the deadline, see `Budget`."""
        self._begun = now()
        left = self._clock.left
        if left < SMALLEST_SECONDS:
            return 0
        if not self._speed:
            return FIRST_SLICE
        return int(self._speed * min(SLICE_SECONDS, CAUTION * left))

    def used(self, nodes: int) -> None:
        """Learn the speed, see `Budget`."""
        speed = nodes / max(now() - self._begun, 1e-6)
        # A first small slice says little: grow step by step.
        self._speed = min(speed, 16 * self._speed) if self._speed else speed
