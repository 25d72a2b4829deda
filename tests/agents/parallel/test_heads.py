"""All goals of a table are learnt from the same steps, and one network plays for any of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rlhf_agents.envs.make_env import make_env
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.parallel.heads import GoalHeads, RewardHead
from rlhf_agents.parallel.networks import AllGoalsPolicy

QUICK = {"parallel": True, "batch_size": 32, "train_freq": 8}


def flags(*rows):
    return {"achieved_goal": np.array(rows, np.float32)}


def test_a_step_is_judged_for_every_goal():
    """Three games: one goes on, in one the second goal is reached, one ends."""
    before = flags([0, 0, 1], [0, 0, -1], [0, 0, 1])
    after = flags([0, 0, 1], [0, 1, -1], [0, 0, 0])  # the last is already the next episode
    last = {"achieved_goal": np.array([1, 0, 1], np.float32)}
    ending = {"terminal_observation": last, "native_terminated": False}
    dones, infos = np.array([False, False, True]), [{}, {}, ending]
    heads = GoalHeads(3)
    judged = heads.judge(before, after, (np.full(3, 9.0), dones, infos))
    assert judged.rewards.tolist() == [[0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]]
    assert judged.weights.tolist() == [[1, 1, 0, 1], [1, 1, 0, 1], [1, 1, 0, 1]]
    assert judged.ended.tolist() == [[0, 0, 1, 0], [0, 1, 1, 0], [1, 1, 1, 1]]
    assert heads.goes_on(ending).tolist() == [False, True, False, True]
    ending["native_terminated"] = True
    judged = heads.judge(before, after, (np.full(3, 9.0), dones, infos))
    assert judged.rewards[:, 3].tolist() == [0, 0, -1]
    assert not heads.goes_on(ending)[3]


def test_what_is_desired_decides():
    values = np.array([[[1, 2, -np.inf], [5, 0, -np.inf], [0, -1, -np.inf]]], np.float32)
    heads = GoalHeads(2)
    for desired, expected in ([1, 0], [1, 2]), ([0, 1], [5, 0]), ([0.5, 0.5], [3, 1]):
        wanted = np.array([desired], np.float32)
        observation = {"desired_goal": wanted, "achieved_goal": np.zeros_like(wanted)}
        assert heads.acting(values, observation).tolist() == [[*expected, -np.inf]]
        assert heads.asked(observation, 1).tolist() == [[desired[0] > 0, desired[1] > 0, False]]


def test_what_was_never_reached_falls_back_on_open_goals_and_not_losing():
    values = np.array([[[0.01, 0.0], [0.3, 0.4], [0.9, 0.0], [-0.5, -0.2]]], np.float32)
    wanted, decided = np.array([[1, 0, 0]], np.float32), np.array([[0, 0, 1]], np.float32)
    observation = {"desired_goal": wanted, "achieved_goal": decided}
    acting = GoalHeads(3).acting(values, observation)
    assert acting[0] == pytest.approx([0.01 + 0.3 - 0.5, 0.4 - 0.2])


def test_a_plain_network_learns_the_reward():
    heads, dones = RewardHead(), np.array([True, False])
    judged = heads.judge(None, None, (np.array([2.0, -1.0]), dones, [{}, {}]))
    assert judged.rewards.tolist() == [[2.0], [-1.0]]
    assert judged.ended.tolist() == [[True], [False]]
    assert judged.weights.tolist() == [[1.0], [1.0]]
    assert heads.goes_on({"TimeLimit.truncated": True}).all()
    assert not heads.goes_on({}).any()


def breakout(**options):
    return make_env("minatar:breakout", **{"n_envs": 16, "goal": "mixed", "seed": 0, **options})


@pytest.fixture(scope="module")
def trained():
    return HFDQN("MultiInputPolicy", breakout(), seed=0).learn(40_000)


def test_values_are_those_of_the_goal_that_is_asked(trained):
    assert type(trained.policy) is AllGoalsPolicy
    seen = {key: torch.from_numpy(part) for key, part in breakout().reset().items()}
    rows = torch.eye(6)
    with torch.no_grad():
        every = trained.q_net.all_values(seen).view(16, 7, 6)
        for goal in range(6):
            seen["desired_goal"] = rows[goal].expand(16, 6)
            assert torch.allclose(trained.q_net(seen), every[:, goal])
        seen["desired_goal"] = (0.25 * rows[1] + 0.75 * rows[5]).expand(16, 6)
        mixture = 0.25 * every[:, 1] + 0.75 * every[:, 5]
        assert torch.allclose(trained.q_net(seen), mixture, atol=1e-6)
        seen["desired_goal"] = torch.zeros(16, 6)  # all that was asked for is decided
        assert torch.allclose(trained.q_net(seen), every[:, 6], atol=1e-6)


def test_easier_goals_are_likelier(trained):
    """A score of 1, of 5, of 10 and of 30 are the first goals."""
    seen = {key: torch.from_numpy(part) for key, part in breakout(seed=5).reset().items()}
    with torch.no_grad():
        best = trained.q_net.all_values(seen).view(16, 7, 6).max(dim=2).values.mean(dim=0)
    one, five, ten, thirty = best[:4].tolist()
    assert one > five > ten > thirty - 0.05
    assert 0.1 < one < 1.1
    assert abs(thirty) < 0.2  # hardly ever reached after so few steps


def test_a_file_keeps_all_goals(tmp_path, trained):
    for save in (trained.save, trained.save_agent):
        save(tmp_path / "model.zip")
        loaded = HFDQN.load(tmp_path / "model.zip")
        assert type(loaded.policy) is AllGoalsPolicy
        seen = breakout().reset()
        same = loaded.predict(seen, deterministic=True)[0]
        agreed = same == trained.predict(seen, deterministic=True)[0]
        assert agreed.mean() > 0.8  # half precision may turn a tie


def test_a_network_of_the_users_own_sees_the_goal():
    model = HFDQN("MultiInputPolicy", breakout(), policy_kwargs={"net_arch": [16]}, **QUICK)
    assert not isinstance(model.policy, AllGoalsPolicy)
    model.learn(200)
    assert isinstance(model.learner.heads, RewardHead)
