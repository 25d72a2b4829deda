"""Animations of stones: the progress, from 0 to 1, at a time from 0 to 1."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rlhf_agents.play.board_cells import Cell

TOUCH = 0.7
BOUNCE = 0.07


def fall(time: float) -> float:
    """Return how far a stone has fallen: it accelerates, then bounces once."""
    if time >= 1:
        return 1.0
    if time <= 0:
        return 0.0
    if time < TOUCH:
        return (time / TOUCH) ** 2
    return 1 - BOUNCE * math.sin(math.pi * (time - TOUCH) / (1 - TOUCH))


def fall_seconds(rows: float) -> float:
    """Return the duration of a fall over a number of rows."""
    return 0.16 + 0.13 * math.sqrt(max(0.0, rows))


@dataclass(frozen=True)
class Played:
    """The latest move.

    Attributes:
        at: the time of the move, in seconds.
        cell: the cell of its stone, None if unknown.
        seconds: the duration of its animation.
    """

    at: float
    cell: Cell | None
    seconds: float

    @classmethod
    def now(cls, at: float, cell: Cell | None, speed: float, *, falls: bool) -> Played:
        """Return a move made at the time `at`; fast games have short animations."""
        rows = 1 if cell is None or not falls else cell[0] + 1
        return cls(at, cell, fall_seconds(rows) / max(1.0, speed))
