"""The connection to a Ray cluster, and what a node must have in common with this process."""

from __future__ import annotations

import hashlib
import platform
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from rlhf_agents.errors import SettingError
from rlhf_games.base import Game, Outcome

NO_GAME = "a cluster helps with games; for {}, step environments in a RayVecEnv"
ONE_WORKER = "a cluster needs at least 2 workers: a single one works with the learner's memory"
HINT = "a cluster needs the extra `ray`: pip install 'rlhf-agents[ray]'"
PACKAGES = ("rlhf-agents", "numpy", "numba")
"""What must be of the same version everywhere to play and to build batches."""
LEARNING = (*PACKAGES, "gymnasium", "stable-baselines3", "torch")
"""The same, to learn."""
PROCESSOR = "processor"
AUTO = "auto"
FINGERPRINT_GAMES = 8
ANSWER_SECONDS = 5.0

Facts = dict[str, str]

WATCH = "import sys; sys.stdin.read() or sys.stderr.write(sys.argv[1])"
"""A program that says something once its parent is gone, unless it hears from it before."""


def connect(address: str) -> Any:
    """Connect to a cluster, unless that was done, and return the library `ray`.

    Args:
        address: HOST:PORT of its head, or "auto" for the one that this machine belongs to.

    Raises:
        SettingError: `ray` is not installed, or there is no such cluster.
    """
    host, port = _host_and_port(address)
    if find_spec("ray") is None:
        raise SettingError(HINT)
    if host:
        _check_answers(host, port)
    import ray  # noqa: PLC0415 - an optional extra that takes seconds

    if ray.is_initialized():
        return ray
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        msg = f"cannot connect to the Ray cluster {address!r}: {reason}"
        if not host:
            msg = "this machine belongs to no Ray cluster: `ray start --head` starts one"
        raise SettingError(msg) from error
    finally:
        for kind, handler in handlers.items():  # Ray has its own, which exit
            signal.signal(kind, handler)
    return ray


def _host_and_port(address: str) -> tuple[str, int]:
    """Return the parts of an address, ("", 0) for "auto"; raise `SettingError` if it is neither."""
    if address == AUTO:
        return "", 0
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        msg = f"a cluster's address is {AUTO} or HOST:PORT, got {address!r}"
        raise SettingError(msg)
    return host, int(port)


def _check_answers(host: str, port: int) -> None:
    """Raise `SettingError` unless something answers there; Ray would try for minutes."""
    try:
        socket.create_connection((host, port), ANSWER_SECONDS).close()
    except OSError as error:
        msg = f"no Ray cluster answers at {host}:{port}: {error.strerror or error}"
        raise SettingError(msg) from error


@contextmanager
def last_words(sentence: str) -> Iterator[None]:
    """A context in which a sentence is written to stderr if the process does not live to the end.

    Ray ends a program at once, without an exception, when the head of the cluster is gone.
    """
    watch = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", WATCH, f"{sentence}\n"],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is not for it
    )
    try:
        yield
    finally:
        watch.communicate(b"over")


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


def cluster_cores(address: str) -> int:
    """Return how many cores of a cluster can help.

    Raises:
        SettingError: `ray` is not installed, or there is no such cluster.
    """
    return sum(cores for _, _, cores in free_nodes(connect(address)))


def actor_on(ray: Any, node: str, cores: int, kind: type, *arguments: object) -> Any:
    """Start an actor of a class on a machine, with as many threads as it takes cores there."""
    from ray.util.scheduling_strategies import (  # noqa: PLC0415 - an optional extra
        NodeAffinitySchedulingStrategy,
    )

    there = NodeAffinitySchedulingStrategy(node, soft=False)
    options = {"num_cpus": cores, "max_concurrency": cores, "scheduling_strategy": there}
    return ray.remote(kind).options(**options).remote(*arguments)


def facts_here(game: Game | None = None, packages: Sequence[str] = PACKAGES) -> Facts:
    """Return what results depend on here.

    Args:
        game: whose rules matter, None if there is no game.
        packages: whose versions matter.
    """
    rules = {} if game is None else {f"the rules of {game.name}": fingerprint(game)}
    return {**{name: version(name) for name in packages}, **rules, PROCESSOR: _processor()}


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
