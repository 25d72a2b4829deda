"""A crew on the machines of a Ray cluster: one helper per machine, with a thread per core.

A batch is a function of its request and its weights. So whatever is lost with a helper, a machine
or its connection is asked of another one, and the run ends as if nothing had happened.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

import numpy as np

import rlhf_games
from rlhf_agents import compiling
from rlhf_agents.cluster.session import (
    PROCESSOR,
    actor_on,
    connect,
    facts_here,
    free_nodes,
    mismatch,
)
from rlhf_agents.errors import SettingError
from rlhf_agents.files.array_checks import check_arrays
from rlhf_agents.files.types import Arrays
from rlhf_agents.limits import spare_cores
from rlhf_agents.progress import warn
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_agents.selfplay.batches import (
    BatchBuilder,
    BatchRequest,
    BuiltBatch,
    TrainingBatch,
    checked_batch,
)
from rlhf_agents.selfplay.crew import POLL_SECONDS, BuilderPool, ThreadCrew
from rlhf_agents.selfplay.position_buffer import Proposals
from rlhf_agents.selfplay.proofs import ProofRates, ProofResults
from rlhf_agents.settings import Foresight, Hindsight, from_json
from rlhf_games.base import Game

JOIN_SECONDS = 300.0
"""A new helper imports and compiles within this time."""
LOOK_SECONDS = 30.0
"""Between two looks for machines that have no helper."""
SLOW_SECONDS = 60.0
"""A helper that takes longer for a batch is given up; its first may take `COMPILING` times that."""
COMPILING = 10
COMPILER = "rlhf_agents.cli.train_child"
"""The module whose `main` compiles for a run."""
TRIES = 3
PIECE_BYTES, MOST_PIECES = 90_000, 90
"""A batch comes back in parts so small, unless there are more: results below 100 KB, and 10 MB in
all, do not pass through Ray's object stores, which cost twice as much CPU time."""
GROWTH = 1.3
"""A batch may be so much larger than the last one."""
KEPT_VERSIONS = 4
"""Versions of weights that a helper keeps, so that few batches have to copy them."""


class RemoteBuilders:
    """Builds batches on another machine; an actor.

    Args:
        game: name of the game.
        foresight: the values of `Foresight`: no class of ours is unpickled before versions are
            compared.
        hindsight: the values of `Hindsight`.
        threads: their number.
    """

    def __init__(
        self, game: str, foresight: dict[str, Any], hindsight: dict[str, Any], threads: int
    ) -> None:
        _compile_elsewhere(game)
        self.game = rlhf_games.make(game)
        settings = from_json(Foresight, foresight), from_json(Hindsight, hindsight)
        self._pool = BuilderPool(lambda: BatchBuilder(self.game, *settings), threads)
        self._weights: dict[int, PatternWeights] = {}

    def facts(self) -> dict[str, str]:
        """Return what a batch depends on besides its request, see `facts_here`."""
        return facts_here(self.game)

    def build(
        self, version: int, weights: list[Any], request: list[Any], pieces: int
    ) -> list[Arrays]:
        """Return how the proofs of a batch went, and its rows in pieces, as arrays by name."""
        ours = self._weights.get(version)
        if ours is None:  # Ray's own copy is read-only, for which nothing is compiled
            ours = self._weights[version] = PatternWeights(*map(np.array, weights))
            for old in sorted(self._weights)[:-KEPT_VERSIONS]:
                self._weights.pop(old, None)
        nodes, proposals, rates = request
        asked = BatchRequest(
            version,
            nodes,
            Proposals(*map(np.array, proposals)),
            ProofRates(*map(np.array, rates)),
        )
        built = self._pool.answer(ours, asked)
        rows = zip(*(np.array_split(part, pieces) for part in built.batch), strict=True)
        return [built.proofs._asdict(), *(TrainingBatch(*some)._asdict() for some in rows)]


def _compile_elsewhere(game: str) -> None:
    """Have another process compile what batches need, unless that was done on this machine.

    A process that compiles uses code that may round otherwise than the same code from the cache.
    """
    name = f"batches {game}"
    if not compiling.is_compiled(name):
        words = ("--game", game, "--workers", "2", "--no-strength")
        if compiling.begin_compiling(COMPILER, words).wait() == 0:
            compiling.remember(name)


