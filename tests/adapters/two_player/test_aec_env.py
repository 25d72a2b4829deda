"""Environments that others have written for PettingZoo, good ones and bad ones."""

from __future__ import annotations

import re

import numpy as np
import pytest
from gymnasium import spaces

from rlhf_adapters import make_env
from rlhf_adapters.specs import EnvError

pettingzoo = pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")

KEY = "tests/counting-v0"
WORLD = "pettingzoo:tests/counting_v0"


class Counting(pettingzoo.AECEnv):
    """Players add 1 or 2 in turn and see the sum; whoever reaches 5 wins, the other loses."""

    metadata = {"name": "counting_v0", "render_modes": [], "is_parallelizable": False}  # noqa: RUF012

    def __init__(
        self,
        players: int = 2,
        actions: spaces.Space | None = None,
        shown: str = "box",
        fault: str = "",
    ):
        super().__init__()
        self.possible_agents = [f"player_{number}" for number in range(players)]
        self.actions = actions or spaces.Discrete(2)
        self.shown, self.fault = shown, fault
        self.box = spaces.Box(0, 9, (1,), np.float64)
        self.parts = {"box": self.box, "number": spaces.Discrete(10)}.get(shown) or spaces.Dict(
            {"observation": self.box, "action_mask": spaces.Box(0, 1, (2,), np.int8)}
        )

    def observation_space(self, agent):
        return self.parts

    def action_space(self, agent):
        return self.actions

    def reset(self, seed=None, options=None):
        self.agents = list(self.possible_agents)
        self.sum, self.count = 0, 0
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos = {agent: {} for agent in self.agents}
        self.agent_selection = self.agents[0]

    def observe(self, agent):
        seen = np.array([np.nan if self.fault == "nan" and self.sum > 2 else self.sum], np.float64)
        if self.shown == "number":
            return self.sum
        mask = np.array([1, self.fault != "mask"], np.int8) * (
            self.fault != "stuck" or self.sum < 3
        )
        return seen if self.shown == "box" else {"observation": seen, "action_mask": mask}

    def step(self, action):
        if self.terminations[self.agent_selection] or self.truncations[self.agent_selection]:
            self._was_dead_step(action)
            return
        if self.fault == "crash" and self.sum > 2:
            raise RuntimeError("the engine has exploded")
        mover = self.agent_selection
        other = self.agents[1 - self.agents.index(mover)]
        self._clear_rewards()
        self.sum, self.count = self.sum + 1 + int(action), self.count + 1
        self.agent_selection = other
        if self.sum >= 5:
            self.rewards = {mover: np.inf if self.fault == "inf" else 3.0, other: -3.0}
            self.terminations = dict.fromkeys(self.agents, True)
        elif self.fault == "cut" and self.count == 3:
            self.truncations = dict.fromkeys(self.agents, True)


@pytest.fixture(autouse=True)
def registered():
    pettingzoo.register("aec", KEY, entry_point=Counting)
    yield
    del pettingzoo.aec_registry[KEY]


def one(seen, goals):
    """An opponent that adds 1."""
    return np.zeros(len(goals), np.int64)


def play(env, actions, seed: int = 0) -> list[tuple]:
    """What the learner sees, its reward, and whether the game is over, after each action."""
    observation, _ = env.reset(seed=seed)
    seen = [tuple(observation["observation"].tolist())]
    for action in actions:
        observation, reward, terminated, truncated, _ = env.step(action)
        seen.append((observation["observation"].tolist()[0], reward, terminated, truncated))
    return seen


@pytest.mark.parametrize("shown", ["box", "dict"])
def test_the_learner_sees_its_turns_only(shown: str):
    env = make_env(WORLD, opponent=one, shown=shown)
    assert play(env, [1, 1]) == [(0,), (3, 0, False, False), (5, 1, True, False)]
    assert play(env, [1, 0], seed=1) == [(1,), (4, 0, False, False), (5, 1, True, False)]
    assert play(env, [0, 0], seed=1) == [(1,), (3, 0, False, False), (5, -1, True, False)]


