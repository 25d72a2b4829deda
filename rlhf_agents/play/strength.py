"""The strengths that a person chooses from, in words."""

from __future__ import annotations

from typing import NamedTuple


class Strength(NamedTuple):
    """A strength: its name, and the positions that an agent searches per move."""

    name: str
    nodes: int


STRENGTHS = (
    Strength("beginner", 0),
    Strength("easy", 1),
    Strength("casual", 16),
    Strength("medium", 64),
    Strength("good", 256),
    Strength("strong", 1000),
    Strength("very strong", 4000),
    Strength("strongest", 16000),
)


def nearest_strength(nodes: int) -> int:
    """Return the index of the strength nearest to a number of positions per move."""
    return min(range(len(STRENGTHS)), key=lambda i: abs(STRENGTHS[i].nodes - nodes))
