"""What happens in an episode that is watched: rewards, lost lives, goals and their chances."""

from __future__ import annotations

from rlhf_agents.training_worlds import WorldOrder
from rlhf_agents.world_events import GoalChance, Kind, happenings, lives_of
from rlhf_agents.world_play import WorldShow


def goal(flag, asked=True, name="land"):
    return GoalChance(name, asked, flag, None)


def kinds(before=(), after=(), reward=0.0, lives=(None, None)):
    return [event.kind for event in happenings(before, after, 3, reward, lives)]


def test_rewards_lives_and_goals_are_events():
    assert kinds() == []
    assert kinds(reward=2.0, lives=(3, 2)) == [Kind.REWARD, Kind.LIFE_LOST]
    assert kinds(reward=-1.0, lives=(3, 3)) == [Kind.PENALTY]
    assert kinds((goal(0),), (goal(1),)) == [Kind.GOAL]
    assert kinds((goal(0),), (goal(-1),)) == [Kind.MISSED]
    assert kinds((goal(1),), (goal(1),)) == []
    assert kinds((goal(0, asked=False),), (goal(-1, asked=False),)) == []
    assert lives_of({"lives": 2}) == 2
    assert lives_of({}) is None


def test_a_show_collects_the_events_of_an_episode():
    order = WorldOrder("gymnasium:CartPole-v1", goal="survive_50")
    show = WorldShow(order, "random")
    assert {one.name for one in show.now.goals if one.asked} == {"survive_50"}
    assert all(one.chance is None for one in show.now.goals)  # chance values nothing
    while not show.now.over:
        show.advance()
    asked = next(one for one in show.now.goals if one.asked)
    expected = Kind.GOAL if show.now.success else Kind.MISSED
    assert expected in [event.kind for event in show.now.events]
    assert (asked.flag > 0) == show.now.success
    assert show.now.events[-1].kind is Kind.END
    show.restart()
    assert show.now.events == ()
    show.close()
