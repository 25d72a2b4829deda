"""The compiled side of an arcade game: three functions per game, and the batches over them.

A game implements the first group for its rules tag with `rlhf_games.compiled.implement`. A state is
a row of int16 words that these functions change in place; the first two words are the same in all
games. `draws[0]` decides whether the last action is repeated; the game's own draws start at
`draws[1]`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_games.arcade.base import Draws, Grids
from rlhf_games.compiled import compiled_views, inner_views

Rules = Any
"""A NamedTuple with `n_actions, n_words, n_draws, n_planes`, `sticky` (the probability that the
last action is repeated) and `ramping` (the game gets harder). Its type selects the game."""
Words = NDArray[np.int16]
Planes = NDArray[np.uint8]
Seen = NDArray[np.uint8]
"""Planes of many games, uint8 `[B, C, SIDE, SIDE]`."""

SIDE = 10
"""Grids are square."""
LAST_ACTION, OVER, FIRST = 0, 1, 2
"""The words of all games, and the first of a game's own."""
STICK, CHANCE = 0, 1
"""The draw that decides about repeating the last action, and a game's own first draw."""


# ---- implemented by every game ---------------------------------------------------------------


def begin(rules: Rules, state: Words, draws: Draws) -> None:
    """Set the words of a new game; those from `FIRST` on are 0."""
    raise TypeError(_only_compiled(rules))


def advance(rules: Rules, state: Words, action: int, draws: Draws) -> int:
    """Play one action and return the points that it earned."""
    raise TypeError(_only_compiled(rules))


def paint(rules: Rules, state: Words, planes: Planes) -> None:
    """Set the cells of `planes` `[C, SIDE, SIDE]` that are on; all are 0."""
    raise TypeError(_only_compiled(rules))


def _only_compiled(rules: Rules) -> str:
    name = type(rules).__name__
    return f"the rules of {name} run inside compiled code only; call the ArcadeGame instead"


# ---- written once for all games --------------------------------------------------------------


@inner_views
def pick(draw: float, choices: int) -> int:
    """Map a draw to 0..choices-1."""
    return int(draw * choices)


@inner_views
def inside(place: int) -> bool:
    """Return whether a row or column lies on the grid."""
    return 0 <= place < SIDE


@inner_views
def moved(place: int, by: int, lowest: int, highest: int) -> int:
    """Return a row or column after a move within the bounds."""
    return min(max(place + by, lowest), highest)


@inner_views
def ticked(timer: int) -> int:
    """Return a timer after one step; it stops at 0."""
    return timer - 1 if timer > 0 else 0


@inner_views
def show(rules: Rules, state: Words, planes: Planes) -> None:
    """Fill `planes` `[C, SIDE, SIDE]` with the player's observation."""
    planes[:] = 0
    paint(rules, state, planes)


@compiled_views
def restart_batch(
    rules: Rules, states: Grids, which: NDArray[np.bool_], draws: Draws, planes: Seen
) -> None:
    """Restart the games of `which` `[B]`, in place, and fill `planes` unless they are empty.

    The last action is kept: it may be repeated in the next game.
    """
    for i in range(states.shape[0]):
        if which[i]:
            state = states[i]
            state[OVER:] = 0
            begin(rules, state, draws[i])
            if len(planes) > 0:
                show(rules, state, planes[i])


@inner_views
def first_wrong(actions: NDArray[np.int64], n_actions: int) -> int:
    """Return the first row whose action does not exist, or -1."""
    for i in range(len(actions)):
        if actions[i] < 0 or actions[i] >= n_actions:
            return i
    return -1


@compiled_views
def step_batch(
    rules: Rules,
    states: Grids,
    actions: NDArray[np.int64],
    draws: Draws,
    rewards: NDArray[np.float32],
    planes: Seen,
) -> int:
    """Play one action per game, in place, and fill `planes` unless they are empty.

    Returns:
        the first row whose action does not exist, or -1. Nothing is played if there is one.
    """
    wrong = first_wrong(actions, rules.n_actions)
    if wrong >= 0:
        return wrong
    for i in range(states.shape[0]):
        state = states[i]
        rewards[i] = 0
        if not state[OVER]:
            sticks = draws[i, STICK] < rules.sticky
            action = state[LAST_ACTION] if sticks else actions[i]
            state[LAST_ACTION] = action
            rewards[i] = advance(rules, state, action, draws[i])
        if len(planes) > 0:
            show(rules, state, planes[i])
    return -1


@compiled_views
def observe_batch(rules: Rules, states: Grids, planes: Seen) -> None:
    """Fill `planes` `[B, C, SIDE, SIDE]` with the players' observations."""
    for i in range(states.shape[0]):
        show(rules, states[i], planes[i])
