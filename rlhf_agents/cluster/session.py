"""The connection to a Ray cluster, and what a node must have in common with this process."""

from __future__ import annotations

import hashlib
import platform
import signal
import socket
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from rlhf_agents.errors import SettingError
from rlhf_games.base import Game, Outcome

HINT = "a cluster needs the extra `ray`: pip install 'rlhf-agents[ray]'"
PACKAGES = ("rlhf-agents", "numpy", "numba")
"""What must be of the same version everywhere."""
PROCESSOR = "processor"
AUTO = "auto"
FINGERPRINT_GAMES = 8
ANSWER_SECONDS = 5.0

Facts = dict[str, str]


def ray_module() -> Any:
    """Return the library `ray`.

    Raises:
        SettingError: it is not installed.
    """
    if find_spec("ray") is None:
        raise SettingError(HINT)
    import ray  # noqa: PLC0415 - an optional extra that takes seconds

    return ray


def connect(address: str) -> Any:
    """Connect to a cluster, unless that was done, and return the library `ray`.

    Args:
        address: HOST:PORT of its head, or "auto" for the one that this machine belongs to.

    Raises:
        SettingError: `ray` is not installed, or there is no such cluster.
    """
    ray = ray_module()
    if ray.is_initialized():
        return ray
    if address != AUTO:
        _check_answers(address)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        msg = f"cannot connect to the Ray cluster {address!r}: {reason}"
        raise SettingError(msg) from error
    finally:
        for kind, handler in handlers.items():  # Ray has its own, which exit
            signal.signal(kind, handler)
    return ray


def _check_answers(address: str) -> None:
    """Raise `SettingError` unless something answers there; Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        msg = f"a cluster's address is {AUTO} or HOST:PORT, got {address!r}"
        raise SettingError(msg)
    try:
        socket.create_connection((host, int(port)), ANSWER_SECONDS).close()
    except OSError as error:
        msg = f"no Ray cluster answers at {address}: {error.strerror or error}"
        raise SettingError(msg) from error


def free_nodes(ray: Any) -> list[tuple[str, str, int]]:
    """Return id, address and cores of the machines that can help: here, one core is this process's.

    Args:
        ray: the library, connected.
    """
    here = ray.get_runtime_context().get_node_id()
    found = []
    for node in ray.nodes():
        cores = int(node["Resources"].get("CPU", 0)) - (node["NodeID"] == here)
        if node["Alive"] and cores > 0:
            found.append((node["NodeID"], node["NodeManagerAddress"], cores))
    return found


def actor_on(ray: Any, node: str, cores: int, kind: type, *arguments: object) -> Any:
    """Start an actor of a class on a machine, with as many threads as it takes cores there."""
    from ray.util.scheduling_strategies import (  # noqa: PLC0415 - an optional extra
        NodeAffinitySchedulingStrategy,
    )

    there = NodeAffinitySchedulingStrategy(node, soft=False)
    options = {"num_cpus": cores, "max_concurrency": cores, "scheduling_strategy": there}
    return ray.remote(kind).options(**options).remote(*arguments)


def facts_here(game: Game) -> Facts:
    """Return what builds batches here: versions, processor, and how the game behaves."""
    found = {name: version(name) for name in PACKAGES}
    return {**found, f"the rules of {game.name}": fingerprint(game), PROCESSOR: _processor()}


def mismatch(ours: Facts, theirs: Facts) -> str:
    """Return why a node cannot take part, "" if it can; another processor is no reason."""
    for name in sorted({*ours, *theirs} - {PROCESSOR}):
        if ours.get(name) != theirs.get(name):
            return f"{name} there is {theirs.get(name)}, here {ours.get(name)}"
    return ""


def fingerprint(game: Game) -> str:
    """Return a hash of the goals of a game and of some random games."""
    rng, states = np.random.default_rng(0), game.initial(FINGERPRINT_GAMES)
    digest = hashlib.sha256(",".join(goal.name for goal in game.goals).encode())
    while len(states):
        digest.update(states.tobytes())
        digest.update(game.legal(states).tobytes())
        states = game.step(states, game.random_actions(states, rng))
        outcomes = game.outcome(states)
        digest.update(outcomes.tobytes())
        states = states[outcomes == Outcome.ONGOING]
    return digest.hexdigest()[:16]


def _processor() -> str:
    """Return the name of the processor: compiled code rounds as it pleases each of them."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
