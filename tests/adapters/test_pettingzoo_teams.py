"""PettingZoo's worlds of many agents as columns."""

from __future__ import annotations

import os
import re
import warnings

import numpy as np
import pytest

from rlhf_adapters import make_env
from rlhf_adapters.worlds import NoRulesError, WorldError

os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")
pytest.importorskip("pymunk", reason="needs pettingzoo[butterfly,sisl]")

import pettingzoo
from pettingzoo.test import parallel_api_test, parallel_seed_test

from rlhf_adapters.from_pettingzoo import describe, game

ZOMBIES, PURSUIT = "pettingzoo:knights_archers_zombies_v11", "pettingzoo:pursuit_v5"
PONG = "pettingzoo:cooperative_pong_v6"


@pytest.mark.parametrize(
    "key",
    ["butterfly/knights_archers_zombies-v11", "sisl/pursuit-v5", "butterfly/cooperative_pong-v6"],
)
def test_pettingzoo_is_content_with_what_is_wrapped(key: str):
    def make():
        return pettingzoo.make("parallel", key, render_mode="rgb_array")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parallel_api_test(make(), num_cycles=30)
        parallel_seed_test(make, num_cycles=8)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("knights_archers_zombies_v10", "knights_archers_zombies_v11"),
        ("pursuit_v4", "pursuit_v5"),
        ("butterfly/cooperative_pong-v5", "cooperative_pong_v6"),
    ],
)
def test_old_versions_are_played_as_the_latest(old: str, new: str):
    with pytest.warns(UserWarning, match=f"is out of date, {new} is played"):
        env = make_env(f"pettingzoo:{old}")
    assert env.worlds.name == f"pettingzoo:{new}"
    env.close()


def test_zombies_kill_agents_one_by_one():
    env = make_env(ZOMBIES, n_envs=2, seed=3)
    env.reset()
    rng, ends = np.random.default_rng(0), []
    for step in range(600):
        observation, _, dones, infos = env.step(rng.integers(6, size=8))
        ends += [(step, int(column)) for column in np.flatnonzero(dones)]
        waiting = env.worlds.waiting
        assert not observation["observation"][waiting].any()
        assert (observation["action_mask"][waiting].argmax(axis=1) == 5).all()
    assert len({step for step, _ in ends}) > 4
    assert any(info["waiting"] for info in infos) or len(ends) > 8


def test_catching_together_is_everybodys_goal():
    env = make_env(PURSUIT, goal="catch_1", seed=0, n_evaders=2)
    env.reset()
    env.worlds.teams[0].unwrapped.env.evaders_gone[0] = True
    _, rewards, dones, _ = env.step(np.full(8, 4))
    assert rewards.tolist() == [1.0] * 8
    assert dones.all()


def test_pictures_are_small_and_tell_motion_and_agent():
    env = make_env(PONG, seed=0)
    first = env.reset()["observation"]
    assert first.shape == (2, 46, 80, 3)
    assert first[:, 0, 0, 2].tolist() == [0, 255]
    assert np.array_equal(first[..., 0], first[..., 1])
    second = env.step(np.zeros(2, np.int64))[0]["observation"]
    assert np.array_equal(second[..., 1], first[..., 0])
    assert not np.array_equal(second[..., 0], first[..., 0])
    env.close()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("multiwalker_v9", {}, "which are not discrete: use a world with discrete actions, such"),
        ("pistonball_v6", {}, "which are not discrete: say continuous=False"),
        ("pursuit_v5", {"n_pursuers": 3, "size": 9}, "cannot be made with n_pursuers=3, size=9: "),
        ("pursuit_v5", {"opponent": "random"}, "all agents learn, so opponent='random' does not"),
        ("atari/pong_v3", {}, "needs multi_agent_ale_py, which is not installed"),
    ],
)
def test_impossible_orders(name: str, options: dict, message: str):
    with pytest.raises(WorldError, match=re.escape(message)):
        make_env(f"pettingzoo:{name}", **options)


def test_catalogue():
    world = describe("knights_archers_zombies_v11")
    assert (world.name, world.players, world.actions, world.foresight) == (ZOMBIES, 4, 6, False)
    assert {"score", "survive_100", "team_3"} <= set(world.goals)
    with pytest.raises(NoRulesError, match="agents move at the same time"):
        game("pursuit_v5")


def test_actions_have_names():
    for name, first in ((ZOMBIES, "forward"), (PURSUIT, "left"), (PONG, "stay")):
        env = make_env(name)
        names = env.worlds.action_names
        assert len(names) == len(env.worlds.agents)
        assert all(len(own) == env.action_space.n and own[0] == first for own in names)
        env.close()
