"""Targets: the value of a (state, goal) pair over all replies, never from a sample.

With s' the position after action a, M the values of the player to move and W those of the waiting
player:

    y_M[g, a] = (1-w) * sum_b p(b|s') W[g, b](s') + w * min_b W[g, b](s'),  p = softmax(M[win]/T)
    y_W[g, a] = max_b M[g, b](s')

Zero-sum goals are negamax: y_M = 1 - max_b M(s'), y_W = max_b M(s'). Finished games are exact.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.alpha_beta import HORIZON, UNKNOWN, AlphaBetaTable, prove
from rlhf_agents.search.bounds import BoundArray
from rlhf_agents.search.goal_values import WIN, GoalRules, discounted, payoff
from rlhf_agents.search.proven_values import last_win, within
from rlhf_agents.search.tree import ILLEGAL, SearchContext, Tree
from rlhf_games.compiled import Real, compiled, compiled_fast, inner
from rlhf_games.rules import ONGOING, Rules, State, age, load, play, result, verdict

Values = NDArray[np.float32]


class Proofs(NamedTuple):
    """What is proven, and what may be.

    Attributes:
        table: for exact proofs, with the number of plies.
        first_age: the age (see `rules.age`) from which the moves of roots are proven so.
        nodes: for each of these proofs.
        bounds: int8 `[N, A, 2]`, what else is proven of every move of a tree, see
            `rlhf_agents.search.proven_values`.
    """

    table: AlphaBetaTable
    first_age: int
    nodes: int
    bounds: BoundArray


@compiled_fast
def reply_weights(goals: GoalRules, values: Values, legal: NDArray[np.bool_], out: Values) -> None:
    """Fill `out` `[A]` with the probabilities of the moves of a mover with `values` `[2, G, A]`."""
    best = np.float32(-1.0)
    for action in range(legal.shape[0]):
        if legal[action]:
            best = max(best, values[0, WIN, action])
    total = np.float32(0.0)
    for action in range(legal.shape[0]):
        out[action] = 0.0
        if legal[action]:
            out[action] = np.exp((values[0, WIN, action] - best) / np.float32(goals.temperature))
            total += out[action]
    for action in range(legal.shape[0]):
        out[action] /= total


@compiled_fast
def one_ply(
    goals: GoalRules, goal: int, child: Values, legal: NDArray[np.bool_], replies: Values
) -> tuple[Real, Real]:
    """Return (y_M, y_W) of one goal for the move that leads to a position.

    Args:
        goals: how goals are valued.
        goal: row of the goal table.
        child: float32 `[2, G, A]`, M and W of the position after the move.
        legal: bool `[A]`, the replies there.
        replies: float32 `[A]`, their probabilities.
    """
    best: Real = np.float32(0.0)
    mean, worst = np.float32(0.0), np.float32(2.0)
    for action in range(legal.shape[0]):
        if legal[action]:
            best = max(best, child[0, goal, action])
            mean += replies[action] * child[1, goal, action]
            worst = min(worst, child[1, goal, action])
    best = discounted(goals, goal, best)
    if goals.zero_sum[goal]:
        return np.float32(1.0) - best, best
    w = goals.paranoia[goal]
    return discounted(goals, goal, (np.float32(1.0) - w) * mean + w * worst), best


@inner
def settle(rules: Rules, goals: GoalRules, after: State, goal: int, out: Values) -> None:
    """Overwrite `out` = (y_M, y_W) where the rules alone decide the goal in `after`."""
    over = result(rules, after) != ONGOING
    if not over and goals.zero_sum[goal]:
        return
    for seat in range(2):
        # The player who moved is the waiting one in `after`.
        if over:
            out[seat] = discounted(goals, goal, payoff(rules, goals, after, 1 - seat, goal))
        else:
            what = verdict(rules, after, 1 - seat, goal)
            if what != 0:
                out[seat] = np.float32(1.0) if what == 1 else np.float32(0.0)


@inner
def proven_pair(
    rules: Rules, goals: GoalRules, table: AlphaBetaTable, after: State, budget: int, out: Values
) -> None:
    """Overwrite `out` = (y_M, y_W) of `win` with its proven, discounted value, if any."""
    value = prove(rules, table, after, budget)
    if value == UNKNOWN:
        return
    best: Real = np.float32(0.5)
    if value > 0:
        best = np.float32(1.0)
    elif value < 0:
        best = np.float32(0.0)
    for _ in range(HORIZON - abs(value) + 1 if value != 0 else 0):
        best = discounted(goals, WIN, best)
    out[0], out[1] = np.float32(1.0) - best, best


@inner
def edge_targets(
    rules: Rules,
    goals: GoalRules,
    tree: Tree,
    node: int,
    action: int,
    values: Values,
    targets: Values,
) -> bool:
    """Fill `targets` `[2, G]` for one move; False if only the network's value is known."""
    child = tree.child[node, action]
    if child == ILLEGAL:
        return False
    after = play(rules, load(rules, tree.words, node), action)
    if child < 0 and result(rules, after) == ONGOING:
        return False
    n_goals, n_actions = values.shape[2], values.shape[3]
    legal = np.zeros(n_actions, np.bool_)
    replies = np.zeros(n_actions, np.float32)
    pair = np.zeros(2, np.float32)
    if child >= 0:
        for reply in range(n_actions):
            legal[reply] = tree.child[child, reply] != ILLEGAL
        reply_weights(goals, values[child], legal, replies)
    for goal in range(n_goals):
        if child >= 0:
            pair[0], pair[1] = one_ply(goals, goal, values[child], legal, replies)
        settle(rules, goals, after, goal, pair)
        targets[0, goal], targets[1, goal] = pair[0], pair[1]
    return True


