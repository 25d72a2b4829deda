"""Budgets of searches that work in slices: a number of nodes, or a time limit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

SLICE_SECONDS = 0.02
"""Seconds between two looks at the clock, so that signals and `stop` take effect soon."""
SMALLEST_SECONDS = 0.0002
"""With less time left than this, no slice begins."""
FIRST_SLICE = 16
now = time.perf_counter
"""The clock, see also `cpu_time`."""
CAUTION = 0.8
"""The largest share of the remaining time for a slice, as speed varies."""


@contextmanager
def cpu_time() -> Iterator[None]:
    """Let clocks count CPU time: for measurements, as other work may share the machine."""
    global now  # noqa: PLW0603 - every clock reads it
    before, now = now, time.process_time
    try:
        yield
    finally:
        now = before


class Budget(Protocol):
    """Hands out nodes slice by slice."""

    def next_slice(self) -> int:
        """Return the number of nodes for the next slice, 0 if the budget is used up."""
        ...

    def used(self, nodes: int) -> None:
        """Report the number of nodes that the slice took."""
        ...


class NodeBudget:
    """A number of nodes.

    Args:
        nodes: the number.
    """

    def __init__(self, nodes: int) -> None:
        self.left = nodes

    def next_slice(self) -> int:
        """Return the number of nodes left, see `Budget`."""
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
        """Return a clock for a share in [0, 1] of the remaining time."""
        return Clock(part * max(self.left, 0.0))


class TimeBudget:
    """As many nodes as fit before a deadline, at the speed measured so far.

    Args:
        clock: the deadline.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._speed = 0.0
        self._begun = clock.started

    def next_slice(self) -> int:
        """Return the number of nodes for some 20 ms, or less near the deadline, see `Budget`."""
        self._begun = now()
        left = self._clock.left
        if left < SMALLEST_SECONDS:
            return 0
        if not self._speed:
            return FIRST_SLICE
        return int(self._speed * min(SLICE_SECONDS, CAUTION * left))

    def used(self, nodes: int) -> None:
        """Update the speed, see `Budget`."""
        speed = nodes / max(now() - self._begun, 1e-6)
        # A small first slice is a poor measurement, so slices grow step by step.
        self._speed = min(speed, 16 * self._speed) if self._speed else speed
