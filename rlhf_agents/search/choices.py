"""From the values of moves to the move that is played, and to those that are expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.bounds import Bounds
from rlhf_agents.search.equal_moves import hopes_of, told_apart
from rlhf_agents.search.goal_values import WIN, GoalRules
from rlhf_agents.search.tree import ILLEGAL, Tree
from rlhf_games.base import MOVER

NEARLY = 0.01
"""Moves whose values differ by no more are equal to a player that varies its play."""

Noise = NDArray[np.float64] | None
"""Random numbers by which play varies, or None."""


def root_values(tree: Tree, used: int, goal: int) -> NDArray[np.float32]:
    """Return the values of the moves at the root of a tree, NaN where illegal.

    Args:
        tree: grown for `goal`.
        used: the number of its nodes.
        goal: a row of the goal table.

    Returns:
        float32 `[A]`; exact ones that are equal are told apart, see `equal_moves`.
    """
    known, exact = tree.value[0], tree.exact[0]
    if exact.any():
        known = told_apart(known, exact, _hopes(tree, used, goal))
    return np.where(tree.child[0] != ILLEGAL, known, np.nan).astype(np.float32)


def _hopes(tree: Tree, used: int, goal: int) -> NDArray[np.float32]:
    hopes: NDArray[np.float32] = hopes_of(tree, np.array([used]), np.array([goal == WIN]))[0]
    return hopes


def proven_values(
    bounds: Bounds, values: NDArray[np.float32], tree: Tree, used: int, seat: int
) -> NDArray[np.float32]:
    """Return values `[A]` of `win` for a seat, at the root of a tree, moved within bounds."""
    hopes = _hopes(tree, used, WIN) if bounds.any_proven else values
    return of_seat(bounds.applied(of_seat(values, seat), of_seat(hopes, seat)), seat)


def of_seat(values: NDArray[np.float32], seat: int) -> NDArray[np.float32]:
    """Turn values of `win` for the mover into those for a seat, or back."""
    return values if seat == MOVER else (1 - values).astype(np.float32)


def noise_of(rng: np.random.Generator | None, shape: tuple[int, ...]) -> Noise:
    """Return random numbers of a shape, None without a generator."""
    return None if rng is None else rng.random(shape)


def varied_actions(values: NDArray[np.float32], noise: Noise) -> NDArray[np.int64]:
    """Return the best action of every row `[B, A]`, or one that is nearly as good.

    Args:
        values: NaN where illegal.
        noise: float64 `[B, A]`: of the nearly equal moves that with the largest number is taken;
            None: always the best, see `best_actions`.
    """
    if noise is None:
        return best_actions(values)
    known = np.nan_to_num(values, nan=-np.inf)
    near = known >= known.max(axis=1, keepdims=True) - NEARLY
    return np.asarray(np.where(near, noise, -1.0).argmax(axis=1), np.int64)


def best_actions(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the best action of every row `[B, A]`; ties go to the middle of the action order."""
    n_actions = values.shape[1]
    order = np.argsort(np.abs(np.arange(n_actions) - (n_actions - 1) / 2), kind="stable")
    ranked = np.nan_to_num(values[:, order], nan=-np.inf)
    return np.asarray(order[ranked.argmax(axis=1)], np.int64)


def expected_reply(goals: GoalRules, tree: Tree, node: int, goal: int) -> int:
    """Return the move that is expected of the opponent in a node.

    The worst for us if the goal is zero-sum, else the likeliest if it plays to win.
    """
    legal = tree.child[node] != ILLEGAL
    likely = -tree.value[node] if goals.zero_sum[goal] else tree.reply[node]
    return int(np.where(legal, likely, -np.inf).argmax())


def expected_line(goals: GoalRules, tree: Tree, action: int, goal: int) -> tuple[int, ...]:
    """Return the moves that a tree expects, beginning with `action` at its root."""
    line, node = [action], int(tree.child[0, action])
    while node >= 0:
        legal = tree.child[node] != ILLEGAL
        if not legal.any() or not tree.visits[node].any():
            break
        if tree.ours[node]:
            best = int(np.where(legal, tree.value[node], -np.inf).argmax())
        else:
            best = expected_reply(goals, tree, node, goal)
        line.append(best)
        node = int(tree.child[node, best])
    return tuple(line)
