"""Worker processes on this machine, for leagues, calibration and sweeps."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol

from rlhf_agents.errors import SettingError


class Worker(Protocol):
    """Carries out jobs, one at a time."""

    def work(self, job: Any) -> Any:
        """Return the result of a job."""


JobRunner = Callable[[Sequence[Any]], Iterator[tuple[int, Any]]]
"""Carries out jobs side by side, and yields number and result of each as soon as it is finished."""


def in_turn(worker: Worker, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Carry out jobs here, one after the other, see `JobRunner`."""
    for number, job in enumerate(jobs):
        yield number, worker.work(job)


@contextmanager
def process_pool(
    kind: Callable[..., Worker], arguments: tuple[Any, ...], workers: int
) -> Iterator[JobRunner]:
    """Yield a pool of processes, each with a worker of its own; none outlives the context.

    Args:
        kind: makes a worker, from `arguments`.
        arguments: likewise; they are pickled.
        workers: the number of processes.

    Raises:
        SettingError: a process died.
        KeyboardInterrupt: from the keyboard; the processes themselves ignore it.
    """
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(workers, context, _set_up, (kind, arguments))

    def carried_out(jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        with _interrupts_ignored():  # inherited by the processes that start here
            futures = {executor.submit(_work, job): number for number, job in enumerate(jobs)}
        for future in as_completed(futures):
            yield futures[future], future.result()

    try:
        yield carried_out
        executor.shutdown()
    except BrokenProcessPool as error:
        msg = "a worker process died, perhaps because memory ran out: try fewer --workers"
        raise SettingError(msg) from error
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()


def _set_up(kind: Callable[..., Worker], arguments: tuple[Any, ...]) -> None:
    """Prepare a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker.append(kind(*arguments))


def _end_with_parent() -> None:
    """End this process once its parent is gone, even if that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_worker: list[Worker] = []
"""The worker of this process, none in the main process."""


def _work(job: Any) -> Any:
    return _worker[0].work(job)
