"""From a network and a goal to the values of moves, the choice, and its explanation."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.bounds import Bounds
from rlhf_agents.search.choices import (
    Noise,
    expected_line,
    expected_reply,
    noise_of,
    of_seat,
    proven_values,
    root_values,
    varied_actions,
)
from rlhf_agents.search.compiled_network import PatternWeights, goal_value, hidden
from rlhf_agents.search.distances import Distances
from rlhf_agents.search.equal_moves import hopes_of, told_apart
from rlhf_agents.search.explanation import DRAWN, Distance, Explanation, unfinished
from rlhf_agents.search.goal_values import WIN, GoalRules
from rlhf_agents.search.handicap import UNPROVEN, plies_to_end
from rlhf_agents.search.root_proofs import LEAST_EVALUATIONS, proofs_by_nodes
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
BATCH_EDGES = 2_000_000
"""Moves in the trees of one batch: some 50 MB."""
FIRST_STEP = 64
DISTANCE_NODES = 20
"""Per evaluation of the network, to find out in how many plies a proven game ends."""
LARGEST_STEP = 2000
"""Most nodes between two steps of a search: about 20 ms."""


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
        plies: int64 `[B, A]`, how far the proven end lies after each move, see `handicap`.
        hopes: float32 `[B, A]`, what tells equal moves apart, see `equal_moves`.
    """

    values: NDArray[np.float32]
    pursued: NDArray[np.int64]
    used: NDArray[np.int64]
    plies: NDArray[np.int64]
    hopes: NDArray[np.float32]


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
            found.plies[hopeless] = instead.plies
            found.hopes[hopeless] = instead.hopes
        if nodes < LEAST_EVALUATIONS:
            return found
        unfinished_ones = ~np.isnan(found.values).all(axis=1)
        for row in np.flatnonzero((found.pursued == WIN) & unfinished_ones):
            values = found.values[row].copy()
            for bounds in proofs_by_nodes(self.game, states[row], values, nodes):
                found.values[row] = bounds.applied(values, found.hopes[row])
        return found

    def _pursue(self, states: States, pursued: NDArray[np.int64], nodes: int) -> SearchResult:
        values = np.empty((len(states), self.game.n_actions), np.float32)
        plies = np.full(values.shape, UNPROVEN, np.int64)
        if nodes == 0:
            network_batch(self.game.rules, self.weights, states, pursued, values)
            return SearchResult(values, pursued, np.ones(len(states), np.int64), plies, values)
        used, hopes = np.zeros(len(states), np.int64), np.empty_like(values)
        room = max(nodes, self.game.n_actions + 1)
        step = max(1, BATCH_EDGES // (room * self.game.n_actions))
        for first in range(0, len(states), step):
            part = slice(first, first + step)
            tree, used[part] = self.search(states[part], pursued[part], nodes)
            roots = np.arange(len(used[part])) * room
            hopes[part] = hopes_of(tree, used[part], self.goals.zero_sum[pursued[part]])
            known = told_apart(tree.value[roots], tree.exact[roots], hopes[part])
            values[part] = np.where(tree.child[roots] != ILLEGAL, known, np.nan)
            plies_to_end(self.goals, tree, pursued[part], room, plies[part])
        return SearchResult(values, pursued, used, plies, hopes)

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
        verdicts = self.game.verdicts(states)[0, seat]
        reach = self.reach(states, seat, verdicts)
        distances = Distances(self.game, states, float(self.goals.discount[WIN]))
        run = _CountedRun(self, goal, seat, noise, reach, nodes, distances)
        if goal != WIN and verdicts[goal] != Verdict.IMPOSSIBLE:
            for tree, used in self._search_in_steps(states, goal, seat, nodes):
                yield run.explanation(goal, tree, used)
            if np.nanmax(root_values(tree, used, goal)) >= OUT_OF_REACH:
                return
            run.given_up = used
        for tree, used in self._search_in_steps(states, WIN, seat, nodes):
            yield run.explanation(WIN, tree, used)
        values = of_seat(root_values(tree, used, WIN), seat)
        for bounds in proofs_by_nodes(self.game, states[0], values, nodes):
            yield run.explanation(WIN, tree, used, bounds)

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
        if self.goals.zero_sum[goal]:
            return int(np.nanargmin(values))
        return expected_reply(self.goals, tree, 0, goal)

    @property
    def context(self) -> SearchContext:
        """What every step of a search reads."""
        return SearchContext(self.game.rules, self.weights, self.goals)


@dataclass
class _CountedRun:
    """What stays the same while one position is searched."""

    searcher: Searcher
    goal: int
    seat: int
    noise: Noise
    reach: dict[str, float]
    nodes: int
    distances: Distances
    given_up: int = 0
    started: float = field(default_factory=time.perf_counter)

    def explanation(
        self, pursued: int, tree: Tree, used: int, bounds: Bounds | None = None
    ) -> Explanation:
        """Explain what a tree, and what is proven of its root's moves, say."""
        searcher, values = self.searcher, root_values(tree, used, pursued)
        if bounds is not None:
            values = proven_values(bounds, values, tree, used, self.seat)
        action = searcher.first_move(tree, values, pursued, self.noise)
        line: tuple[int, ...] = (action,)
        proven = bounds is not None and bounds.of_move(action)
        if self.nodes:
            line = expected_line(searcher.goals, tree, action, pursued)
            proven = proven or bool(tree.exact[0, action])
        return Explanation(
            action=action,
            goal=searcher.game.goals[self.goal].name,
            values=values,
            goal_values=self.reach,
            line=line,
            nodes=self.given_up + used,
            proof_nodes=0 if bounds is None else bounds.nodes,
            seconds=time.perf_counter() - self.started,
            proven=proven,
            distance=self._distance(pursued, values, action, tree) if proven else None,
            pursued=searcher.game.goals[pursued].name,
            seat=self.seat,
        )

    def _distance(
        self, pursued: int, values: NDArray[np.float32], action: int, tree: Tree
    ) -> Distance | None:
        value = float(of_seat(values, self.seat)[action])
        if pursued != WIN or abs(value - 0.5) < DRAWN:
            return None
        nodes = DISTANCE_NODES * self.nodes if self.nodes >= LEAST_EVALUATIONS else 0
        return self.distances.of(action, value > 0.5, tree, nodes)


def step_budgets(nodes: int) -> list[int]:
    """Return after how many nodes each step of a search ends; the steps grow longer."""
    budgets, budget = [], FIRST_STEP
    while budget < nodes:
        budgets.append(budget)
        budget += min(3 * budget, LARGEST_STEP)
    return [*budgets, nodes] if nodes else []
