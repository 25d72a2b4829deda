"""Random, partly illegal actions by the thousand, and the same play in another process."""

from __future__ import annotations

import gc
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rlhf_adapters import make_env
from rlhf_adapters.registry import library
from rlhf_games.base import IllegalMoveError

ROOT = Path(__file__).resolve().parents[3]
N_ENVS = 40
STORMS = [
    ("gymnasium:Taxi-v4", "cell", 40_000),
    ("gymnasium:Blackjack-v1", "mixed", 10_000),
    ("gymnasium:CartPole-v1", "mixed", 30_000),
    ("gymnasium:FrozenLake-v1", "cell", 20_000),
    ("minatar:asterix", "mixed", 20_000),
    # These step slower: tests/benchmarks/storms.py plays 100,000, the test fewer.
    ("minigrid:MiniGrid-DoorKey-5x5-v0", "cell", 3_000),
    ("ale:BreakoutNoFrameskip-v4", "mixed", 480),
]


def storm(name: str, goal: str, actions: int, n_envs: int = N_ENVS) -> int:
    """Play random actions, also such as the mask forbids; return the growth in blocks of memory.

    Every 50th batch holds an action that does not exist, which must change nothing.
    """
    env = make_env(name, n_envs=n_envs, goal=goal, seed=1)
    rng, n_actions, blocks = np.random.default_rng(2), int(env.action_space.n), 0
    env.reset()
    batches = actions // n_envs
    for batch in range(batches):
        if batch % 50 == 0:
            refuse_what_does_not_exist(env, n_actions)
        observation, rewards, dones, infos = env.step(rng.integers(n_actions, size=n_envs))
        assert set(np.unique(rewards)) <= {0.0, 1.0}
        assert np.array_equal(observation["action_mask"], masks_of_the_world(env))
        assert [info.get("terminal_observation") is not None for info in infos] == dones.tolist()
        if batch in (batches // 2, batches - 1):
            gc.collect()
            blocks = sys.getallocatedblocks() - blocks
    assert env.observation_space.contains({key: rows[0] for key, rows in observation.items()})
    env.close()
    return blocks


def refuse_what_does_not_exist(env: Any, n_actions: int) -> None:
    steps = env.games.steps.copy()
    for wrong in (-1, n_actions):
        with pytest.raises(IllegalMoveError):
            env.step(np.full(env.num_envs, wrong))
    assert np.array_equal(env.games.steps, steps)


def masks_of_the_world(env: Any) -> np.ndarray:
    bare = [one.unwrapped for one in env.batched.envs]
    if bare and hasattr(bare[0], "action_mask"):
        return np.stack([one.action_mask(one.s) for one in bare])
    return np.ones((env.num_envs, env.action_space.n), np.int8)


def needs(name: str) -> None:
    world = library(name.partition(":")[0])
    if not world.installed:
        pytest.skip(f"needs rlhf-agents[{world.extra}]")


@pytest.mark.parametrize(("name", "goal", "actions"), STORMS)
def test_storm(name: str, goal: str, actions: int):
    needs(name)
    assert storm(name, goal, actions, min(N_ENVS, actions // 100)) < 2000


# ---- another process ------------------------------------------------------------------------


def digest(name: str, goal: str) -> str:
    """A fingerprint of 60 random steps of three worlds."""
    env = make_env(name, n_envs=3, goal=goal, seed=5)
    rng, seen = np.random.default_rng(6), hashlib.sha256()
    observation = env.reset()
    for _ in range(60):
        noise = rng.random(observation["action_mask"].shape)
        observation, rewards, dones, _ = env.step((noise * observation["action_mask"]).argmax(1))
        for array in (*observation.values(), rewards, dones):
            seen.update(np.ascontiguousarray(array))
    return seen.hexdigest()


def test_two_processes_play_the_same():
    chosen = [(name, goal) for name, goal, _ in STORMS if library(name.partition(":")[0]).installed]
    script = (
        "from tests.adapters.single_agent.test_storm import digest\n"
        f"for name, goal in {chosen!r}: print(digest(name, goal))"
    )
    folders = os.pathsep.join(str(ROOT / part) for part in ("", "adapters", "games"))
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": folders, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == [digest(name, goal) for name, goal in chosen]
