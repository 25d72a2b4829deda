"""Worker processes on the machines of a Ray cluster, for leagues, calibration and sweeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from rlhf_agents.cluster.session import Facts, actor_on, connect, free_nodes, mismatch
from rlhf_agents.errors import SettingError
from rlhf_agents.processes import JobRunner
from rlhf_agents.progress import warn


@contextmanager
def actor_pool(
    address: str, kind: type, arguments: tuple[Any, ...], ours: Facts
) -> Iterator[JobRunner]:
    """Yield a pool of actors, one per core of the cluster; none outlives the context.

    Args:
        address: of the cluster, see `connect`.
        kind: the class of an actor, a `Worker` whose method `facts` says what results depend on.
        arguments: of the class; plain values, as nothing was compared yet.
        ours: the facts here; machines that have others do not take part.

    Raises:
        SettingError: there is no such cluster, no machine of it takes part, all are lost, or a job
            failed.
    """
    ray = connect(address)
    actors = _admitted(ray, kind, arguments, ours)
    try:
        yield partial(_carried_out, ray, actors)
    finally:
        for actor in actors:
            ray.kill(actor)


def _admitted(ray: Any, kind: type, arguments: tuple[Any, ...], ours: Facts) -> list[Any]:
    """Return an actor for each core of those machines whose facts are ours."""
    started = [
        (address, actor_on(ray, node, 1, kind, *arguments))
        for node, address, cores in free_nodes(ray)
        for _ in range(cores)
    ]
    asked = [actor.facts.remote() for _, actor in started]
    admitted, reasons = [], []
    for (address, actor), facts in zip(started, asked, strict=True):
        try:
            reason = mismatch(ours, ray.get(facts))
        except ray.exceptions.RayError as error:  # a machine that died a moment ago
            warn(f"a process on {address} failed ({type(error).__name__})")
            continue
        if reason:
            reasons.append(f"the machine {address} does not take part: {reason}")
            warn(reasons[-1])
            ray.kill(actor)
        else:
            admitted.append(actor)
    if not admitted:
        msg = f"no machine of the cluster can help: {reasons[0] if reasons else 'no core is free'}"
        raise SettingError(msg)
    return admitted


def _carried_out(ray: Any, actors: list[Any], jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Carry out jobs; those of a lost actor are carried out by another one."""
    waiting, under_way = list(reversed(list(enumerate(jobs)))), dict[Any, tuple[Any, int, Any]]()
    free = list(actors)
    while waiting or under_way:
        while waiting and free:
            actor, (number, job) = free.pop(), waiting.pop()
            under_way[actor.work.remote(job)] = actor, number, job
        if not under_way:
            msg = "all machines of the cluster are gone; the same command goes on from here"
            raise SettingError(msg)
        (ready,), _ = ray.wait(list(under_way))
        actor, number, job = under_way.pop(ready)
        try:
            result = ray.get(ready)
        except ray.exceptions.RayTaskError as error:
            raise SettingError(f"a job failed on the cluster: {error.cause}") from error
        except ray.exceptions.RayError as error:
            actors.remove(actor)
            reason = type(error).__name__
            warn(f"lost a process of the cluster ({reason}): {len(actors)} go on")
            waiting.append((number, job))
            continue
        free.append(actor)
        yield number, result
