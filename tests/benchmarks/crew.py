"""What helpers buy: batches per second, how long the learner waits, and efficiency.

    python tests/benchmarks/crew.py

Connect Four from scratch, for 1, 2, 4 .. helpers up to one per core but one. Two tables: with the
same depth of foresight for all of them, and with the depth that `--workers N` chooses. "alone" is
without a learner, so that only the helpers count; efficiency is that rate per helper, against one
helper. The machine must have nothing else to do. Compiling comes first and takes a minute.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

from rlhf_agents.envs.make_env import make_env
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.limits import cores, spare_cores
from rlhf_agents.selfplay.crew import ThreadCrew
from rlhf_agents.settings import Foresight

GAME = "connect_four"
HEAD = f"{'helpers':>7} {'nodes':>6} {'batches/s':>9} {'alone':>7} {'efficiency':>10} {'idle':>6}"


def new_model(foresight: Foresight) -> HFDQN:
    """Return a model whose replay has the positions of random games, with helpers at work."""
    late = replace(foresight, first_nodes=foresight.nodes)
    model = HFDQN("MultiInputPolicy", make_env(GAME, n_envs=256), foresight=late, seed=0)
    steps = 256 * 60
    model.learning_starts = 2 * steps
    model.learn(steps)
    model.learner.use(ThreadCrew(model.learner.new_builder, foresight.workers))
    return model


def rate(model: HFDQN, seconds: float, gradient_steps: int) -> tuple[float, float]:
    """Return the batches per second, and which share of the time the learner waited for them."""
    learner, waited = model.learner, []
    take = learner.crew.take

    def timed(index):
        begun = time.perf_counter()
        batch = take(index)
        waited.append(time.perf_counter() - begun)
        return batch

    learner.crew.take = timed
    learner._next_batch()  # fills the queue
    waited.clear()
    begun = time.perf_counter()
    while time.perf_counter() < begun + seconds:
        if gradient_steps:
            learner.train(gradient_steps, model.batch_size)
        else:
            learner._next_batch()
    taken = time.perf_counter() - begun
    learner.crew.take = take
    return len(waited) / taken, sum(waited) / taken


def table(grows: bool, most: int, seconds: float) -> None:
    """Print a table."""
    usual, single = Foresight(), 0.0
    print(HEAD)
    for helpers in sorted({*(2**k for k in range(most.bit_length())), most}):
        foresight = usual.for_workers(helpers) if grows else replace(usual, workers=helpers)
        model = new_model(foresight)
        alone, _ = rate(model, seconds, 0)
        learning, idle = rate(model, seconds, int(model.gradient_steps))
        model.learner.stop()
        work = alone * foresight.nodes / usual.nodes
        single = single or work
        print(
            f"{helpers:>7} {foresight.nodes:>6} {learning:>9.2f} {alone:>7.2f} "
            f"{work / helpers / single:>9.0%} {idle:>6.0%}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="per measurement, 4 a line")
    parser.add_argument("--workers", type=int, default=spare_cores(), help="the most helpers")
    options = parser.parse_args()
    print(f"{cores()} cores; the same foresight for all:")
    table(False, options.workers, options.seconds)
    print("\nforesight that grows with the helpers:")
    table(True, options.workers, options.seconds)


if __name__ == "__main__":
    main()
