"""Goals fit the environment: its time, its rewards, its own names of actions."""

from __future__ import annotations

import enum
import types

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from rlhf_adapters import make_env
from rlhf_adapters.single_agent.goals import Event, EventGoals, Score, Survive
from rlhf_adapters.specs import EnvError
from rlhf_games.base import UnknownGoalError


class Road(gymnasium.Env):
    """Says what HighwayEnv says: a duration in seconds, a table of actions."""

    observation_space = spaces.Box(0, 1, (2,), np.float32)
    action_space = spaces.Discrete(3)

    def __init__(self, **config):
        self.config = config
        self.action_type = types.SimpleNamespace(actions={0: "LANE_LEFT", 1: "IDLE", 2: "FASTER"})

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def step(self, action):
        return np.zeros(2, np.float32), 1.0, False, False, {}


@pytest.mark.parametrize(
    ("config", "goals"),
    [
        ({"duration": 30}, ["score_1", "score_10", "score_100", "survive_6", "survive_30"]),
        (
            {"duration": 30, "policy_frequency": 1, "normalize_reward": True},
            ["score_1", "score_10", "survive_6", "survive_30"],
        ),
        (
            {"duration": 100, "policy_frequency": 5, "normalize_reward": False},
            ["score_1", "score_10", "score_100", "survive_100", "survive_500"],
        ),
        ({}, ["score_1", "score_10", "score_100", "survive_100", "survive_500"]),
        (
            {"duration": "long"},
            ["score_1", "score_10", "score_100", "survive_100", "survive_500"],
        ),
    ],
)
def test_goals_fit_the_time_of_an_environment(config, goals):
    assert list(make_env(Road(**config), goal="mixed").goal_names) == goals


def test_gymnasiums_own_limit_counts_first():
    env = gymnasium.wrappers.TimeLimit(Road(duration=30), 10)
    env.unwrapped.spec = gymnasium.envs.registration.EnvSpec("Road-v0", max_episode_steps=10)
    assert {"survive_2", "survive_10"} <= set(make_env(env, goal="mixed").goal_names)
    short = make_env("CartPole-v1", goal="mixed", max_episode_steps=100)
    assert short.goal_names == ("survive_50", "survive_100")


def test_actions_have_the_environments_own_names():
    assert make_env(Road()).action_names == ("lane left", "idle", "faster")

    class Meanings(Road):
        def get_action_meanings(self):
            return ["NOOP", "UP", "DOWN"]

    assert make_env(Meanings()).action_names == ("noop", "up", "down")

    class Enumerated(Road):
        actions = enum.IntEnum("Actions", [("left", 0), ("right", 1), ("pick_up", 2)])

        def __init__(self):
            self.config = {}

    assert make_env(Enumerated()).action_names == ("left", "right", "pick up")

    class TooFew(Road):
        def get_action_meanings(self):
            return ["NOOP"]

    assert make_env(TooFew()).action_names == ()


def test_which_goals_imply_which():
    table = EventGoals(
        [
            Score(1),
            Score(10),
            Score(10, within=50),
            Score(1, within=100),
            Survive(50),
            Survive(200),
            Event("open", lambda now: False),
            Event("open", lambda now: False).before(20),
        ]
    )
    implied = {
        name: [table.names[e] for e in np.flatnonzero(row) if table.names[e] != name]
        for name, row in zip(table.names, table.implied, strict=True)
    }
    assert implied == {
        "score_1": [],
        "score_10": ["score_1"],
        "score_10_within_50": ["score_1", "score_10", "score_1_within_100"],
        "score_1_within_100": ["score_1"],
        "survive_50": [],
        "survive_200": ["survive_50"],
        "open": [],
        "open_within_20": ["open"],
    }


@pytest.mark.parametrize("name", ["CartPole-v1", "MountainCar-v0", "minatar:breakout"])
def test_what_is_implied_is_reached_whenever_the_harder_goal_is(name):
    env = make_env(name, goal="mixed", seed=0)
    rng = np.random.default_rng(0)
    for seed in range(20):
        env.reset(seed=seed)
        over = False
        while not over:
            observation, _, ended, cut, _ = env.step(int(rng.integers(env.action_space.n)))
            over = ended or cut
            reached = observation["achieved_goal"] > 0
            for harder, easier in np.argwhere(env.goal_implied):
                assert reached[easier] or not reached[harder]


def test_continuous_actions_can_be_made_discrete():
    env = make_env("Pendulum-v1", discretize=5, seed=0)
    assert env.action_space.n == 5
    env.reset()
    env.step(4)
    with pytest.raises(Exception, match="discretize is a number of values per action"):
        make_env("Pendulum-v1", discretize=1)
    with pytest.raises(Exception, match="several choices at once"):
        make_env(
            lambda: gymnasium.wrappers.TransformAction(
                Road(), lambda action: 0, spaces.Tuple((spaces.Discrete(2), spaces.Discrete(3)))
            )
        )


def test_goals_chosen_on_the_way_are_a_mixture_until_the_environment_ends():
    def three(now):
        return now.steps >= 3

    goals = [Event("one", lambda now: now.steps >= 1), Survive(2), Event("three", three)]
    env = make_env(lambda: gymnasium.wrappers.TimeLimit(Road(), 4), goal=goals)
    env.reset()
    env.ask("survive_2", "three")
    assert env.reset()[0]["desired_goal"].tolist() == [0, 1, 1]
    paid, wanted, said = [], [], []
    for _ in range(4):
        shown, reward, ended, cut, info = env.step(0)
        assert not ended
        paid.append(reward)
        wanted.append(shown["desired_goal"].tolist())
        said.append(info["is_success"])
    assert cut
    assert paid == [0, 1, 1, 0]
    assert wanted == [[0, 1, 1], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert said == [False, False, True, True]
    with pytest.raises(UnknownGoalError, match="three"):
        env.ask("thre")
    with pytest.raises(EnvError, match="mixed"):
        make_env(Road()).ask("three")
