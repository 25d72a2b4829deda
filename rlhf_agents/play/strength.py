"""The strengths that a person chooses from, in words."""

from __future__ import annotations

from typing import NamedTuple


class NamedNodes(NamedTuple):
    """A strength: its name, and the positions that an agent searches per move."""

    name: str
    nodes: int


STRENGTHS = (
    NamedNodes("beginner", 0),
    NamedNodes("easy", 1),
    NamedNodes("casual", 16),
    NamedNodes("medium", 64),
    NamedNodes("good", 256),
    NamedNodes("strong", 1000),
    NamedNodes("very strong", 4000),
    NamedNodes("strongest", 16000),
)


def nearest_strength(nodes: int) -> int:
    """Return the index of the strength nearest to a number of positions per move."""
    return min(range(len(STRENGTHS)), key=lambda i: abs(STRENGTHS[i].nodes - nodes))
