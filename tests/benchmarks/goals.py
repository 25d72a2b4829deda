"""How soon goals are learnt: SB3's DQN, with its HER, and HFDQN with hindsight and with foresight.

    python tests/benchmarks/goals.py                               everything: about two hours
    python tests/benchmarks/goals.py --tasks bits-15,maze --seeds 2 --algorithms her,both

On one task all take the same steps per gradient step, with the same network, learning rate and so
on. A run ends when the greedy policy has the success that is asked for in 100 episodes, or at its
cap. Seconds are CPU seconds of acting and learning on one thread, without the evaluation.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch
from goal_environments import Bits, Lake, Maze, NoisyBits, Taxi
from jobs import add_options, side_by_side
from results import replace_results
from stable_baselines3 import DQN, HerReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv

from rlhf_agents.dqn.hyperparams import for_goals
from rlhf_agents.hfdqn import HFDQN

COMMAND = "python tests/benchmarks/goals.py --out docs/results"
EPISODES = 100
ALGORITHMS = {
    "dqn": "SB3 DQN",
    "her": "SB3 DQN + HER",
    "hindsight": "HFDQN, hindsight",
    "foresight": "HFDQN, foresight",
    "both": "HFDQN, both",
}


@dataclass(frozen=True)
class Task:
    """A world, what counts as solved, and the settings that all algorithms share.

    Attributes:
        make: the world.
        solved: mean success, or return, in the evaluation.
        cap: environment steps of a run.
        check: steps between evaluations.
        settings: of DQN.
        goals: the world has goals, so that hindsight applies.
        noisy: chance decides, so that it matters whether values are right: a run takes all its
            steps, and the table says by how much it overestimates.
    """

    make: Callable[[], gymnasium.Env]
    solved: float
    cap: int
    check: int
    settings: dict[str, Any]
    goals: bool = True
    noisy: bool = False


def _bits(n: int, cap: int, check: int) -> Task:
    # The network, batch, rate and discount of the HER paper (Andrychowicz et al., 2017, app. A).
    settings = {
        "learning_rate": 1e-3,
        "batch_size": 64,
        "gamma": 0.98,
        "train_freq": 1,
        "learning_starts": 200,
        "target_update_interval": 100,
        "buffer_size": 200_000,
        "exploration_initial_eps": 0.2,
        "exploration_final_eps": 0.05,
        "exploration_fraction": 10_000 / cap,
        "policy_kwargs": {"net_arch": [256]},
    }
    return Task(lambda: Bits(n), 0.98 if n == 50 else 0.95, cap, check, settings)


def _many_bits(n: int, cap: int, check: int, noisy: bool = False, limit: int = 100) -> Task:
    """Return a task whose settings, of all learners, are those that `make_env` recommends."""
    kind = NoisyBits if noisy else Bits
    settings = for_goals(kind(n).observation_space)
    return Task(lambda: kind(n, max_steps=limit), 0.95, cap, check, settings, noisy=noisy)


def _cells(cap: int, gamma: float, **other: Any) -> dict[str, Any]:
    return {
        "learning_rate": 1e-3,
        "batch_size": 64,
        "gamma": gamma,
        "train_freq": 2,
        "learning_starts": 500,
        "target_update_interval": 500,
        "buffer_size": 200_000,
        "exploration_initial_eps": 1.0,
        "exploration_final_eps": 0.05,
        "exploration_fraction": 5_000 / cap,
        "policy_kwargs": {"net_arch": [128, 128]},
        **other,
    }


# RL Zoo's tuned settings of DQN.
CARTPOLE = {
    "learning_rate": 2.3e-3,
    "batch_size": 64,
    "buffer_size": 100_000,
    "learning_starts": 1000,
    "gamma": 0.99,
    "target_update_interval": 10,
    "train_freq": 256,
    "gradient_steps": 128,
    "exploration_fraction": 0.16,
    "exploration_final_eps": 0.04,
    "policy_kwargs": {"net_arch": [256, 256]},
}

TASKS = {
    "bits-10": _bits(10, 20_000, 250),
    "bits-15": _bits(15, 40_000, 250),
    "bits-25": _bits(25, 60_000, 500),
    "bits-50": _bits(50, 200_000, 1000),
    "bits-100": _many_bits(100, 50_000, 2000),
    "noisy-bits-100": _many_bits(100, 50_000, 5000, noisy=True),
    "noisy-bits-10": _many_bits(10, 5000, 1000, noisy=True, limit=40),
    "maze": Task(Maze, 0.95, 100_000, 2000, _cells(100_000, 0.98)),
    "lake": Task(Lake, 0.95 * Lake.best_success(), 100_000, 2000, _cells(100_000, 0.99)),
    "taxi": Task(Taxi, 0.95, 100_000, 2000, _cells(100_000, 0.98)),
    "cartpole": Task(
        lambda: gymnasium.make("CartPole-v1"), 475.0, 50_000, 1000, CARTPOLE, goals=False
    ),
}


class Watch(BaseCallback):
    """Evaluates now and then, and ends the run when the task is solved or its time is over.

    Args:
        task: what is learnt.
        seconds: time limit of the run.
        seed: of the evaluation's episodes.
    """

    def __init__(self, task: Task, seconds: float, seed: int) -> None:
        super().__init__()
        self.task, self.limit, self.seed = task, seconds, seed
        self.worlds = DummyVecEnv([task.make] * EPISODES)
        self.best, self.aside = -np.inf, 0.0
        self.overestimated = np.nan
        self.solved_after: tuple[int, float] | None = None
        self.began = time.process_time()

    @property
    def seconds(self) -> float:
        """CPU seconds so far, without evaluation."""
        return time.process_time() - self.began - self.aside

    def _on_step(self) -> bool:
        if self.num_timesteps % self.task.check:
            return self.seconds < self.limit
        begin = time.process_time()
        score = self._evaluate()
        self.aside += time.process_time() - begin
        self.best = max(self.best, score)
        if score >= self.task.solved and self.solved_after is None:
            self.solved_after = self.num_timesteps, self.seconds
        over = self.solved_after is not None and not self.task.noisy
        return not over and self.seconds < self.limit

    def _evaluate(self) -> float:
        """Return the mean success (or return, where there are no goals) of one episode each."""
        self.worlds.seed(1000 + self.seed)
        observation = self.worlds.reset()
        score, running = np.zeros(EPISODES), np.ones(EPISODES, bool)
        promised, paid, discount = self._promised(observation), np.zeros(EPISODES), 1.0
        while running.any():
            actions, _ = self.model.predict(observation, deterministic=True)
            observation, rewards, dones, infos = self.worlds.step(actions)
            if self.task.goals:
                for i in np.flatnonzero(dones & running):
                    score[i] = infos[i]["is_success"]
            else:
                score += rewards * running
            paid += discount * rewards * running
            discount *= self.model.gamma
            running &= ~dones
        self.overestimated = float((promised - paid)[score > 0].mean()) if score.any() else np.nan
        return float(score.mean())

    @torch.no_grad()
    def _promised(self, observation: Any) -> np.ndarray:
        """Return the values `[EPISODES]` that the network sees at the start."""
        tensors, _ = self.model.policy.obs_to_tensor(observation)
        return self.model.q_net(tensors).max(dim=1).values.numpy()


def make_model(name: str, task: Task, seed: int) -> DQN:
    """Return an algorithm on a task."""
    policy = "MultiInputPolicy" if task.goals else "MlpPolicy"
    common = {**task.settings, "seed": seed, "device": "cpu"}
    if name in ("dqn", "her"):
        common.pop("double_q", None)  # SB3's DQN does not have it
    env = task.make()
    if name == "dqn":
        return DQN(policy, env, **common)
    if name == "her":
        return DQN(policy, env, replay_buffer_class=HerReplayBuffer, **common)
    hindsight = task.goals and name in ("hindsight", "both")
    return HFDQN(
        policy,
        env,
        hindsight=hindsight,
        foresight=name in ("foresight", "both"),
        **common,
    )


class Seen(NamedTuple):
    """What a run came to.

    Attributes:
        solved_after: steps and CPU seconds; None: it was not solved.
        spent: CPU seconds of the whole run.
        best: of all evaluations.
        overestimated: by how much the values were too high at the end.
    """

    solved_after: tuple[int, float] | None
    spent: float
    best: float
    overestimated: float


def run(name: str, title: str, seconds: float, seed: int) -> Seen:
    """Train once; return what was seen."""
    task = TASKS[title]
    watch = Watch(task, seconds, seed)
    make_model(name, task, seed).learn(task.cap, callback=watch)
    return Seen(watch.solved_after, watch.seconds, watch.best, watch.overestimated)


def row(title: str, name: str, seen: list[Seen]) -> dict[str, str]:
    """Return a line of the table: medians over the runs, of which the unsolved are the slowest."""
    last = {}
    if TASKS[title].noisy:
        last = {"values too high by": f"{np.mean([each.overestimated for each in seen]):.2f}"}
    solved = [each.solved_after for each in seen if each.solved_after is not None]
    steps, seconds = "never", f"in {max(each.spent for each in seen):.0f}"
    if 2 * len(solved) > len(seen):
        missing = [(np.inf, np.inf)] * (len(seen) - len(solved))
        medians = np.median(np.array([*solved, *missing]), axis=0)
        steps, seconds = f"{medians[0]:,.0f}", f"{medians[1]:.1f}"
    return {
        "task": title,
        "learner": ALGORITHMS[name],
        "runs solved": f"{len(solved)} of {len(seen)}",
        "steps until solved": steps,
        "CPU seconds": seconds,
        "best success": f"{np.mean([each.best for each in seen]):.2f}",
        **last,
    }


def main() -> None:
    """Print a table for every task."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--algorithms", default=",".join(ALGORITHMS))
    parser.add_argument("--seeds", type=int, default=5)
    add_options(parser)
    parser.add_argument("--seconds", type=float, default=120.0, help="at most, per run")
    parser.add_argument("--out", type=Path, help="folder whose goals.csv gets the rows")
    options = parser.parse_args()
    for title in options.tasks.split(","):
        task = TASKS[title]
        print(f"\n{title}: solved at {task.solved:.3f}, at most {task.cap:,} steps", flush=True)
        for name in options.algorithms.split(","):
            if not task.goals and name in ("her", "hindsight"):
                continue
            jobs = [partial(run, name, title, options.seconds, k) for k in range(options.seeds)]
            runs = [seen for _, seen in sorted(side_by_side(options, jobs))]
            line = row(title, name, runs)
            print(" ", *(f"{key}: {value}  " for key, value in line.items()), flush=True)
            if options.out is not None:
                file = "goals_noisy.csv" if task.noisy else "goals.csv"
                replace_results(options.out / file, COMMAND, [line], ("task", "learner"))


if __name__ == "__main__":
    main()
