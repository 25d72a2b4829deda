"""Environments and VecEnvs of other people: what only looks like ours switches nothing on."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import DQN
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv, VecNormalize

from rlhf_adapters import make_env
from rlhf_agents.dqn.env_access import attribute, game_of, has_method
from rlhf_agents.hfdqn import HFDQN

FAST = {"learning_starts": 20, "buffer_size": 200, "policy_kwargs": {"net_arch": [8]}, "seed": 1}


class Snake(gymnasium.Wrapper):
    """Keeps its own state in `game`, as such environments usually do."""

    def __init__(self, game, masks="absent"):
        super().__init__(gymnasium.make("CartPole-v1"))
        self.game = game
        if not (isinstance(masks, str) and masks == "absent"):
            self.action_masks = masks


class Board:
    """A `game` of another library."""

    name = "snake"
    n_actions = 2


def assert_plain(make):
    """It trains exactly as SB3's DQN does."""
    models = [kind("MlpPolicy", make(), **FAST).learn(60) for kind in (DQN, HFDQN)]
    assert models[1].learner is None
    assert type(models[0].replay_buffer) is type(models[1].replay_buffer)
    for one, other in zip(*(model.policy.parameters() for model in models), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("game", [None, "snake", [[0, 1]], Board(), Board, np.zeros((2, 2))])
def test_a_game_of_another_kind_is_none_of_ours(game):
    assert_plain(lambda: Snake(game))


@pytest.mark.parametrize("masks", [None, [1, 1], np.ones(2, bool), True, "yes"])
def test_masks_that_are_no_method_are_none_of_ours(masks):
    assert_plain(lambda: Snake(None, masks))


class Foreign(VecEnv):
    """As SuperSuit's and others' VecEnvs: they step, and answer nothing else.

    Args:
        answer: what optional methods return, or the error that they raise.
    """

    def __init__(self, answer=None):
        self.env = gymnasium.make("CartPole-v1")
        self.answer = answer
        super().__init__(1, self.env.observation_space, self.env.action_space)

    def _answer(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def reset(self):
        return self.env.reset(seed=0)[0][None]

    def step_async(self, actions):
        self.actions = actions

    def step_wait(self):
        seen, reward, terminated, truncated, info = self.env.step(int(self.actions[0]))
        done = terminated or truncated
        if done:
            info["terminal_observation"] = seen
            seen = self.env.reset()[0]
        return seen[None], np.array([reward]), np.array([done]), [info]

    def close(self):
        self.env.close()

    def get_attr(self, attr_name, indices=None):
        if attr_name == "render_mode":  # SB3 itself asks for it
            return [None]
        return self._answer()

    def set_attr(self, attr_name, value, indices=None):
        self._answer()

    def env_method(self, method_name, *args, indices=None, **kwargs):
        return self._answer()

    def env_is_wrapped(self, wrapper_class, indices=None):
        return [False]


class WithoutHasAttr(Foreign):
    def has_attr(self, attr_name):
        raise NotImplementedError


@pytest.mark.parametrize("kind", [Foreign, WithoutHasAttr])
@pytest.mark.parametrize(
    "answer", [None, [], [None], NotImplementedError(), RuntimeError("no"), AttributeError("no")]
)
def test_vecenvs_that_answer_nothing_train_as_with_dqn(kind, answer):
    assert attribute(kind(answer), "game") is None
    assert not has_method(kind(answer), "action_masks")
    assert_plain(lambda: kind(answer))
    if answer is None:
        assert_plain(lambda: VecNormalize(kind(answer)))


class Goals(Foreign):
    """One that shows goals, and says nothing of rewards."""

    def __init__(self):
        super().__init__(NotImplementedError())
        part = self.env.observation_space
        keys = ("observation", "achieved_goal", "desired_goal")
        self.observation_space = spaces.Dict(dict.fromkeys(keys, part))

    def reset(self):
        return dict.fromkeys(self.observation_space.spaces, super().reset())

    def step_wait(self):
        seen, *rest = super().step_wait()
        if "terminal_observation" in rest[2][0]:
            last = rest[2][0]["terminal_observation"]
            rest[2][0]["terminal_observation"] = dict.fromkeys(self.observation_space.spaces, last)
        return dict.fromkeys(self.observation_space.spaces, seen), *rest


def test_goals_without_rewards_need_no_hindsight():
    model = HFDQN("MultiInputPolicy", Goals(), **FAST).learn(60)
    assert type(model.replay_buffer).__name__ == "DictReplayBuffer"


def test_ours_is_found_also_in_other_processes():
    assert game_of(make_env("tic_tac_toe", n_envs=2)).name == "tic_tac_toe"
    assert game_of(None) is None
    alone = [lambda: make_env("tic_tac_toe")]
    for vec in (DummyVecEnv(alone), SubprocVecEnv(alone)):
        assert game_of(vec).name == "tic_tac_toe"
        assert has_method(vec, "action_masks")
        assert not has_method(vec, "no_such_method")
        vec.close()
    wrapped = SubprocVecEnv([lambda: gymnasium.Wrapper(make_env("tic_tac_toe"))])
    assert game_of(wrapped).name == "tic_tac_toe"
    assert has_method(wrapped, "action_masks")
    wrapped.close()
    snakes = SubprocVecEnv([lambda: Snake(lambda: None)])  # which no pipe carries
    assert game_of(snakes) is None
    assert attribute(snakes, "no_such_attribute") is None
    snakes.close()


@pytest.mark.parametrize("masks", [None, [1, 1], np.ones(2, bool), (one for one in ())])
def test_masks_that_are_no_method_are_none_of_ours_in_other_processes(masks):
    """The last one no pipe carries: it may not even be looked at here."""
    made = lambda: SubprocVecEnv([lambda: Snake(lambda: None, masks)], start_method="fork")  # noqa: E731
    vec = made()
    assert not has_method(vec, "action_masks")
    vec.close()
    if masks is not None:
        assert_plain(made)


def test_a_method_is_found_whatever_its_environment_holds():
    vec = SubprocVecEnv([lambda: Snake(lambda: None, lambda: np.ones(2, bool))])
    assert has_method(vec, "action_masks")
    assert not has_method(vec, "game_over")
    assert HFDQN("MlpPolicy", vec, **FAST).learn(60).replay_buffer.size() > 0
    vec.close()
