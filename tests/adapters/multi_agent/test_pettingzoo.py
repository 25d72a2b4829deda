"""PettingZoo's worlds of many agents as columns."""

from __future__ import annotations

import os
import re
import warnings
from typing import Any

import numpy as np
import pytest
from stable_baselines3 import DQN

from rlhf_adapters import make_env
from rlhf_adapters.specs import EnvError, NoRulesError
from rlhf_agents import HFDQN
from rlhf_games.base import GameError
from tests.adapters.goal_env_contract import ArcadeContract

os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")
pytest.importorskip("pymunk", reason="needs pettingzoo[butterfly,sisl]")

import pettingzoo
from pettingzoo.test import parallel_api_test, parallel_seed_test

from rlhf_adapters.from_pettingzoo import describe, game

ZOMBIES, PURSUIT = "pettingzoo:knights_archers_zombies_v11", "pettingzoo:pursuit_v5"
PONG = "pettingzoo:cooperative_pong_v6"
SMALL: dict[str, dict[str, Any]] = {
    ZOMBIES: {"spawn_delay": 3, "max_zombies": 8, "max_arrows": 3, "line_death": True},
    PURSUIT: {"x_size": 8, "y_size": 8, "n_pursuers": 3, "n_evaders": 2, "max_cycles": 60},
    PONG: {"render_ratio": 8, "ball_speed": 2, "max_cycles": 60},
}
"""The worlds with options that make them quick."""


def still(batch, goals):
    """An opponent that does what the mask of all worlds allows: the first action."""
    return np.zeros(len(goals), np.int64)


class TestColumns(ArcadeContract):
    """One agent learns, the others are played: the contract holds column by column."""

    @pytest.fixture(
        autouse=True,
        params=[
            (ZOMBIES, "archer_1"),
            (ZOMBIES, "knight_0"),
            (PURSUIT, "pursuer_2"),
            (PONG, "paddle_1"),
        ],
        ids=lambda pair: pair[1],
    )
    def _column(self, request):
        self.world, self.agent = request.param

    def make(self, **options):
        chosen = {"goal": "survive_15", "learners": self.agent, "opponent": still, **options}
        return make_env(self.world, **SMALL[self.world], **chosen)

    def test_who_has_no_opponent_says_so(self):
        with pytest.raises(EnvError, match="all agents learn, so opponent='random' does not"):
            self.make(learners="all", opponent="random")


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
    assert env.batched.name == f"pettingzoo:{new}"
    env.close()


class Told:
    """A world that keeps what it was told and answered, and what it paid in this episode."""

    def __init__(self, team):
        self.team, self.paid, self.most = team, 0.0, 0.0

    def __getattr__(self, name):
        return getattr(self.team, name)

    def reset(self, **options):
        self.first, self.fresh = self.team.reset(**options), True
        return self.first

    def step(self, actions):
        self.heard, self.answer = actions, self.team.step(actions)
        self.paid = (0.0 if self.fresh else self.paid) + sum(self.answer[1].values())
        self.fresh, self.most = False, max(self.most, self.paid)
        return self.answer


def shows(env, column: int, seen: np.ndarray, raw: np.ndarray) -> bool:
    """Whether a column sees what the world showed its agent, and which agent it is."""
    agents = len(env.batched.agents)
    own = column % agents
    if raw.dtype != np.uint8:
        told = np.concatenate([raw.ravel(), np.eye(agents)[own]])
        return np.array_equal(seen, told.astype(np.float32))
    block = env.batched.view.block
    rows = raw[: len(seen) * block].reshape(len(seen), block, raw.shape[1], 3).mean(axis=1)
    cut = rows[:, : seen.shape[1] * block].reshape(len(seen), seen.shape[1], block * 3)
    return np.abs(seen[..., 0] - cut.mean(axis=-1)).max() <= 1 and seen[..., 2].min() == seen[
        ..., 2
    ].max() == own * 255 // (agents - 1)


