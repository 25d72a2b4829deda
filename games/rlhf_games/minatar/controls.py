"""The six actions that all MinAtar games share."""

from __future__ import annotations

from rlhf_games.compiled import inner_views

STAY, LEFT, UP, RIGHT, DOWN, FIRE = range(6)
ACTION_NAMES = ("stay", "left", "up", "right", "down", "fire")
N_ACTIONS = len(ACTION_NAMES)
MIRRORED = (STAY, RIGHT, UP, LEFT, DOWN, FIRE)
"""What each action is in a mirror that swaps left and right."""


@inner_views
def sideways(action: int) -> int:
    """Return by how many columns an action moves: -1, 0 or 1."""
    return int(action == RIGHT) - int(action == LEFT)


@inner_views
def upright(action: int) -> int:
    """Return by how many rows an action moves: -1 (up), 0 or 1 (down)."""
    return int(action == DOWN) - int(action == UP)
