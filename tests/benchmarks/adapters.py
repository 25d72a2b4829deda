"""Steps per second of arcade worlds: Gymnasium alone, and as goal environments.

    python tests/benchmarks/adapters.py                    a table, in about a minute
    python tests/benchmarks/adapters.py --worlds gymnasium:CartPole-v1 --rounds 5

Every way of stepping plays random sensible actions in this process, one after the other and then
again; the best round counts. The clock is the CPU time of the thread, so that other programs
disturb little. Libraries that are not installed are left out.

* raw: `gymnasium.make`, reset by hand
* score, goals, cell: `make_env` with that goal, one world
* SB3 x 8: `DummyVecEnv` of Gymnasium's own, what SB3's `make_vec_env` gives (world steps)
* ours x 8: `make_env(..., n_envs=8)`, with goal, mask and NaN check of every world
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from rich.console import Console
from rich.table import Table
from stable_baselines3.common.env_util import make_vec_env

from rlhf_adapters import make_env
from rlhf_adapters.registry import library
from rlhf_games.base import UnknownGoalError

WORLDS = (
    "gymnasium:CartPole-v1",
    "gymnasium:FrozenLake-v1",
    "gymnasium:Taxi-v4",
    "gymnasium:LunarLander-v3",
    "minigrid:MiniGrid-Empty-8x8-v0",
)
N_ENVS = 8

Play = Callable[[int], None]
"""Takes so many steps."""


def alone(env: Any) -> Play:
    """Step one environment of Gymnasium."""
    actions = [
        int(action) for action in np.random.default_rng(0).integers(env.action_space.n, size=64)
    ]
    env.reset(seed=0)

    def play(steps: int) -> None:
        for step in range(steps):
            _, _, terminated, truncated, _ = env.step(actions[step % 64])
            if terminated or truncated:
                env.reset()

    return play


def together(env: Any) -> Play:
    """Step a vectorised environment; every world counts."""
    actions = np.random.default_rng(0).integers(env.action_space.n, size=(64, env.num_envs))
    env.reset()

    def play(steps: int) -> None:
        for step in range(steps // env.num_envs):
            env.step(actions[step % 64])

    return play


def ways(name: str) -> dict[str, Play]:
    """Return every way in which a world can be stepped."""
    prefix, _, world = name.partition(":")
    library(prefix).load()  # registers its worlds
    found = {
        "raw": alone(gymnasium.make(world, disable_env_checker=True)),
        "score": alone(make_env(name, seed=0)),
        "goals": alone(make_env(name, goal="mixed", seed=0)),
        f"ours x {N_ENVS}": together(make_env(name, n_envs=N_ENVS, seed=0)),
    }
    with contextlib.suppress(UnknownGoalError):  # a world without places
        found["cell"] = alone(make_env(name, goal="cell", seed=0))
    if prefix != "minigrid":  # SB3 has no array for its mission
        found[f"SB3 x {N_ENVS}"] = together(make_vec_env(world, N_ENVS))
    return found


def measure(name: str, rounds: int, steps: int) -> dict[str, float]:
    """Return the best steps per second of every way."""
    best: dict[str, float] = {}
    plays = ways(name)
    for _ in range(rounds):
        for way, play in plays.items():
            start = time.thread_time()
            play(steps)
            speed = steps / (time.thread_time() - start)
            best[way] = max(best.get(way, 0.0), speed)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--worlds", nargs="*", default=WORLDS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    names = ("raw", "score", "goals", "cell", f"SB3 x {N_ENVS}", f"ours x {N_ENVS}")
    table = Table("world", *names, title="steps per second (share of raw)")
    for name in options.worlds:
        if not library(name.partition(":")[0]).installed:
            continue
        speeds = measure(name, options.rounds, options.steps)
        raw = speeds["raw"]
        shown = (
            f"{speeds[way]:,.0f} ({speeds[way] / raw:.2f})" if way in speeds else "-"
            for way in names
        )
        table.add_row(name, *shown)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
