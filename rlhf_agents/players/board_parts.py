"""What pictures of boards in notebooks share: colours, and the stones of a position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_games.base import Game, States

CELL = 34
"""Points of a cell's side."""
COLOURS = ("#eb960c", "#2660d6")
"""Of the first and the second player's stones; the second's have a ring, too."""
BOARD, HOLE, RING, GOOD = "#96a6c0", "#f4f6fa", "#cee0ff", "#128a54"

Row = tuple[str, float, bool]
"""A move, its value in [0, 1], and whether it is the one to play."""


def stones_of(game: Game, state: States) -> NDArray[np.int64]:
    """Return the stones of a position uint64 `[W]`, int64 `[H, W]`: 1 the first player's, 2."""
    states = np.ascontiguousarray(state)[None]
    planes, second = game.observe(states)[0] > 0, int(game.mover(states)[0]) == 1
    own, other = planes[0], planes[1]
    if second and game.turned:
        own, other = own[::-1, ::-1], other[::-1, ::-1]
    return np.asarray(own + 2 * other if not second else 2 * own + other, np.int64)
