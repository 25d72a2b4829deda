"""Where things lie on the screen of a world: nothing overlaps, and all that matters is there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rlhf_agents.play.episode_events import GoalChance
from rlhf_agents.play.viewer.env_window.layout import (
    LEAST_LINE,
    LOWEST,
    agent_at,
    agent_rows,
    arrange_env,
    share_lines,
)
from rlhf_agents.play.viewer.env_window.panel import bar_shares, listed_goals
from rlhf_agents.play.viewer.geometry import Box

SIZES = [(320, 320), (480, 360), (960, 560), (1400, 900), (2000, 300), (4096, 2160)]


def overlap(one: Box, other: Box) -> bool:
    return (
        min(one.right, other.right) - max(one.x, other.x) > 1e-6
        and min(one.bottom, other.bottom) - max(one.y, other.y) > 1e-6
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("agents", [1, 3, 10, 40])
@pytest.mark.parametrize("keys", [True, False])
def test_nothing_overlaps_or_leaves_the_screen(size, agents, keys):
    layout = arrange_env(size, agents, keys)
    parts = [layout.picture, layout.strip, layout.agents, layout.head, layout.panel, layout.keys]
    for one, other in itertools.combinations(parts, 2):
        assert not overlap(one, other), (one, other)
    for part in parts:
        assert part.x >= 0
        assert part.y >= 0
        assert part.right <= size[0]
        assert part.bottom <= size[1]
    assert layout.picture.width > 50
    assert (layout.agents.width > 0) == (agents > 1 and size[0] >= 760)


@pytest.mark.parametrize("size", [(960, 560), (1400, 900)])
@pytest.mark.parametrize("agents", [3, 4, 8, 10])
def test_ten_agents_have_two_lines_each(size, agents):
    box = arrange_env(size, agents, keys=True).agents
    place = agent_rows(box, agents, followed=0)
    assert (list(place.rows), place.more) == (list(range(agents)), 0)
    for row in place.rows.values():
        assert row.height >= 40
        assert row.bottom <= box.bottom + 1e-6


@pytest.mark.parametrize("followed", [0, 17, 39])
def test_of_many_agents_those_near_the_followed_one_are_shown(followed):
    box = arrange_env((960, 560), 40, keys=True).agents
    place = agent_rows(box, 40, followed)
    assert followed in place.rows
    assert len(place.rows) + place.more == 40
    assert place.more > 0
    assert min(row.height for row in place.rows.values()) >= LOWEST
    assert place.rest.bottom <= box.bottom + 1e-6


def test_agents_are_found_under_the_mouse():
    layout = arrange_env((960, 560), 8, keys=True)
    rows = agent_rows(layout.agents, 8, 2).rows
    assert [agent_at(layout, 8, 2, row.centre) for row in rows.values()] == list(rows)
    assert agent_at(layout, 8, 2, layout.picture.centre) == -1
    alone = arrange_env((400, 400), 8, keys=True)
    assert agent_at(alone, 8, 2, (200, 200)) == -1


@pytest.mark.parametrize("height", [60, 200, 354, 800])
@pytest.mark.parametrize("goals", [0, 3, 8, 25])
@pytest.mark.parametrize("actions", [2, 7, 18, 400])
def test_goals_and_actions_share_the_panel(height, goals, actions):
    room = share_lines(height, goals, actions)
    titles = 2.5 if goals else 1.0
    assert room.line >= LEAST_LINE
    assert (room.goals + room.actions + titles) * room.line <= max(
        height, titles * room.line
    ) + 1e-6
    assert room.goals <= goals
    assert room.actions <= actions
    if room.goals < goals:
        assert room.goals >= int(height / room.line - titles) // 2
    if room.actions < actions:
        assert room.actions >= int(height / room.line - titles) // 2


def test_in_the_usual_window_the_longest_lists_have_at_least_seven_lines():
    height = arrange_env((960, 560), 1, keys=True).panel.height
    room = share_lines(height, 25, 18)
    assert min(room.goals, room.actions) >= 7
    few = share_lines(height, 4, 6)
    assert (few.goals, few.actions) == (4, 6)


def test_what_is_asked_is_listed_among_many():
    goals = tuple(GoalChance(f"g{number}", number == 20, 0, None) for number in range(25))
    assert [goal.name for goal in listed_goals(goals, 4)] == ["g0", "g1", "g20"]  # and 22 more
    assert listed_goals(goals, 25) == list(goals)
    assert listed_goals(goals, 1) == []


def test_bars_are_probabilities_where_a_goal_is_valued():
    assert bar_shares(np.float32([0.25, 1.5, -0.5]), 0.0).tolist() == [0.25, 1, 0]
    assert bar_shares(np.float32([0.0, 1.0, -1.0]), -1.0).tolist() == [0.5, 1, 0]
