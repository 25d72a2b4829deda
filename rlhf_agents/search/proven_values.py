"""Trees and proofs together: what is proven of moves corrects the values above and below them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.bounds import BoundArray
from rlhf_agents.search.goal_values import WIN, GoalRules, discounted
from rlhf_agents.search.tree import ILLEGAL, SearchContext, Tree, node_value
from rlhf_games.compiled import Real, compiled, inner
from rlhf_games.rules import age, load


@inner
def last_win(goals: GoalRules, plies_left: int) -> Real:
    """Return the least that a win within so many plies is worth to `win`."""
    rest = goals.draw_value[WIN]
    value: Real = rest + goals.discount[WIN] ** plies_left * (np.float32(1.0) - rest)
    return value


@inner
def within(value: Real, low: int, high: int, least: Real) -> Real:
    """Return the value of a move for `win`, moved into what is proven of it.

    Args:
        value: in [0, 1].
        low: -1, 0 or 1, what the move is worth at least.
        high: what it is worth at most.
        least: the least that a win is worth, see `last_win`.
    """
    if low >= 0:
        value = max(value, least if low > 0 else 0.5)
    if high <= 0:
        value = min(value, 0.5 if high == 0 else 1.0 - least)
    return value


@inner
def take_up(bounds: BoundArray, child: int, edge: BoundArray) -> None:
    """Narrow the bounds `[2]` of a move by those of the moves of the node that it leads to."""
    low, high = -1, -1
    for action in range(bounds.shape[1]):
        if bounds[child, action, 0] <= bounds[child, action, 1]:
            low = max(low, bounds[child, action, 0])
            high = max(high, bounds[child, action, 1])
    edge[0] = max(edge[0], -high)
    edge[1] = min(edge[1], -low)


@inner
def correct_tree(
    context: SearchContext,
    tree: Tree,
    base: int,
    used: int,
    goal: int,
    bounds: BoundArray,
    max_plies: int,
) -> None:
    """Carry what is proven of the moves in a tree up to its root, and correct its values by it.

    Values are corrected where the tree was grown for `win`; the means of leaves stay as they are.

    Args:
        context: the game and how goals are valued.
        tree: as `search_batch` left it.
        base: the row of its root.
        used: the number of its nodes.
        goal: what it was grown for.
        bounds: int8 `[N, A, 2]`, what is known of every move; narrowed.
        max_plies: of the game.
    """
    goals = context.goals
    for node in range(base + used - 1, base - 1, -1):  # children come after their parents
        state = load(context.rules, tree.words, node)
        least = last_win(goals, max_plies - age(context.rules, state))
        for action in range(tree.child.shape[1]):
            child = tree.child[node, action]
            if child == ILLEGAL:
                continue
            if child >= 0:
                take_up(bounds, child, bounds[node, action])
            if goal != WIN or tree.exact[node, action]:
                continue
            value: Real = tree.value[node, action]
            if child >= 0:
                value = discounted(goals, goal, node_value(goals, tree, child, goal)[0])
                value += goals.averaging * (tree.mean[node, action] - value)
            low, high = bounds[node, action, 0], bounds[node, action, 1]
            if tree.ours[node]:
                value = within(value, low, high, least)
            else:
                value = 1.0 - within(1.0 - value, low, high, least)
            tree.value[node, action] = value


@compiled
def correct_trees(
    context: SearchContext,
    tree: Tree,
    wanted: NDArray[np.int64],
    used: NDArray[np.int64],
    bounds: BoundArray,
    max_plies: int,
) -> None:
    """Correct one tree per position, see `correct_tree` and `tree.search_batch`."""
    share = tree.words.shape[0] // used.shape[0]
    for i in range(used.shape[0]):
        correct_tree(context, tree, i * share, used[i], wanted[i], bounds, max_plies)
