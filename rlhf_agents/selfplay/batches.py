"""Batches: what one gradient step learns. Hindsight proposes pairs, foresight computes targets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.files.array_checks import check_arrays
from rlhf_agents.files.model_file import prefixed, unprefixed
from rlhf_agents.files.types import Array, Arrays
from rlhf_agents.search.alpha_beta import new_table
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_agents.search.goal_values import GoalRules, goal_rules
from rlhf_agents.search.proven_values import correct_trees
from rlhf_agents.search.tree import ILLEGAL, SearchContext, Tree, new_tree, search_batch
from rlhf_agents.selfplay.position_buffer import Proposals, check_positions
from rlhf_agents.selfplay.proofs import BatchProofs, ProofRates, ProofResults
from rlhf_agents.selfplay.targets import Proofs, tree_targets
from rlhf_agents.settings import Foresight, Hindsight
from rlhf_games.base import Game, States
from rlhf_games.compiled import compiled_fast

POOL_BYTES = 1 << 30
"""Rows are large where actions and goals are many: 40 KB in games of a thousand actions."""
SLICE_SECONDS = 0.2
"""The longest that a call of compiled code should take while a batch is built."""
PROVEN = ("key", "value", "kind")
"""The arrays of a `ProofTable` that outlive a proof."""
SOLVED = "solved."
"""Beginning of the names of what the solver leaves behind."""


class TrainingBatch(NamedTuple):
    """One batch; R rows.

    Attributes:
        states: uint64 `[R, W]`.
        targets: float32 `[R, 2, G, A]` in [0, 1].
        weights: float32 `[R, 2, G]`, per goal.
        known: bool `[R, A]`, the moves that have a target.
    """

    states: States
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    known: NDArray[np.bool_]


def checked_batch(game: Game, parts: Arrays) -> TrainingBatch:
    """Return a batch that a file describes.

    Raises:
        ValueError: it is none of this game: compiled code would read beyond its arrays.
        KeyError: something is missing.
    """
    rows = len(parts["states"])
    check_arrays(empty_rows(game, rows)._asdict(), parts)
    if not rows:
        msg = "a batch has no rows"
        raise ValueError(msg)
    check_positions(game, parts["states"])
    for name in ("targets", "weights"):
        if not ((parts[name] >= 0) & (parts[name] < np.inf)).all():
            msg = f"{name} of batches are not all from 0 up"
            raise ValueError(msg)
    return TrainingBatch(*(parts[name] for name in TrainingBatch._fields))


def empty_rows(game: Game, count: int) -> TrainingBatch:
    """Return room for `count` rows of batches of a game."""
    n_goals = len(game.goals)
    return TrainingBatch(
        np.empty((count, game.n_words), np.uint64),
        np.empty((count, 2, n_goals, game.n_actions), np.float32),
        np.empty((count, 2, n_goals), np.float32),
        np.empty((count, game.n_actions), np.bool_),
    )


@compiled_fast
def values_from_logits(
    goals: GoalRules, parents: NDArray[np.int64], logits: NDArray[np.float32]
) -> None:
    """Turn logits `[N, 2, G, A]` into values in place: conditionals times their parents."""
    n, _, n_goals, n_actions = logits.shape
    one = np.float32(1.0)
    for i in range(n):
        for seat in range(2):
            for goal in range(n_goals):
                parent = parents[goal]
                for action in range(n_actions):
                    value = one / (one + np.exp(-logits[i, seat, goal, action]))
                    if goals.zero_sum[goal] and seat == 1:
                        value = one - logits[i, 0, goal, action]
                    elif parent >= 0:
                        value *= logits[i, seat, parent, action]
                    logits[i, seat, goal, action] = value


class BatchPool:
    """The rows of recent batches, a ring.

    Args:
        capacity: rows kept, fewer if they would take more than `POOL_BYTES`.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._rows: TrainingBatch | None = None
        self._next = 0
        self.size = 0

    def add(self, batch: TrainingBatch) -> None:
        """Keep the rows of a batch; the oldest rows go."""
        if self._rows is None:
            row_bytes = sum(a.itemsize * int(np.prod(a.shape[1:])) for a in batch)
            self.capacity = min(self.capacity, max(1, POOL_BYTES // row_bytes))
            empty: list[Array] = [np.zeros((self.capacity, *a.shape[1:]), a.dtype) for a in batch]
            self._rows = TrainingBatch(*empty)
        slots = (self._next + np.arange(len(batch.states))) % self.capacity
        columns: Iterator[tuple[Array, Array]] = zip(self._rows, batch, strict=True)
        for kept, new in columns:
            kept[slots] = new
        self._next = int((self._next + len(slots)) % self.capacity)
        self.size = min(self.size + len(slots), self.capacity)

    def draw(self, count: int, rng: np.random.Generator) -> TrainingBatch:
        """Return `count` random rows."""
        if self._rows is None:
            msg = "draw from an empty BatchPool"
            raise ValueError(msg)
        slots = rng.integers(self.size, size=count)
        rows: list[Array] = [kept[slots] for kept in self._rows]
        return TrainingBatch(*rows)

    def state(self) -> Arrays:
        """Return all that is kept, as arrays."""
        rows = {} if self._rows is None else self._rows._asdict()
        kept = {name: column[: self.size] for name, column in rows.items()}
        return {**kept, "next": np.array([self._next])}

    def restore(self, state: Arrays, game: Game) -> None:
        """Take over what `state` returned, from a pool of the same capacity.

        Raises:
            ValueError: there are more rows than this pool keeps, or not those of the game.
            KeyError: something is missing.
        """
        self._rows, self.size = None, 0
        if len(state) > 1:
            kept = checked_batch(game, state)
            if len(kept.states) > self.capacity:
                msg = (
                    f"it has {len(kept.states)} rows of batches, there is room for {self.capacity}"
                )
                raise ValueError(msg)
            self._next = 0
            self.add(kept)
        check_arrays({"next": np.zeros(1, np.int64)}, state)
        self._next = int(state["next"][0]) % self.capacity


class BatchRequest(NamedTuple):
    """What a batch is made of, besides the weights of the network.

    Attributes:
        version: of the weights, see `rlhf_agents.selfplay.batch_queue`.
        nodes: of each tree.
        proposals: what to study.
        rates: of proofs so far.
    """

    version: int
    nodes: int
    proposals: Proposals
    rates: ProofRates


class BuiltBatch(NamedTuple):
    """A batch, and how its proofs went."""

    batch: TrainingBatch
    proofs: ProofResults


class BatchAbandonedError(Exception):
    """The batch under way is not wanted any more."""


class BatchBuilder:
    """Makes batches from proposals with the network's slowly following copy.

    Args:
        game: the rules.
        foresight: how far to look.
        hindsight: how pairs weigh.

    Attributes:
        remembers: what is proven for a batch serves all later ones. Only one builder that builds
            all of them may do that: batches of several must not depend on who builds which.
    """

    def __init__(self, game: Game, foresight: Foresight, hindsight: Hindsight) -> None:
        self.game = game
        self.foresight = foresight
        self.hindsight = hindsight
        self.goals = goal_rules(game, foresight)
        self._tree: Tree | None = None
        self._table = new_table(game)
        self._proofs = BatchProofs(game, foresight)
        self._abandoned = Event()
        self._slice = 4
        self.remembers = foresight.workers == 1

    def abandon(self) -> None:
        """Let the thread that builds a batch end soon; nothing is built here until `go_on`."""
        self._abandoned.set()

    def go_on(self) -> None:
        """Build batches again."""
        self._abandoned.clear()

    def _slices(self, roots: int) -> Iterator[slice]:
        """Yield the roots in parts that each take about `SLICE_SECONDS`.

        Raises:
            BatchAbandonedError: `abandon` was called.
        """
        first = 0
        while first < roots:
            self._check_wanted()
            last, begin = min(first + self._slice, roots), time.monotonic()
            yield slice(first, last)
            first, taken = last, time.monotonic() - begin
            if taken < SLICE_SECONDS / 4:
                self._slice *= 2
            elif taken > SLICE_SECONDS:
                self._slice = max(1, self._slice // 2)

    def _check_wanted(self) -> None:
        if self._abandoned.is_set():
            raise BatchAbandonedError

    def state(self) -> Arrays:
        """Return what earlier batches left behind: positions that were proven, as arrays."""
        if not self.remembers:
            return {}
        exact = {name: getattr(self._table, name) for name in PROVEN}
        return {**exact, **prefixed(SOLVED, self._proofs.state())}

    def restore(self, state: Arrays) -> None:
        """Take over what `state` returned.

        Raises:
            ValueError: it is of another size.
            KeyError: something is missing.
        """
        if not self.remembers or PROVEN[0] not in state:  # the run had more helpers
            return
        targets = {name: getattr(self._table, name) for name in PROVEN}
        check_arrays(targets, state)
        for name, target in targets.items():
            target[...] = state[name]
        solved = unprefixed(SOLVED, state)
        if solved:  # runs of older versions have none
            self._proofs.restore(solved)

    def answer(self, weights: PatternWeights, request: BatchRequest) -> BuiltBatch:
        """Return the batch of a request.

        Raises:
            BatchAbandonedError: `abandon` was called.
        """
        if not self.remembers:
            for name in PROVEN:
                getattr(self._table, name)[:] = 0
            self._proofs.forget()
        self._proofs.begin(request.rates)
        batch = self.build(weights, request.proposals, request.nodes)
        return BuiltBatch(batch, self._proofs.results())

    def build(self, weights: PatternWeights, proposals: Proposals, nodes: int) -> TrainingBatch:
        """Grow a tree of `nodes` per proposal and return targets for what is worth learning.

        Raises:
            BatchAbandonedError: `abandon` was called.
        """
        roots = len(proposals.states)
        share = max(nodes, self.game.n_actions + 1)
        tree = self._tree_of(roots * share, weights.table.shape[1])
        used = np.zeros(roots, np.int64)
        context = SearchContext(self.game.rules, weights, self.goals)
        states, goals, seats = proposals
        parts = []  # nodes are numbered within them
        for part in self._slices(roots):
            parts.append(part)
            some = _trees(tree, part, share)
            search_batch(context, some, states[part], goals[part], seats[part], nodes, used[part])
        values = self._values(weights, tree)
        known = np.zeros(tree.child.shape, np.bool_)
        first = self.game.max_plies - self.foresight.prove_plies
        # All at once: what is tried depends on what was proven before, and parts on the clock.
        bounds = self._proofs.bounds(tree.words, share, used, self._check_wanted)
        for part in parts:
            self._check_wanted()
            nodes_of = slice(part.start * share, part.stop * share)
            results = values[nodes_of], known[nodes_of]
            some, grown = _trees(tree, part, share), (goals[part], used[part])
            correct_trees(context, some, *grown, bounds[nodes_of], self.game.max_plies)
            proofs = Proofs(self._table, first, self.foresight.prove_nodes, bounds[nodes_of])
            tree_targets(context, some, *grown, *results, proofs)
        in_use = np.arange(share)[None, :] < used[:, None]
        enough = known.sum(axis=1) >= np.minimum(
            self.foresight.learn_from, (tree.child != ILLEGAL).sum(axis=1)
        )
        rows = np.flatnonzero(in_use.reshape(-1) & enough)
        return TrainingBatch(
            tree.words[rows], values[rows], self._weights(proposals, tree, rows, share), known[rows]
        )

    def _tree_of(self, capacity: int, width: int) -> Tree:
        if self._tree is None or len(self._tree.words) != capacity:
            self._tree = new_tree(capacity, self.game.n_words, self.game.n_actions, width)
        return self._tree

    def _values(self, weights: PatternWeights, tree: Tree) -> NDArray[np.float32]:
        logits = tree.features @ weights.heads.T + weights.head_bias
        values = logits.reshape(len(logits), 2, -1, self.game.n_actions)
        values_from_logits(self.goals, weights.parents, values)
        return values

    def _weights(
        self, proposals: Proposals, tree: Tree, rows: NDArray[np.int64], share: int
    ) -> NDArray[np.float32]:
        weights = np.full(
            (len(rows), 2, len(self.game.goals)), self.hindsight.base_weight, np.float32
        )
        root = rows // share
        seat = np.where(tree.ours[rows], 0, 1)
        weights[np.arange(len(rows)), seat, proposals.goals[root]] += self.hindsight.proposed_weight
        weights[:, 0, self.goals.zero_sum] = self.hindsight.win_weight
        weights[:, 1, self.goals.zero_sum] = 0.0
        return weights


def _trees(tree: Tree, roots: slice, room: int) -> Tree:
    """Return the trees of some roots, each of which has `room` rows."""
    rows = slice(roots.start * room, roots.stop * room)
    parts: list[Array] = [array[rows] for array in tree]
    return Tree(*parts)


def mirrored(
    game: Game, batch: TrainingBatch, rng: np.random.Generator
) -> tuple[NDArray[np.float32], TrainingBatch]:
    """Return boards `[R, planes, H, W]` and the batch, each row through a random symmetry."""
    boards = game.observe(batch.states)
    choice = rng.integers(len(game.symmetries) + 1, size=len(boards))
    targets, known = batch.targets.copy(), batch.known.copy()
    for number, symmetry in enumerate(game.symmetries, start=1):
        rows = np.flatnonzero(choice == number)
        boards[rows] = symmetry.seen(boards[rows])
        answers, seen = np.empty_like(targets[rows]), np.empty_like(known[rows])
        answers[..., symmetry.actions] = targets[rows]
        seen[:, symmetry.actions] = known[rows]
        targets[rows], known[rows] = answers, seen
    return boards, batch._replace(targets=targets, known=known)
