"""Worlds of which everything is known: a model that walks over a frozen lake, and odd ones."""

from __future__ import annotations

from pathlib import Path

import gymnasium
import numpy as np
import torch
from gymnasium import spaces

from rlhf_agents import HFDQN
from rlhf_agents.envs.make_env import make_env

LAKE = "gymnasium:FrozenLake-v1"
STILL = {"is_slippery": False}
WAY = {0: 1, 4: 1, 8: 2, 9: 1, 13: 2, 14: 2}
"""Down, down, right, down, right, right: from the start to the goal in six steps."""


def save_walker(path: Path, goal: str | None = None) -> Path:
    """Save a model whose network knows the way: value 1 for the right action, else 0."""
    env = make_env(LAKE, goal=goal, **STILL)
    options = {"policy_kwargs": {"net_arch": []}, "buffer_size": 10}
    model = HFDQN("MultiInputPolicy", env, seed=0, **options)
    first = list(model.observation_space.spaces).index("observation")
    keys = list(model.observation_space.spaces.values())
    start = sum(int(np.prod(space.shape)) for space in keys[:first])
    layer = model.q_net.q_net[0]
    with torch.no_grad():
        layer.weight[:] = 0
        layer.bias[:] = 0
        for state, action in WAY.items():
            layer.weight[action, start + state] = 1
    model.save(path)
    env.close()
    return path


class Unseen(gymnasium.Env):
    """A world of three steps that pays 1 each and has no picture."""

    observation_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
    action_space = spaces.Discrete(2)
    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(self, render_mode=None):
        self.render_mode = render_mode
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.zeros(2, np.float32), 1.0, self.steps == 3, False, {}


class Broken(Unseen):
    """One that says it has a picture, and fails to draw it."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def render(self):
        msg = "out of paint"
        raise RuntimeError(msg)


class Masked(Unseen):
    """One with 20 actions of which only number 7 is sensible."""

    action_space = spaces.Discrete(20)

    def action_masks(self):
        return np.arange(20) == 7

    def step(self, action):
        assert action == 7
        return super().step(action)


class Sinking(Unseen):
    """One that raises an error in its second step."""

    def step(self, action):
        if self.steps == 1:
            msg = "the ship has sunk"
            raise RuntimeError(msg)
        return super().step(action)


class Moored(Unseen):
    """One that never begins."""

    def reset(self, *, seed=None, options=None):
        msg = "the ship is moored"
        raise RuntimeError(msg)


for kind in (Unseen, Broken, Masked, Sinking, Moored):
    gymnasium.register(f"Walks/{kind.__name__}-v0", entry_point=kind)
