"""From a network and a goal to the values of moves, the choice, and its explanation."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.compiled_network import PatternWeights, goal_value, hidden
from rlhf_agents.search.explanation import Explanation, unfinished
from rlhf_agents.search.goal_values import WIN, GoalRules
from rlhf_agents.search.tree import (
    ILLEGAL,
    SearchContext,
    Tree,
    expand,
    new_tree,
    node_value,
    search_batch,
    set_root,
    trust_network,
)
from rlhf_games.base import MOVER, Game, States, Verdict
from rlhf_games.compiled import compiled
from rlhf_games.rules import Rules, is_legal, load

OUT_OF_REACH = 0.01
"""A goal whose best move is worth less is given up for `win`."""
NEARLY = 0.01
"""Moves whose values differ by no more are equal to a player that varies its play."""
BATCH_EDGES = 2_000_000
"""Moves in the trees of one batch: some 50 MB."""
FIRST_STEP = 64
LARGEST_STEP = 2000
"""Most nodes between two steps of a search: about 20 ms."""


Noise = NDArray[np.float64] | None
"""Random numbers by which play varies, or None."""


@compiled
def network_batch(
    rules: Rules,
    weights: PatternWeights,
    states: States,
    wanted: NDArray[np.int64],
    out: NDArray[np.float32],
) -> None:
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
def goal_table(
    context: SearchContext, tree: Tree, states: States, seat: int, out: NDArray[np.float32]
) -> None:
    """Fill `out` `[B, G]` with the network's value of every goal of a seat, no move ahead.

    Args:
        context: the game, the network and how goals are valued.
        tree: room for one node.
        states: uint64 `[B, W]`, unfinished.
        seat: 0 the mover, who makes the best move, 1 the waiting player, who faces a reply.
        out: receives the values.
    """
    for i in range(states.shape[0]):
        root = load(context.rules, states, i)
        for goal in range(context.rules.n_goals):
            set_root(context, tree, 0, root, seat)
            expand(context, tree, 0, goal)
            out[i, goal] = node_value(context.goals, tree, 0, goal)[0]


@dataclass(frozen=True)
class SearchResult:
    """Values of the moves in a batch of positions.

    Attributes:
        values: float32 `[B, A]`, NaN where illegal.
        pursued: int64 `[B]`, the goals actually played for.
        used: int64 `[B]`, positions evaluated.
    """

    values: NDArray[np.float32]
    pursued: NDArray[np.int64]
    used: NDArray[np.int64]


class Searcher:
    """Searches positions of one game with one network.

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

    def think(self, states: States, wanted: NDArray[np.int64], nodes: int) -> SearchResult:
        """Return the values of all moves, looking `nodes` positions ahead (0: network alone).

        Goals that are impossible or out of reach give way to `win`.
        """
        states = np.ascontiguousarray(states, np.uint64)
        found = self._pursue(states, self.reachable(states, np.asarray(wanted, np.int64)), nodes)
        best = np.nan_to_num(found.values, nan=0.0).max(axis=1, initial=0.0)
        hopeless = np.flatnonzero((found.pursued != WIN) & (best < OUT_OF_REACH))
        if len(hopeless):
            instead = self._pursue(states[hopeless], np.zeros(len(hopeless), np.int64), nodes)
            found.values[hopeless] = instead.values
            found.pursued[hopeless] = WIN
            found.used[hopeless] += instead.used
        return found

    def _pursue(self, states: States, pursued: NDArray[np.int64], nodes: int) -> SearchResult:
        values = np.empty((len(states), self.game.n_actions), np.float32)
        if nodes == 0:
            network_batch(self.game.rules, self.weights, states, pursued, values)
            return SearchResult(values, pursued, np.ones(len(states), np.int64))
        used = np.zeros(len(states), np.int64)
        room = max(nodes, self.game.n_actions + 1)
        step = max(1, BATCH_EDGES // (room * self.game.n_actions))
        for first in range(0, len(states), step):
            part = slice(first, first + step)
            tree, used[part] = self.search(states[part], pursued[part], nodes)
            roots = np.arange(len(used[part])) * room
            legal = tree.child[roots] != ILLEGAL
            values[part] = np.where(legal, tree.value[roots], np.nan)
        return SearchResult(values, pursued, used)

    def search(
        self, states: States, pursued: NDArray[np.int64], nodes: int
    ) -> tuple[Tree, NDArray[np.int64]]:
        """Grow one tree per position for its mover's goal, see `tree.search_batch`."""
        room = max(nodes, self.game.n_actions + 1)
        width = self.weights.table.shape[1]
        tree = new_tree(len(states) * room, self.game.n_words, self.game.n_actions, width)
        used = np.zeros(len(states), np.int64)
        seats = np.zeros(len(states), np.int64)
        search_batch(self.context, tree, states, pursued, seats, nodes, used)
        return tree, used

    def choose(
        self,
        states: States,
        wanted: NDArray[np.int64],
        nodes: int,
        masks: NDArray[np.generic] | None = None,
        rng: np.random.Generator | None = None,
    ) -> NDArray[np.int64]:
        """Return the best legal and allowed action `[B]` for each mover's goal.

        Args:
            states: uint64 `[B, W]`, unfinished.
            wanted: int64 `[B]`, rows of the goal table.
            nodes: positions to look at for each.
            masks: bool `[B, A]`, the allowed actions; None: all.
            rng: chooses among nearly equal moves; None: the best, always the same.
        """
        if len(states) == 0:
            return np.zeros(0, np.int64)
        values = self.think(states, wanted, nodes).values
        if masks is not None:
            values = np.where(np.asarray(masks).astype(bool), values, np.nan)
        return varied_actions(values, noise_of(rng, values.shape))

    def explain(
        self,
        state: States,
        goal: int,
        nodes: int,
        seat: int = MOVER,
        rng: np.random.Generator | None = None,
    ) -> Explanation:
        """Explain the choice in one position, see `search_in_steps`."""
        *_, last = self.search_in_steps(state, goal, nodes, seat, rng)
        return last

    def search_in_steps(
        self,
        state: States,
        goal: int,
        nodes: int,
        seat: int = MOVER,
        rng: np.random.Generator | None = None,
    ) -> Iterator[Explanation]:
        """Explain the choice in one position better and better, up to `nodes` positions ahead.

        Args:
            state: uint64 `[W]`.
            goal: what is played for, a row of the goal table.
            nodes: positions to look at; 0: the network alone.
            seat: whose goal it is, `MOVER` or `WAITING`.
            rng: chooses among the mover's nearly equal moves; None: the best, always the same.

        Raises:
            GameOverError: the game is over.
        """
        states = unfinished(self.game, state)
        noise = noise_of(rng, (1, self.game.n_actions)) if seat == MOVER else None
        return self._slices(states, goal, nodes, seat, noise)

    def _slices(
        self, states: States, goal: int, nodes: int, seat: int, noise: Noise
    ) -> Iterator[Explanation]:
        started = time.perf_counter()
        verdicts = self.game.verdicts(states)[0, seat]
        reach = self.reach(states, seat, verdicts)
        pursued = WIN if verdicts[goal] == Verdict.IMPOSSIBLE else goal
        spent, best = 0, 1.0
        for instead in (pursued, WIN):
            if instead == WIN and pursued != WIN and best >= OUT_OF_REACH:
                return
            for tree, used in self._search_in_steps(states, instead, seat, nodes):
                values = root_values(tree)
                first = self.first_move(tree, values, instead, noise)
                line = expected_line(self.goals, tree, first, instead) if nodes else (first,)
                best = float(np.nanmax(values))
                yield Explanation(
                    action=line[0],
                    goal=self.game.goals[goal].name,
                    values=values,
                    goal_values=reach,
                    line=line,
                    nodes=spent + used,
                    seconds=time.perf_counter() - started,
                    proven=bool(nodes and tree.exact[0, line[0]]),
                    pursued=self.game.goals[instead].name,
                    seat=seat,
                )
            spent += used
            if instead == WIN:
                return

    def reach(self, states: States, seat: int, verdicts: NDArray[np.int8]) -> dict[str, float]:
        """Return the network's value of every goal if it were asked, by name.

        Args:
            states: uint64 `[1, W]`, unfinished.
            seat: whose goals.
            verdicts: int8 `[G]`, what the rules say of them.
        """
        values = np.empty((1, len(self.game.goals)), np.float32)
        width = self.weights.table.shape[1]
        tree = new_tree(1, self.game.n_words, self.game.n_actions, width)
        goal_table(self.context, tree, states, seat, values)
        known = np.where(verdicts == Verdict.OPEN, values[0], verdicts == Verdict.ACHIEVED)
        names = [goal.name for goal in self.game.goals]
        return dict(zip(names, known.astype(float).tolist(), strict=True))

    def _search_in_steps(
        self, states: States, goal: int, seat: int, nodes: int
    ) -> Iterator[tuple[Tree, int]]:
        """Grow one tree and show it, with its size, after every step."""
        room = max(nodes, self.game.n_actions + 1)
        width = self.weights.table.shape[1]
        tree = new_tree(room, self.game.n_words, self.game.n_actions, width)
        used = np.zeros(1, np.int64)
        asked = np.array([goal]), np.array([seat])
        search_batch(self.context, tree, states, *asked, min(nodes, 1), used)
        if nodes == 0:
            self._trust_network(tree, states, goal, seat)
        yield tree, int(used[0])
        for budget in step_budgets(nodes):
            before = int(used[0])
            search_batch(self.context, tree, states, *asked, budget, used)
            if used[0] == before:
                return
            yield tree, int(used[0])

    def _trust_network(self, tree: Tree, states: States, goal: int, seat: int) -> None:
        """Give the moves at the root the very values by which `choose` plays with 0 nodes."""
        if seat != MOVER and not self.goals.zero_sum[goal]:
            trust_network(self.context, tree, goal)
            return
        values = np.empty((1, self.game.n_actions), np.float32)
        network_batch(self.game.rules, self.weights, states, np.array([goal]), values)
        tree.value[0] = np.nan_to_num(values[0] if seat == MOVER else 1 - values[0])

    def first_move(
        self, tree: Tree, values: NDArray[np.float32], goal: int, noise: Noise = None
    ) -> int:
        """Return the move that is played, or expected of the opponent, at the root of a tree.

        Args:
            tree: grown for `goal`.
            values: float32 `[A]`, of the moves, NaN where illegal.
            goal: a row of the goal table.
            noise: float64 `[1, A]`, see `varied_actions`.
        """
        if tree.ours[0]:
            return int(varied_actions(values[None], noise)[0])
        return expected_reply(self.goals, tree, 0, goal)

    @property
    def context(self) -> SearchContext:
        """What every step of a search reads."""
        return SearchContext(self.game.rules, self.weights, self.goals)


def root_values(tree: Tree) -> NDArray[np.float32]:
    """Return the values of the moves at the root of a tree, float32 `[A]`, NaN where illegal."""
    return np.where(tree.child[0] != ILLEGAL, tree.value[0], np.nan).astype(np.float32)


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


def step_budgets(nodes: int) -> list[int]:
    """Return after how many nodes each step of a search ends; the steps grow longer."""
    budgets, budget = [], FIRST_STEP
    while budget < nodes:
        budgets.append(budget)
        budget += min(3 * budget, LARGEST_STEP)
    return [*budgets, nodes] if nodes else []
