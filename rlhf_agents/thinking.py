"""Thinking: from a network and a goal to the values of moves, the choice, and its explanation."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.compiled_network import PatternWeights, goal_value, hidden
from rlhf_agents.foresight import ILLEGAL, Mind, Tree, grow_batch, new_tree
from rlhf_agents.goals import WIN, GoalRules
from rlhf_agents.records import Explanation
from rlhf_games.base import Game, Outcome, States, Verdict
from rlhf_games.compiled import compiled
from rlhf_games.rules import Rules, is_legal, load

OUT_OF_REACH = 0.01
"""A goal whose best move is worth less leaves the agent aimless; it plays to win instead."""
BATCH_NODES = 200_000


@compiled
def network_batch(
    rules: Rules, weights: PatternWeights, states: States, wanted: NDArray[np.int64],
    out: NDArray[np.float32],
) -> None:  # fmt: skip
    """Fill `out` `[B, A]` with the network's values of each mover's goal, NaN where illegal."""
    features = np.empty(weights.table.shape[1], np.float32)
    for i in range(states.shape[0]):
        state = load(rules, states, i)
        hidden(rules, weights, state, features)
        for action in range(rules.n_actions):
            out[i, action] = np.nan
            if is_legal(rules, state, action):
                out[i, action] = goal_value(weights, features, 0, wanted[i], action)


@compiled
def goal_table_batch(
    rules: Rules, weights: PatternWeights, states: States, out: NDArray[np.float32]
) -> None:
    """Fill `out` `[B, G]` with the network's value of the best move for every goal of the mover."""
    features = np.empty(weights.table.shape[1], np.float32)
    for i in range(states.shape[0]):
        state = load(rules, states, i)
        hidden(rules, weights, state, features)
        for goal in range(rules.n_goals):
            out[i, goal] = 0.0
            for action in range(rules.n_actions):
                if is_legal(rules, state, action):
                    value = goal_value(weights, features, 0, goal, action)
                    out[i, goal] = max(out[i, goal], value)


@dataclass(frozen=True)
class Thought:
    """Values of the moves in a batch of positions.

    Attributes:
        values: float32 `[B, A]`, NaN where illegal.
        pursued: int64 `[B]`, the goals actually played for.
        used: int64 `[B]`, positions evaluated.
    """

    values: NDArray[np.float32]
    pursued: NDArray[np.int64]
    used: NDArray[np.int64]


