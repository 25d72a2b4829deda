"""The contract of every goal-conditioned environment, to be inherited by the test of an adapter.

`GoalEnvContract` holds for all of them; `BoardGameContract` and `ArcadeContract` add what holds for
games of two players and for worlds of one.
"""

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

from rlhf_adapters.single_agent.tasks import NATIVE_END, NATIVE_REWARD
from rlhf_adapters.two_player.goal_env import FORFEIT
from rlhf_games.base import GameError, IllegalMoveError, UnknownGoalError

# What the checkers say of any environment made without `gymnasium.make`, and of any small board.
EXPECTED_WARNINGS = (
    r".*Not able to test alternative render modes due to the environment not having a spec.*",
    r"It seems that your observation observation is an image but its `dtype` is \(float32\).*",
    r"It seems that your observation space observation is an image but the upper and lower.*",
    r".*A Box observation space (minimum|maximum) value is -?infinity.*",
    r"The minimal resolution for an image is 36x36 for the default `CnnPolicy`.*",
    r"Your observation observation has an unconventional shape.*",  # cars and their features
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


def trajectory(env: gymnasium.Env, seed: int, steps: int = 60) -> list:
    """What random legal play of a seeded environment shows, to be compared."""
    return [
        (
            *(array.tobytes() for array in step[0].values()),
            *step[1:4],
            repr(sorted(step[4].items())),
        )
        for step in play_steps(env, seed=seed, steps=steps)
    ]


class GoalEnvContract:
    """What holds for every goal environment."""

    drawn = "mixed"
    """A goal that is drawn for every episode."""

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
            assert isinstance(reward, float)

    def test_masks_are_int8_and_agree_with_action_masks(self, env: gymnasium.Env):
        observation, _ = env.reset(seed=2)
        rng = np.random.default_rng(2)
        for _ in range(200):
            masks = env.action_masks()
            assert masks.dtype == np.bool_
            assert masks.any()
            assert observation["action_mask"].dtype == np.int8
            assert np.array_equal(observation["action_mask"].astype(bool), masks)
            observation, _, over, cut, _ = env.step(random_action(masks, rng))
            assert not (over and observation["action_mask"].any())
            if over or cut:
                observation, _ = env.reset()

    def test_vectorised_functions_agree_with_step(self, env: gymnasium.Env):
        steps = list(play_steps(env, seed=4, steps=200))
        achieved = np.stack([step[0]["achieved_goal"] for step in steps])
        desired = np.stack([step[0]["desired_goal"] for step in steps])
        infos = [step[4] for step in steps]
        rewards = env.compute_reward(achieved, desired, infos)
        assert rewards.dtype == np.float32
        assert np.array_equal(rewards, np.array([step[1] for step in steps], np.float32))
        assert len(np.unique(rewards)) > 1
        terminated = env.compute_terminated(achieved, desired, infos)
        by_world = np.array([info.get(NATIVE_END, False) for info in infos])
        assert (terminated | by_world).tolist() == [step[2] for step in steps]
        truncated = env.compute_truncated(achieved, desired, infos)
        assert not truncated.any()
        for row in range(len(steps)):
            assert env.compute_reward(achieved[row], desired[row], infos[row]) == rewards[row]
            assert (
                env.compute_terminated(achieved[row], desired[row], infos[row]) == terminated[row]
            )

    def test_seeds_reproduce_trajectories(self):
        env = self.make(seed=0, goal=self.drawn)
        first = trajectory(env, 6)
        assert trajectory(env, 6) == first  # on a used environment
        assert trajectory(self.make(seed=9, goal=self.drawn), 6) == first
        assert trajectory(env, 7) != first

    def test_a_seed_of_make_is_a_seed_of_reset(self):
        by_make, by_reset = self.make(seed=8, goal=self.drawn), self.make(goal=self.drawn)
        for env, seed in ((by_make, None), (by_reset, 8)):
            env.reset(seed=seed)
            for _ in range(5):
                env.reset()
        first, second = by_make.reset()[0], by_reset.reset()[0]
        assert all(np.array_equal(first[key], second[key]) for key in first)


class LearningContract(GoalEnvContract):
    """That SB3's own DQN learns, with and without hindsight."""

    learning_steps = 500

    @pytest.mark.parametrize("her", [False, True], ids=["replay", "hindsight"])
    def test_plain_dqn_learns(self, env: gymnasium.Env, her: bool):
        model = DQN(
            "MultiInputPolicy",
            env,
            replay_buffer_class=HerReplayBuffer if her else None,
            buffer_size=1000,
            learning_starts=100,
            batch_size=16,
            policy_kwargs={"net_arch": [16]},
            seed=0,
        )
        before = [value.clone() for value in model.policy.parameters()]
        model.learn(self.learning_steps)
        assert model.num_timesteps == self.learning_steps
        changed = zip(before, model.policy.parameters(), strict=True)
        assert any((old != new).any() for old, new in changed)


class BoardGameContract(LearningContract):
    """What holds for every environment of one game of two players."""

    def test_goals_are_rows_of_a_table(self, env: gymnasium.Env):
        for observation, reward, *_ in play_steps(env, seed=1, steps=100):
            assert observation["desired_goal"].sum() == 1
            assert -1.0 <= reward <= 1.0

    def test_masks_restrict(self, env: gymnasium.Env):
        masks = [
            step[0]["action_mask"] for step in play_steps(env, seed=2, steps=200) if not step[2]
        ]
        assert not np.all(masks)

    def test_goals_are_reached(self, env: gymnasium.Env):
        assert {step[1] for step in play_steps(env, seed=4, steps=200)} >= {0.0, 1.0}

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

    def test_unknown_goal(self):
        with pytest.raises(UnknownGoalError, match=r"goal .*'wni'; did you mean win"):
            self.make(goal="wni")


class ArcadeContract(GoalEnvContract):
    """What holds for every environment of one world of one player."""

    def test_infos_tell_what_the_world_said(self, env: gymnasium.Env):
        for _, reward, terminated, _, info in play_steps(env, seed=1, steps=50):
            assert info["is_success"] == (reward == 1.0)
            assert reward in (0.0, 1.0)
            assert isinstance(info[NATIVE_REWARD], float)
            assert terminated or not info[NATIVE_END]

    def test_the_goal_score_is_the_world_itself(self):
        env = self.make(goal="score")
        assert env.observation_space["desired_goal"].shape == (1,)
        for _, reward, terminated, _, info in play_steps(env, seed=1, steps=50):
            assert reward == info[NATIVE_REWARD]
            assert terminated == info[NATIVE_END]
            assert "is_success" not in info

    def test_actions_that_do_not_exist_are_refused_and_change_nothing(self, env: gymnasium.Env):
        first, _ = env.reset(seed=5)
        for action in (-1, int(env.action_space.n)):
            with pytest.raises(IllegalMoveError, match=r"has the actions 0\.\.\d+, got"):
                env.step(action)
        again, _ = env.reset(seed=5)
        assert all(np.array_equal(first[key], again[key]) for key in first)

    no_opponent = "has one player: opponent='random' does not apply"

    def test_who_has_no_opponent_says_so(self):
        with pytest.raises(GameError, match=self.no_opponent):
            self.make(opponent="random")

    def test_unknown_goal(self):
        with pytest.raises(UnknownGoalError, match=r"cannot measure the goal: .*known: .*score"):
            self.make(goal="wni")

    def test_many_worlds_do_what_each_does_alone(self):
        many = self.make(n_envs=2, seed=11, goal="score")
        alone = [self.make(seed=11 + i, goal="score") for i in range(2)]
        seen, lone = many.reset(), [env.reset()[0] for env in alone]
        rng = np.random.default_rng(0)
        for _ in range(60):
            keys = ("observation", "action_mask")
            assert all(np.array_equal(seen[key][i], lone[i][key]) for key in keys for i in (0, 1))
            actions = np.array([random_action(mask, rng) for mask in seen["action_mask"]])
            seen, rewards, dones, infos = many.step(actions)
            for i, env in enumerate(alone):
                lone[i], reward, over, cut, _ = env.step(actions[i])
                assert (reward, over or cut) == (rewards[i], dones[i])
                if dones[i]:
                    last = infos[i]["terminal_observation"]
                    assert all(np.array_equal(last[key], lone[i][key]) for key in last)
                    assert infos[i]["TimeLimit.truncated"] == cut
                    lone[i], _ = env.reset()
