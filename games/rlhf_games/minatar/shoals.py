"""The swimmers of Seaquest: five lists of records in one array of words, oldest first.

Capacities are never reached. Shots: one every 5 steps, each gone after 10. Divers: one every 30
steps, gone after 59. Fish and submarines: one a step at most, and by then each crosses in 29.
Bullets: one per submarine at a time, since it reloads longer than they fly.
"""

from __future__ import annotations

import numpy as np

from rlhf_games.arcade.rules import Words
from rlhf_games.compiled import inner_views

Kind = int | np.int64
# numpy integers: with plain ones numba would compile each function once per kind.
SHOTS, BULLETS, FISH, SUBS, DIVERS = (np.int64(kind) for kind in range(5))
CAPACITY = np.array([4, 32, 32, 32, 4])

X, Y, GOES, MOVE_IN, SHOOT_IN = range(5)
"""The words of a record; GOES is -1 or 1, the last two count steps (0 where they do not apply)."""
N_FIELDS = 5

ROWS = len(CAPACITY)
"""The first word of the records, after one count per list."""
START = ROWS + N_FIELDS * (np.cumsum(CAPACITY) - CAPACITY)
N_WORDS = ROWS + N_FIELDS * int(CAPACITY.sum())


@inner_views
def record(kind: Kind, index: int) -> int:
    """Return the first word of a record."""
    return START[kind] + N_FIELDS * index


@inner_views
def join(sea: Words, kind: Kind) -> int:
    """Add a record and return its first word; the caller fills in the first three."""
    sea[kind] = min(sea[kind] + 1, CAPACITY[kind])
    at = record(kind, sea[kind] - 1)
    sea[at + MOVE_IN], sea[at + SHOOT_IN] = 0, 0
    return at


@inner_views
def leave(sea: Words, kind: Kind, index: int) -> None:
    """Remove a record; younger ones close up."""
    sea[kind] -= 1
    for word in range(record(kind, index), record(kind, sea[kind])):
        sea[word] = sea[word + N_FIELDS]


@inner_views
def find(sea: Words, kind: Kind, where: int) -> int:
    """Return the oldest of a kind that is at the cell of a record, given by its word, or -1."""
    for index in range(sea[kind]):
        at = record(kind, index)
        if sea[at + X] == sea[where + X] and sea[at + Y] == sea[where + Y]:
            return index
    return -1


@inner_views
def opposes(sea: Words, kind: Kind, y: int, goes: int) -> bool:
    """Return whether something of a kind swims in a row against a direction."""
    for index in range(sea[kind]):
        at = record(kind, index)
        if sea[at + Y] == y and sea[at + GOES] != goes:
            return True
    return False


@inner_views
def drift(sea: Words, at: int, every: int) -> bool:
    """Move a record when it is time, then let it wait `every` steps; return whether it moved."""
    if sea[at + MOVE_IN] > 0:
        sea[at + MOVE_IN] -= 1
        return False
    sea[at + MOVE_IN] = every
    sea[at + X] += sea[at + GOES]
    return True
