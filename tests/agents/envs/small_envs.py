"""Worlds that tests train in: small, random, and some of them faulty. Registered with Gymnasium."""

from __future__ import annotations

import gymnasium
import numpy as np
from gymnasium import spaces

PREFIX = "RlhfTest"


class Walk(gymnasium.Env):
    """A noisy walk on a line: +1 at the right end, an end after 12 steps.

    Args:
        masked: at the ends only one of the actions is allowed.
        fails_at: the step of every third episode at which it goes wrong.
        how: in which way.
    """

    def __init__(self, masked=False, fails_at=0, how="raise", remembers=False):
        self.observation_space = spaces.Box(-10.0, 10.0, (2,), np.float32)
        self.action_space = spaces.Discrete(2)
        self.masked, self.fails_at, self.how, self.remembers = masked, fails_at, how, remembers
        self.x, self.steps, self.episodes = 0.0, 0, 0
        if masked:
            self.action_masks = lambda: np.array([self.x > -5, self.x < 5])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episodes += 1
        self.x, self.steps = float(self.np_random.normal()), 0
        return self._see(), {}

    def step(self, action):
        self.steps += 1
        self.x += (1.0 if action else -1.0) + 0.3 * float(self.np_random.normal())
        reward = 1.0 if self.x > 5 else 0.0
        if self.fails_at == self.steps and self.episodes % 3 == 0:
            if self.how == "raise":
                raise ZeroDivisionError("the walk fell into a hole")
            if self.how == "reward":
                reward = float("nan")
            else:
                self.x = float("inf")
        return self._see(), reward, self.x > 5, self.steps == 12, {}

    def _see(self):
        memory = self.episodes if self.remembers else self.steps
        return np.array([self.x, memory / 100], np.float32)


def register():
    bits = "stable_baselines3.common.envs:BitFlippingEnv"
    entries = {
        "Walk": (Walk, {}),
        "MaskedWalk": (Walk, {"masked": True}),
        "Hole": (Walk, {"fails_at": 4, "how": "raise"}),
        "NoReward": (Walk, {"fails_at": 4, "how": "reward"}),
        "NoPlace": (Walk, {"fails_at": 4, "how": "observation"}),
        "Memory": (Walk, {"remembers": True}),
        "Bits": (bits, {"n_bits": 5}),
    }
    for name, (entry, kwargs) in entries.items():
        if f"{PREFIX}{name}-v0" not in gymnasium.registry:
            gymnasium.register(f"{PREFIX}{name}-v0", entry, kwargs=kwargs, disable_env_checker=True)


register()
