"""What helpers buy: batches per second, how long the learner waits, and efficiency.

    python tests/benchmarks/crew.py
    python tests/benchmarks/crew.py --grow          with the foresight that `--workers N` chooses
    python tests/benchmarks/crew.py --wire          what smaller batches would save on the wire

Connect Four from scratch, for 1, 2, 4 .. helper threads up to one per core but one (two at least),
and for 1 and 2 nodes of a Ray cluster on this machine with one helper each, if Ray is installed.

* batch, learner, transport: CPU milliseconds for each batch. A helper builds it; the learner takes
  it and its gradient steps; Ray carries it there (all its processes and threads, less what they
  take when nothing happens).
* efficiency: the CPU time of a batch of a single thread, divided by that of a batch and its
  transport here. So much of "batches per second per helper" is left where every helper has a core.
  What it cannot show is what many cores take from each other (memory, heat), and a real network.
* possible: batches per second, by these times, if helpers and learner have a core each.
* batches/s and idle: measured by the clock, and the share of it that the learner waited. Without
  that many cores there is no such figure; the machine must have nothing else to do.

Compiling comes first and takes a minute.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from results import FOLDER, write_results

from rlhf_agents import load_agent
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.limits import cores, spare_cores
from rlhf_agents.selfplay.batches import BatchBuilder
from rlhf_agents.selfplay.crew import Crew, ThreadCrew
from rlhf_agents.settings import Foresight

GAME = "connect_four"
COMMAND = "python tests/benchmarks/crew.py"
NODES = (1, 2)
THREADS, RAY = "threads", "Ray nodes"
JOIN_SECONDS, IDLE_SECONDS = 60.0, 5.0

Clocks = Callable[[], np.ndarray]
"""Returns CPU seconds so far: of helpers, of the learner, and of what carries batches."""


class TimedBuilder(BatchBuilder):
    """Counts the CPU time of its batches."""

    spent: list[float] = []  # noqa: RUF012 - of all threads

    def answer(self, weights, request):
        begun = time.thread_time()
        built = super().answer(weights, request)
        self.spent.append(time.thread_time() - begun)
        return built


def thread_clocks() -> np.ndarray:
    return np.array([sum(TimedBuilder.spent), time.thread_time(), 0.0])


class RayClocks:
    """The clocks of a cluster whose processes this one started."""

    def __init__(self) -> None:
        self.idle, self.since = 0.0, time.perf_counter()
        before = self()[2]
        time.sleep(IDLE_SECONDS)
        self.idle = (self()[2] - before) / IDLE_SECONDS
        print(f"an idle cluster takes {self.idle:.1%} of a core")

    def __call__(self) -> np.ndarray:
        awake = self.idle * (time.perf_counter() - self.since)
        return cluster_seconds() - np.array([0.0, 0.0, awake])


def cluster_seconds() -> np.ndarray:
    """Return CPU seconds: of helpers, of this thread, and of everything else of the cluster."""
    here = time.thread_time()
    helpers, rest = 0.0, time.process_time() - here
    parents, used, helping = {}, {}, set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        pid = int(folder.name)
        parents[pid] = int(fields[1])
        used[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        helping |= {pid} if words.startswith(b"ray::RemoteBuilders") else set()
    for pid, seconds in used.items():
        above = pid
        while above in parents and above != os.getpid():
            above = parents[above]
        if above == os.getpid() != pid:
            helpers += seconds if pid in helping else 0.0
            rest += 0.0 if pid in helping else seconds
    return np.array([helpers, here, rest])


def new_model(foresight: Foresight) -> HFDQN:
    """Return a model whose replay has the positions of random games."""
    late = replace(foresight, first_nodes=foresight.nodes)
    model = HFDQN("MultiInputPolicy", make_env(GAME, n_envs=256), foresight=late, seed=0)
    steps = 256 * 60
    model.learning_starts = 2 * steps
    model.learn(steps)
    return model


def rate(model: HFDQN, seconds: float, clocks: Clocks) -> dict[str, float]:
    """Learn for a while; return CPU seconds per batch, batches per second, and the idle share."""
    learner, waited = model.learner, []
    take = learner.crew.take

    def timed(index):
        begun = time.perf_counter()
        batch = take(index)
        waited.append(time.perf_counter() - begun)
        return batch

    learner.crew.take = timed
    for _ in range(2 * learner.queue.depth):  # compiles, and fills the queue
        learner.train(int(model.gradient_steps), model.batch_size)
    waited.clear()
    begun, before = time.perf_counter(), clocks()
    while time.perf_counter() < begun + seconds:
        learner.train(int(model.gradient_steps), model.batch_size)
    taken, batches = time.perf_counter() - begun, len(waited)
    found = dict(zip(("batch", "learner", "transport"), (clocks() - before) / batches, strict=True))
    learner.crew.take = take
    return {**found, "rate": batches / taken, "idle": sum(waited) / taken}


def measure(kind: str, helpers: int, grow: bool, seconds: float) -> dict[str, float]:
    """Measure a crew, of a model of its own."""
    usual = Foresight()
    # Two helpers at least, so that batches of all crews are prepared in the same way.
    laid_out = max(2, helpers)
    foresight = usual.for_workers(laid_out) if grow else replace(usual, workers=laid_out)
    model = new_model(foresight)
    with crew_of(model, kind, helpers) as (crew, clocks):
        model.learner.use(crew)
        found = rate(model, seconds, clocks)
        model.learner.stop()
    return {**found, "nodes": foresight.nodes}


@contextlib.contextmanager
def crew_of(model: HFDQN, kind: str, helpers: int) -> Iterator[tuple[Crew, Clocks]]:
    """Yield a crew and its clocks."""
    game, settings = model.learner.game, (model.foresight, model.hindsight)
    if kind == THREADS:
        yield ThreadCrew(lambda: TimedBuilder(game, *settings), helpers), thread_clocks
        return
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - an optional extra

    from rlhf_agents.selfplay.ray_crew import RayCrew  # noqa: PLC0415

    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(helpers):
            cluster.add_node(num_cpus=1)
        crew = RayCrew(game, settings, cluster.address)
        end = time.monotonic() + JOIN_SECONDS
        while len(crew._helpers) < helpers and time.monotonic() < end:
            crew._look()
            time.sleep(0.1)
        assert len(crew._helpers) == helpers
        yield crew, RayClocks()
    finally:
        importlib.import_module("ray").shutdown()
        cluster.shutdown()


def show_wire() -> None:
    """Print bytes and milliseconds of a batch on its way, in several forms."""
    model = new_model(replace(Foresight(), workers=2))
    learner = model.learner
    crew = ThreadCrew(lambda: TimedBuilder(learner.game, model.foresight, model.hindsight), 1)
    learner.use(crew)
    learner.target_weights = load_agent(GAME).weights  # batches of untrained ones say little
    batch = learner._next_batch()
    learner.stop()
    halves = [part.astype(np.float16) if part.dtype == np.float32 else part for part in batch]
    forms = {
        "as they are": lambda: b"".join(part.tobytes() for part in batch),
        "zlib": lambda: zlib.compress(b"".join(part.tobytes() for part in batch), 1),
        "float16, bits": lambda: _packed(halves),
        "float16, bits, zlib": lambda: zlib.compress(_packed(halves), 1),
    }
    for name, make in forms.items():
        begun = time.thread_time()
        size = len(make())
        print(f"{name:<20} {size / 1e6:5.2f} MB  {1000 * (time.thread_time() - begun):5.1f} ms")


def _packed(parts: Sequence[np.ndarray]) -> bytes:
    return b"".join(
        (np.packbits(part) if part.dtype == np.bool_ else part).tobytes() for part in parts
    )


def row(kind: str, helpers: int, found: dict[str, float], single: float) -> dict[str, object]:
    """Return a line of the table; `single` is the CPU time of a batch of one thread, per node."""
    each = found["batch"] + found["transport"]
    measured = helpers < cores()
    return {
        "crew": kind,
        "helpers": helpers,
        "nodes": int(found["nodes"]),
        **{f"{name} ms": round(1000 * found[name]) for name in ("batch", "learner", "transport")},
        "efficiency": f"{single * found['nodes'] / each:.0%}",
        "possible": f"{min(helpers / each, 1 / found['learner']):.1f}",
        "batches/s": f"{found['rate']:.1f}" if measured else "-",
        "idle": f"{found['idle']:.0%}" if measured else "-",
    }


def main() -> None:
    """Measure all crews."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=12.0, help="per crew")
    most = max(2, spare_cores())
    parser.add_argument("--workers", type=int, default=most, help="the most threads")
    parser.add_argument("--grow", action="store_true", help="foresight grows with the helpers")
    parser.add_argument("--wire", action="store_true", help="only what batches take on the wire")
    parser.add_argument("--csv", action="store_true", help=f"write {FOLDER / 'crew.csv'}")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.wire:
        show_wire()
        return
    many = sorted({*(2**k for k in range(options.workers.bit_length())), options.workers})
    crews = [(THREADS, helpers) for helpers in many]
    if importlib.util.find_spec("ray") is None:
        print("without Ray: pip install 'rlhf-agents[ray]' adds a cluster on this machine")
    else:
        crews += [(RAY, helpers) for helpers in NODES]
    print(f"{cores()} cores", flush=True)
    rows, single = [], 0.0
    for kind, helpers in crews:
        found = measure(kind, helpers, options.grow, options.seconds)
        single = single or found["batch"] / found["nodes"]
        rows.append(row(kind, helpers, found, single))
        print("  ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    if options.csv:
        write_results(FOLDER / "crew.csv", COMMAND, rows)


if __name__ == "__main__":
    main()
