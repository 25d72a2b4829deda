"""Seaquest: shoot fish and submarines, collect divers, and surface before the air runs out.

A point per fish or submarine shot. Coming up costs one diver and fills the tank; with six divers on
board all leave, and the air that is left earns up to ten points. Each time, enemies come more often
or faster. The game is over when an enemy or its bullet meets the player, when the tank is empty, or
when the player comes up without a diver.

All swimmers are in five lists, see `rlhf_games.minatar.shoals`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

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
    inside,
    moved,
    pick,
    ticked,
)
from rlhf_games.compiled import implement, inner_views
from rlhf_games.minatar import shoals
from rlhf_games.minatar.controls import ACTION_NAMES, FIRE, N_ACTIONS, sideways, upright
from rlhf_games.minatar.shoals import (
    BULLETS,
    DIVERS,
    FISH,
    GOES,
    MOVE_IN,
    SHOOT_IN,
    SHOTS,
    SUBS,
    Kind,
    X,
    Y,
)

DEEPEST, GAUGE = SIDE - 2, SIDE - 1
AIR, CREW = 200, 6
RELOAD, BULLET_EVERY, DIVER_EVERY, DIVER_MOVES_EVERY = 5, 10, 30, 5
ENEMY_EVERY_AT_FIRST, MOVE_EVERY_AT_FIRST, MOVE_EVERY_AT_LAST = 20, 5, 2

# The words of a state; the swimmers follow. DIVERS_ABOARD can fall below 0, see `come_up`.
(
    PLAYER_X,
    PLAYER_Y,
    FACES,
    AIR_LEFT,
    DIVERS_ABOARD,
    IS_UP,
    RELOAD_IN,
    ENEMY_EVERY,
    ENEMY_IN,
    DIVER_IN,
    MOVE_EVERY,
    RAMPS,
    SHOALS,
) = range(FIRST, FIRST + 13)
N_WORDS = SHOALS + shoals.N_WORDS

PLANE_NAMES = (
    "sub_front",
    "sub_back",
    "shot",
    "trail",
    "bullet",
    "fish",
    "enemy_sub",
    "air",
    "divers_aboard",
    "diver",
)
(
    FRONT_PLANE,
    BACK_PLANE,
    SHOT_PLANE,
    TRAIL_PLANE,
    BULLET_PLANE,
    FISH_PLANE,
    SUB_PLANE,
    AIR_PLANE,
    ABOARD_PLANE,
    DIVER_PLANE,
) = range(len(PLANE_NAMES))
PLANE_OF = np.array([SHOT_PLANE, BULLET_PLANE, FISH_PLANE, SUB_PLANE, DIVER_PLANE])
TRAILS = np.array([False, False, True, True, True])
"""Capacities by kind, see `shoals`."""


class SeaquestRules(NamedTuple):
    """The tag of these rules, see `rlhf_games.arcade.rules`."""

    sticky: float
    ramping: bool
    n_actions: int = N_ACTIONS
    n_words: int = N_WORDS
    n_draws: int = 6
    n_planes: int = len(PLANE_NAMES)


@implement(arcade_rules.begin, SeaquestRules, views=True)
def _begin(rules: SeaquestRules, state: Words, draws: Draws) -> None:
    state[PLAYER_X], state[PLAYER_Y], state[FACES] = 5, 0, -1
    state[AIR_LEFT], state[IS_UP] = AIR, 1
    state[ENEMY_EVERY] = state[ENEMY_IN] = ENEMY_EVERY_AT_FIRST
    state[DIVER_IN] = DIVER_EVERY
    state[MOVE_EVERY] = MOVE_EVERY_AT_FIRST


@inner_views
def appear(sea: Words, kind: Kind, y: int, goes: int) -> int:
    """Add something at the edge that it comes from and return its first word."""
    at = shoals.join(sea, kind)
    sea[at + X], sea[at + Y], sea[at + GOES] = (0 if goes > 0 else SIDE - 1), y, goes
    return at


@inner_views
def spawn_enemy(state: Words, sea: Words, draws: Draws, first: int) -> None:
    """Add a fish or a submarine, unless it would swim against others in its row."""
    goes = 1 if draws[first] < 1 / 2 else -1
    is_sub = draws[first + 1] < 1 / 3
    y = 1 + pick(draws[first + 2], DEEPEST)
    if shoals.opposes(sea, FISH, y, goes) or shoals.opposes(sea, SUBS, y, goes):
        return
    kind = SUBS if is_sub else FISH
    at = appear(sea, kind, y, goes)
    sea[at + MOVE_IN] = state[MOVE_EVERY]
    sea[at + SHOOT_IN] = BULLET_EVERY if is_sub else 0


@inner_views
def spawn_diver(sea: Words, draws: Draws, first: int) -> None:
    """Add a diver."""
    goes = 1 if draws[first] < 1 / 2 else -1
    at = appear(sea, DIVERS, 1 + pick(draws[first + 1], DEEPEST), goes)
    sea[at + MOVE_IN] = DIVER_MOVES_EVERY


@inner_views
def spawn(state: Words, sea: Words, draws: Draws) -> None:
    """Add the swimmers that are due; the draws are used in that order."""
    first = CHANCE
    if state[ENEMY_IN] == 0:
        spawn_enemy(state, sea, draws, first)
        state[ENEMY_IN] = state[ENEMY_EVERY]
        first += 3
    if state[DIVER_IN] == 0:
        spawn_diver(sea, draws, first)
        state[DIVER_IN] = DIVER_EVERY


@inner_views
def act(state: Words, sea: Words, action: int) -> None:
    """Fire or move the player."""
    if action == FIRE and state[RELOAD_IN] == 0:
        at = shoals.join(sea, SHOTS)
        sea[at + X], sea[at + Y] = state[PLAYER_X], state[PLAYER_Y]
        sea[at + GOES] = state[FACES]
        state[RELOAD_IN] = RELOAD
    if sideways(action) != 0:
        state[FACES] = sideways(action)
    state[PLAYER_X] = moved(state[PLAYER_X], sideways(action), 0, SIDE - 1)
    state[PLAYER_Y] = moved(state[PLAYER_Y], upright(action), 0, DEEPEST)


@inner_views
def meets(state: Words, sea: Words, at: int) -> bool:
    """Return whether the swimmer of a record is at the player's cell."""
    return sea[at + X] == state[PLAYER_X] and sea[at + Y] == state[PLAYER_Y]