@pytest.mark.parametrize("name", list(SMALL))
def test_columns_are_the_agents(name: str):
    """Every column acts for its agent and sees and is paid what PettingZoo tells that agent."""
    env = make_env(name, n_envs=2, seed=2, **SMALL[name])
    env.batched.teams = [Told(team) for team in env.batched.teams]
    agents, rng, ends = env.batched.agents, np.random.default_rng(0), []
    env.reset()
    for step in range(150):
        waited = env.batched.waiting.copy()
        actions = rng.integers(env.action_space.n, size=env.num_envs)
        observation, rewards, dones, infos = env.step(actions)
        for column in range(env.num_envs):
            team, agent = env.batched.teams[column // len(agents)], agents[column % len(agents)]
            if waited[column]:
                assert agent not in team.heard
                assert (rewards[column], dones[column]) == (0, False)
                continue
            shown, paid, over, cut, _ = team.answer
            assert team.heard[agent] == actions[column]
            assert name != ZOMBIES or infos[column]["team_score"] == team.paid
            assert rewards[column] == np.float32(paid[agent])
            assert dones[column] == (over[agent] or cut[agent])
            seen = observation["observation"][column]
            if dones[column]:
                ends.append((step, column))
                if not env.batched.waiting[column]:
                    assert shows(env, column, seen, team.first[0][agent])
                seen = infos[column]["terminal_observation"]["observation"]
            assert shows(env, column, seen, shown[agent])
    env.close()
    assert len({column for _, column in ends}) == env.num_envs
    if name == ZOMBIES:
        assert len({step for step, _ in ends}) > len(agents)
        assert max(team.most for team in env.batched.teams) > 1


def test_zombies_kill_agents_one_by_one():
    env = make_env(ZOMBIES, n_envs=2, seed=3)
    env.reset()
    rng, ends = np.random.default_rng(0), []
    for step in range(600):
        observation, _, dones, infos = env.step(rng.integers(6, size=8))
        ends += [(step, int(column)) for column in np.flatnonzero(dones)]
        waiting = env.batched.waiting
        assert not observation["observation"][waiting].any()
        assert (observation["action_mask"][waiting].argmax(axis=1) == 5).all()
    assert len({step for step, _ in ends}) > 4
    assert any(info["waiting"] for info in infos) or len(ends) > 8


def test_catching_together_is_everybodys_goal():
    env = make_env(PURSUIT, goal="catch_1", seed=0, n_evaders=2)
    env.reset()
    env.batched.teams[0].unwrapped.env.evaders_gone[0] = True
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


def test_pictures_of_those_who_do_not_learn_begin_anew_with_every_episode():
    asked = []

    def opponent(batch, goals):
        asked.append(batch["observation"][0].copy())
        return np.zeros(len(goals), np.int64)

    options = {**SMALL[PONG], "max_cycles": 3}
    env = make_env(PONG, learners="paddle_1", opponent=opponent, **options)
    for _ in range(2):
        env.reset()
        over = False
        while not over:
            over = any(env.step(0)[2:4])
    still = [bool(np.array_equal(seen[..., 0], seen[..., 1])) for seen in asked]
    assert still == [True, False, False] * 2
    env.close()


@pytest.mark.parametrize("algorithm", [HFDQN, DQN])
@pytest.mark.parametrize("name", list(SMALL))
def test_columns_are_learnt(name: str, algorithm: type[DQN]):
    options = {**SMALL[name], **({"render_ratio": 4} if name == PONG else {})}
    env = make_env(name, n_envs=2, goal="mixed", seed=0, **options)
    model = algorithm(
        "MultiInputPolicy",
        env,
        learning_starts=50,
        buffer_size=600,
        batch_size=16,
        train_freq=8,
        policy_kwargs={"net_arch": [16]},
        seed=0,
        device="cpu",
    )
    before = [value.clone() for value in model.policy.parameters()]
    model.learn(300)
    assert 300 <= model.num_timesteps < 300 + 8 * env.num_envs
    assert model._n_updates > 0
    changed = zip(before, model.policy.parameters(), strict=True)
    assert any((old != new).any() for old, new in changed)
    env.close()


def test_columns_look_ahead_for_their_own_rewards():
    env = make_env("pettingzoo:rps_v2", n_envs=2, seed=0)
    model = HFDQN(
        "MultiInputPolicy", env, foresight=True, learning_starts=50, buffer_size=600, seed=0
    )
    model.learn(300)
    assert model.lookahead.world.trusted


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("multiwalker_v9", {}, "which are not discrete: use one with discrete actions, such"),
        ("pistonball_v6", {}, "which are not discrete: say continuous=False"),
        ("pursuit_v5", {"n_pursuers": 3, "size": 9}, "cannot be made with n_pursuers=3, size=9: "),
        ("pursuit_v5", {"opponent": "random"}, "all agents learn, so opponent='random' does not"),
        ("pursuit_v5", {"n_evaders": 4, "goal": "catch_5"}, "catch_1, catch_4, mixed"),
        ("knights_archers_zombies_v11", {"num_archers": -1}, "does not support the options"),
        ("atari/pong_v3", {}, "needs multi_agent_ale_py, which is not installed"),
    ],
)
def test_impossible_orders(name: str, options: dict, message: str):
    with pytest.raises(GameError, match=re.escape(message)):
        make_env(f"pettingzoo:{name}", **options).reset()


def test_catalogue():
    world = describe("knights_archers_zombies_v11")
    assert (world.name, world.players, world.actions, world.foresight) == (ZOMBIES, 4, 6, False)
    assert {"score", "survive_100", "team_3"} <= set(world.goals)
    with pytest.raises(NoRulesError, match="agents move at the same time"):
        game("pursuit_v5")