class Thinker:
    """Thinks about positions of one game with one network.

    Args:
        game: the rules.
        weights: the network, read at every call.
        goals: how goals are valued.
    """

    def __init__(self, game: Game, weights: PatternWeights, goals: GoalRules) -> None:
        self.game = game
        self.weights = weights
        self.goals = goals

    def reachable(self, states: States, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the goals `[B]` with `win` in place of those that the rules make impossible."""
        verdicts = self.game.verdicts(states)[np.arange(len(states)), 0, wanted]
        return np.where(verdicts == Verdict.IMPOSSIBLE, WIN, wanted)

    def think(self, states: States, wanted: NDArray[np.int64], nodes: int) -> Thought:
        """Return the values of all moves, looking `nodes` positions ahead (0: network alone).

        Goals that are impossible or out of reach give way to `win`.
        """
        states = np.ascontiguousarray(states, np.uint64)
        thought = self._pursue(states, self.reachable(states, np.asarray(wanted, np.int64)), nodes)
        best = np.nan_to_num(thought.values, nan=0.0).max(axis=1, initial=0.0)
        hopeless = np.flatnonzero((thought.pursued != WIN) & (best < OUT_OF_REACH))
        if len(hopeless):
            instead = self._pursue(states[hopeless], np.zeros(len(hopeless), np.int64), nodes)
            thought.values[hopeless] = instead.values
            thought.pursued[hopeless] = WIN
            thought.used[hopeless] += instead.used
        return thought

    def _pursue(self, states: States, pursued: NDArray[np.int64], nodes: int) -> Thought:
        values = np.empty((len(states), self.game.n_actions), np.float32)
        if nodes == 0:
            network_batch(self.game.rules, self.weights, states, pursued, values)
            return Thought(values, pursued, np.ones(len(states), np.int64))
        used = np.zeros(len(states), np.int64)
        room = max(nodes, self.game.n_actions + 1)
        step = max(1, BATCH_NODES // room)
        for first in range(0, len(states), step):
            part = slice(first, first + step)
            tree, used[part] = self.grow(states[part], pursued[part], nodes)
            roots = np.arange(len(used[part])) * room
            legal = tree.child[roots] != ILLEGAL
            values[part] = np.where(legal, tree.value[roots], np.nan)
        return Thought(values, pursued, used)

    def grow(
        self, states: States, pursued: NDArray[np.int64], nodes: int
    ) -> tuple[Tree, NDArray[np.int64]]:
        """Grow one tree per position for its mover's goal, see `foresight.grow_batch`."""
        room = max(nodes, self.game.n_actions + 1)
        width = self.weights.table.shape[1]
        tree = new_tree(len(states) * room, self.game.n_words, self.game.n_actions, width)
        used = np.zeros(len(states), np.int64)
        seats = np.zeros(len(states), np.int64)
        mind = Mind(self.game.rules, self.weights, self.goals)
        grow_batch(mind, tree, states, pursued, seats, nodes, used)
        return tree, used

    def choose(
        self,
        states: States,
        wanted: NDArray[np.int64],
        nodes: int,
        masks: NDArray[np.generic] | None = None,
    ) -> NDArray[np.int64]:
        """Return the best legal and allowed action `[B]` for each mover's goal."""
        if len(states) == 0:
            return np.zeros(0, np.int64)
        values = self.think(states, wanted, nodes).values
        if masks is not None:
            values = np.where(np.asarray(masks).astype(bool), values, np.nan)
        return best_actions(values)

    def explain(self, state: States, goal: int, nodes: int) -> Explanation:
        """Explain the choice in one position, uint64 `[W]`.

        Raises:
            ValueError: the game is over.
        """
        states = np.ascontiguousarray(state, np.uint64)[None]
        if self.game.outcome(states)[0] != Outcome.ONGOING:
            msg = "the game is over, there is nothing to explain"
            raise ValueError(msg)
        started = time.perf_counter()
        thought = self.think(states, np.array([goal]), nodes)
        tree, _ = self.grow(states, thought.pursued, nodes)
        action = int(best_actions(thought.values)[0])
        reach = np.empty((1, len(self.game.goals)), np.float32)
        goal_table_batch(self.game.rules, self.weights, states, reach)
        certain = self.game.verdicts(states)[0, 0]
        reach[0] = np.where(certain == Verdict.OPEN, reach[0], certain == Verdict.ACHIEVED)
        names = [goal.name for goal in self.game.goals]
        return Explanation(
            action=action,
            goal=names[goal],
            values=thought.values[0],
            goal_values=dict(zip(names, reach[0].tolist(), strict=True)),
            line=expected_line(tree, action) if nodes else (action,),
            nodes=int(thought.used[0]),
            seconds=time.perf_counter() - started,
            proven=bool(nodes and tree.exact[0, action]),
            pursued=names[int(thought.pursued[0])],
        )


def best_actions(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the best action of every row `[B, A]`; ties go to the middle of the action order."""
    n_actions = values.shape[1]
    order = np.argsort(np.abs(np.arange(n_actions) - (n_actions - 1) / 2), kind="stable")
    ranked = np.nan_to_num(values[:, order], nan=-np.inf)
    return np.asarray(order[ranked.argmax(axis=1)], np.int64)


def expected_line(tree: Tree, action: int) -> tuple[int, ...]:
    """Return the moves that a tree expects, beginning with `action` at its root."""
    line, node = [action], int(tree.child[0, action])
    while node >= 0:
        legal = tree.child[node] != ILLEGAL
        if not legal.any() or not tree.visits[node].any():
            break
        sign = 1.0 if tree.ours[node] else -1.0
        best = int(np.where(legal, sign * tree.value[node], -np.inf).argmax())
        line.append(best)
        node = int(tree.child[node, best])
    return tuple(line)