@inner_views
def strikes(sea: Words, kind: Kind, at: int) -> bool:
    """Remove the oldest of a kind that a shot has reached; False if it reached none."""
    target = shoals.find(sea, kind, at)
    if target >= 0:
        shoals.leave(sea, kind, target)
    return target >= 0


@inner_views
def fly_shots(sea: Words) -> int:
    """Move the player's shots and return the points."""
    points = 0
    for index in range(sea[SHOTS] - 1, -1, -1):
        at = shoals.record(SHOTS, index)
        sea[at + X] += sea[at + GOES]
        if not inside(sea[at + X]):
            shoals.leave(sea, SHOTS, index)
        elif strikes(sea, FISH, at) or strikes(sea, SUBS, at):
            shoals.leave(sea, SHOTS, index)
            points += 1
    return points


@inner_views
def boards(state: Words, sea: Words, index: int) -> bool:
    """Take a diver on board if the player is there and has space."""
    at = shoals.record(DIVERS, index)
    if state[DIVERS_ABOARD] == CREW or not meets(state, sea, at):
        return False
    shoals.leave(sea, DIVERS, index)
    state[DIVERS_ABOARD] += 1
    return True


@inner_views
def move_divers(state: Words, sea: Words) -> None:
    """Move the divers; those that meet the player come on board."""
    for index in range(sea[DIVERS] - 1, -1, -1):
        at = shoals.record(DIVERS, index)
        if boards(state, sea, index) or not shoals.drift(sea, at, DIVER_MOVES_EVERY):
            continue
        if not inside(sea[at + X]):
            shoals.leave(sea, DIVERS, index)
        else:
            boards(state, sea, index)


@inner_views
def arrive(state: Words, sea: Words, kind: Kind, index: int) -> int:
    """Handle collisions of an enemy that has just moved; return the points."""
    at = shoals.record(kind, index)
    if not inside(sea[at + X]):
        shoals.leave(sea, kind, index)
        return 0
    if meets(state, sea, at):
        state[OVER] = 1
        return 0
    shot = shoals.find(sea, SHOTS, at)
    if shot < 0:
        return 0
    shoals.leave(sea, kind, index)
    shoals.leave(sea, SHOTS, shot)
    return 1


@inner_views
def move_enemies(state: Words, sea: Words, kind: Kind) -> int:
    """Move the fish or the submarines, which also shoot; return the points."""
    points = 0
    for index in range(sea[kind] - 1, -1, -1):
        at = shoals.record(kind, index)
        if meets(state, sea, at):
            state[OVER] = 1
        moves = shoals.drift(sea, at, state[MOVE_EVERY])
        if kind == SUBS:
            shoot(sea, at)
        if moves:
            points += arrive(state, sea, kind, index)
    return points


