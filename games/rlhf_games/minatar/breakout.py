"""Breakout: keep the ball in play with the paddle, a point per brick.

The ball flies diagonally. It bounces off walls, bricks (which break) and the paddle: coming
straight
down on the paddle's cell it turns up; entering the paddle's cell from the side it goes back where
it
came from. Three new rows of bricks appear when the ball comes down with none
left. The game is over when the ball passes the paddle.
"""

from __future__ import annotations

from typing import NamedTuple

from rlhf_games.arcade import rules as arcade_rules
from rlhf_games.arcade.base import Draws
from rlhf_games.arcade.compiled_game import CompiledArcade
from rlhf_games.arcade.rules import CHANCE, FIRST, OVER, SIDE, Planes, Words, inside, moved, pick
from rlhf_games.compiled import implement, inner_views
from rlhf_games.minatar.controls import ACTION_NAMES, MIRRORED, N_ACTIONS, sideways

BOTTOM = SIDE - 1
TOP_BRICKS, BRICK_ROWS = 1, 3
FULL_ROW = (1 << SIDE) - 1

# The words of a state. STRUCK: the ball broke a brick in the last step and flies through the next.
PADDLE, BALL_X, BALL_Y, TRAIL_X, TRAIL_Y, DX, DY, STRUCK, BRICKS = range(FIRST, FIRST + 9)
N_WORDS = BRICKS + BRICK_ROWS

PLANE_NAMES = ("paddle", "ball", "trail", "brick")


class BreakoutRules(NamedTuple):
    """The tag of these rules, see `rlhf_games.arcade.rules`."""

    sticky: float
    ramping: bool
    n_actions: int = N_ACTIONS
    n_words: int = N_WORDS
    n_draws: int = 2
    n_planes: int = len(PLANE_NAMES)


@inner_views
def lay_bricks(state: Words) -> None:
    """Fill the rows of bricks, which are bit sets of columns."""
    for row in range(BRICK_ROWS):
        state[BRICKS + row] = FULL_ROW


@inner_views
def has_bricks(state: Words) -> bool:
    """Return whether a brick is left."""
    return (state[BRICKS] | state[BRICKS + 1] | state[BRICKS + 2]) != 0


@inner_views
def has_brick(state: Words, x: int, y: int) -> bool:
    """Return whether a brick is at a cell."""
    row = y - TOP_BRICKS
    return 0 <= row < BRICK_ROWS and (state[BRICKS + row] >> x) & 1 == 1


@implement(arcade_rules.begin, BreakoutRules, views=True)
def _begin(rules: BreakoutRules, state: Words, draws: Draws) -> None:
    from_right = pick(draws[CHANCE], 2) == 1
    state[PADDLE] = 4
    state[BALL_X] = SIDE - 1 if from_right else 0
    state[BALL_Y] = 3
    state[TRAIL_X], state[TRAIL_Y] = state[BALL_X], state[BALL_Y]
    state[DX] = -1 if from_right else 1
    state[DY] = 1
    lay_bricks(state)


@inner_views
def meet_paddle(state: Words, x: int, to_x: int) -> bool:
    """Turn the ball that comes down from column x to column to_x; False: it passes."""
    if x == state[PADDLE]:
        return True
    if to_x == state[PADDLE]:
        state[DX] = -state[DX]
        return True
    return False


@implement(arcade_rules.advance, BreakoutRules, views=True)
def _advance(rules: BreakoutRules, state: Words, action: int, draws: Draws) -> int:
    state[PADDLE] = moved(state[PADDLE], sideways(action), 0, SIDE - 1)
    x, y = state[BALL_X], state[BALL_Y]
    state[TRAIL_X], state[TRAIL_Y] = x, y
    to_x, to_y = x + state[DX], y + state[DY]
    if not inside(to_x):
        to_x = x
        state[DX] = -state[DX]
    points, bounces, touches = 0, False, False
    if to_y < 0:
        bounces = True
    elif has_brick(state, to_x, to_y):
        touches = True
        if not state[STRUCK]:
            state[BRICKS + to_y - TOP_BRICKS] &= ~(1 << to_x)
            points, bounces = 1, True
    elif to_y == BOTTOM:
        if not has_bricks(state):
            lay_bricks(state)
        bounces = meet_paddle(state, x, to_x)
        state[OVER] = not bounces
    if bounces:
        to_y = y
        state[DY] = -state[DY]
    state[STRUCK] = touches
    state[BALL_X], state[BALL_Y] = to_x, to_y
    return points


@implement(arcade_rules.paint, BreakoutRules, views=True)
def _paint(rules: BreakoutRules, state: Words, planes: Planes) -> None:
    planes[0, BOTTOM, state[PADDLE]] = 1
    planes[1, state[BALL_Y], state[BALL_X]] = 1
    planes[2, state[TRAIL_Y], state[TRAIL_X]] = 1
    for row in range(BRICK_ROWS):
        for x in range(SIDE):
            planes[3, TOP_BRICKS + row, x] = (state[BRICKS + row] >> x) & 1


class Breakout(CompiledArcade):
    """MinAtar's Breakout, see the module."""

    def __init__(self, sticky: float = 0.1, ramping: bool = True) -> None:
        super().__init__(
            name="breakout",
            title="MinAtar Breakout",
            rules=BreakoutRules(sticky, ramping),
            action_names=ACTION_NAMES,
            plane_names=PLANE_NAMES,
            mirrored=MIRRORED,
        )
