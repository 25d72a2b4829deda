"""Driving in HighwayEnv's environments, beside SB3's DQN, for the same CPU seconds.

    python tests/benchmarks/driving.py --seconds 150 --seeds 3 --csv docs/results/driving.csv

SB3's DQN has the settings of HighwayEnv's own example, HFDQN those that `make_env` recommends. Both
learn the environment's own reward until the process has used so many CPU seconds; then episodes by
the best actions are measured, on other seeds. Every run is a line of `--out` as soon as it ends,
and is not done again. Brackets are 95 % intervals of the mean over seeds, by bootstrap.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from learning_tables import said
from results import write_results
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import BaseCallback

from rlhf_agents.envs.make_env import make_env
from rlhf_agents.hfdqn import HFDQN

ENVS = ("highway-fast-v0", "merge-v1", "roundabout-v1", "intersection-v2")
JUDGED_FROM = 1_000_000
STEPS_PER_SECOND = 60
"""The most that the environment allows; schedules of exploration are laid out for it."""
EXAMPLE = {
    "policy_kwargs": {"net_arch": [256, 256]},
    "learning_rate": 5e-4,
    "buffer_size": 15_000,
    "learning_starts": 200,
    "batch_size": 32,
    "gamma": 0.8,
    "train_freq": 1,
    "gradient_steps": 1,
    "target_update_interval": 50,
}


LEARNERS: dict[str, tuple[type[DQN], dict[str, Any]]] = {
    "HFDQN": (HFDQN, {}),
    "SB3 DQN with HighwayEnv's settings": (DQN, EXAMPLE),
}


class Seconds(BaseCallback):
    """Ends learning after some CPU seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.begin = seconds, time.process_time()

    @property
    def used(self) -> float:
        return time.process_time() - self.begin

    def _on_step(self) -> bool:
        return self.used < self.seconds


def run(driven: str, name: str, seed: int, seconds: float, episodes: int) -> dict[str, Any]:
    """Learn and judge; return what was measured."""
    kind, settings = LEARNERS[name]
    env = make_env(f"gymnasium:{driven}", seed=seed)
    model = kind("MultiInputPolicy", env, seed=seed, device="cpu", **settings)
    clock = Seconds(seconds)
    options: dict[str, Any] = {"callback": clock}
    if isinstance(model, HFDQN):
        options["used_share"] = lambda: clock.used / seconds
    model.learn(round(STEPS_PER_SECOND * seconds), **options)
    env.close()
    cpu = clock.used
    returns, safe = judge(model, driven, episodes)
    measured = {"steps": model.num_timesteps, "cpu": cpu, "return": returns, "safe": safe}
    return {"env": driven, "learner": name, "seed": seed, "seconds": seconds, **measured}


def judge(model: Any, driven: str, episodes: int) -> tuple[float, float]:
    """Return the mean return and the share of episodes without a collision."""
    env = make_env(f"gymnasium:{driven}", seed=JUDGED_FROM)
    returns, crashes = np.zeros(episodes), 0
    for episode in range(episodes):
        observation, _ = env.reset()
        over = False
        while not over:
            action, _ = model.predict(observation, deterministic=True)
            observation, reward, terminated, truncated, info = env.step(action)
            returns[episode] += reward
            over = terminated or truncated
        crashes += bool(info["crashed"])
    env.close()
    return float(returns.mean()), 1 - crashes / episodes


def rows(results: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return a line of the table for every environment and learner."""
    found = []
    for driven, name in itertools.product(ENVS, LEARNERS):
        runs = [one for one in results if (one["env"], one["learner"]) == (driven, name)]
        if runs:
            line = {"environment": driven, "learner": name, "seeds": str(len(runs))}
            line["CPU s"] = f"{np.mean([one['cpu'] for one in runs]):.0f}"
            line["steps"] = f"{np.mean([one['steps'] for one in runs]):,.0f}"
            line["return"] = said([one["return"] for one in runs])
            line["episodes without a collision"] = said([one["safe"] for one in runs])
            found.append(line)
    return found


def main() -> None:
    """Carry out what is missing, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--envs", default=",".join(ENVS), help="of HighwayEnv")
    parser.add_argument("--seconds", type=float, default=180.0, help="of the processor, per run")
    parser.add_argument("--seeds", type=int, default=1, help="0, 1, ... so many")
    parser.add_argument("--runs", type=int, help="at most so many now; 0 only shows the table")
    parser.add_argument("--episodes", type=int, default=50, help="to judge")
    parser.add_argument("--out", type=Path, default=Path("driving.jsonl"))
    parser.add_argument("--csv", type=Path, help="write the table as CSV")
    options = parser.parse_args()
    torch.set_num_threads(1)
    known = options.out.read_text().splitlines() if options.out.exists() else []
    results = [one for one in map(json.loads, known) if one["seconds"] == options.seconds]
    done = {(one["env"], one["learner"], one["seed"]) for one in results}
    wanted = itertools.product(options.envs.split(","), LEARNERS, range(options.seeds))
    missing = [key for key in wanted if key not in done]
    for driven, name, seed in missing[: options.runs]:
        results.append(run(driven, name, seed, options.seconds, options.episodes))
        with options.out.open("a") as file:
            print(json.dumps(results[-1]), file=file)
        print(results[-1], flush=True)
    for line in rows(results):
        print(" | ".join(line.values()))
    if options.csv is not None:
        command = "python tests/benchmarks/driving.py"
        words = "" if options.envs == ",".join(ENVS) else f"--envs {options.envs} "
        words += f"--seconds {options.seconds:g} --seeds {options.seeds}"
        words += f" --episodes {options.episodes}"
        write_results(options.csv, f"{command} {words}", rows(results))


if __name__ == "__main__":
    main()
