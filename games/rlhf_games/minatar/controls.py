"""The six actions that all MinAtar games share."""

from __future__ import annotations

from rlhf_games.compiled import inner_views

STAY, LEFT, UP, RIGHT, DOWN, FIRE = range(6)
ACTION_NAMES = ("stay", "left", "up", "right", "down", "fire")
N_ACTIONS = len(ACTION_NAMES)
MIRRORED = (STAY, RIGHT, UP, LEFT, DOWN, FIRE)
"""The mirror image of each action, with left and right swapped."""


@inner_views
def sideways(action: int) -> int:
    """Return the change of column by an action: -1, 0 or 1."""
    return int(action == RIGHT) - int(action == LEFT)


@inner_views
def upright(action: int) -> int:
    """Return the change of row by an action: -1 (up), 0 or 1 (down)."""
    return int(action == DOWN) - int(action == UP)
