"""How a stone moves: from 0 to 1 as its time goes from 0 to 1."""

from __future__ import annotations

import math

TOUCH = 0.7
BOUNCE = 0.07


def fall(time: float) -> float:
    """Return how far a stone has fallen: ever faster, then one small bounce."""
    if time >= 1:
        return 1.0
    if time <= 0:
        return 0.0
    if time < TOUCH:
        return (time / TOUCH) ** 2
    return 1 - BOUNCE * math.sin(math.pi * (time - TOUCH) / (1 - TOUCH))


def fall_seconds(rows: float) -> float:
    """Return how long a fall over that many rows takes."""
    return 0.16 + 0.13 * math.sqrt(max(0.0, rows))
