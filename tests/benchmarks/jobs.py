"""Runs of a benchmark side by side: in processes (`--workers N`), or on a Ray cluster.

Seconds that are measured by the clock need a core for each thread of a run. On a cluster, this
folder must be at the same path on every machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch

from rlhf_agents.cluster.actors import actor_pool
from rlhf_agents.cluster.session import LEARNING, Facts, facts_here
from rlhf_agents.processes import in_turn, process_pool


class Caller:
    """Calls functions, in any process."""

    def __init__(self) -> None:
        torch.set_num_threads(1)

    def facts(self) -> Facts:
        """Return what a run depends on here."""
        return facts_here(packages=LEARNING)

    def work(self, job: Callable[[], Any]) -> Any:
        """Return what a function returns."""
        return job()


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", type=int, default=1, help="runs at a time")
    parser.add_argument("--cluster", metavar="HOST:PORT", help="of Ray, or auto: a run per core")


def side_by_side(
    options: argparse.Namespace, jobs: Sequence[Callable[[], Any]]
) -> Iterator[tuple[int, Any]]:
    """Call functions, and yield number and result of each as soon as it is finished."""
    if options.cluster is not None:
        pool = actor_pool(options.cluster, Caller, (), Caller().facts())
    elif options.workers > 1:
        pool = process_pool(Caller, (), options.workers)
    else:
        pool = nullcontext(partial(in_turn, Caller()))
    with pool as call:
        yield from call(jobs)
