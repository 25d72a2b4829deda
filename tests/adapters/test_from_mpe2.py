"""MPE2's worlds as columns of agents."""

from __future__ import annotations

import os
import re
import warnings

import numpy as np
import pytest
from stable_baselines3 import DQN

from rlhf_adapters import make_env
from rlhf_adapters.multi_agent.goals import FormationTask
from rlhf_adapters.specs import EnvError
from rlhf_games.base import UnknownGoalError
from tests.adapters.goal_env_contract import ArcadeContract, LearningContract

os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
pytest.importorskip("mpe2", reason="needs rlhf-agents[mpe2]")

import mpe2.simple_speaker_listener_v4
import mpe2.simple_spread_v3
import mpe2.simple_tag_v3
from pettingzoo.test import parallel_api_test, parallel_seed_test

from rlhf_adapters import from_mpe2

SPREAD, TAG = "mpe2:simple_spread_v3", "mpe2:simple_tag_v3"
SPEAK = "mpe2:simple_speaker_listener_v4"


def still(batch, goals):
    """An opponent that does nothing."""
    return np.zeros(len(goals), np.int64)


class TestColumns(ArcadeContract):
    """One agent learns, the others are played: the contract holds column by column."""

    @pytest.fixture(
        autouse=True,
        params=[(SPREAD, "agent_1"), (TAG, "adversary_2"), (TAG, "agent_0"), (SPEAK, "speaker_0")],
        ids=lambda pair: pair[1],
    )
    def _column(self, request):
        self.world, self.agent = request.param

    def make(self, **options):
        return make_env(
            self.world,
            **{"goal": "survive_15", "learners": self.agent, "opponent": still, **options},
        )

    def test_who_has_no_opponent_says_so(self):
        with pytest.raises(EnvError, match="all agents learn, so opponent='random' does not"):
            self.make(learners="all", opponent="random")


class TestFormation(LearningContract):
    drawn = "formation"
    learning_steps = 200

    def make(self, **options):
        chosen = {"goal": "formation", "learners": "agent", "N": 1, **options}
        env = make_env(SPREAD, **chosen)
        env.task.radius = 0.5  # so that chance gets there
        return env


@pytest.mark.parametrize(
    "name", ["simple_spread_v3", "simple_tag_v3", "simple_speaker_listener_v4"]
)
def test_pettingzoo_is_content_with_what_is_wrapped(name: str):
    make = vars(mpe2)[name].parallel_env
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parallel_api_test(make(), num_cycles=60)
        parallel_seed_test(make, num_cycles=20)


def test_columns_are_the_agents():
    """What every column sees and is paid is what PettingZoo says of its agent."""
    env = make_env(SPREAD, n_envs=2, seed=5)
    assert env.num_envs == 6
    observation, rng = env.reset(), np.random.default_rng(0)
    for _ in range(60):
        for column in range(6):
            bare, agent = env.batched.teams[column // 3].unwrapped, f"agent_{column % 3}"
            shown = observation["observation"][column]
            assert np.array_equal(shown[:18], bare.observe(agent))
            assert shown[18:].tolist() == np.eye(3)[column % 3].tolist()
        observation, rewards, dones, infos = env.step(rng.integers(5, size=6))
        bare = [team.unwrapped for team in env.batched.teams]
        if not dones.any():
            said = [one.rewards[f"agent_{k}"] for one in bare for k in range(3)]
            assert np.allclose(rewards, said)
        assert [info["agent"] for info in infos] == ["agent_0", "agent_1", "agent_2"] * 2


def test_padding_and_masks_of_unlike_agents():
    env = make_env(SPEAK, n_envs=2, seed=1)
    observation = env.reset()
    assert env.observation_space["observation"].shape == (11 + 2,)
    assert observation["action_mask"].tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]] * 2
    assert not observation["observation"][::2, 3:11].any()  # of the speaker's 3 numbers
    assert observation["observation"][:, 11:].tolist() == [[1, 0], [0, 1]] * 2
    env.step(np.full(4, 4))  # which the speakers do not have


