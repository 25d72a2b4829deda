"""Environments that bring goals of their own keep them."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from stable_baselines3 import DQN, HerReplayBuffer
from stable_baselines3.common.envs import BitFlippingEnv

from rlhf_adapters import make_env
from rlhf_adapters.from_gymnasium import describe

N_BITS = 4
PARTS = ("observation", "achieved_goal", "desired_goal")


class Bits(gymnasium.Env):
    """Flip bits until they are those that are asked; -1 per step."""

    def __init__(self, says_success=True):
        bits = spaces.MultiBinary(N_BITS)
        self.observation_space = spaces.Dict(dict.fromkeys(PARTS, bits))
        self.action_space = spaces.Discrete(N_BITS)
        self.says_success = says_success

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = np.zeros(N_BITS, np.int8)
        self.goal = np.ones(N_BITS, np.int8)
        return self._seen(), {}

    def step(self, action):
        self.state[action] ^= 1
        reward = float(self.compute_reward(self.state, self.goal, {}))
        info = {"is_success": reward == 0} if self.says_success else {}
        return self._seen(), reward, reward == 0, False, info

    def compute_reward(self, achieved_goal, desired_goal, info):
        return -(np.asarray(achieved_goal) != desired_goal).any(axis=-1).astype(np.float32)

    def _seen(self):
        seen = (self.state, self.state, self.goal)
        return {key: part.copy() for key, part in zip(PARTS, seen, strict=True)}


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    spec = gymnasium.envs.registration.EnvSpec("Bits-v0", Bits, max_episode_steps=3 * N_BITS)
    monkeypatch.setitem(gymnasium.registry, "Bits-v0", spec)


@pytest.mark.parametrize("says_success", [True, False])
def test_goals_rewards_and_success_pass_through(says_success):
    env = make_env("gymnasium:Bits-v0", says_success=says_success)
    observation, _ = env.reset(seed=0)
    assert observation["desired_goal"].tolist() == [1] * N_BITS
    seen = [env.step(action) for action in range(N_BITS)]
    assert [step[1] for step in seen] == [-1.0] * (N_BITS - 1) + [0.0]
    assert [step[2] for step in seen] == [False] * (N_BITS - 1) + [True]
    assert [step[4]["is_success"] for step in seen] == [False] * (N_BITS - 1) + [True]
    assert [step[0]["achieved_goal"].sum() for step in seen] == [1, 2, 3, 4]
    assert not env.native_goal


def test_rewards_of_other_goals_are_the_environments():
    env = make_env("Bits-v0")
    ours, theirs = env.compute_reward, Bits().compute_reward
    achieved = np.random.default_rng(0).integers(0, 2, (20, N_BITS))
    desired = np.random.default_rng(1).integers(0, 2, (20, N_BITS))
    assert np.array_equal(ours(achieved, desired, {}), theirs(achieved, desired, {}))
    assert np.array_equal(
        env.compute_terminated(achieved, desired, {}), ours(achieved, desired, {}) == 0
    )


def test_many_side_by_side():
    envs = make_env(Bits, n_envs=2)
    envs.reset()
    for action in range(N_BITS):
        _, rewards, dones, infos = envs.step([action, 0])
    assert (rewards.tolist(), dones.tolist()) == ([0.0, -1.0], [True, False])
    assert [info["is_success"] for info in infos] == [True, False]
    assert infos[0]["episode"]["l"] == N_BITS


def test_other_goals_can_be_asked():
    assert describe("Bits-v0").goals[:2] == ("native", "score")
    env = make_env("Bits-v0", goal="survive_2")
    env.reset()
    env.step(0)
    *_, info = env.step(0)
    assert info["is_success"]


def test_it_passes_gymnasiums_check_and_hindsight_learns_it():
    env = make_env(lambda: gymnasium.wrappers.TimeLimit(BitFlippingEnv(3), 6), seed=0)
    check_env(env, skip_render_check=True, skip_close_check=True)
    model = DQN(
        "MultiInputPolicy",
        env,
        replay_buffer_class=HerReplayBuffer,
        learning_starts=100,
        train_freq=1,
        exploration_fraction=0.3,
        learning_rate=1e-3,
        target_update_interval=100,
        policy_kwargs={"net_arch": [32]},
        seed=0,
    )
    model.learn(1500)
    successes = []
    for seed in range(20):
        observation, _ = env.reset(seed=seed)
        over, info = False, {}
        while not over:
            action, _ = model.predict(observation, deterministic=True)
            observation, _, ended, cut, info = env.step(int(action))
            over = ended or cut
        successes.append(info["is_success"])
    assert np.mean(successes) > 0.8
