"""What environments of others do wrong: named where it matters, harmless where it does not."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv

from rlhf_agents import HFDQN
from rlhf_agents.envs.monitored_vec_env import MonitoredVecEnv
from rlhf_agents.envs.resumable_env import ResumableEnv
from rlhf_agents.errors import EnvironmentFailureError
from tests.agents.envs.walks import Moored, Unseen


class Numbered(Unseen):
    """Says in every step the how many-th episode it is."""

    def step(self, action):
        *result, _ = super().step(action)
        return *result, {"episode": 7}


class Forgetful(gymnasium.Env):
    """Shows a key less than it promises, from its second step on."""

    observation_space = spaces.Dict(
        {"place": spaces.Box(-1, 1, (2,)), "speed": spaces.Box(-1, 1, (1,))}
    )
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return {"place": np.zeros(2, np.float32), "speed": np.zeros(1, np.float32)}, {}

    def step(self, action):
        return {"place": np.zeros(2, np.float32)}, 0.0, False, False, {}


def watched(env):
    return MonitoredVecEnv(DummyVecEnv([lambda: ResumableEnv(env, "odd", 0)]), "odd", 0)


def test_an_episode_that_is_not_a_summary_is_replaced():
    model = HFDQN("MlpPolicy", watched(Numbered()), buffer_size=50, learning_starts=10).learn(20)
    assert [(info["r"], info["l"]) for info in model.ep_info_buffer] == [(3.0, 3)] * 6


def test_a_missing_key_is_named():
    env = watched(Forgetful())
    env.reset()
    with pytest.raises(EnvironmentFailureError, match=r"no 'speed'.*reset\(seed=\d+\), step 1"):
        env.step([0])


def test_a_reset_that_fails_is_named():
    with pytest.raises(
        EnvironmentFailureError, match="odd raised RuntimeError: the ship is moored"
    ):
        watched(Moored()).reset()
