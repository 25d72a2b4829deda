"""The contract of every goal-conditioned environment, to be inherited by the test of an adapter."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as gymnasium_check
from stable_baselines3 import DQN, HerReplayBuffer
from stable_baselines3.common.env_checker import check_env as sb3_check

from rlhf_adapters.goal_env import FORFEIT
from rlhf_games.base import UnknownGoalError

# What the checkers say of any environment made without `gymnasium.make`, and of any small board.
EXPECTED_WARNINGS = (
    r".*Not able to test alternative render modes due to the environment not having a spec.*",
    r"It seems that your observation observation is an image but its `dtype` is \(float32\).*",
    r"It seems that your observation space observation is an image but the upper and lower.*",
    r"The minimal resolution for an image is 36x36 for the default `CnnPolicy`.*",
)

Step = tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]


def random_action(mask: np.ndarray, rng: np.random.Generator) -> int:
    return int(rng.choice(np.flatnonzero(mask)))


def play_steps(env: gymnasium.Env, seed: int, steps: int) -> Iterator[Step]:
    """Random legal steps of a seeded environment; resets follow as they must."""
    rng = np.random.default_rng(seed)
    observation, _ = env.reset(seed=seed)
    for _ in range(steps):
        result = env.step(random_action(observation["action_mask"], rng))
        yield result
        observation = result[0]
        if result[2] or result[3]:
            observation, _ = env.reset()


class GoalEnvContract:
    """What holds for every goal environment of one game."""

    def make(self, **options: Any) -> gymnasium.Env:
        """Return a fresh environment."""
        raise NotImplementedError

    @pytest.fixture
    def env(self) -> gymnasium.Env:
        return self.make(seed=3)

    @pytest.mark.parametrize("check", [gymnasium_check, sb3_check], ids=["gymnasium", "sb3"])
    def test_checkers_are_content(self, env: gymnasium.Env, check):
        with warnings.catch_warnings():
            for message in EXPECTED_WARNINGS:
                warnings.filterwarnings("ignore", message, UserWarning)
            check(env)

    def test_observations_lie_in_their_space(self, env: gymnasium.Env):
        keys = {"observation", "achieved_goal", "desired_goal", "action_mask"}
        assert set(env.observation_space.spaces) == keys
        assert env.observation_space.spaces["action_mask"].dtype == np.int8
        for observation, reward, *_ in play_steps(env, seed=1, steps=100):
            assert env.observation_space.contains(observation)
            assert observation["desired_goal"].sum() == 1
            assert -1.0 <= reward <= 1.0

    def test_masks_are_int8_and_agree_with_action_masks(self, env: gymnasium.Env):
        observation, _ = env.reset(seed=2)
        rng = np.random.default_rng(2)
        restricted = 0
        for _ in range(200):
            masks = env.action_masks()
            assert masks.dtype == np.bool_
            assert observation["action_mask"].dtype == np.int8
            assert np.array_equal(observation["action_mask"].astype(bool), masks)
            restricted += not masks.all()
            observation, _, over, _, _ = env.step(random_action(masks, rng))
            if over:
                assert not observation["action_mask"].any()
                observation, _ = env.reset()
        assert restricted

    def test_vectorised_functions_agree_with_step(self, env: gymnasium.Env):
        steps = list(play_steps(env, seed=4, steps=200))
        achieved = np.stack([step[0]["achieved_goal"] for step in steps])
        desired = np.stack([step[0]["desired_goal"] for step in steps])
        infos = [step[4] for step in steps]
        rewards = env.compute_reward(achieved, desired, infos)
        assert np.array_equal(rewards, np.array([step[1] for step in steps], np.float32))
        assert set(np.unique(rewards)) >= {0.0, 1.0}
        terminated = env.compute_terminated(achieved, desired, infos)
        assert terminated.tolist() == [step[2] for step in steps]
        truncated = env.compute_truncated(achieved, desired, infos)
        assert truncated.tolist() == [step[3] for step in steps]
        for row in range(len(steps)):
            assert env.compute_reward(achieved[row], desired[row], infos[row]) == rewards[row]
            assert env.compute_terminated(achieved[row], desired[row], {}) == terminated[row]

    def test_nobody_is_rewarded_for_a_forfeit_made_the_goal(self, env: gymnasium.Env):
        goals = np.full((1, env.observation_space["achieved_goal"].shape[0]), FORFEIT, np.float32)
        assert env.compute_reward(goals, goals, [{}]).tolist() == [-1.0]

    @pytest.mark.parametrize("choice", ["taken", "below", "above"])
    def test_illegal_actions_forfeit(self, env: gymnasium.Env, choice: str):
        observation, _ = env.reset(seed=5)
        rng = np.random.default_rng(5)
        while observation["action_mask"].all():
            observation, _, over, _, _ = env.step(random_action(observation["action_mask"], rng))
            if over:
                observation, _ = env.reset()
        taken = int(env.action_masks().argmin())
        illegal = {"taken": taken, "below": -1, "above": int(env.action_space.n)}[choice]
        after, reward, terminated, truncated, info = env.step(illegal)
        assert (reward, terminated, truncated, info["is_success"]) == (-1.0, True, False, False)
        assert (after["achieved_goal"] == FORFEIT).all()
        assert np.array_equal(after["observation"], observation["observation"])
        fresh, _ = env.reset()
        assert not fresh["achieved_goal"].any()

    def test_seeds_reproduce_trajectories(self):
        def trajectory(env: gymnasium.Env, seed: int) -> list:
            return [
                (
                    step[0]["observation"].tobytes(),
                    step[0]["desired_goal"].tobytes(),
                    *step[1:4],
                    repr(step[4]),
                )
                for step in play_steps(env, seed=seed, steps=60)
            ]

        env = self.make(seed=0, goal="mixed")
        first = trajectory(env, 6)
        assert trajectory(env, 6) == first  # on a used environment
        assert trajectory(self.make(seed=9, goal="mixed"), 6) == first
        assert trajectory(env, 7) != first

    def test_a_seed_of_make_is_a_seed_of_reset(self):
        by_make, by_reset = self.make(seed=8, goal="mixed"), self.make(goal="mixed")
        for env, seed in ((by_make, None), (by_reset, 8)):
            env.reset(seed=seed)
            for _ in range(5):
                env.reset()
        assert np.array_equal(
            by_make.reset()[0]["desired_goal"], by_reset.reset()[0]["desired_goal"]
        )

    @pytest.mark.parametrize("her", [False, True], ids=["replay", "hindsight"])
    def test_plain_dqn_learns(self, env: gymnasium.Env, her: bool):
        model = DQN(
            "MultiInputPolicy",
            env,
            replay_buffer_class=HerReplayBuffer if her else None,
            learning_starts=100,
            batch_size=16,
            policy_kwargs={"net_arch": [16]},
            seed=0,
        )
        before = [value.clone() for value in model.policy.parameters()]
        model.learn(500)
        assert model.num_timesteps == 500
        changed = zip(before, model.policy.parameters(), strict=True)
        assert any((old != new).any() for old, new in changed)

    def test_unknown_goal(self):
        with pytest.raises(UnknownGoalError, match="no goal 'wni'; did you mean win"):
            self.make(goal="wni")