def set_positions(env, agents, landmarks):
    world = env.batched.teams[0].unwrapped.world
    for thing, place in zip([*world.agents, *world.landmarks], [*agents, *landmarks], strict=True):
        thing.state.p_pos = np.array(place, float)
        thing.state.p_vel = np.zeros(2)


PLACES = [(-0.5, -0.5), (0.0, 0.5), (0.5, -0.5)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_it_does_not_matter_who_covers_which(order):
    for goal in ("cover_3", "formation"):
        env = make_env(SPREAD, goal=goal, seed=0)
        env.reset()
        set_positions(env, [PLACES[i] for i in order], PLACES)
        env.task.start(np.ones(3, np.bool_), np.random.default_rng(0))
        _, rewards, dones, infos = env.step(np.zeros(3, np.int64))
        assert rewards.tolist() == [1, 1, 1]
        assert dones.all()
        last = [info["terminal_observation"]["achieved_goal"] for info in infos]
        assert all(np.array_equal(one, last[0]) for one in last)
        if goal == "formation":
            assert np.allclose(last[0], np.ravel(sorted(PLACES)), atol=1e-6)


def test_formations_are_compared_as_sets():
    env = make_env(SPREAD, goal="formation", seed=0)
    env.reset()
    assert isinstance(env.task, FormationTask)
    rng = np.random.default_rng(1)
    here = rng.uniform(-1, 1, (50, 3, 2))
    moved = here[:, [2, 0, 1]] + rng.uniform(-0.06, 0.06, here.shape)
    far = moved.copy()
    far[:, 1, 0] += 3.0
    lone = here.copy()
    lone[:, 1, 0] += 0.25  # the mean distance is below the radius, but nobody is at that place
    flat = [points.reshape(50, 6) for points in (here, moved, far, lone)]
    assert env.compute_reward(flat[0], flat[1], {}).all()
    assert not env.compute_reward(flat[0], flat[2], {}).any()
    assert not env.compute_reward(flat[0], flat[3], {}).any()


def test_two_at_one_landmark_cover_one():
    env = make_env(SPREAD, goal="cover_2", seed=0)
    env.reset()
    set_positions(env, [PLACES[0], PLACES[0], (0.9, 0.9)], PLACES)
    facts = env.batched.watchers[0].look(env.batched.teams[0], {})
    assert [facts[agent]["covered"] for agent in env.batched.agents] == [1, 1, 1]


def test_a_joint_reward_stays_joint():
    env = make_env(SPREAD, n_envs=2, local_ratio=0.0, seed=0)
    env.reset()
    rng = np.random.default_rng(0)
    for _ in range(20):
        rewards = env.step(rng.integers(5, size=6))[1].reshape(2, 3)
        assert (rewards == rewards[:, :1]).all()
        assert (rewards < 0).all()


@pytest.mark.parametrize(
    "goal", [{"adversary": "tag_1", "agent": "escape"}, "adversary=tag_1, agent=escape"]
)
def test_goals_by_role(goal):
    env = make_env(TAG, n_envs=2, goal=goal, seed=0)
    observation = env.reset()
    names = np.array(env.goal_names)[observation["desired_goal"].argmax(axis=1)]
    assert names.tolist() == ["tag_1", "tag_1", "tag_1", "escape"] * 2
    mixed = make_env(TAG, n_envs=20, goal="mixed", seed=0)
    rows = mixed.reset()["desired_goal"].argmax(axis=1).reshape(20, 4)
    assert (rows[:, :3] == rows[:, :1]).all()  # a team is asked one thing
    assert len(np.unique(rows[:, 0])) == 3
    names = np.array(mixed.goal_names)[rows]
    assert set(names[:, 3]) == {"escape"}


def test_touching_the_prey_is_the_goal_of_its_hunters():
    env = make_env(TAG, goal={"adversary": "tag_1", "agent": "escape"}, seed=0)
    env.reset()
    set_positions(env, [(0, 0), (0.9, 0.9), (-0.9, 0.9), (0.05, 0)], [(0.9, -0.9), (-0.9, -0.9)])
    _, rewards, dones, infos = env.step(np.zeros(4, np.int64))
    assert rewards.tolist() == [1, 1, 1, 0]
    assert dones.tolist() == [True, True, True, False]
    observation, rewards, dones, infos = env.step(np.zeros(4, np.int64))
    assert [info["waiting"] for info in infos] == [True, True, True, False]
    assert not observation["observation"][:3].any()
    assert observation["observation"][3].any()


def test_plain_dqn_and_many_columns():
    env = make_env(SPREAD, n_envs=2, goal="cover_1", seed=0)
    model = DQN("MultiInputPolicy", env, learning_starts=30, buffer_size=600, seed=0)
    assert 300 <= model.learn(300).num_timesteps < 320


def test_pictures():
    env = make_env(SPREAD, n_envs=1, render_mode="rgb_array")
    env.reset()
    assert env.render().shape == (700, 700, 3)
    assert len(env.get_images()) == 3


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (SPREAD, {"N": 0}, "mpe2:simple_spread_v3 cannot be made with N=0: ValueError: "),
        (SPREAD, {"M": 3}, "cannot be made with M=3: TypeError: raw_env.__init__() got an unexp"),
        (SPREAD, {"local_ratio": 2}, "local_ratio is a proportion. Must be between 0 and 1."),
        (SPREAD, {"continuous_actions": True}, "say continuous_actions=False"),
        (SPREAD, {"goal": "formation", "N": 7}, "at most 6; here are 7 agents and 7 places"),
        (SPREAD, {"n_envs": 0}, "n_envs must be at least 1, got 0"),
        (SPREAD, {"n_envs": "2"}, "n_envs must be at least 1, got '2'"),
        (TAG, {"num_adversaries": -1}, "has no agents with num_adversaries=-1"),
        (TAG, {"learners": 3}, "unknown learners '3'"),
        (TAG, {"learners": "agent", "opponent": {"self": 1, "random": 1}}, "opponent='self' is"),
        (TAG, {"goal": []}, "the list of goals of the role 'adversary' is empty"),
        (TAG, {"learners": "adversery"}, "unknown learners 'adversery'; did you mean adversary"),
        (TAG, {"learners": ["agent"], "opponent": "self"}, "opponent='self' is learners='all'"),
        (TAG, {"goal": "adversary=tag_1,escape"}, "spelled ROLE=GOAL,ROLE=GOAL, got 'escape'"),
        (TAG, {"goal": "adversary=tag_1"}, "a goal is missing for the role 'agent'"),
        (TAG, {"goal": {"adversary": "tag_1"}}, "a goal is missing for the role 'agent'"),
        (TAG, {"goal": {"wolf": "tag_1"}}, "unknown role 'wolf'"),
        ("mpe2:simple_sprad_v3", {}, "'simple_sprad_v3'; did you mean simple_s"),
    ],
)
def test_impossible_orders(name: str, options: dict, message: str):
    with pytest.raises(EnvError, match=re.escape(message)):
        make_env(name, **options)


def test_score_is_the_goal_of_all_or_of_none():
    with pytest.raises(UnknownGoalError, match="'score' cannot be combined with other goals"):
        make_env(TAG, goal={"adversary": "score", "agent": "escape"})


def test_a_goal_of_another_role():
    with pytest.raises(
        UnknownGoalError, match=r"role 'agent'\) cannot measure the goal: .*'tag_1'"
    ):
        make_env(TAG, goal="tag_1")


def test_catalogue():
    assert {"simple_spread_v3", "simple_tag_v3"} <= set(from_mpe2.worlds())
    world = from_mpe2.describe("simple_spread_v3")
    assert (world.name, world.players, world.actions) == (SPREAD, 3, 5)
    assert world.goals == ("score", "cover_1", "cover_2", "cover_3", "formation")