@dataclass
class _Helper:
    """An actor.

    Attributes:
        node: the id of its machine.
        address: of its machine.
        actor: Ray's handle.
        facts: a reference to its facts.
        proven: it has built a batch.
    """

    node: str
    address: str
    actor: Any
    facts: Any
    proven: bool = False


@dataclass
class _PendingBatch:
    """A batch that was asked for.

    Attributes:
        weights: a reference to the weights.
        helper: who builds it, None if this process does.
        built: references to its parts.
        since: when it was asked for.
        tries: how many helpers were asked before.
    """

    request: BatchRequest
    weights: Any
    local: PatternWeights
    helper: _Helper | None = None
    built: Any = None
    since: float = 0.0
    tries: int = 0


class RayCrew:
    """Helpers on all machines of a cluster, and in this process as long as there are none.

    Args:
        game: the rules.
        settings: foresight and hindsight.
        address: of the cluster, see `connect`.

    Raises:
        SettingError: there is no such cluster, or no machine of it can take part.
    """

    def __init__(self, game: Game, settings: tuple[Foresight, Hindsight], address: str) -> None:
        self.while_waiting: Callable[[], None] = lambda: None
        self.game, self._settings = game, settings
        self._ray = connect(address)
        self._ours = facts_here(game)
        self._local = ThreadCrew(lambda: BatchBuilder(game, *settings), spare_cores())
        self._helpers: list[_Helper] = []
        self._joining: list[_Helper] = []
        self._refused: set[str] = set()
        self._asked: dict[int, _PendingBatch] = {}
        self._looked = -LOOK_SECONDS
        self._said = ""
        self._pieces = 1
        self._weights: Any = None
        self._wait_for_one()

    # ---- who helps -------------------------------------------------------------------------

    def _wait_for_one(self) -> None:
        end = time.monotonic() + JOIN_SECONDS
        self._look()
        while not self._helpers and self._joining and time.monotonic() < end:
            self._ray.wait([each.facts for each in self._joining], timeout=POLL_SECONDS)
            self._look()
        if not self._helpers:
            self.stop()
            msg = "no machine of the cluster can help: " + (self._said or "none has a free core")
            raise SettingError(msg)

    def _look(self) -> None:
        """Accept the helpers that answered, and now and then begin with new ones."""
        if time.monotonic() >= self._looked + LOOK_SECONDS:
            self._looked = time.monotonic()
            known = {each.node for each in (*self._helpers, *self._joining)} | self._refused
            for node, address, cores in free_nodes(self._ray):
                if node not in known:
                    self._joining.append(self._start(node, address, cores))
        for helper in tuple(self._joining):
            ready, _ = self._ray.wait([helper.facts], timeout=0)
            if ready:
                self._joining.remove(helper)
                self._judge(helper)

    def _start(self, node: str, address: str, cores: int) -> _Helper:
        foresight, hindsight = self._settings
        settings = self.game.name, asdict(foresight), asdict(hindsight), cores
        actor = actor_on(self._ray, node, cores, RemoteBuilders, *settings)
        return _Helper(node, address, actor, actor.facts.remote())

    def _judge(self, helper: _Helper) -> None:
        """Let a helper take part if its machine has the same versions and rules."""
        try:
            theirs = self._ray.get(helper.facts)
        except self._ray.exceptions.RayError as error:
            said = self._refuse(helper, f"its helper failed ({str(error).splitlines()[0]})")
            self._said = self._said or said
            return
        reason = mismatch(self._ours, theirs)
        if reason:
            self._refused.add(helper.node)
            self._said = self._refuse(helper, reason)
            return
        if theirs[PROCESSOR] != self._ours[PROCESSOR]:
            said = f"{theirs[PROCESSOR]}, not {self._ours[PROCESSOR]}"
            warn(f"the machine {helper.address} has {said}: runs may differ in the last bits")
        self._helpers.append(helper)

    def _refuse(self, helper: _Helper, reason: str) -> str:
        """End a helper that does not take part; return what was said about it."""
        said = f"the machine {helper.address} does not take part: {reason}"
        warn(said)
        self._ray.kill(helper.actor)
        return said

    def _lose(self, helper: _Helper, reason: str) -> None:
        """Go on without a helper; its batches are asked of others."""
        if helper not in self._helpers:
            return
        self._helpers.remove(helper)
        self._ray.kill(helper.actor)
        rest = f"{len(self._helpers)} go on" if self._helpers else "this machine goes on alone"
        warn(f"lost the helper on {helper.address} ({reason}): {rest}")
        for index, asked in self._asked.items():
            if asked.helper is helper:
                self._ask(index)

    def _lose_if_slow(self, asked: _PendingBatch) -> None:
        assert asked.helper is not None
        patience = SLOW_SECONDS * (1 if asked.helper.proven else COMPILING)
        if time.monotonic() > asked.since + patience:
            self._lose(asked.helper, f"no batch for {patience:.0f} seconds")

    # ---- batches ---------------------------------------------------------------------------

    def publish(self, version: int, weights: PatternWeights) -> None:
        """Use these weights for the requests that follow, until the next ones."""
        self._weights = self._ray.put(list(weights)), weights

    def prepare(self, index: int, request: BatchRequest) -> None:
        """Begin with a batch, on the machine that has the least to do."""
        self._look()
        self._asked[index] = _PendingBatch(request, *self._weights)
        self._ask(index)

    def _ask(self, index: int) -> None:
        asked = self._asked[index]
        asked.since = time.monotonic()
        if not self._helpers or asked.tries >= TRIES:
            asked.helper = None
            self._local.publish(asked.request.version, asked.local)
            self._local.prepare(index, asked.request)
            return
        busy = Counter(id(each.helper) for each in self._asked.values())
        asked.helper = min(self._helpers, key=lambda each: busy[id(each)])
        asked.tries += 1
        version, *rest = asked.request
        # Plain lists of arrays: no class of ours is unpickled, here or there.
        plain = [list(part) if isinstance(part, tuple) else part for part in rest]
        build = asked.helper.actor.build.options(num_returns=1 + self._pieces)
        asked.built = build.remote(version, asked.weights, plain, self._pieces)

    def take(self, index: int) -> BuiltBatch:
        """Wait for a batch and hand it out; what went wrong with it is raised."""
        while True:
            asked = self._asked[index]
            if asked.helper is None:
                self._local.while_waiting = self.while_waiting
                built = self._local.take(index)
                del self._asked[index]
                return built
            every = len(asked.built)
            if not self._ray.wait(asked.built, num_returns=every, timeout=POLL_SECONDS)[1]:
                found = self._found(asked)
                if found is not None:
                    del self._asked[index]
                    return found
            else:
                self._lose_if_slow(asked)
            self.while_waiting()

    def _found(self, asked: _PendingBatch) -> BuiltBatch | None:
        """Return a batch that came back, None if its helper was lost."""
        assert asked.helper is not None
        errors = self._ray.exceptions
        try:
            proofs, *pieces = self._ray.get(asked.built)
        except errors.RayTaskError:
            raise
        except errors.RayError as error:
            self._lose(asked.helper, type(error).__name__)
            return None
        asked.helper.proven = True
        many = np.zeros(len(proofs["ages"]), np.int64)
        expected = ProofResults(many, many.astype(np.float64), many.astype(np.bool_))
        check_arrays(expected._asdict(), proofs)
        batch = {name: np.concatenate([each[name] for each in pieces]) for name in pieces[0]}
        parts = ceil(GROWTH * sum(part.nbytes for part in batch.values()) / PIECE_BYTES)
        self._pieces = parts if 1 <= parts <= MOST_PIECES else 1
        return BuiltBatch(checked_batch(self.game, batch), ProofResults(**proofs))

    def ready(self, seconds: float) -> bool:
        """Return True: a run does not wait for batches that another one can ask for again."""
        return True

    def abandon(self) -> None:
        """Forget all batches."""
        self.stop()

    def stop(self) -> None:
        """Forget all batches and end the helpers; the next request looks for them again."""
        for helper in (*self._helpers, *self._joining):
            self._ray.kill(helper.actor)
        self._helpers, self._joining, self._asked = [], [], {}
        self._looked = -LOOK_SECONDS
        self._local.stop()

    def state(self) -> Arrays:
        """Return nothing: no batch depends on what helpers know."""
        return {}

    def restore(self, state: Arrays) -> None:
        """Do nothing."""
