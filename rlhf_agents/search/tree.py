"""Foresight: a best-first tree over Q, grown from a position for one goal, all of it compiled.

One network evaluation per expanded node gives a value to each of its moves; each iteration follows
the best moves, expands one new node and backs the values up. `win` is zero-sum and
backed up as negamax; for every other goal the opponent is modelled by the network's own `win`
values. Moves whose value the rules alone decide are exact, and so is a node when
its best move is exact and decisive or all its moves are (completion, Cohen-Solal, JMLR 27(130)).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.compiled_network import PatternWeights, goal_value, hidden
from rlhf_agents.search.goal_values import WIN, GoalRules, decided_value, discounted
from rlhf_agents.search.opponent_model import NO_REPLY, avoid_blunder, fill_replies
from rlhf_games.base import States
from rlhf_games.compiled import (
    Real,
    compiled,
    inner,
    inner_fast_views,
    inner_positions,
    inner_views,
)
from rlhf_games.rules import (
    ONGOING,
    Rules,
    State,
    is_legal,
    load,
    play,
    result,
    store,
)

UNEXPANDED, ILLEGAL, DECIDED = -1, -2, -3
DECISIVE = 0.5


class SearchContext(NamedTuple):
    """The constant inputs of a search.

    Attributes:
        rules: the game.
        weights: the network.
        goals: how goals are valued.
    """

    rules: Rules
    weights: PatternWeights
    goals: GoalRules


class Tree(NamedTuple):
    """Nodes in order of expansion; N capacity, A actions. Values are the protagonist's.

    Attributes:
        words: uint64 `[N, W]`, the positions.
        child: int32 `[N, A]`, a node, or UNEXPANDED, ILLEGAL, DECIDED.
        value: float32 `[N, A]`, the value of each move.
        mean: float32 `[N, A]`, the mean of the network's value and of all leaves below each move.
        exact: bool `[N, A]`, the value follows from the rules alone.
        visits: int32 `[N, A]`, nodes expanded below each move.
        reply: float32 `[N, A]`, the probability of each move if the mover plays to win.
        parent: int32 `[N]`, -1 at a root.
        action: int32 `[N]`, the move that led here.
        ours: bool `[N]`, the protagonist is to move.
        features: float32 `[N, D]`, the network's last hidden layer.
    """

    words: States
    child: NDArray[np.int32]
    value: NDArray[np.float32]
    mean: NDArray[np.float32]
    exact: NDArray[np.bool_]
    visits: NDArray[np.int32]
    reply: NDArray[np.float32]
    parent: NDArray[np.int32]
    action: NDArray[np.int32]
    ours: NDArray[np.bool_]
    features: NDArray[np.float32]


def new_tree(capacity: int, n_words: int, n_actions: int, width: int) -> Tree:
    """Allocate a tree for `capacity` nodes; the system hands out memory as it grows."""
    edges = (capacity, n_actions)
    return Tree(
        words=np.zeros((capacity, n_words), np.uint64),
        child=np.empty(edges, np.int32),
        value=np.zeros(edges, np.float32),
        mean=np.zeros(edges, np.float32),
        exact=np.zeros(edges, np.bool_),
        visits=np.zeros(edges, np.int32),
        reply=np.zeros(edges, np.float32),
        parent=np.empty(capacity, np.int32),
        action=np.empty(capacity, np.int32),
        ours=np.zeros(capacity, np.bool_),
        features=np.zeros((capacity, width), np.float32),
    )


@inner_fast_views
def edge_guess(
    context: SearchContext, features: NDArray[np.float32], ours: bool, goal: int, action: int
) -> Real:
    """Return the network's value of a move to the protagonist."""
    if context.goals.zero_sum[goal]:
        value = goal_value(context.weights, features, 0, goal, action)
        return value if ours else np.float32(1.0) - value
    return goal_value(context.weights, features, 0 if ours else 1, goal, action)


@inner
def expand(context: SearchContext, tree: Tree, node: int, goal: int) -> bool:
    """Evaluate `node` and give a value to each of its moves; return whether its mover wins now."""
    state = load(context.rules, tree.words, node)
    hidden(context.rules, context.weights, state, tree.features[node])
    guess_edges(context, tree, node, state, goal)
    return fill_replies(context.goals, tree.reply[node])


@inner_positions
def guess_edges(context: SearchContext, tree: Tree, node: int, state: State, goal: int) -> None:
    """Give a value to each move of `node`, whose features are known."""
    for action in range(context.rules.n_actions):
        tree.visits[node, action] = 0
        tree.exact[node, action] = False
        if is_legal(context.rules, state, action):
            after = play(context.rules, state, action)
            guess_edge(context, tree, node, action, after, goal)
        else:
            tree.child[node, action] = ILLEGAL
            tree.reply[node, action] = NO_REPLY