@inner_views
def shoot(sea: Words, at: int) -> None:
    """Let a submarine shoot when it is time, even in the step in which it leaves or is hit."""
    if sea[at + SHOOT_IN] > 0:
        sea[at + SHOOT_IN] -= 1
        return
    sea[at + SHOOT_IN] = BULLET_EVERY
    bullet = shoals.join(sea, BULLETS)
    for field in (X, Y, GOES):
        sea[bullet + field] = sea[at + field]


@inner_views
def fly_bullets(state: Words, sea: Words) -> None:
    """Move the enemies' bullets."""
    for index in range(sea[BULLETS] - 1, -1, -1):
        at = shoals.record(BULLETS, index)
        hit = meets(state, sea, at)
        sea[at + X] += sea[at + GOES]
        if hit or meets(state, sea, at):
            state[OVER] = 1
        if not inside(sea[at + X]):
            shoals.leave(sea, BULLETS, index)


@inner_views
def come_up(rules: SeaquestRules, state: Words) -> int:
    """Fill the tank and let divers leave; return the points."""
    points = 0
    if state[DIVERS_ABOARD] == CREW:
        points = state[AIR_LEFT] * 10 // AIR
        state[DIVERS_ABOARD] = 0
    state[IS_UP], state[AIR_LEFT] = 1, AIR
    state[DIVERS_ABOARD] -= 1  # as in the original even after all six have left: then -1 are aboard
    if rules.ramping and (state[ENEMY_EVERY] > 1 or state[MOVE_EVERY] > MOVE_EVERY_AT_LAST):
        if state[RAMPS] % 2 == 1:
            state[MOVE_EVERY] = max(state[MOVE_EVERY] - 1, MOVE_EVERY_AT_LAST)
        state[ENEMY_EVERY] = max(state[ENEMY_EVERY] - 1, 1)
        state[RAMPS] += 1
    return points


@inner_views
def breathe(rules: SeaquestRules, state: Words) -> int:
    """Use up air under water, come up above; return the points."""
    if state[AIR_LEFT] <= 0:
        state[OVER] = 1
    if state[PLAYER_Y] > 0:
        state[AIR_LEFT] -= 1
        state[IS_UP] = 0
    elif not state[IS_UP]:
        if state[DIVERS_ABOARD] == 0:
            state[OVER] = 1
        else:
            return come_up(rules, state)
    return 0


@implement(arcade_rules.advance, SeaquestRules, views=True)
def _advance(rules: SeaquestRules, state: Words, action: int, draws: Draws) -> int:
    sea = state[SHOALS:]
    spawn(state, sea, draws)
    act(state, sea, action)
    points = fly_shots(sea)
    move_divers(state, sea)
    points += move_enemies(state, sea, SUBS)
    fly_bullets(state, sea)
    points += move_enemies(state, sea, FISH)
    state[ENEMY_IN] = ticked(state[ENEMY_IN])
    state[DIVER_IN] = ticked(state[DIVER_IN])
    state[RELOAD_IN] = ticked(state[RELOAD_IN])
    return points + breathe(rules, state)


@inner_views
def paint_sea(sea: Words, planes: Planes) -> None:
    """Show all swimmers, and the cells that fish, submarines and divers came from."""
    for kind in range(len(PLANE_OF)):
        for index in range(sea[kind]):
            at = shoals.record(kind, index)
            x, y = sea[at + X], sea[at + Y]
            planes[PLANE_OF[kind], y, x] = 1
            behind = x - sea[at + GOES]
            if TRAILS[kind] and inside(behind):
                planes[TRAIL_PLANE, y, behind] = 1


@implement(arcade_rules.paint, SeaquestRules, views=True)
def _paint(rules: SeaquestRules, state: Words, planes: Planes) -> None:
    x, y = state[PLAYER_X], state[PLAYER_Y]
    planes[FRONT_PLANE, y, x] = 1
    planes[BACK_PLANE, y, x - state[FACES]] = 1  # on the grid: it faces where it last moved
    for column in range(max(state[AIR_LEFT], 0) * SIDE // AIR):
        planes[AIR_PLANE, GAUGE, column] = 1
    for column in range(GAUGE - max(state[DIVERS_ABOARD], 0), GAUGE):
        planes[ABOARD_PLANE, GAUGE, column] = 1
    paint_sea(state[SHOALS:], planes)


class Seaquest(CompiledArcade):
    """MinAtar's Seaquest, see the module."""

    def __init__(self, sticky: float = 0.1, ramping: bool = True) -> None:
        super().__init__(
            name="seaquest",
            title="MinAtar Seaquest",
            rules=SeaquestRules(sticky, ramping),
            action_names=ACTION_NAMES,
            plane_names=PLANE_NAMES,
        )
