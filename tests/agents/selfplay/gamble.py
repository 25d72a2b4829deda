"""The gamble: a game of two plies in which luck looks like skill.

The mover plays `safe` or `gamble`, then the other player, who has nothing to gain, replies with one
of ten moves. `safe` earns the prize for 5 replies, `gamble` for 1. Both players "draw" at the end,
so that the opponent model is indifferent: it plays uniformly at random.
"""

from __future__ import annotations

from typing import NamedTuple

import gymnasium
import numpy as np
from gymnasium import spaces

from rlhf_games import rules
from rlhf_games.base import Goal
from rlhf_games.compiled import implement
from rlhf_games.compiled_game import CompiledGame

SAFE, GAMBLE = 0, 1
REPLIES = 10
CHANCES = (0.5, 0.1)
ZERO = np.uint64(0)


class GambleRules(NamedTuple):
    n_actions: int = REPLIES
    n_cells: int = 4
    n_goals: int = 3

    WORDS = 2


@implement(rules.start, GambleRules)
def _start(rules):
    return (ZERO, ZERO)


@implement(rules.count_legal, GambleRules)
def _count_legal(rules, state):
    return 2 if state[0] == 0 else (REPLIES if state[1] == 0 else 0)


@implement(rules.is_legal, GambleRules)
def _is_legal(rules, state, action):
    return action >= 0 and action < (2 if state[0] == 0 else (REPLIES if state[1] == 0 else 0))


@implement(rules.nth_legal, GambleRules)
def _nth_legal(rules, state, n):
    return n


@implement(rules.play, GambleRules)
def _play(rules, state, action):
    if state[0] == 0:
        return (np.uint64(action + 1), state[1])
    return (state[0], np.uint64(action + 1))


@implement(rules.result, GambleRules)
def _result(rules, state):
    return 2 if state[1] == 0 else 0


@implement(rules.plies, GambleRules)
def _plies(rules, state):
    return int(state[0] != 0) + int(state[1] != 0)


@implement(rules.symbol, GambleRules)
def _symbol(rules, state, cell):
    return 1 if np.uint64(cell + 1) == state[0] else 0


@implement(rules.decode, GambleRules)
def _decode(rules, planes):
    return (ZERO, ZERO)


@implement(rules.verdict, GambleRules)
def _verdict(rules, state, seat, goal):
    if state[1] == 0:
        return 0
    if goal == 1:
        return 1  # every game is drawn
    lucky = state[1] <= np.uint64(5) if state[0] == 1 else state[1] <= np.uint64(1)
    return 1 if goal == 2 and seat == 0 and lucky else -1


class GambleGame(CompiledGame):
    def __init__(self):
        super().__init__(
            name="gamble",
            title="The Gamble",
            rules=GambleRules(),
            shape=(2, 2),
            max_plies=2,
            goals=(
                Goal("win", "win", draw_value=0.5, zero_sum=True),
                Goal("draw", "draw"),
                Goal("prize", "get the prize"),
            ),
            symmetries=(),
            action_names=tuple(str(i) for i in range(REPLIES)),
            line_length=2,
        )


class GambleEnv(gymnasium.Env):
    """The same gamble as a goal environment, the replies being chance, for plain relabelling."""

    def __init__(self):
        bit = spaces.Box(0, 1, (1,), np.float32)
        self.observation_space = spaces.Dict(observation=bit, achieved_goal=bit, desired_goal=bit)
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._observe(0.0), {}

    def step(self, action):
        prize = float(self.np_random.random() < CHANCES[int(action)])
        observation = self._observe(prize)
        reward = self.compute_reward(observation["achieved_goal"], observation["desired_goal"], {})
        return observation, float(reward), True, False, {}

    def compute_reward(self, achieved, desired, _info):
        return np.asarray((achieved == desired).all(axis=-1), np.float32)

    def _observe(self, prize):
        one = np.ones(1, np.float32)
        return {"observation": 0 * one, "achieved_goal": prize * one, "desired_goal": one}
