"""Search by the clock: a tree over Q, then proofs; tree and proofs are kept between moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search import distances
from rlhf_agents.search.bounds import Bounds
from rlhf_agents.search.budget import Budget, Clock, NodeBudget, TimeBudget
from rlhf_agents.search.choices import (
    Noise,
    expected_line,
    noise_of,
    of_seat,
    proven_values,
    root_values,
)
from rlhf_agents.search.distances import Distances
from rlhf_agents.search.explanation import DRAWN, Distance, Explanation, unfinished
from rlhf_agents.search.goal_values import WIN as WIN_GOAL
from rlhf_agents.search.prover import Prover
from rlhf_agents.search.root_proofs import MOVE_NODES, plies_left, root_proofs
from rlhf_agents.search.searcher import OUT_OF_REACH, Searcher
from rlhf_agents.search.subtree import keep_subtree
from rlhf_agents.search.tree import Tree, new_tree, node_value, search_batch
from rlhf_games.base import MOVER, States, Verdict

TREE_NODES = 1000
MOST_SHARE = 0.35
"""Of the time, for the first `TREE_NODES` nodes."""
TREE_SHARE, LATE_TREE_SHARE = 0.85, 0.05
"""Of the time, for the tree; late in a game proofs succeed more often."""
LATE_PLIES = 42
UNDECIDED = 0.15, 0.85
"""Values between which, in a game without draws, a win or a loss is too far off to be proven: of
Breakthrough's positions 1 % within, and all below 0.1 or above 0.9, were in 50,000 nodes."""
TREE_BYTES = 200_000_000
"""Of the largest tree."""
MOVE_SECONDS = 0.0002
DISTANCE_NODES, DISTANCE_NODES_PER_SECOND = 20_000, 200_000
"""To find out in how many plies a proven game ends: at most so many, less near the deadline."""


@dataclass
class GrownTree:
    """A tree, and what it was grown for.

    Attributes:
        tree: the tree.
        used: the number of its nodes.
        goal: a row of the goal table.
        seat: whose goal it is.
    """

    tree: Tree
    used: int
    goal: int
    seat: int