@inner
def take_tree_value(
    goals: GoalRules, tree: Tree, node: int, action: int, goal: int, out: Values
) -> None:
    """Overwrite `out` `[2, G]` of the goal that a tree was grown for with the tree's value."""
    value, ours = tree.value[node, action], tree.ours[node]
    if goals.zero_sum[goal]:
        own = value if ours else np.float32(1.0) - value
        out[0, goal], out[1, goal] = own, np.float32(1.0) - own
    else:
        out[0 if ours else 1, goal] = value


@compiled
def tree_targets(
    context: SearchContext,
    tree: Tree,
    wanted: NDArray[np.int64],
    used: NDArray[np.int64],
    values: Values,
    known: NDArray[np.bool_],
    proofs: Proofs,
) -> None:
    """Back all goals of both seats up through grown trees, leaves first.

    The goal that a tree was grown for takes the tree's own value.

    Args:
        context: the game and how goals are valued.
        tree: trees from `search_batch`.
        wanted: int64 `[B]`, the goals that they were grown for.
        used: int64 `[B]`, the nodes of every tree.
        values: float32 `[N, 2, G, A]`, the network's values; known targets overwrite them.
        known: bool `[N, A]`, receives the moves with a target: the position after the move was
            expanded, or the game ended there.
        proofs: of moves.
    """
    rules, goals = context.rules, context.goals
    max_plies = proofs.table.words.shape[0] - 2
    share = tree.words.shape[0] // used.shape[0]
    targets = np.zeros((2, values.shape[2]), np.float32)
    for i in range(used.shape[0]):
        root = i * share
        for node in range(root + used[i] - 1, root - 1, -1):
            state = load(rules, tree.words, node)
            in_reach = node == root and age(rules, state) + 1 >= proofs.first_age
            least = last_win(goals, max_plies - age(rules, state))
            for action in range(values.shape[3]):
                known[node, action] = edge_targets(
                    rules, goals, tree, node, action, values, targets
                )
                if not known[node, action]:
                    continue
                take_tree_value(goals, tree, node, action, wanted[i], targets)
                low, high = proofs.bounds[node, action]
                targets[0, WIN] = within(targets[0, WIN], low, high, least)
                targets[1, WIN] = np.float32(1.0) - targets[0, WIN]
                if in_reach and tree.child[node, action] >= 0:
                    after = play(rules, state, action)
                    proven_pair(rules, goals, proofs.table, after, proofs.nodes, targets[:, WIN])
                for goal in range(values.shape[2]):
                    values[node, 0, goal, action] = targets[0, goal]
                    values[node, 1, goal, action] = targets[1, goal]
