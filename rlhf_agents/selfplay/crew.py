"""Crews: helpers that build batches while the learner learns earlier ones.

A batch depends on its request and on the weights of the version that this names, on nothing else.
So it does not matter which helper builds it, when, or on which machine.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Protocol

from rlhf_agents.files.types import Arrays
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_agents.selfplay.batches import (
    BatchAbandonedError,
    BatchBuilder,
    BatchRequest,
    BuiltBatch,
)

POLL_SECONDS = 0.2


class Crew(Protocol):
    """Builds batches out of order, and hands them out in order.

    Attributes:
        while_waiting: called now and then while a batch is waited for; what it raises ends the
            wait.
    """

    while_waiting: Callable[[], None]

    def publish(self, version: int, weights: PatternWeights) -> None:
        """Use these weights for the requests that follow, until the next ones."""

    def prepare(self, index: int, request: BatchRequest) -> None:
        """Begin with a batch, with the weights published last."""

    def take(self, index: int) -> BuiltBatch:
        """Wait for a batch and hand it out; what went wrong with it is raised."""

    def ready(self, seconds: float) -> bool:
        """Return whether all batches are built, after waiting so many seconds at most."""

    def abandon(self) -> None:
        """Forget all batches without waiting for them, and all that helpers know."""

    def stop(self) -> None:
        """Forget all batches and end the helpers."""

    def state(self) -> Arrays:
        """Return what helpers know that outlives a batch, see `BatchBuilder.state`."""

    def restore(self, state: Arrays) -> None:
        """Take over what `state` returned; raises what `BatchBuilder.restore` raises."""


class BuilderPool:
    """Batch builders for several threads.

    Args:
        make: returns a new batch builder.
        threads: their number.

    Attributes:
        builders: one per thread.
    """

    def __init__(self, make: Callable[[], BatchBuilder], threads: int) -> None:
        self.builders = [make() for _ in range(threads)]
        self._free: SimpleQueue[BatchBuilder] = SimpleQueue()
        for builder in self.builders:
            self._free.put(builder)

    def answer(self, weights: PatternWeights, request: BatchRequest) -> BuiltBatch:
        """Return the batch of a request, as soon as a builder is free.

        Raises:
            BatchAbandonedError: `BatchBuilder.abandon` was called.
        """
        builder = self._free.get()
        try:
            return builder.answer(weights, request)
        finally:
            self._free.put(builder)


class ThreadCrew:
    """Helpers in threads of this process: compiled code does not hold Python's lock.

    Args:
        make: returns a new batch builder.
        threads: their number.
    """

    def __init__(self, make: Callable[[], BatchBuilder], threads: int) -> None:
        self.while_waiting: Callable[[], None] = lambda: None
        self._make, self.threads = make, threads
        self._executor: ThreadPoolExecutor | None = None
        self._futures: dict[int, Future[BuiltBatch]] = {}
        self._pool = BuilderPool(make, threads)

    def publish(self, version: int, weights: PatternWeights) -> None:
        """Use these weights for the requests that follow, until the next ones."""
        self._weights = weights

    def prepare(self, index: int, request: BatchRequest) -> None:
        """Begin with a batch as soon as a thread is free."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self.threads, thread_name_prefix="foresight")
        self._futures[index] = self._executor.submit(self._pool.answer, self._weights, request)

    def take(self, index: int) -> BuiltBatch:
        """Wait for a batch and hand it out; what went wrong with it is raised."""
        while not wait([self._futures[index]], POLL_SECONDS).done:
            self.while_waiting()
        return self._futures.pop(index).result()

    def ready(self, seconds: float) -> bool:
        """Return whether all batches are built, after waiting so many seconds at most."""
        return not wait(self._futures.values(), seconds).not_done

    def abandon(self) -> None:
        """Forget all batches without waiting for them; the next ones have new threads."""
        for builder in self._pool.builders:
            builder.abandon()
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor, self._futures = None, {}
        self._pool = BuilderPool(self._make, self.threads)

    def stop(self) -> None:
        """End the threads and forget the batches; what went wrong with one is raised."""
        futures, self._futures = self._futures, {}
        executor, self._executor = self._executor, None
        if executor is None:
            return
        for builder in self._pool.builders:
            builder.abandon()
        executor.shutdown(cancel_futures=True)
        for builder in self._pool.builders:
            builder.go_on()
        for future in futures.values():
            error = None if future.cancelled() else future.exception()
            if error is not None and not isinstance(error, BatchAbandonedError):
                raise error

    def state(self) -> Arrays:
        """Return what helpers know that outlives a batch, see `BatchBuilder.state`."""
        return self._pool.builders[0].state()

    def restore(self, state: Arrays) -> None:
        """Take over what `state` returned; raises what `BatchBuilder.restore` raises."""
        self._pool.builders[0].restore(state)
