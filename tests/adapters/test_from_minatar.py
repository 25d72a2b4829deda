"""MinAtar's games as goal environments: the original library, and the compiled games."""

from __future__ import annotations

import importlib.util

import gymnasium
import numpy as np
import pytest
from stable_baselines3 import DQN
from stable_baselines3.common.vec_env import VecMonitor

from rlhf_adapters import from_minatar, make_env
from rlhf_adapters.specs import EnvError
from rlhf_games.base import IllegalMoveError
from tests.adapters.goal_env_contract import ArcadeContract, LearningContract

needs_the_original = pytest.mark.skipif(
    importlib.util.find_spec("minatar") is None,
    reason="needs minatar: pip install --no-deps minatar",
)
BREAKOUT, INVADERS = "minatar:breakout", "minatar:space_invaders"


class TestCompiled(ArcadeContract):
    def make(self, **options):
        return make_env(INVADERS, **{"goal": "survive_30", "fast": True, **options})


@needs_the_original
class TestOriginal(ArcadeContract):
    def make(self, **options):
        return make_env(INVADERS, **{"goal": "survive_30", "fast": False, **options})


class TestLearning(LearningContract):
    learning_steps = 300

    def make(self, **options):
        return make_env(BREAKOUT, **{"goal": "score_1", "fast": True, **options})


@needs_the_original
@pytest.mark.parametrize("goal", ["score", "survive_500"])
def test_both_kinds_look_alike(goal: str):
    ours = make_env("minatar:seaquest", goal=goal, fast=True)
    theirs = make_env("minatar:seaquest", goal=goal)
    assert isinstance(ours.batched, from_minatar.CompiledEnvs)
    assert isinstance(theirs.batched, from_minatar.OriginalEnvs)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    first, other = ours.reset()[0], theirs.reset()[0]  # seaquest begins without chance
    assert all(np.array_equal(first[key], other[key]) for key in first)
    assert np.array_equal(ours.render(), theirs.render())


@needs_the_original
def test_few_originals_can_be_had_too():
    env = make_env(BREAKOUT, n_envs=2, fast=False)
    assert env.reset()["observation"].shape == (2, 4, 10, 10)


def test_the_score_is_the_games_own_and_monitored():
    """Infos are there in the last step of an episode only, with Monitor's numbers."""
    env = make_env(BREAKOUT, n_envs=50, seed=1)
    monitored = VecMonitor(make_env(BREAKOUT, n_envs=50, seed=1))
    env.reset()
    monitored.reset()
    rng, episodes = np.random.default_rng(0), 0
    for _ in range(60):
        actions = rng.integers(6, size=50)
        _, rewards, dones, infos = env.step(actions)
        same = monitored.step(actions)
        assert np.array_equal(rewards, same[1])
        for i, info in enumerate(infos):
            assert bool(info) == dones[i]
            if dones[i]:
                ours, theirs = info["episode"], same[3][i]["episode"]
                assert (ours["r"], ours["l"]) == (theirs["r"], theirs["l"])
                assert info["native_terminated"]
                assert not info["TimeLimit.truncated"]
                assert info["terminal_observation"]["action_mask"].sum() == 0
                episodes += 1
    assert episodes > 50


@pytest.mark.parametrize("options", [{"fast": True}, {"n_envs": 2}], ids=["one", "two"])
def test_time_limit(options):
    env = make_env("minatar:freeway", max_steps=7, **options)
    env.reset()
    for step in range(1, 8):
        result = env.step(np.zeros(2, np.int64) if "n_envs" in options else 0)
        if "n_envs" in options:
            assert result[2].tolist() == [step == 7] * 2
        else:
            assert result[2:4] == (False, step == 7)
    if "n_envs" in options:
        assert result[3][0]["TimeLimit.truncated"]
        assert result[3][0]["terminal_observation"]["action_mask"].all()
        assert not env.step(np.zeros(2, np.int64))[2].any()


