"""Targets: what a (state, goal) pair is worth, computed over all replies, never from a sample.

With s' the position after action a, M the values of the player to move and W those of the waiting
player (DESIGN section 1):

    y_M[g, a] = (1-w) * sum_b p(b|s') W[g, b](s') + w * min_b W[g, b](s')    p = softmax(M[win](s')/T)
    y_W[g, a] = max_b M[g, b](s')

Zero-sum goals are negamax: y_M = 1 - max_b M(s'), y_W = max_b M(s'). Finished games are exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rlhf_games.compiled import compiled, compiled_fast
from rlhf_games.rules import ONGOING, Rules, State, load, play, result, verdict

from rlhf_agents.foresight import ILLEGAL, WIN, GoalRules, Tree, discounted, payoff

Values = NDArray[np.float32]


@compiled_fast
def reply_weights(
    goals: GoalRules, values: Values, legal: NDArray[np.bool_], out: Values
) -> None:
    """Fill `out` `[A]` with how likely a mover with `values` `[2, G, A]` plays each move."""
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
) -> tuple[float, float]:
    """Return (y_M, y_W) of one goal for the move that leads to a position.

    Args:
        goals: how goals are valued.
        goal: row of the goal table.
        child: float32 `[2, G, A]`, M and W of the position after the move.
        legal: bool `[A]`, the replies there.
        replies: float32 `[A]`, how likely each of them is.
    """
    best, mean, worst = np.float32(0.0), np.float32(0.0), np.float32(2.0)
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


@compiled
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


@compiled
def tree_targets(
    rules: Rules, goals: GoalRules, tree: Tree, used: NDArray[np.int64], values: Values,
    known: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Back all goals of both seats up through grown trees, leaves first.

    Args:
        rules: the game.
        goals: how goals are valued.
        tree: trees as `grow_batch` left them.
        used: int64 `[B]`, the nodes of every tree.
        values: float32 `[N, 2, G, A]`, the network's values; moves with a known target are
            overwritten by it.
        known: bool `[N, A]`, receives which moves have a target: the position after the move was
            expanded, or the game ended there.
    """
    room = tree.words.shape[0] // used.shape[0]
    n_goals, n_actions = values.shape[2], values.shape[3]
    legal = np.empty(n_actions, np.bool_)
    replies = np.empty(n_actions, np.float32)
    pair = np.empty(2, np.float32)
    for i in range(used.shape[0]):
        for node in range(i * room + used[i] - 1, i * room - 1, -1):
            state = load(rules, tree.words, node)
            for action in range(n_actions):
                child = tree.child[node, action]
                known[node, action] = False
                if child == ILLEGAL:
                    continue
                after = play(rules, state, action)
                if child < 0 and result(rules, after) == ONGOING:
                    continue
                known[node, action] = True
                if child >= 0:
                    for reply in range(n_actions):
                        legal[reply] = tree.child[child, reply] != ILLEGAL
                    reply_weights(goals, values[child], legal, replies)
                for goal in range(n_goals):
                    if child >= 0:
                        pair[0], pair[1] = one_ply(goals, goal, values[child], legal, replies)
                    settle(rules, goals, after, goal, pair)
                    values[node, 0, goal, action] = pair[0]
                    values[node, 1, goal, action] = pair[1]
