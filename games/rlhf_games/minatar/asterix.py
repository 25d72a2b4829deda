"""Asterix: collect the gold that crosses the grid, and avoid the enemies.

Enemies and gold appear at the left or the right edge of the eight middle rows, one per row, and
cross the grid; a third of them is gold. A point per gold; the game is over when the player meets an
enemy. About every hundred steps they begin to appear more often, and every other time also faster.
"""

from __future__ import annotations

from typing import NamedTuple

from rlhf_games.arcade import rules as arcade_rules
from rlhf_games.arcade.base import Draws
from rlhf_games.arcade.compiled_game import CompiledArcade
from rlhf_games.arcade.rules import CHANCE, FIRST, OVER, SIDE, Planes, Words, inside, moved, pick
from rlhf_games.compiled import implement, inner_views
from rlhf_games.minatar.controls import ACTION_NAMES, MIRRORED, N_ACTIONS, sideways, upright

LANES = SIDE - 2
"""Lane i is row i + 1."""
SPAWN_EVERY_AT_FIRST, MOVE_EVERY_AT_FIRST, RAMP_EVERY = 10, 5, 100
NOBODY, ENEMY, GOLD = 0, 1, 2

# The words of a state; then for each lane its content, column and direction (-1 or 1).
(
    PLAYER_X,
    PLAYER_Y,
    SPAWN_EVERY,
    SPAWN_IN,
    MOVE_EVERY,
    MOVE_IN,
    RAMP_IN,
    RAMPS,
    KIND,
) = range(FIRST, FIRST + 9)
X = KIND + LANES
GOES = X + LANES
N_WORDS = GOES + LANES

PLANE_NAMES = ("player", "enemy", "trail", "gold")


class AsterixRules(NamedTuple):
    """The tag of these rules, see `rlhf_games.arcade.rules`."""

    sticky: float
    ramping: bool
    n_actions: int = N_ACTIONS
    n_words: int = N_WORDS
    n_draws: int = 4
    n_planes: int = len(PLANE_NAMES)


@implement(arcade_rules.begin, AsterixRules, views=True)
def _begin(rules: AsterixRules, state: Words, draws: Draws) -> None:
    state[PLAYER_X], state[PLAYER_Y] = 5, 5
    state[SPAWN_EVERY] = state[SPAWN_IN] = SPAWN_EVERY_AT_FIRST
    state[MOVE_EVERY] = state[MOVE_IN] = MOVE_EVERY_AT_FIRST
    state[RAMP_IN] = RAMP_EVERY


@inner_views
def nth_free_lane(state: Words, n: int) -> int:
    """Return the n-th empty lane."""
    for lane in range(LANES):
        if state[KIND + lane] == NOBODY:
            if n == 0:
                return lane
            n -= 1
    return -1


@inner_views
def spawn(state: Words, draws: Draws) -> None:
    """Let an enemy or gold appear in a free lane, if there is one."""
    free = 0
    for lane in range(LANES):
        free += state[KIND + lane] == NOBODY
    if free == 0:
        return
    lane = nth_free_lane(state, pick(draws[CHANCE + 2], free))
    from_left = draws[CHANCE] < 1 / 2
    state[KIND + lane] = GOLD if draws[CHANCE + 1] < 1 / 3 else ENEMY
    state[X + lane] = 0 if from_left else SIDE - 1
    state[GOES + lane] = 1 if from_left else -1


@inner_views
def meet(state: Words, lane: int) -> int:
    """Handle a meeting of the player and the content of a lane; return the points."""
    if state[PLAYER_Y] != lane + 1 or state[PLAYER_X] != state[X + lane]:
        return 0
    kind = state[KIND + lane]
    if kind == ENEMY:
        state[OVER] = 1
    if kind != GOLD:
        return 0
    state[KIND + lane] = NOBODY
    return 1


@inner_views
def move_lanes(state: Words) -> int:
    """Move everything by one column and return the points."""
    points = 0
    for lane in range(LANES):
        if state[KIND + lane] != NOBODY:
            state[X + lane] += state[GOES + lane]
            if inside(state[X + lane]):
                points += meet(state, lane)
            else:
                state[KIND + lane] = NOBODY
    return points


@inner_views
def ramp(state: Words) -> None:
    """Make the game harder when it is time."""
    if state[SPAWN_EVERY] == 1 and state[MOVE_EVERY] == 1:
        return
    if state[RAMP_IN] >= 0:
        state[RAMP_IN] -= 1
        return
    if state[RAMPS] % 2 == 1:
        state[MOVE_EVERY] = max(state[MOVE_EVERY] - 1, 1)
    state[SPAWN_EVERY] = max(state[SPAWN_EVERY] - 1, 1)
    state[RAMPS] += 1
    state[RAMP_IN] = RAMP_EVERY


@implement(arcade_rules.advance, AsterixRules, views=True)
def _advance(rules: AsterixRules, state: Words, action: int, draws: Draws) -> int:
    if state[SPAWN_IN] == 0:
        spawn(state, draws)
        state[SPAWN_IN] = state[SPAWN_EVERY]
    state[PLAYER_X] = moved(state[PLAYER_X], sideways(action), 0, SIDE - 1)
    state[PLAYER_Y] = moved(state[PLAYER_Y], upright(action), 1, SIDE - 2)
    points = meet(state, state[PLAYER_Y] - 1)
    if state[MOVE_IN] == 0:
        state[MOVE_IN] = state[MOVE_EVERY]
        points += move_lanes(state)
    state[SPAWN_IN] -= 1
    state[MOVE_IN] -= 1
    if rules.ramping:
        ramp(state)
    return points


@implement(arcade_rules.paint, AsterixRules, views=True)
def _paint(rules: AsterixRules, state: Words, planes: Planes) -> None:
    planes[0, state[PLAYER_Y], state[PLAYER_X]] = 1
    for lane in range(LANES):
        kind, x = state[KIND + lane], state[X + lane]
        if kind != NOBODY:
            planes[3 if kind == GOLD else 1, lane + 1, x] = 1
            behind = x - state[GOES + lane]
            if inside(behind):
                planes[2, lane + 1, behind] = 1


class Asterix(CompiledArcade):
    """MinAtar's Asterix, see the module."""

    def __init__(self, sticky: float = 0.1, ramping: bool = True) -> None:
        super().__init__(
            name="asterix",
            title="MinAtar Asterix",
            rules=AsterixRules(sticky, ramping),
            action_names=ACTION_NAMES,
            plane_names=PLANE_NAMES,
            mirrored=MIRRORED,
        )