class GameSearch:
    """Searches positions of one game, one after the other, within seconds.

    A position that follows from the one before takes over its part of the tree. Threads may search
    at the same time; the tree of the last to finish is kept.

    Args:
        searcher: the network and how it looks ahead.
        prover: of the same game; what it proves is kept.
    """

    def __init__(self, searcher: Searcher, prover: Prover) -> None:
        self.searcher = searcher
        self.prover = prover
        self.game = searcher.game
        self._kept: GrownTree | None = None
        self._lock = threading.Lock()
        self._warm_up()

    def _warm_up(self) -> None:
        """Compile, or load what is compiled, before any clock runs."""
        states = self.game.initial(1)
        self.prover.bounds(states[0])
        distances.warm_up(self.game)
        grown = self.new_tree(WIN_GOAL, MOVER)
        for _ in self.grow(grown, states, NodeBudget(2)):
            pass
        keep_subtree(grown.tree, 0, grown.used)
        self.put_back(grown)
        self.explain(states[0], WIN_GOAL, seconds=0.0)

    def explain(
        self,
        state: States,
        goal: int,
        seconds: float,
        seat: int = MOVER,
        rng: np.random.Generator | None = None,
    ) -> Explanation:
        """Return the last explanation of `in_steps`."""
        *_, last = self.in_steps(state, goal, seconds, seat, rng)
        return last

    def in_steps(
        self,
        state: States,
        goal: int,
        seconds: float,
        seat: int = MOVER,
        rng: np.random.Generator | None = None,
    ) -> Iterator[Explanation]:
        """Explain the choice in one position better and better until the time is up.

        The search ends early when the value of the position is proven.

        Args:
            state: uint64 `[W]`.
            goal: what is played for, a row of the goal table.
            seconds: from the call on.
            seat: whose goal it is, `MOVER` or `WAITING`.
            rng: chooses among the mover's nearly equal moves; None: the best.

        Raises:
            GameOverError: the game is over.
        """
        clock = Clock(seconds)
        states = unfinished(self.game, state)
        noise = noise_of(rng, (1, self.game.n_actions)) if seat == MOVER else None
        return _TimedRun(self, states, goal, seat, clock, noise).steps()

    # ---- trees ---------------------------------------------------------------------------------

    def new_tree(self, goal: int, seat: int) -> GrownTree:
        """Return an empty tree for a goal of a seat."""
        width = self.searcher.weights.table.shape[1]
        per_node = new_tree(1, self.game.n_words, self.game.n_actions, width)
        capacity = TREE_BYTES // sum(array.nbytes for array in per_node)
        tree = new_tree(capacity, self.game.n_words, self.game.n_actions, width)
        return GrownTree(tree, 0, goal, seat)

    def take(self, states: States, goal: int, seat: int) -> GrownTree:
        """Return what is kept of the tree of a position uint64 `[1, W]`, or an empty one."""
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is None:
            return self.new_tree(goal, seat)
        if (kept.goal, kept.seat) == (goal, seat):
            rows = np.flatnonzero((kept.tree.words[: kept.used] == states).all(axis=1))
            rows = rows[kept.tree.ours[rows] == (seat == MOVER)]
            if len(rows):
                largest = rows[kept.tree.visits[rows].sum(axis=1).argmax()]
                kept.used = keep_subtree(kept.tree, int(largest), kept.used)
                return kept
        # Its arrays serve again: new ones of this size can take a quarter of a second to clear.
        return GrownTree(kept.tree, 0, goal, seat)

    def put_back(self, grown: GrownTree) -> None:
        """Keep a tree for the next position."""
        with self._lock:
            self._kept = grown

    def grow(self, grown: GrownTree, states: States, budget: Budget) -> Iterator[None]:
        """Let a tree grow, one slice of the budget at a time."""
        capacity = len(grown.tree.words)
        used = np.array([grown.used])
        asked = np.array([grown.goal]), np.array([grown.seat])
        while (allowed := budget.next_slice()) and grown.used < capacity:
            limit = min(grown.used + allowed, capacity)
            search_batch(self.searcher.context, grown.tree, states, *asked, limit, used)
            budget.used(int(used[0]) - grown.used)
            finished = int(used[0]) == grown.used
            grown.used = int(used[0])
            yield
            if finished:
                return


