"""Weaker play that stays sensible: what lies far ahead is overlooked before what is near.

A handicapped player searches as always, and then misjudges the moves: each value gets an error that
depends on the position, the move and a seed, so that the same player thinks the same of a position
whenever it sees it. What the rules decide within `sight` plies is seen exactly; errors grow with
the number of plies to the end of the game as far as that is proven, and are full for plans, which
nothing proves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.goal_values import GoalRules
from rlhf_agents.search.tree import DECIDED, DECISIVE, ILLEGAL, Tree
from rlhf_games.base import States
from rlhf_games.compiled import compiled, inner

EXACT_SIGHT = 2.0
"""Plies: own wins at once, and the opponent's."""
UNPROVEN = 1000
"""Plies to the end where nothing is proven."""
HALF_FOG = 2.0
"""Plies beyond `sight` within which errors grow to half their size."""
CERTAIN = 1000.0
"""Moves that certainly reach or lose the goal rank so far above or below all others."""
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = np.uint64(0x9E3779B97F4A7C15)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Handicap:
    """How a player misjudges moves.

    Attributes:
        noise: the standard deviation of the error of a plan's value, >= 0.
        sight: plies within which nothing is overlooked, >= 0.
        seed: of the errors.
    """

    noise: float = 0.0
    sight: float = EXACT_SIGHT
    seed: int = 0

    def seeded(self, seed: int) -> Handicap:
        """Return the same handicap with other errors."""
        return replace(self, seed=seed)

    def judged(
        self,
        states: States,
        values: NDArray[np.float32],
        plies: NDArray[np.int64],
        relative: NDArray[np.bool_],
    ) -> NDArray[np.float32]:
        """Return what the moves seem to be worth, float32 `[B, A]`, for ranking them.

        Args:
            states: uint64 `[B, W]`, the positions.
            values: float32 `[B, A]`, what the search says; NaN where illegal.
            plies: int64 `[B, A]`, how far the proven end lies, see `plies_to_end`.
            relative: bool `[B]`, errors are in proportion to the best value: for goals that are
                seldom within reach, so that a weak player pursues them, too.
        """
        fog = 1 - 0.5 ** (np.maximum(plies - self.sight, 0.0) / HALF_FOG)
        best = np.nan_to_num(values, nan=0.0).max(axis=1, initial=0.0)
        scale = self.noise * np.where(relative, best, 1.0)[:, None]
        seen = values + scale * fog * normals(states, values.shape[1], self.seed)
        certain = np.where(fog == 0.0, np.sign(np.round(2 * values - 1)), 0.0)
        return np.asarray(seen + CERTAIN * np.nan_to_num(certain), np.float32)


def shown(judged: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return judged values as shares in [0, 1], float32 of the same shape."""
    known = np.abs(judged) > CERTAIN / 2
    inside = np.where(known, judged - CERTAIN * np.sign(judged), judged)
    return np.clip(inside, 0.0, 1.0).astype(np.float32)


def normals(states: States, n_actions: int, seed: int) -> Floats:
    """Return standard normal numbers float64 `[B, A]` that depend on positions, moves and seed."""
    mixed = np.full(len(states), seed, np.uint64)
    for word in states.T:
        mixed = _scrambled(mixed ^ word)
    numbers = np.arange(1, 2 * n_actions + 1, dtype=np.uint64) * _STEP
    bits = _scrambled(mixed[:, None] + numbers)
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    radius = np.sqrt(-2 * np.log(uniform[:, :n_actions]))
    return np.asarray(radius * np.cos(2 * np.pi * uniform[:, n_actions:]), np.float64)


def _scrambled(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the finished output of SplitMix64 for each number, uint64 of the same shape."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _MIX[0]
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _MIX[1]
    return np.asarray(numbers ^ (numbers >> np.uint64(31)), np.uint64)


@inner
def proven_plies(goals: GoalRules, tree: Tree, node: int, action: int, goal: int) -> int:
    """Return in how many plies the game ends after a move whose value is exact."""
    count, node = 1, tree.child[node, action]
    while node >= 0:
        best, wish = -1, np.float32(-1e9)
        for move in range(tree.child.shape[1]):
            if tree.child[node, move] == ILLEGAL or not tree.exact[node, move]:
                continue
            value = tree.value[node, move]
            if not tree.ours[node]:
                value = -value if goals.zero_sum[goal] else tree.reply[node, move]
            if value > wish:
                best, wish = move, value
        if best < 0:
            return count
        count, node = count + 1, tree.child[node, best]
    return count


@inner
def loses_at_once(tree: Tree, node: int) -> bool:
    """Return whether a reply wins at once, whatever the network fears more."""
    for move in range(tree.child.shape[1] if node >= 0 else 0):
        if tree.child[node, move] == DECIDED and tree.value[node, move] < DECISIVE:
            return True
    return False


@compiled
def plies_to_end(
    goals: GoalRules, tree: Tree, pursued: NDArray[np.int64], room: int, out: NDArray[np.int64]
) -> None:
    """Fill `out` `[B, A]` with how many plies the proven end lies ahead, else `UNPROVEN`.

    Args:
        goals: how goals are valued.
        tree: B trees, each in `room` rows.
        pursued: int64 `[B]`, the goal of each tree.
        room: see there.
        out: receives the numbers.
    """
    for i in range(out.shape[0]):
        root, goal = i * room, pursued[i]
        for action in range(out.shape[1]):
            child = tree.child[root, action]
            out[i, action] = UNPROVEN
            if child != ILLEGAL and tree.exact[root, action]:
                out[i, action] = proven_plies(goals, tree, root, action, goal)
            elif goals.zero_sum[goal] and tree.ours[root] and loses_at_once(tree, child):
                out[i, action] = 2
