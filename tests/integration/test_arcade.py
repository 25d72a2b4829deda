"""HFDQN on worlds of one player: their own scores, goals of a table, places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from rlhf_adapters import make_env
from rlhf_adapters.single_agent.goals import Cell
from rlhf_adapters.specs import EnvError
from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
from rlhf_agents.hfdqn import HFDQN


def trained(env: Any, **options: Any) -> HFDQN:
    model = HFDQN(
        "MultiInputPolicy",
        env,
        buffer_size=1000,
        learning_starts=100,
        batch_size=16,
        policy_kwargs={"net_arch": [16]},
        replay_buffer_kwargs=options,
        seed=0,
    )
    return model.learn(300)


def test_scores_are_learnt_as_they_are():
    """There is no hindsight about a score: what is learnt from is what was paid."""
    model = trained(make_env("gymnasium:CartPole-v1", n_envs=2, seed=0))
    assert isinstance(model.replay_buffer, HindsightReplayBuffer)
    batch = model.replay_buffer.sample(256)
    assert (batch.observations["desired_goal"] == 1).all()
    assert (batch.rewards == 1).all()
    assert 0 < batch.dones.sum() < 100


def test_hindsight_about_scores_says_what_to_do():
    env = make_env("gymnasium:CartPole-v1")
    nothing, score = np.zeros((2, 1), np.float32), np.ones((2, 1), np.float32)
    with pytest.raises(EnvError, match="which hindsight cannot recompute: ask for another goal"):
        env.compute_reward(nothing, score, [{}, {}])


@pytest.mark.parametrize("n_envs", [1, 2])
def test_every_goal_of_a_table_is_learnt_at_once(n_envs: int):
    env = make_env("gymnasium:CartPole-v1", n_envs=n_envs, goal=["survive_5", "survive_30"], seed=0)
    model = trained(env, goal_selection_strategy="all_goals", goals=env.goal_rows)
    batch = model.replay_buffer.sample(1000)
    five, thirty = (batch.observations["desired_goal"][:, goal] == 1 for goal in (0, 1))
    clock = batch.next_observations["observation"][:, 4]
    reached = batch.next_observations["achieved_goal"] == 1
    assert (batch.rewards[five, 0] == reached[five, 0]).all()
    assert (batch.rewards[thirty, 0] == reached[thirty, 1]).all()
    assert (batch.dones[five & (clock < 25 / 30 + 0.01), 0] == 1).all()
    assert 0 < batch.rewards.sum() < 1000


def test_places_are_learnt_in_hindsight():
    env = make_env("gymnasium:FrozenLake-v1", is_slippery=False, goal=Cell(15), seed=0)
    batch = trained(env).replay_buffer.sample(256)
    asked = batch.observations["desired_goal"].argmax(dim=1)
    there = batch.next_observations["achieved_goal"].argmax(dim=1)
    assert len(set(asked.tolist())) > 3
    assert (batch.rewards[:, 0] == (asked == there)).all()
    by_rules = sum(there == end for end in (5, 7, 11, 12, 15)) > 0  # holes, and the lake's goal
    assert torch.equal(batch.dones[:, 0] == 1, by_rules | (asked == there))
