"""Proofs for batches: won, drawn or lost moves of studied positions, as far as a budget reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.files.array_checks import check_arrays
from rlhf_agents.files.types import Arrays
from rlhf_agents.search.bounds import BoundArray
from rlhf_agents.search.prover import Prover
from rlhf_agents.settings import Foresight
from rlhf_games.base import Game, States
from rlhf_games.compiled import compiled
from rlhf_games.rules import Rules, age, load

CHUNK = 8
"""Positions per call of compiled code, so that a batch can be abandoned soon."""
MEGABYTES = 16
"""Of proofs, which the files of a run hold, too."""
MOMENTUM = 0.02
PAYS, RETRY = 0.1, 16
"""Positions of an age of which a smaller share of moves is proven are tried only now and then."""


@compiled
def ages(rules: Rules, states: States, out: NDArray[np.int64]) -> None:
    """Fill `out` `[B]` with the ages of positions, see `rules.age`."""
    for i in range(states.shape[0]):
        out[i] = age(rules, load(rules, states, i))


class ProofResults(NamedTuple):
    """How the proofs of R positions went.

    Attributes:
        ages: int64 `[R]`.
        shares: float64 `[R]`, which share of moves was proven.
        tried: bool `[R]`, nodes were spent.
    """

    ages: NDArray[np.int64]
    shares: NDArray[np.float64]
    tried: NDArray[np.bool_]


class ProofRates(NamedTuple):
    """How often proofs succeed, by the age of positions: where a budget is well spent.

    Attributes:
        shares: float64 `[max_plies + 1]`, which share of moves was proven lately.
        tries: int64 `[max_plies + 1]`, positions of that age so far.
    """

    shares: NDArray[np.float64]
    tries: NDArray[np.int64]

    def pay(self, ages: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether to try positions of these ages."""
        pays: NDArray[np.bool_] = (self.shares[ages] >= PAYS) | (self.tries[ages] % RETRY == 0)
        return pays

    def note(self, results: ProofResults) -> None:
        """Take results into account."""
        for age_of, share, tried in zip(*results, strict=True):
            self.tries[age_of] += 1
            if tried:
                self.shares[age_of] += MOMENTUM * (share - self.shares[age_of])

    def copy(self) -> ProofRates:
        """Return rates of their own."""
        return ProofRates(self.shares.copy(), self.tries.copy())

    def restore(self, state: Arrays) -> None:
        """Take over the arrays of other rates, by name.

        Raises:
            ValueError: they are of another size, or out of range.
            KeyError: something is missing.
        """
        check_arrays(self._asdict(), state)
        if not (np.isfinite(state["shares"]).all() and (state["tries"] >= 0).all()):
            msg = "the shares of proven moves are not shares"
            raise ValueError(msg)
        self.shares[:], self.tries[:] = state["shares"], state["tries"]


def new_rates(game: Game) -> ProofRates:
    """Return rates of a game before any proof: everything is worth a try."""
    return ProofRates(np.ones(game.max_plies + 1), np.zeros(game.max_plies + 1, np.int64))


class BatchProofs:
    """The solver at work for batches, which spends its budget where that succeeds.

    Args:
        game: the rules.
        foresight: the budget.

    Attributes:
        rates: decide which positions are tried.
    """

    def __init__(self, game: Game, foresight: Foresight) -> None:
        self.game, self.nodes = game, foresight.solve_nodes
        self.prover = Prover(game, MEGABYTES)
        self.begin(new_rates(game))

    def begin(self, rates: ProofRates) -> None:
        """Begin a batch with these rates, which stay as they are."""
        self.rates, self._parts = rates.copy(), list[ProofResults]()

    def bounds(
        self, words: States, share: int, used: NDArray[np.int64], go_on: Callable[[], None]
    ) -> BoundArray:
        """Return what is proven of the moves of nodes, int8 `[N, A, 2]`.

        Args:
            words: uint64 `[N, W]`, trees of `share` rows each, their roots first.
            share: rows per tree.
            used: int64 `[N // share]`, the number of nodes of every tree.
            go_on: called now and then; what it raises ends the search.
        """
        found = np.empty((len(words), self.game.n_actions, 2), np.int8)
        found[...] = -1, 1
        if self.nodes and not self.prover.by_callbacks:
            roots = np.flatnonzero(used > 0) * share
            self._prove(words, roots, found, go_on)
            nodes = (np.arange(share)[None, :] < used[:, None]).reshape(-1)
            nodes[roots] = False
            found[nodes] = self.prover.bounds_of(words[nodes], np.zeros(nodes.sum(), np.int64))
        return found

    def _prove(
        self, words: States, rows: NDArray[np.int64], out: BoundArray, go_on: Callable[[], None]
    ) -> None:
        age_of = np.empty(len(rows), np.int64)
        ages(self.game.rules, words[rows], age_of)
        for first in range(0, len(rows), CHUNK):
            go_on()
            chosen, old = rows[first : first + CHUNK], age_of[first : first + CHUNK]
            pays = self.rates.pay(old)
            bounds = self.prover.bounds_of(words[chosen], np.where(pays, self.nodes, 0))
            out[chosen] = bounds
            legal = bounds[..., 0] <= bounds[..., 1]
            narrowed = legal & ((bounds[..., 0] > -1) | (bounds[..., 1] < 1))
            proven = narrowed.sum(axis=1) / np.maximum(legal.sum(axis=1), 1)
            part = ProofResults(old, proven, pays)
            self.rates.note(part)
            self._parts.append(part)

    def results(self) -> ProofResults:
        """Return how the proofs of all positions since `begin` went."""
        none = ProofResults(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_))
        columns = zip(none, *self._parts, strict=True)
        return ProofResults(*(np.concatenate(column) for column in columns))

    def forget(self) -> None:
        """Forget what was proven."""
        self.prover.entries[:] = 0

    def state(self) -> Arrays:
        """Return what was proven so far, as arrays."""
        entries = self.prover.entries
        places = np.flatnonzero(entries)
        return {"places": places.astype(np.uint32), "entries": entries[places]}

    def restore(self, state: Arrays) -> None:
        """Take over what `state` returned.

        Raises:
            ValueError: it is of another size, or out of range.
            KeyError: something is missing.
        """
        count, entries = len(state["places"]), self.prover.entries
        check_arrays(
            {"places": np.zeros(count, np.uint32), "entries": np.zeros(count, np.uint64)}, state
        )
        if count and int(state["places"].max()) >= len(entries):
            msg = f"a proof has place {state['places'].max()} of {len(entries)}"
            raise ValueError(msg)
        self.forget()
        entries[state["places"]] = state["entries"]