def test_the_clock_is_a_plane_of_its_own():
    env = make_env("minatar:freeway", goal="score_1_within_100", fast=True)
    horizon = env.task.horizon
    planes = env.reset()[0]["observation"]
    assert planes.shape == (8, 10, 10)
    lit = [int(planes[-1].sum())]
    for _ in range(horizon):
        planes, _, over, *_ = env.step(0)
        lit.append(int(planes["observation"][-1].sum()))
        if over:
            break
    assert over  # the goal was not reached in time
    assert lit[0] == 100
    assert sorted(lit, reverse=True) == lit
    assert env.observation_space["observation"].high.max() == 1


@pytest.mark.parametrize("name", from_minatar.worlds())
def test_fuzz(name: str):
    """20,000 steps of each game for drawn goals, now and then with an action that there is not."""
    env = make_env(f"minatar:{name}", n_envs=400, goal="mixed", seed=3)
    observation, rng, ended, refused = env.reset(), np.random.default_rng(4), 0, 0
    for _ in range(50):
        actions = rng.integers(6, size=400)
        if rng.random() < 0.2:
            wrong = actions.copy()
            wrong[7] = rng.choice([-1, 6])
            with pytest.raises(IllegalMoveError, match=r"has the actions 0\.\.5, got"):
                env.step(wrong)
            refused += 1
        observation, rewards, dones, _ = env.step(actions)
        assert all(len(rows) == 400 for rows in observation.values())
        assert env.observation_space.contains({key: rows[0] for key, rows in observation.items()})
        assert observation["action_mask"].all()
        assert set(np.unique(rewards)) <= {0.0, 1.0}
        ended += dones.sum()
    assert refused
    assert ended or name in ("freeway", "seaquest")


def test_sb3_reports_the_mean_score():
    env = make_env(BREAKOUT, n_envs=4, seed=0)
    model = DQN("MultiInputPolicy", env, learning_starts=10, policy_kwargs={"net_arch": [8]})
    model.learn(200)
    assert len(model.ep_info_buffer) > 3


def test_a_picture_shows_what_is_where():
    env = make_env(BREAKOUT, fast=True, seed=0, render_mode="rgb_array")
    env.reset()
    assert env.render_mode == "rgb_array"
    shown = env.render()
    assert (shown.dtype, shown.shape) == (np.uint8, (160, 160, 3))
    assert shown[9 * 16, 4 * 16].tolist() == from_minatar.COLOURS[1].tolist()
    assert shown[16, 0].tolist() == from_minatar.COLOURS[4].tolist()
    assert shown[8 * 16, 0].tolist() == from_minatar.COLOURS[0].tolist()


def test_table():
    assert from_minatar.worlds() == sorted(from_minatar.GOALS)
    world = from_minatar.describe("asterix")
    assert (world.name, world.players, world.actions) == ("minatar:asterix", 1, 6)
    assert world.goals[:2] == ("score", "score_1")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("brekout", {}, "'brekout'; did you mean breakout"),
        ("breakout", {"stikcy": 0.2}, "minatar:breakout: unknown option 'stikcy'; did you mean st"),
        ("breakout", {"n_envs": 0}, "n_envs must be at least 1, got 0"),
        ("breakout", {"sticky": 2.0}, "sticky is a probability, got 2.0"),
        ("breakout", {"max_steps": 0}, "max_steps must be at least 1, got 0"),
        ("breakout", {"render_mode": "poster"}, "got 'poster'"),
    ],
)
def test_bad_orders(name: str, options: dict, message: str):
    with pytest.raises(EnvError, match=message):
        make_env(f"minatar:{name}", **options)


def test_without_the_library_games_are_compiled(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert isinstance(make_env(BREAKOUT).batched, from_minatar.CompiledEnvs)
    assert make_env(BREAKOUT, n_envs=2).num_envs == 2
    with pytest.raises(EnvError, match=r"fast=True plays the same game compiled, or: pip install"):
        make_env(BREAKOUT, fast=False)


def test_a_plain_gymnasium_program_can_play():
    env = make_env(BREAKOUT, fast=True)
    assert isinstance(env, gymnasium.Env)
    env.reset(seed=1)
    over = cut = False
    while not (over or cut):
        _, _, over, cut, info = env.step(env.action_space.sample())
    assert info["native_terminated"]
