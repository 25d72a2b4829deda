"""Space Invaders: shoot the aliens, a point each, before they or their bombs reach the cannon.

The aliens march sideways and, from an edge, one row down and back. The fewer there are, the faster
they march; the lowest alien of the nearest column drops a bomb every tenth step. After each wave a
new one comes, which marches faster up to a point. The game is over when a bomb or an alien hits the
cannon, or the aliens would leave the grid at the bottom.

A row of cells is the bit set of its columns.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_games.arcade import rules as arcade_rules
from rlhf_games.arcade.base import Draws
from rlhf_games.arcade.compiled_game import CompiledArcade
from rlhf_games.arcade.rules import FIRST, OVER, SIDE, Planes, Words, moved, ticked
from rlhf_games.compiled import count_bits, implement, inner_views
from rlhf_games.minatar.controls import ACTION_NAMES, FIRE, N_ACTIONS, sideways

BOTTOM = SIDE - 1
WAVE_ROWS, WAVE = 4, 0b0011111100
LEFT_EDGE, RIGHT_EDGE = 1, 1 << (SIDE - 1)
RELOAD, BOMB_EVERY, MARCH_EVERY_AT_FIRST, MARCH_EVERY_AT_LAST = 5, 10, 12, 6

# The words of a state; then the rows of aliens, of the cannon's shots and of bombs.
CANNON, RELOAD_IN, GOES, MARCH_EVERY, MARCH_IN, BOMB_IN, ALIENS = range(FIRST, FIRST + 7)
SHOTS = ALIENS + SIDE
BOMBS = SHOTS + SIDE
N_WORDS = BOMBS + SIDE

PLANE_NAMES = ("cannon", "alien", "alien_left", "alien_right", "shot", "bomb")


class SpaceInvadersRules(NamedTuple):
    """The tag of these rules, see `rlhf_games.arcade.rules`."""

    sticky: float
    ramping: bool
    n_actions: int = N_ACTIONS
    n_words: int = N_WORDS
    n_draws: int = 1
    n_planes: int = len(PLANE_NAMES)


@inner_views
def send_wave(state: Words) -> None:
    """Set the aliens of a new wave; none is left of the last."""
    for row in range(WAVE_ROWS):
        state[ALIENS + row] = WAVE


@implement(arcade_rules.begin, SpaceInvadersRules, views=True)
def _begin(rules: SpaceInvadersRules, state: Words, draws: Draws) -> None:
    state[CANNON], state[GOES] = 5, -1
    state[MARCH_EVERY] = state[MARCH_IN] = MARCH_EVERY_AT_FIRST
    state[BOMB_IN] = BOMB_EVERY
    send_wave(state)


@inner_views
def count_aliens(state: Words) -> int:
    """Return how many aliens are left."""
    count = 0
    for row in range(SIDE):
        count += count_bits(numba.uint64(state[ALIENS + row]))
    return count


@inner_views
def act(state: Words, action: int) -> None:
    """Fire or move the cannon. A shot flies from the row above it at once."""
    if action == FIRE and state[RELOAD_IN] == 0:
        state[SHOTS + BOTTOM] |= 1 << state[CANNON]
        state[RELOAD_IN] = RELOAD
    state[CANNON] = moved(state[CANNON], sideways(action), 0, SIDE - 1)


@inner_views
def fly(state: Words) -> None:
    """Move the shots up and the bombs down by one row; at the edge they are gone."""
    for row in range(BOTTOM):
        state[SHOTS + row] = state[SHOTS + row + 1]
        state[BOMBS + BOTTOM - row] = state[BOMBS + BOTTOM - row - 1]
    state[SHOTS + BOTTOM] = 0
    state[BOMBS] = 0


@inner_views
def hits_cannon(state: Words, row: int) -> bool:
    """Return whether a row of cells, given by its word, is set at the cannon's column."""
    return (state[row] >> state[CANNON]) & 1 == 1


@inner_views
def march_down(state: Words) -> None:
    """Move the aliens down and turn them; from the bottom they come round to the top."""
    state[GOES] = -state[GOES]
    bottom = state[ALIENS + BOTTOM]
    for row in range(BOTTOM, 0, -1):
        state[ALIENS + row] = state[ALIENS + row - 1]
    state[ALIENS] = bottom
    if bottom:
        state[OVER] = 1


