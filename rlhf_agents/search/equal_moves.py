"""What tells moves of the same proven value apart: how they do against an opponent that errs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.tree import ILLEGAL, Tree
from rlhf_games.compiled import Real, compiled, inner_views

TIE_SHARE = 1e-3
"""Of the value of a move: less than a ply more or less changes a win."""
ERRORS = 0.5
"""How often the opponent is taken to move at random."""
AS_GOOD = 1e-3
"""Our moves whose values differ by no more are chosen among by what may be hoped for."""

Values = NDArray[np.float32]


@inner_views
def hope_of_move(
    tree: Tree, base: int, node: int, action: int, flipped: bool, hopes: Values
) -> Real:
    """Return what may be hoped for after a move."""
    child = tree.child[node, action]
    if child >= 0:
        hope: Real = hopes[child - base]
        return hope
    value: Real = tree.value[node, action]
    return np.float32(1.0) - value if flipped else value


@inner_views
def hope_of_node(tree: Tree, base: int, node: int, flipped: bool, hopes: Values) -> Real:
    """Return what may be hoped for in a node: the best of our moves, the mean of the others'."""
    sign = np.float32(-1.0) if flipped else np.float32(1.0)
    best: Real = np.float32(-9.0)
    most: Real = np.float32(-9.0)
    likely, total, count = np.float32(0.0), np.float32(0.0), np.float32(0.0)
    for action in range(tree.child.shape[1]):
        if tree.child[node, action] != ILLEGAL:
            best = max(best, sign * tree.value[node, action])
    for action in range(tree.child.shape[1]):
        if tree.child[node, action] == ILLEGAL:
            continue
        hope = hope_of_move(tree, base, node, action, flipped, hopes)
        if sign * tree.value[node, action] >= best - np.float32(AS_GOOD):
            most = max(most, hope)
        likely += tree.reply[node, action] * hope
        total += hope
        count += np.float32(1.0)
    if tree.ours[node] != flipped:
        return most
    return likely + np.float32(ERRORS) * (total / count - likely)


@compiled
def fill_hopes(
    tree: Tree, used: NDArray[np.int64], zero_sum: NDArray[np.bool_], out: Values
) -> None:
    """Fill `out` `[B, A]` with what may be hoped for after the moves at the roots.

    Where the goal is zero-sum, it is the mover at the root who hopes, whoever the protagonist is.

    Args:
        tree: one per position, see `tree.search_batch`.
        used: int64 `[B]`, the number of nodes of every tree.
        zero_sum: bool `[B]`, of the goal of every tree.
        out: receives the protagonist's values; anything where a move is illegal.
    """
    room = tree.words.shape[0] // used.shape[0]
    for i in range(used.shape[0]):
        base = i * room
        flipped = zero_sum[i] and not tree.ours[base]
        hopes = np.empty(max(used[i], 1), np.float32)
        for node in range(used[i] - 1, 0, -1):  # children come after their parents
            hopes[node] = hope_of_node(tree, base, base + node, flipped, hopes)
        for action in range(out.shape[1]):
            hope = hope_of_move(tree, base, base, action, flipped, hopes)
            out[i, action] = np.float32(1.0) - hope if flipped else hope


def hopes_of(tree: Tree, used: NDArray[np.int64], zero_sum: NDArray[np.bool_]) -> Values:
    """Return what `fill_hopes` fills in, float32 `[B, A]`."""
    found: Values = np.empty((len(used), tree.child.shape[1]), np.float32)
    fill_hopes(tree, used, zero_sum, found)
    return found


def told_apart(values: Values, exact: NDArray[np.bool_], hopes: Values) -> Values:
    """Return values `[..., A]` in which equal ones that are exact are in the order of hopes."""
    return np.where(exact, values + TIE_SHARE * (hopes - values), values).astype(np.float32)