def test_both_seats_may_be_ones_own():
    env = make_env(WORLD, opponent="self")
    seen = play(env, [1, 0, 1])
    assert seen == [(0,), (2, 0, False, False), (3, 0, False, False), (5, 1, True, False)]
    *_, info = env.step(0)
    assert info["total"] == 3.0
    assert info["seat_achieved"][:, 0].tolist() == [True, False]
    assert info["seat_achieved"][:, 2].tolist() == [False, True]


def test_observations_that_are_numbers_become_arrays():
    env = make_env(WORLD, opponent=one, shown="number")
    observation, _ = env.reset(seed=0)
    assert observation["observation"].tolist() == [1] + [0] * 9
    assert env.observation_space.contains(observation)


def test_opponents_see_what_they_would_see():
    told = []

    def opponent(seen, goals):
        told.append({key: value.copy() for key, value in seen.items()})
        return one(seen, goals)

    env = make_env(WORLD, opponent=opponent, shown="dict", goal="lose", fault="mask")
    env.reset(seed=0)
    env.step(0)
    (seen,) = told
    assert seen["observation"].tolist() == [[1]]
    assert seen["action_mask"].tolist() == [[1, 0]]
    assert seen["desired_goal"].tolist() == [[0, 0, 1]]


def test_games_that_are_cut_achieve_nothing():
    env = make_env(WORLD, opponent="self", fault="cut")
    assert play(env, [0, 0, 0])[-1] == (3, 0, False, True)
    observation, *_, info = env.step(0)
    assert not observation["achieved_goal"].any()
    assert not info["seat_achieved"].any()


def test_an_opponent_that_ends_the_game_at_once_is_not_shown():
    """As when it folds: the learner would have nothing to do."""

    class Folds(Counting):
        def reset(self, seed=None, options=None):
            super().reset(seed, options)
            self.sum = 4 if seed % 2 else 0

    pettingzoo.aec_registry.pop(KEY)
    pettingzoo.register("aec", KEY, entry_point=Folds)
    env = make_env(WORLD, opponent=one)
    for game in range(20):
        observation, _ = env.reset(seed=2 * game + 1)  # the learner is second
        assert observation["observation"].tolist() == [1]
        assert observation["action_mask"].all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"players": 3},
            "pettingzoo:tests/counting_v0(players=3) has 3 players; only games for two who",
        ),
        (
            {"actions": spaces.Box(0, 1)},
            "has the actions Box(0.0, 1.0, (1,), float32); only one Discre",
        ),
        ({"size": 3}, "pettingzoo:tests/counting_v0 does not start with {'size': 3}: "),
    ],
)
def test_worlds_that_do_not_fit(options: dict, message: str):
    with pytest.raises(EnvError, match=re.escape(message)):
        make_env(WORLD, **options)


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("nan", EnvError, "showed player_0 the value nan (seed "),
        ("inf", EnvError, "gave player_0 the reward inf (seed "),
        ("stuck", EnvError, "allows player_0 no action (seed "),
    ],
)
def test_worlds_that_go_wrong(fault: str, error, message: str):
    env = make_env(WORLD, opponent=one, shown="dict", fault=fault)
    with pytest.raises(error, match=re.escape(message) + r"\d+, actions \[1, 0"):
        play(env, [1, 1])


def test_an_error_of_the_world_says_where_it_happened():
    env = make_env(WORLD, opponent=one, fault="crash")
    with pytest.raises(RuntimeError, match="the engine has exploded") as caught:
        play(env, [1, 1])
    (note,) = caught.value.__notes__
    assert note.startswith("in pettingzoo:tests/counting_v0(fault='crash') (seed ")
    assert note.endswith(", actions [1, 0, 1])")


def test_a_game_without_a_turn_for_the_learner():
    class Never(Counting):
        def reset(self, seed=None, options=None):
            super().reset(seed, options)
            self.sum = 4

    pettingzoo.aec_registry.pop(KEY)
    pettingzoo.register("aec", KEY, entry_point=Never)
    env = make_env(WORLD, opponent=one)
    env.reset(seed=0)
    with pytest.raises(EnvError, match="ends before the learner's first turn, 1000 times"):
        env.reset(seed=1)