class _TimedRun:
    """One search for one position."""

    def __init__(
        self,
        search: GameSearch,
        states: States,
        goal: int,
        seat: int,
        clock: Clock,
        noise: Noise,
    ) -> None:
        self.search, self.searcher, self.game = search, search.searcher, search.game
        self.states, self.goal, self.seat = states, goal, seat
        self.clock, self.noise = clock, noise
        verdicts = self.game.verdicts(states)[0, seat]
        self.pursued = WIN_GOAL if verdicts[goal] == Verdict.IMPOSSIBLE else goal
        self.reach = self.searcher.reach(states, seat, verdicts)
        self.bounds = Bounds(self.game.n_actions)
        discount = float(self.searcher.goals.discount[WIN_GOAL])
        self.distances = Distances(self.game, states, discount)
        self.given_up = 0
        self.grown = search.take(states, self.pursued, seat)

    def steps(self) -> Iterator[Explanation]:
        """Search, and explain after every slice."""
        try:
            yield from self._tree_first()
            if self._is_worth_proving():
                yield from self._proofs()
            if not self.bounds.settled:
                yield from self._grow(TimeBudget(self.clock))
            yield self._explanation()  # also where no time was left for a slice
        finally:
            self.search.put_back(self.grown)

    def _tree_first(self) -> Iterator[Explanation]:
        """Grow the tree as far as pays before proofs; give up a goal that is out of reach."""
        few, some = self.clock.share(MOST_SHARE), self.clock.share(self._tree_share())
        yield from self._grow(_Pair(NodeBudget(TREE_NODES), TimeBudget(few)))
        best = np.nanmax(self._root_values())
        if self.pursued != WIN_GOAL and best < OUT_OF_REACH:
            self.given_up += self.grown.used
            self.pursued = WIN_GOAL
            self.grown = self.search.take(self.states, WIN_GOAL, self.seat)
            yield from self._grow(_Pair(NodeBudget(TREE_NODES), TimeBudget(few)))
        yield from self._grow(TimeBudget(some))

    def _tree_share(self) -> float:
        left = plies_left(self.game.rules, self.states, self.game.max_plies)
        return LATE_TREE_SHARE if left <= LATE_PLIES else TREE_SHARE

    def _grow(self, budget: Budget) -> Iterator[Explanation]:
        if not self.grown.used:  # however late it is, one ply is seen
            budget = _First(budget)
        for _ in self.search.grow(self.grown, self.states, budget):
            yield self._explanation()

    def _proofs(self) -> Iterator[Explanation]:
        def share(part: float) -> Budget:
            return TimeBudget(self.clock.share(part))

        def move_nodes() -> int:
            return MOVE_NODES if self.clock.left > self.game.n_actions * MOVE_SECONDS else 0

        prover, values = self.search.prover, self._mover_values()
        steps = root_proofs(prover, self.bounds, self.states[0], values, share, move_nodes)
        for _ in steps:
            yield self._explanation()

    def _is_worth_proving(self) -> bool:
        value, exact = node_value(self.searcher.goals, self.grown.tree, 0, self.pursued)
        if self.pursued != WIN_GOAL or exact:
            return False
        low, high = UNDECIDED
        return len(self.search.prover.questions) > 1 or not low < value < high

    def _root_values(self) -> NDArray[np.float32]:
        return root_values(self.grown.tree, self.grown.used, self.pursued)

    def _mover_values(self) -> NDArray[np.float32]:
        return of_seat(self._root_values(), self.seat)

    def _explanation(self) -> Explanation:
        tree, goals = self.grown.tree, self.searcher.goals
        values = self._root_values()
        if self.pursued == WIN_GOAL:
            values = proven_values(self.bounds, values, tree, self.grown.used, self.seat)
        action = self.searcher.first_move(tree, values, self.pursued, self.noise)
        proven = self.bounds.of_move(action) or bool(tree.exact[0, action])
        return Explanation(
            action=action,
            goal=self.game.goals[self.goal].name,
            values=values,
            goal_values=self.reach,
            line=expected_line(goals, tree, action, self.pursued),
            nodes=self.given_up + self.grown.used,
            proof_nodes=self.bounds.nodes,
            seconds=self.clock.elapsed,
            proven=proven,
            distance=self._distance(values, action) if proven else None,
            pursued=self.game.goals[self.pursued].name,
            seat=self.seat,
        )

    def _distance(self, values: NDArray[np.float32], action: int) -> Distance | None:
        value = float(of_seat(values, self.seat)[action])
        if self.pursued != WIN_GOAL or abs(value - 0.5) < DRAWN:
            return None
        nodes = min(DISTANCE_NODES, int(DISTANCE_NODES_PER_SECOND * self.clock.left))
        return self.distances.of(action, value > 0.5, self.grown.tree, max(nodes, 0))


class _First:
    """A budget with one more slice, of one node, before it."""

    def __init__(self, budget: Budget) -> None:
        self._then = budget
        self._begun = False

    def next_slice(self) -> int:
        """Return 1, later what the budget allows, see `Budget`."""
        if self._begun:
            return self._then.next_slice()
        self._begun = True
        return 1

    def used(self, nodes: int) -> None:
        """Subtract nodes, see `Budget`."""
        self._then.used(nodes)


class _Pair:
    """Two budgets: the sooner used up ends both."""

    def __init__(self, first: Budget, second: Budget) -> None:
        self._both = first, second

    def next_slice(self) -> int:
        """Return the smaller slice, see `Budget`."""
        return min(each.next_slice() for each in self._both)

    def used(self, nodes: int) -> None:
        """Subtract nodes from both, see `Budget`."""
        for each in self._both:
            each.used(nodes)
