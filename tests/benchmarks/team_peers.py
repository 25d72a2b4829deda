"""QMIX and VDN of BenchMARL on simple_spread, beside what `learning_curves.py --tasks spread` says.

    python tests/benchmarks/team_peers.py --steps 100000 --seeds 1

Needs `pip install benchmarl 'torchrl<0.12' 'tensordict<0.12'`. Both have BenchMARL's networks and
gradient steps, one per six frames (in smaller blocks, as there are few frames), the learning rates
of BenchMARL, 5e-5, and of PyMARL, 5e-4, and the discount that `make_env` recommends. A step is that
of one agent. Every run is a line of `--out`, and is not done again; brackets are 95 % intervals of
the mean over seeds, by bootstrap.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarl.algorithms import QmixConfig, VdnConfig
from benchmarl.environments.pettingzoo.common import PettingZooClass
from benchmarl.experiment import Experiment, ExperimentConfig
from benchmarl.models.mlp import MlpConfig
from learning_tables import said
from mpe2 import simple_spread_v3
from results import write_results
from torchrl.envs import PettingZooWrapper
from torchrl.envs.utils import ExplorationType, set_exploration_type

LEARNERS = {"QMIX": QmixConfig, "VDN": VdnConfig}
RATES = (5e-5, 5e-4)
STEPS_OF_EPISODES, AGENTS = 25, 3
GAMES, JUDGED_FROM = 100, 1_000_000


class SimpleSpread(PettingZooClass):
    """The environment of MPE2, which PettingZoo no longer contains."""

    def get_env_fun(
        self, num_envs: int, continuous_actions: bool, seed: int | None, device: Any
    ) -> Callable[[], Any]:
        """Return what makes one environment."""
        return lambda: environment(seed, device)

    def max_steps(self, env: Any) -> int:
        """Return the steps of an episode."""
        return STEPS_OF_EPISODES


def environment(seed: int | None, device: Any = "cpu") -> Any:
    """Return one environment of TorchRL."""
    made = simple_spread_v3.parallel_env(max_cycles=STEPS_OF_EPISODES)
    return PettingZooWrapper(
        made, categorical_actions=True, device=device, seed=seed, return_state=True
    )


def run(name: str, rate: float, seed: int, steps: int) -> dict[str, Any]:
    """Learn and judge."""
    config = ExperimentConfig.get_from_yaml()
    config.max_n_frames = steps // AGENTS
    config.lr, config.gamma, config.prefer_continuous_actions = rate, 0.95, False
    config.off_policy_collected_frames_per_batch, config.off_policy_n_optimizer_steps = 600, 100
    config.off_policy_train_batch_size = 256
    config.off_policy_init_random_frames = 3000
    config.evaluation = config.render = config.create_json = False
    config.loggers = []
    task = SimpleSpread("SIMPLE_SPREAD", {"max_cycles": STEPS_OF_EPISODES})
    with tempfile.TemporaryDirectory() as folder:
        config.save_folder = folder
        begin = time.process_time()
        experiment = Experiment(
            task=task,
            algorithm_config=LEARNERS[name].get_from_yaml(),
            model_config=MlpConfig.get_from_yaml(),
            critic_model_config=MlpConfig.get_from_yaml(),
            seed=seed,
            config=config,
        )
        experiment.run()
        cpu = time.process_time() - begin
        score = judge(experiment.policy)
        experiment.close()
    found = {"learner": name, "rate": rate, "seed": seed, "steps": steps}
    return {**found, "cpu": cpu, "return": score}


def judge(policy: Any) -> float:
    """Return the mean return of an agent's episode by the best actions."""
    env = environment(JUDGED_FROM)
    returns = []
    with torch.no_grad(), set_exploration_type(ExplorationType.DETERMINISTIC):
        for _ in range(GAMES):
            played = env.rollout(STEPS_OF_EPISODES, policy)
            returns.append(float(played["next", "agent", "reward"].sum(0).mean()))
    env.close()
    return float(np.mean(returns))


def main() -> None:
    """Carry out what is missing, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=100_000, help="of agents")
    parser.add_argument("--seeds", type=int, default=1, help="0, 1, ... so many")
    parser.add_argument("--out", type=Path, default=Path("team_peers.jsonl"))
    parser.add_argument("--csv", type=Path, help="write the table as CSV")
    options = parser.parse_args()
    torch.set_num_threads(1)
    known = options.out.read_text().splitlines() if options.out.exists() else []
    results = [one for one in map(json.loads, known) if one["steps"] == options.steps]
    done = {(one["learner"], one["rate"], one["seed"]) for one in results}
    for seed, name, rate in itertools.product(range(options.seeds), LEARNERS, RATES):
        if (name, rate, seed) not in done:
            results.append(run(name, rate, seed, options.steps))
            with options.out.open("a") as file:
                print(json.dumps(results[-1]), file=file)
    lines = [line(name, rate, results) for name, rate in itertools.product(LEARNERS, RATES)]
    for one in lines:
        print(" | ".join(one.values()))
    if options.csv is not None:
        command = f"python tests/benchmarks/team_peers.py --steps {options.steps}"
        write_results(options.csv, f"{command} --seeds {options.seeds}", lines)


def line(name: str, rate: float, results: list[dict[str, Any]]) -> dict[str, str]:
    """Return a learner's line of the table."""
    runs = [one for one in results if (one["learner"], one["rate"]) == (name, rate)]
    return {
        "learner": f"{name} of BenchMARL",
        "learning rate": f"{rate:g}",
        "seeds": str(len(runs)),
        "steps": f"{runs[0]['steps']:,}",
        "CPU s": f"{np.mean([one['cpu'] for one in runs]):,.0f}",
        "return": said([one["return"] for one in runs]),
    }


if __name__ == "__main__":
    main()
