"""What happens in an episode that is watched: rewards, lost lives, goals and their chances."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rlhf_adapters.specs import EnvConfig
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.episode_events import (
    EpisodeEvent,
    EventKind,
    GoalChance,
    capped,
    goal_chances,
    goal_floor,
    is_notable,
    lives_of,
    merged_events,
    odds,
    risk_of,
    step_events,
)
from rlhf_agents.players.actors import ModelActor

POLE = "gymnasium:CartPole-v1"


def goal(flag, asked=True, name="land"):
    return GoalChance(name, asked, flag, None)


def kinds(before=(), after=(), reward=0.0, lives=(None, None)):
    return [event.kind for event in step_events(before, after, 3, reward, lives)]


def test_rewards_lives_and_goals_are_events():
    assert kinds() == []
    assert kinds(reward=2.0, lives=(3, 2)) == [EventKind.REWARD, EventKind.LIFE_LOST]
    assert kinds(reward=-1.0, lives=(3, 3)) == [EventKind.PENALTY]
    assert kinds((goal(0),), (goal(1),)) == [EventKind.GOAL]
    assert kinds((goal(0),), (goal(-1),)) == [EventKind.MISSED]
    assert kinds((goal(1),), (goal(1),)) == []
    assert kinds((goal(0, asked=False),), (goal(-1, asked=False),)) == []
    assert lives_of({"lives": 2}) == 2
    assert lives_of({}) is None


def test_usual_rewards_are_no_events():
    assert not is_notable(1.0, [1.0, 1.0, 1.0])  # as in CartPole
    assert not is_notable(1.0, [])
    assert is_notable(1.0, [0.0, 1.0, 0.0])
    assert is_notable(-100.0, [1.5, -0.3, 2.0])  # as in LunarLander
    assert not is_notable(0.0, [0.0])


def test_a_danger_is_the_chance_to_miss_the_goal_that_excludes_it():
    env, actor = make_env(POLE, goal="mixed", seed=0), ModelActor.__new__(ModelActor)
    row = env.goal_names.index("survive_50")
    space = SimpleNamespace(observation_space=env.observation_space, gamma=0.9)
    actor.model = space
    actor.values = lambda seen: np.array([[0.2, 0.4]]) * seen["desired_goal"][:, [row]]
    batch = {key: part[None] for key, part in env.reset()[0].items()}
    assert risk_of(env, actor, batch, 0) is None
    env.goal_risk = ("fall", "survive_50")
    env.games.steps[0] = 48  # two more steps: their value is discounted once
    said, chance = risk_of(env, actor, batch, 1)
    assert (said, round(chance, 6)) == ("fall", round(1 - 0.4 / 0.9, 6))
    batch["achieved_goal"][0, row] = 1
    assert risk_of(env, actor, batch, 1) is None
    env.goal_risk = ("fall", "survive_51")
    assert risk_of(env, actor, batch, 1) is None


def test_a_show_collects_the_events_of_an_episode():
    order = EnvConfig("gymnasium:CartPole-v1", goal="survive_50")
    episode = EpisodePlayer(order, "random")
    assert {one.name for one in episode.frame.goals if one.asked} == {"survive_50"}
    assert all(one.chance is None for one in episode.frame.goals)  # chance values nothing
    while not episode.frame.over:
        episode.advance()
    asked = next(one for one in episode.frame.goals if one.asked)
    expected = EventKind.GOAL if episode.frame.success else EventKind.MISSED
    assert expected in [event.kind for event in episode.frame.events]
    assert (asked.flag > 0) == episode.frame.success
    assert episode.frame.events[-1].kind is EventKind.END
    episode.restart()
    assert episode.frame.events == ()
    episode.close()


def test_events_say_whose_they_are():
    both, mine = (
        EpisodeEvent(2, EventKind.REWARD, "reward +1"),
        EpisodeEvent(2, EventKind.GOAL, "tag_1 reached"),
    )
    merged = merged_events({"a": [both, mine], "b": [both], "c": []})
    assert [event.who for event in merged] == [("a", "b"), ("a",)]
    assert [event.sentence for event in merged] == ["A, B: reward +1", "A: tag_1 reached"]
    assert [event.sentence for event in merged_events({"a": [both], "b": [both]})] == ["reward +1"]
    assert [event.sentence for event in merged_events({"": [mine]})] == ["tag_1 reached"]


def test_probabilities_lie_between_missed_and_reached():
    assert odds(np.array([-3.0, 0.0, 0.5, 1.0, 7.0]), 0.0).tolist() == [0, 0, 0.5, 1, 1]
    assert odds(np.array([-1.0, 0.0, 0.5, 1.0]), -1.0).tolist() == [0, 0.5, 0.75, 1]


WORLD = SimpleNamespace(
    goal_names=("near", "far"), goal_rows=np.eye(2, dtype=np.float32), goal_floor=0.0
)
BATCH = {
    "achieved_goal": np.array([[0, 1], [0, 0]], np.float32),
    "desired_goal": np.array([[1, 0], [0, 1]], np.float32),
}
PLAYING = np.array([True, True])


class Judge:
    """Values three actions of two agents: 0.9, 0.5, 0.1 for goal near, less 0.1 for far."""

    weighs_goals = True

    def values(self, batch):
        return np.float32([0.9, 0.5, 0.1]) - 0.1 * batch["desired_goal"][:, 1:]


def chances(actor=None, masks=None, playing=PLAYING, world=WORLD):
    found = goal_chances(world, actor or Judge(), BATCH, masks, playing)
    return [[goal.chance for goal in goals] for goals in found]


def test_goals_are_as_likely_as_their_best_legal_action():
    assert chances() == [pytest.approx([0.9, None]), pytest.approx([0.9, 0.8])]
    masks = np.array([[False, True, True], [False, False, True]])
    assert chances(masks=masks) == [pytest.approx([0.5, None]), pytest.approx([0.1, 0.0])]


def test_who_is_out_or_values_no_goals_sees_no_chances():
    assert chances(playing=np.array([True, False]))[1] == [None, None]
    blind = Judge()
    blind.weighs_goals = False
    assert chances(blind) == [[None, None], [None, None]]
    assert goal_floor(WORLD, blind) is None
    rewards = SimpleNamespace(**{**vars(WORLD), "goal_floor": None})
    assert chances(world=rewards) == [[None, None], [None, None]]


def test_no_goal_looks_likelier_than_one_that_it_implies():
    """Survive 100, survive 50, and a goal apart; the values of a network need not agree."""
    implied = np.array([[False, True, False], [False] * 3, [False] * 3])
    chances = np.array([[0.9, 0.4, 0.7], [0.2, 0.5, np.nan], [0.6, np.nan, 0.1]])
    expected = [[0.4, 0.4, 0.7], [0.2, 0.5, np.nan], [0.6, np.nan, 0.1]]
    np.testing.assert_array_equal(capped(chances, implied), expected)
