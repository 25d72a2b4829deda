"""Rewards as a function of what was achieved and what was asked."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_adapters.two_player.goal_env import (
    GameGoalFunctions,
    goal_rewards,
    goal_space,
    goal_terminations,
)
from rlhf_games import make

WIN, DRAW, LOSE = np.eye(3, dtype=np.float32)
NOTHING, FORFEIT = np.zeros(3, np.float32), -np.ones(3, np.float32)
DRAW_VALUES = np.array([0.5, 0.0, 0.0], np.float32)


@pytest.mark.parametrize(
    ("achieved", "desired", "reward"),
    [
        (NOTHING, WIN, 0.0),
        (WIN, WIN, 1.0),
        (LOSE, WIN, -1.0),
        (DRAW, WIN, 0.0),
        (DRAW, DRAW, 1.0),
        (DRAW, LOSE, -1.0),
        (WIN + DRAW, LOSE, -1.0),
        (FORFEIT, WIN, -1.0),
        (FORFEIT, FORFEIT, -1.0),
        (LOSE, WIN + LOSE, 1.0),
        (WIN, NOTHING, -1.0),
    ],
)
def test_rewards(achieved, desired, reward: float):
    one = goal_rewards(DRAW_VALUES, achieved, desired)
    assert (one.dtype, one.shape, float(one)) == (np.float32, (), reward)
    many = goal_rewards(DRAW_VALUES, np.tile(achieved, (2, 3, 1)), np.tile(desired, (2, 3, 1)))
    assert np.array_equal(many, np.full((2, 3), reward))


def test_terminations():
    assert goal_terminations(np.stack([NOTHING, WIN, FORFEIT])).tolist() == [False, True, True]


def test_draws_pay_what_the_goal_table_says():
    game = make("connect_four")
    functions = GameGoalFunctions(game)
    desired = np.eye(len(game.goals), dtype=np.float32)
    drawn = np.zeros_like(desired)
    drawn[:, 1] = 1
    rewards = functions.compute_reward(drawn, desired, {})
    expected = {"win": 0.0, "draw": 1.0}
    assert rewards.tolist() == [expected.get(goal.name, -1.0) for goal in game.goals]


def test_space():
    game = make("connect_four")
    spaces = goal_space(game).spaces
    assert spaces["observation"].shape == (2, 6, 7)
    assert spaces["action_mask"].shape == (7,)
    assert spaces["achieved_goal"].shape == spaces["desired_goal"].shape == (len(game.goals),)
