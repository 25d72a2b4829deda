"""Freeway: cross eight lanes of cars as often as possible in 2,501 steps.

The chicken moves up or down every third step at most. A car that meets it sends it back to the
bottom. At the top it earns a point, starts again at the bottom, and all cars get new speeds.
"""

from __future__ import annotations

from typing import NamedTuple

from rlhf_games.arcade import rules as arcade_rules
from rlhf_games.arcade.base import Draws
from rlhf_games.arcade.compiled_game import CompiledArcade
from rlhf_games.arcade.rules import (
    CHANCE,
    FIRST,
    OVER,
    SIDE,
    Planes,
    Words,
    moved,
    pick,
    ticked,
)
from rlhf_games.compiled import implement, inner_views
from rlhf_games.minatar.controls import ACTION_NAMES, N_ACTIONS, upright

LANES = SIDE - 2
"""Lane i is row i + 1."""
BOTTOM, COLUMN = SIDE - 1, 4
"""The chicken's start; it never leaves its column."""
REST, TIME, SPEEDS = 3, 2500, 5

# The words of a state; then for each lane the column of its car, the steps until it moves, and its
# speed: it rests |speed| steps after each move and goes right if the speed is positive.
ROW, REST_IN, TIME_LEFT, X = range(FIRST, FIRST + 4)
MOVE_IN = X + LANES
SPEED = MOVE_IN + LANES
N_WORDS = SPEED + LANES

PLANE_NAMES = ("chicken", "car", *(f"speed_{rest}" for rest in range(1, SPEEDS + 1)))


class FreewayRules(NamedTuple):
    """The tag of these rules, see `rlhf_games.arcade.rules`."""

    sticky: float
    ramping: bool
    n_actions: int = N_ACTIONS
    n_words: int = N_WORDS
    n_draws: int = 1 + 2 * LANES
    n_planes: int = len(PLANE_NAMES)


@inner_views
def draw_speeds(state: Words, draws: Draws) -> None:
    """Give every car a new speed and direction.

    A draw of exactly 1/2 means right; in the original such a car would have no direction.
    """
    for lane in range(LANES):
        rest = 1 + pick(draws[CHANCE + lane], SPEEDS)
        goes_left = draws[CHANCE + LANES + lane] < 1 / 2
        state[MOVE_IN + lane] = rest
        state[SPEED + lane] = -rest if goes_left else rest


@implement(arcade_rules.begin, FreewayRules, views=True)
def _begin(rules: FreewayRules, state: Words, draws: Draws) -> None:
    draw_speeds(state, draws)
    state[ROW], state[REST_IN], state[TIME_LEFT] = BOTTOM, REST, TIME


@inner_views
def goes(state: Words, lane: int) -> int:
    """Return the direction of a car: -1 or 1."""
    return 1 if state[SPEED + lane] > 0 else -1


@inner_views
def drive(state: Words, lane: int) -> None:
    """Move the car of a lane when it is time; at the edge it wraps around."""
    if state[MOVE_IN + lane] > 0:
        state[MOVE_IN + lane] -= 1
        return
    state[MOVE_IN + lane] = abs(state[SPEED + lane])
    state[X + lane] = (state[X + lane] + goes(state, lane) + SIDE) % SIDE


@inner_views
def collide(state: Words, lane: int) -> None:
    """Send the chicken to the bottom if the car of a lane hits it."""
    if state[ROW] == lane + 1 and state[X + lane] == COLUMN:
        state[ROW] = BOTTOM


@implement(arcade_rules.advance, FreewayRules, views=True)
def _advance(rules: FreewayRules, state: Words, action: int, draws: Draws) -> int:
    points = 0
    step = upright(action)
    if step != 0 and state[REST_IN] == 0:
        state[REST_IN] = REST
        state[ROW] = moved(state[ROW], step, 0, BOTTOM)
    if state[ROW] == 0:
        points = 1
        draw_speeds(state, draws)
        state[ROW] = BOTTOM
    for lane in range(LANES):
        collide(state, lane)
        drive(state, lane)
        collide(state, lane)
    state[REST_IN] = ticked(state[REST_IN])
    state[TIME_LEFT] -= 1
    state[OVER] = state[TIME_LEFT] < 0
    return points


@implement(arcade_rules.paint, FreewayRules, views=True)
def _paint(rules: FreewayRules, state: Words, planes: Planes) -> None:
    planes[0, state[ROW], COLUMN] = 1
    for lane in range(LANES):
        x = state[X + lane]
        planes[1, lane + 1, x] = 1
        behind = (x - goes(state, lane) + SIDE) % SIDE
        planes[1 + abs(state[SPEED + lane]), lane + 1, behind] = 1


class Freeway(CompiledArcade):
    """MinAtar's Freeway, see the module."""

    def __init__(self, sticky: float = 0.1, ramping: bool = True) -> None:
        super().__init__(
            name="freeway",
            title="MinAtar Freeway",
            rules=FreewayRules(sticky, ramping),
            action_names=ACTION_NAMES,
            plane_names=PLANE_NAMES,
        )
