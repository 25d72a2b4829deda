"""Worlds of many agents in the programs: trained, measured and watched."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_agents.plain_worlds import open_one
from rlhf_agents.training_worlds import WorldOrder, open_world
from rlhf_agents.world_play import WorldShow
from rlhf_agents.world_scores import measure

pytest.importorskip("mpe2", reason="needs rlhf-agents[mpe2]")

SPREAD = "mpe2:simple_spread_v3"


def test_one_agent_is_followed_and_all_play():
    env = open_one(WorldOrder(SPREAD, goal="cover_1", seed=1))
    told = []

    class Still:
        def predict(self, batch, deterministic=False):
            told.append(batch["observation"].shape)
            return np.zeros(3, np.int64), None

    env.actor = Still()
    observation, _ = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    over, cut, steps = False, False, 0
    while not (over or cut):
        observation, reward, over, cut, info = env.step(1)
        steps += 1
    assert set(told) == {(3, 21)}
    assert over or steps == 25
    assert info["is_success"] == (reward == 1.0)
    assert env.games.steps[0] == steps  # the end is shown before the world begins anew
    env.close()


def test_it_is_watched_to_its_end():
    show = WorldShow(WorldOrder(SPREAD, seed=2), "random")
    for _ in range(25):
        moment = show.advance()
    assert moment.over
    assert moment.picture.shape == (700, 700, 3)
    assert show.advance().episode == 2
    assert show.trouble == ""
    show.close()


def test_it_is_measured_per_agent():
    scores = measure(WorldOrder(SPREAD, goal="cover_1", seed=0), "random", 2)
    assert scores.episodes == 2
    assert scores.success_rate is not None
    alone = measure(WorldOrder(SPREAD, seed=0), "random", 1)
    assert alone.mean_length == 25


def test_columns_are_trained():
    assert open_world(WorldOrder(SPREAD, n_envs=2)).num_envs == 6
    assert open_world(WorldOrder(SPREAD)).num_envs == 3
    one = open_world(WorldOrder(SPREAD, n_envs=2, options={"learners": "agent_0"}))
    assert one.num_envs == 2