@inner_views
def march(state: Words) -> None:
    """Move the aliens by one cell."""
    everywhere = 0
    for row in range(SIDE):
        everywhere |= state[ALIENS + row]
    edge = LEFT_EDGE if state[GOES] < 0 else RIGHT_EDGE
    if everywhere & edge:
        march_down(state)
        return
    for row in range(SIDE):
        aliens = state[ALIENS + row]
        state[ALIENS + row] = aliens >> 1 if state[GOES] < 0 else aliens << 1


@inner_views
def lowest_alien(state: Words, column: int) -> int:
    """Return the row of the lowest alien of a column, or -1."""
    for row in range(BOTTOM, -1, -1):
        if (state[ALIENS + row] >> column) & 1:
            return row
    return -1


@inner_views
def drop_bomb_from(state: Words, column: int) -> bool:
    """Let the lowest alien of a column drop a bomb; False if the column has none."""
    if column < 0 or column >= SIDE:
        return False
    row = lowest_alien(state, column)
    if row >= 0:
        state[BOMBS + row] |= 1 << column
    return row >= 0


@inner_views
def drop_bomb(state: Words) -> None:
    """Let the column nearest to the cannon drop a bomb, the left one of two."""
    for distance in range(SIDE):
        if drop_bomb_from(state, state[CANNON] - distance):
            return
        if drop_bomb_from(state, state[CANNON] + distance):
            return


@inner_views
def strike(state: Words) -> int:
    """Remove the aliens and shots that share a cell; return how many aliens."""
    points = 0
    for row in range(SIDE):
        struck = state[ALIENS + row] & state[SHOTS + row]
        if struck:
            state[ALIENS + row] ^= struck
            state[SHOTS + row] ^= struck
            points += count_bits(numba.uint64(struck))
    return points


@implement(arcade_rules.advance, SpaceInvadersRules, views=True)
def _advance(rules: SpaceInvadersRules, state: Words, action: int, draws: Draws) -> int:
    act(state, action)
    fly(state)
    hit = hits_cannon(state, BOMBS + BOTTOM) or hits_cannon(state, ALIENS + BOTTOM)
    if state[MARCH_IN] == 0:
        state[MARCH_IN] = min(count_aliens(state), state[MARCH_EVERY])
        march(state)
        hit |= hits_cannon(state, ALIENS + BOTTOM)
    if hit:
        state[OVER] = 1
    if state[BOMB_IN] == 0:
        state[BOMB_IN] = BOMB_EVERY
        drop_bomb(state)
    points = strike(state)
    state[RELOAD_IN] = ticked(state[RELOAD_IN])
    state[MARCH_IN] -= 1
    state[BOMB_IN] -= 1
    if points > 0 and count_aliens(state) == 0:
        if rules.ramping:
            state[MARCH_EVERY] = max(state[MARCH_EVERY] - 1, MARCH_EVERY_AT_LAST)
        send_wave(state)
    return points


@inner_views
def paint_rows(rows: Words, plane: NDArray[np.uint8]) -> None:
    """Set the cells of `plane` `[SIDE, SIDE]` that bit sets `rows` `[SIDE]` name."""
    for y in range(SIDE):
        if rows[y]:
            for x in range(SIDE):
                plane[y, x] = (rows[y] >> x) & 1


@implement(arcade_rules.paint, SpaceInvadersRules, views=True)
def _paint(rules: SpaceInvadersRules, state: Words, planes: Planes) -> None:
    planes[0, BOTTOM, state[CANNON]] = 1
    aliens = state[ALIENS:SHOTS]
    paint_rows(aliens, planes[1])
    paint_rows(aliens, planes[2 if state[GOES] < 0 else 3])
    paint_rows(state[SHOTS:BOMBS], planes[4])
    paint_rows(state[BOMBS:N_WORDS], planes[5])


class SpaceInvaders(CompiledArcade):
    """MinAtar's Space Invaders, see the module."""

    def __init__(self, sticky: float = 0.1, ramping: bool = True) -> None:
        super().__init__(
            name="space_invaders",
            title="MinAtar Space Invaders",
            rules=SpaceInvadersRules(sticky, ramping),
            action_names=ACTION_NAMES,
            plane_names=PLANE_NAMES,
        )
