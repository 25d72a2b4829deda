"""Which questions are asked about a position that is to be played, and how long each may take."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.alpha_beta import by_callbacks
from rlhf_agents.search.bounds import Bounds
from rlhf_agents.search.budget import Budget, NodeBudget
from rlhf_agents.search.prover import Prover
from rlhf_games.base import Game, States
from rlhf_games.compiled import compiled
from rlhf_games.rules import Rules, age, load
from rlhf_games.solver_rules import UNKNOWN, proof_plies

FIRST_QUESTION_SHARE = 0.75
LIKELY_LOST = 0.35
"""Below this value the question for a draw comes first."""
MOVE_NODES = 3000
"""For the other moves, once the position is proven or the budget nearly used up."""
NODES_PER_EVALUATION = 100
"""Of the solver, in a search whose budget counts evaluations of the network."""
LEAST_EVALUATIONS = 100
"""Smaller searches prove nothing: they are the network's opinion, one or a few plies deep."""
SLICE = 100_000
EVALUATIONS_PER_MEGABYTE, MOST_MEGABYTES = 1000, 64


def root_proofs(
    prover: Prover,
    bounds: Bounds,
    state: States,
    values: NDArray[np.float32],
    share: Callable[[float], Budget],
    move_nodes: Callable[[], int],
) -> Iterator[None]:
    """Narrow the bounds of the moves in a position, step by step.

    Args:
        prover: of the game.
        bounds: receives what is proven.
        state: uint64 `[W]`, unfinished.
        values: float32 `[A]`, what the moves are worth to the mover by other means.
        share: returns a budget: a share in [0, 1] of what is left.
        move_nodes: returns how many nodes may be spent on the single moves in the end.
    """
    asked = prover.questions if np.nanmax(values) >= LIKELY_LOST else prover.questions[::-1]
    first, *others = asked
    plan = [(first, FIRST_QUESTION_SHARE if others else 1.0)]
    plan += [(question, 1.0) for question in (*others, first)]
    for question, part in plan:
        if bounds.settled or bounds.answers(question):
            continue
        before = bounds.nodes
        for known in prover.ask(state, question, share(part), values):
            bounds.nodes = before + known.nodes
            if known.answer != UNKNOWN:
                bounds.learn(question, known.answer, known.action)
            yield
    bounds.narrow(prover.bounds(state, move_nodes()))
    yield


class NodeShares:
    """A number of nodes that several budgets share.

    Args:
        nodes: how many.
    """

    def __init__(self, nodes: int) -> None:
        self.left = nodes

    def share(self, part: float) -> Budget:
        """Return a budget of a share in [0, 1] of what is left."""
        return _Share(self, int(part * self.left))


class _Share(NodeBudget):
    def __init__(self, shares: NodeShares, nodes: int) -> None:
        super().__init__(nodes)
        self._shares = shares

    def next_slice(self) -> int:
        """Return how many nodes may be spent now, see `Budget`."""
        return min(super().next_slice(), SLICE)

    def used(self, nodes: int) -> None:
        """Subtract nodes here and from what is shared, see `Budget`."""
        super().used(nodes)
        self._shares.left -= nodes


@compiled
def plies_left(rules: Rules, states: States, max_plies: int) -> int:
    """Return how many plies can follow the first position at most."""
    return max_plies - age(rules, load(rules, states, 0))


@compiled
def range_of_proofs(rules: Rules) -> int:
    """Return from how many plies before the end on proofs are tried, see `proof_plies`."""
    return proof_plies(rules)


def proofs_by_nodes(
    game: Game, state: States, values: NDArray[np.float32], evaluations: int
) -> Iterator[Bounds]:
    """Prove moves in a search whose budget counts evaluations, which nothing before changes.

    Args:
        game: the rules.
        state: uint64 `[W]`, unfinished.
        values: float32 `[A]`, what the moves are worth to the mover.
        evaluations: of the network, in the same search.

    Yields:
        what is proven, again and again; nothing if it is not worth a try.
    """
    if evaluations < LEAST_EVALUATIONS or by_callbacks(game):
        return
    if plies_left(game.rules, state[None], game.max_plies) > range_of_proofs(game.rules):
        return
    prover = Prover(game, min(max(evaluations // EVALUATIONS_PER_MEGABYTE, 1), MOST_MEGABYTES))
    bounds, nodes = Bounds(game.n_actions), NodeShares(NODES_PER_EVALUATION * evaluations)
    for _ in root_proofs(prover, bounds, state, values, nodes.share, lambda: MOVE_NODES):
        yield bounds
