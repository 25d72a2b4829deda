"""Networks see how goals differ: the features, the fast path, files, and who gets them."""

from __future__ import annotations

import io

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.envs import BitFlippingEnv

from rlhf_agents.dqn.goal_features import GoalExtractor
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.hfdqn import HFDQN


def space_of(goals):
    return spaces.Dict(
        observation=spaces.Box(-1.0, 1.0, (2,), np.float32),
        achieved_goal=goals,
        desired_goal=goals,
        action_mask=spaces.Box(0, 1, (3,), np.int8),
    )


def features(goals, achieved, desired):
    seen = {
        "observation": torch.tensor([[0.5, -1.0]]),
        "achieved_goal": torch.tensor([achieved]),
        "desired_goal": torch.tensor([desired]),
        "action_mask": torch.ones(1, 3),
    }
    network = GoalExtractor(space_of(goals))
    result = network(seen)
    assert result.shape == (1, network.features_dim)
    return result[0]


def test_bits_are_compared_and_numbers_subtracted():
    bits = features(spaces.MultiBinary(3), [1.0, 0.0, 1.0], [1.0, 1.0, 0.0])
    torch.testing.assert_close(bits, torch.tensor([0.0, 1.0, 1.0, 0.05, -0.1]))
    numbers = features(spaces.Box(-9, 9, (2,), np.float32), [3.0, 1.0], [1.0, 1.5])
    torch.testing.assert_close(numbers, torch.tensor([-2.0, 0.5, 0.05, -0.1]))


def test_goals_of_bits_are_learnt_with_them_and_a_file_keeps_them():
    env = make_env(lambda: BitFlippingEnv(4), seed=0)
    model = HFDQN("MultiInputPolicy", env, learning_starts=20, seed=0).learn(60)
    assert type(model.q_net.features_extractor) is GoalExtractor
    assert model.double_q
    assert model.gamma == 0.99
    written_out = model._written_out()[0]
    assert written_out is not None
    batch = model.replay_buffer.sample(16)
    with torch.no_grad():
        wanted = model.q_net(batch.observations)
    torch.testing.assert_close(written_out.values(batch.observations), wanted)
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    loaded = HFDQN.load(file)
    seen = {key: value.numpy() for key, value in batch.observations.items()}
    np.testing.assert_array_equal(
        loaded.predict(seen, deterministic=True)[0], model.predict(seen, deterministic=True)[0]
    )


def test_plain_and_other_environments_do_without():
    env = make_env(lambda: BitFlippingEnv(4))
    plain = HFDQN("MultiInputPolicy", env, recommended=False, buffer_size=10)
    assert type(plain.q_net.features_extractor) is not GoalExtractor
    assert not hasattr(make_env(lambda: BitFlippingEnv(4, discrete_obs_space=True)), "recommended")
