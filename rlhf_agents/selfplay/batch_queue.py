"""The batches of a run: requested, built by a crew, and taken in the order of their requests.

Batch i is requested right after batch i - depth was taken, with the target network of the latest
version, and a new version is published before every `PUBLISH_EVERY` requests. So a run is a
function of its seed and of the depth, whoever builds its batches.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.files.array_checks import check_arrays
from rlhf_agents.files.model_file import prefixed, unprefixed
from rlhf_agents.files.types import Arrays
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_agents.selfplay.batches import BatchRequest, TrainingBatch, checked_batch, empty_rows
from rlhf_agents.selfplay.crew import Crew
from rlhf_agents.selfplay.position_buffer import Proposals, check_positions
from rlhf_agents.selfplay.proofs import ProofRates, new_rates
from rlhf_agents.settings import Foresight
from rlhf_games.base import Game

PUBLISH_EVERY = 8
BUILT, REQUESTED, VERSION = "lesson.", "requests.", "weights."
"""Prefixes of the names of arrays in files."""
CONSTANT = ("windows", "parents")
"""Parts of the weights that never change."""


class BatchQueue:
    """Batches in preparation.

    With a depth of 1, helper and learner take turns: a batch reads the weights in place and builds
    on what was proven before, so that a file has the built batch. Otherwise a file has the requests
    and their weights, and whoever resumes the run builds them again.

    Args:
        game: the rules.
        foresight: with the depth.

    Attributes:
        crew: builds the batches.
        rates: of the proofs of all batches taken so far.
    """

    crew: Crew

    def __init__(self, game: Game, foresight: Foresight) -> None:
        self.game, self.foresight = game, foresight
        self.depth = foresight.depth
        self.rates = new_rates(game)
        self._each = min(self.depth, PUBLISH_EVERY)
        self._index = 0
        self._requests: dict[int, BatchRequest] = {}
        self._weights: dict[int, PatternWeights] = {}
        self._sent: set[int] = set()
        self._published: int | None = None
        self._built: TrainingBatch | None = None

    def __len__(self) -> int:
        """Return the number of batches that were requested and not taken."""
        return len(self._requests) + (self._built is not None)

    def request(self, weights: PatternWeights, proposals: Proposals, nodes: int) -> None:
        """Request the next batch.

        Args:
            weights: those of the target network now.
            proposals: what to study.
            nodes: of each tree.
        """
        version = self._index - self._index % self._each
        if version not in self._weights:
            self._weights[version] = weights if self.depth == 1 else _copied(weights)
        self._requests[self._index] = BatchRequest(version, nodes, proposals, self.rates.copy())
        self._send(self._index)
        self._index += 1

    def _send(self, index: int) -> None:
        request = self._requests[index]
        if request.version != self._published:
            self.crew.publish(request.version, self._weights[request.version])
            self._published = request.version
        self.crew.prepare(index, request)
        self._sent.add(index)

    def take(self) -> TrainingBatch:
        """Wait for the oldest batch and return it.

        Raises:
            IndexError: none was requested.
        """
        batch = self._wait() if self._built is None else self._built
        self._built = None
        return batch

    def _wait(self) -> TrainingBatch:
        if not self._requests:
            msg = "no batch was requested"
            raise IndexError(msg)
        for index in self._requests:
            if index not in self._sent:  # a resumed run has not sent them yet
                self._send(index)
        first = min(self._requests)
        batch, proofs = self.crew.take(first)
        self._sent.remove(first)
        del self._requests[first]
        self.rates.note(proofs)
        oldest = min((each.version for each in self._requests.values()), default=self._index)
        self._weights = {v: kept for v, kept in self._weights.items() if v >= oldest}
        return batch

    def settle(self, seconds: float) -> None:
        """Make sure that `state` need not wait: go on without a batch that takes longer."""
        if self.depth == 1 and not self.crew.ready(seconds):
            self.crew.abandon()
            self._requests, self._weights, self._published = {}, {}, None
            self._sent.clear()

    def stop(self) -> None:
        """End the helpers, and raise what went wrong with a batch; `take` starts them again."""
        try:
            self.hold()
        finally:
            self._sent.clear()
            self._published = None
            self.crew.stop()

    def hold(self) -> None:
        """Wait for the batch of a depth of 1, so that nothing is proven beside what follows."""
        if self.depth == 1 and self._requests:
            self._built = self._wait()

    # ---- saving ----------------------------------------------------------------------------

    def nbytes(self, weights: PatternWeights) -> int:
        """Return the most bytes that `state` can have, given weights like the network's."""
        batch = self.foresight.lesson_nodes + self.game.n_actions + 1
        if self.depth == 1:
            return 2 * batch * sum(part.nbytes for part in empty_rows(self.game, 1))
        request = 8 * batch * (self.game.n_words + 2) + sum(part.nbytes for part in self.rates)
        versions = self.depth // self._each + 2
        return self.depth * request + versions * sum(part.nbytes for part in weights)

    def state(self) -> Arrays:
        """Return what is in preparation, as arrays."""
        self.hold()
        if self._built is not None:
            return prefixed(BUILT, self._built._asdict())
        if self.depth == 1 or not self._requests:
            return {}
        every = list(self._requests.values())
        requests: Arrays = {
            "index": np.array([self._index]),
            "version": np.array([each.version for each in every]),
            "nodes": np.array([each.nodes for each in every]),
            "count": np.array([len(each.proposals.states) for each in every]),
            "shares": np.stack([each.rates.shares for each in every]),
            "tries": np.stack([each.rates.tries for each in every]),
        }
        for name in Proposals._fields:
            requests[name] = np.concatenate([getattr(each.proposals, name) for each in every])
        for version, weights in self._weights.items():
            requests |= prefixed(f"{VERSION}{version}.", _changing(weights))
        return prefixed(REQUESTED, requests)

    def restore(self, state: Arrays, weights: PatternWeights) -> None:
        """Take over what `state` returned.

        A run that goes on with another depth requests its batches anew.

        Args:
            state: arrays from a file.
            weights: with the shapes of the network's.

        Raises:
            ValueError: it does not fit the game.
            KeyError: something is missing.
        """
        built, requests = unprefixed(BUILT, state), unprefixed(REQUESTED, state)
        if self.depth == 1:
            self._built = checked_batch(self.game, built) if built else None
        elif requests:
            self._restore_requests(requests, weights)

    def _restore_requests(self, state: Arrays, weights: PatternWeights) -> None:
        many, rows = len(state["version"]), int(state["count"].sum())
        whole, ages = np.zeros(many, np.int64), (many, self.game.max_plies + 1)
        check_arrays(
            {
                **dict.fromkeys(("version", "nodes", "count"), whole),
                **dict.fromkeys(("goals", "seats"), np.zeros(rows, np.int64)),
                "states": np.zeros((rows, self.game.n_words), np.uint64),
                "index": np.zeros(1, np.int64),
                "shares": np.zeros(ages),
                "tries": np.zeros(ages, np.int64),
            },
            state,
        )
        check_positions(self.game, state["states"])
        _check_between(state["goals"], 0, len(self.game.goals) - 1)
        _check_between(state["seats"], 0, 1)
        _check_between(state["count"], 1, self.foresight.lesson_nodes)
        _check_between(state["nodes"], 1, self.foresight.nodes)
        last = int(state["index"][0])
        _check_between(state["version"], 0, last)
        for version in sorted(set(state["version"].tolist())):
            kept = unprefixed(f"{VERSION}{version}.", state)
            check_arrays(_changing(weights), kept)
            self._weights[version] = _copied(weights._replace(**kept))
        self._index = last
        self._requests = dict(enumerate(self._requests_of(state), start=last - many))

    def _requests_of(self, state: Arrays) -> Iterator[BatchRequest]:
        ends = np.cumsum(state["count"])[:-1]
        parts = [np.split(np.array(state[name]), ends) for name in Proposals._fields]
        for k, (version, nodes) in enumerate(zip(state["version"], state["nodes"], strict=True)):
            rates = new_rates(self.game)
            rates.restore({name: state[name][k] for name in ProofRates._fields})
            proposals = Proposals(*(part[k] for part in parts))
            yield BatchRequest(int(version), int(nodes), proposals, rates)


def _changing(weights: PatternWeights) -> Arrays:
    return {name: part for name, part in weights._asdict().items() if name not in CONSTANT}


def _copied(weights: PatternWeights) -> PatternWeights:
    return weights._replace(**{name: part.copy() for name, part in _changing(weights).items()})


def _check_between(numbers: NDArray[np.int64], least: int, most: int) -> None:
    if not ((numbers >= least) & (numbers <= most)).all():
        msg = (
            f"requests have numbers from {numbers.min()} to {numbers.max()}, not {least} to {most}"
        )
        raise ValueError(msg)