@inner_positions
def guess_edge(
    context: SearchContext, tree: Tree, node: int, action: int, after: State, goal: int
) -> None:
    """Give a value to one legal move: by the rules if they decide it, else by the network."""
    features, ours = tree.features[node], tree.ours[node]
    over, own = decided_value(context.rules, context.goals, after, 1, WIN)
    if not over:
        own = goal_value(context.weights, features, 0, WIN, action)
    tree.reply[node, action] = own
    known, value = decided_value(context.rules, context.goals, after, 1 if ours else 0, goal)
    tree.child[node, action] = DECIDED if known else UNEXPANDED
    tree.exact[node, action] = known
    if known:
        tree.value[node, action] = discounted(context.goals, goal, value)
    elif goal == WIN:
        tree.value[node, action] = own if ours else np.float32(1.0) - own
    else:
        tree.value[node, action] = edge_guess(context, features, ours, goal, action)
    tree.mean[node, action] = tree.value[node, action]


@inner_views
def extreme_value(tree: Tree, node: int, sign: float) -> tuple[Real, bool, bool]:
    """Return the best value for a chooser of `sign`, if it is exact, and if all moves are."""
    best, best_exact, all_exact = np.float32(-2.0), False, True
    for action in range(tree.child.shape[1]):
        if tree.child[node, action] == ILLEGAL:
            continue
        value = np.float32(sign) * tree.value[node, action]
        exact = tree.exact[node, action]
        all_exact = all_exact and exact
        if value > best or (value == best and exact):
            best, best_exact = value, exact
    return np.float32(sign) * best, best_exact, all_exact


@inner_views
def node_value(goals: GoalRules, tree: Tree, node: int, goal: int) -> tuple[Real, bool]:
    """Return the value of `node` for the protagonist, and whether it is exact."""
    ours = tree.ours[node]
    if ours or goals.zero_sum[goal]:
        sign = 1.0 if ours else -1.0
        value, best_exact, all_exact = extreme_value(tree, node, sign)
        decisive = (value - DECISIVE) * sign > 0
        return value, bool(all_exact or (best_exact and decisive))
    worst, _, all_exact = extreme_value(tree, node, -1.0)
    # Average the excess over the worst value: if values differ only in their last digits, their own
    # sum would keep the rounding error and lose the difference.
    above = np.float32(0.0)
    for action in range(tree.child.shape[1]):
        if tree.child[node, action] != ILLEGAL:
            above += tree.reply[node, action] * (tree.value[node, action] - worst)
    return worst + (np.float32(1.0) - goals.paranoia[goal]) * above, all_exact


@inner_views
def choose_edge(goals: GoalRules, tree: Tree, node: int, goal: int) -> int:
    """Return the move to follow, -1 if all are exact."""
    ours = tree.ours[node]
    total = np.float32(1.0)
    for action in range(tree.child.shape[1]):
        total += tree.visits[node, action]
    best, best_score = -1, np.float32(-1e9)
    for action in range(tree.child.shape[1]):
        if tree.child[node, action] == ILLEGAL or tree.exact[node, action]:
            continue
        seen = np.float32(1.0) + tree.visits[node, action]
        if ours or goals.zero_sum[goal]:
            value = tree.value[node, action] if ours else -tree.value[node, action]
            score = value + np.float32(goals.explore) * np.sqrt(total) / seen
        else:
            score = tree.reply[node, action] / seen
        if score > best_score:
            best, best_score = action, score
    return best


@inner_views
def back_up(goals: GoalRules, tree: Tree, node: int, goal: int) -> None:
    """Back up the value of a new node to its root.

    A move's value is part best line, part mean of all leaves below it: a maximum over many guesses
    picks the most optimistic error, a mean does not. Exact values are unchanged.
    """
    value, exact = node_value(goals, tree, node, goal)
    leaf, share = value, np.float32(goals.averaging)
    while tree.parent[node] >= 0:
        parent, action = tree.parent[node], tree.action[node]
        tree.visits[parent, action] += 1
        weight = np.float32(1.0) / np.float32(tree.visits[parent, action] + 1)
        leaf = discounted(goals, goal, leaf)
        tree.mean[parent, action] += weight * (leaf - tree.mean[parent, action])
        value = discounted(goals, goal, value)
        if not exact:
            value += share * (tree.mean[parent, action] - value)
        tree.value[parent, action] = value
        tree.exact[parent, action] = exact
        node = parent
        value, exact = node_value(goals, tree, node, goal)


@inner
def add_child(
    context: SearchContext, tree: Tree, node: int, action: int, new: int, goal: int
) -> None:
    """Expand the position after a move as node `new` and back its value up."""
    store(tree.words, new, play(context.rules, load(context.rules, tree.words, node), action))
    tree.parent[new] = node
    tree.action[new] = action
    tree.ours[new] = not tree.ours[node]
    tree.child[node, action] = new
    wins = expand(context, tree, new, goal)
    if wins and not tree.ours[node] and not context.goals.zero_sum[goal]:
        avoid_blunder(context.goals, tree.reply[node], action)
    back_up(context.goals, tree, new, goal)


@inner_views
def select(goals: GoalRules, tree: Tree, base: int, goal: int) -> tuple[int, int]:
    """Follow the best moves from a root to an unexpanded one; (-1, -1) if the root is exact."""
    node = base
    while True:
        action = choose_edge(goals, tree, node, goal)
        if action < 0:
            return -1, -1
        if tree.child[node, action] == UNEXPANDED:
            return node, action
        node = tree.child[node, action]


@inner
def set_root(context: SearchContext, tree: Tree, base: int, root: State, seat: int) -> bool:
    """Place a root in row `base`; False if the game is over there."""
    store(tree.words, base, root)
    tree.parent[base] = -1
    tree.action[base] = -1
    tree.ours[base] = seat == 0
    if result(context.rules, root) == ONGOING:
        return True
    tree.child[base, :] = ILLEGAL
    return False


@inner_views
def next_edge(
    goals: GoalRules, tree: Tree, base: int, goal: int, used: int, nodes: int
) -> tuple[int, int]:
    """Return the node and the move to expand in a tree of `used` nodes; (-1, -1) if there is none.

    First come all moves of the root, so that the smallest budget sees one full ply.
    """
    for action in range(tree.child.shape[1] if nodes > 0 else 0):
        if tree.child[base, action] == UNEXPANDED:
            return base, action
    if used >= nodes or node_value(goals, tree, base, goal)[1]:
        return -1, -1
    return select(goals, tree, base, goal)


@inner
def search(
    context: SearchContext,
    tree: Tree,
    base: int,
    root: State,
    goal: int,
    seat: int,
    used: int,
    nodes: int,
) -> int:
    """Grow a tree for `goal` of the root's mover (seat 0) or waiting player (seat 1).

    Growing it in several calls gives the same tree as in one.

    Args:
        context: the game, the network and how goals are valued.
        tree: where it grows.
        base: the row of the root.
        root: the position.
        goal: a row of the goal table.
        seat: whose goal it is.
        used: the number of its nodes, 0 at first.
        nodes: budget of evaluated positions; 0: the root alone.

    Returns:
        the number of nodes, which occupy rows `base` to `base + number - 1` of the tree; 0 if the
        game is over.
    """
    if used == 0:
        if not set_root(context, tree, base, root, seat):
            return 0
        expand(context, tree, base, goal)
        used = 1
    node, action = next_edge(context.goals, tree, base, goal, used, nodes)
    while node >= 0:
        add_child(context, tree, node, action, base + used, goal)
        used += 1
        node, action = next_edge(context.goals, tree, base, goal, used, nodes)
    return used


@compiled
def search_batch(
    context: SearchContext,
    tree: Tree,
    states: States,
    wanted: NDArray[np.int64],
    seats: NDArray[np.int64],
    nodes: int,
    used: NDArray[np.int64],
) -> None:
    """Grow one tree per position; tree r occupies the rows from `r * (N // B)` on.

    Args:
        context: the game, the network and how goals are valued.
        tree: room for all trees, `N >= B * max(nodes, 1 + A)`.
        states: uint64 `[B, W]`.
        wanted: int64 `[B]`, rows of the goal table.
        seats: int64 `[B]`, 0 the mover pursues the goal, 1 the waiting player.
        nodes: budget of evaluated positions per tree.
        used: int64 `[B]`, the number of nodes of every tree, 0 at first. Receives the new numbers.
    """
    room = tree.words.shape[0] // states.shape[0]
    for i in range(states.shape[0]):
        root = load(context.rules, states, i)
        used[i] = search(context, tree, i * room, root, wanted[i], seats[i], used[i], nodes)


@compiled
def trust_network(context: SearchContext, tree: Tree, goal: int) -> None:
    """Give the moves of the first root the network's own values, even where the rules decide."""
    for action in range(context.rules.n_actions):
        if tree.child[0, action] != ILLEGAL:
            tree.value[0, action] = edge_guess(
                context, tree.features[0], tree.ours[0], goal, action
            )
