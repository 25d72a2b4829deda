"""An environment's rewards for goals, and whether reaching a goal ends the episode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from rlhf_agents.dqn.env_access import attribute, has_method
from rlhf_agents.errors import SettingError
from rlhf_agents.files.types import Array, Info

Infos = Sequence[Info]


def goals_determine_rewards(env: VecEnv) -> bool:
    """Return whether goals determine rewards; an environment with `native_goal` pays its own."""
    return not attribute(env, "native_goal")


class GoalRewards:
    """`compute_reward` and `compute_terminated` of the first of several identical environments.

    Args:
        env: has a method `compute_reward(achieved, desired, info)` for batches.
        terminate_on_goal: whether reaching the goal ends an episode; None uses the environment's
            `compute_terminated`, and assumes that it does without that method.
    """

    def __init__(self, env: VecEnv, terminate_on_goal: bool | None) -> None:
        self.env = env
        self.asks = terminate_on_goal is None and has_method(env, "compute_terminated")
        self.terminates = terminate_on_goal is not False
        self._goal_reward: float | None = None

    def rewards(
        self, achieved: Array, desired: Array, infos: Infos | None = None
    ) -> NDArray[np.float32]:
        """Return rewards, float32 `[B]`, for goals `[B, ...]`.

        Raises:
            SettingError: `compute_reward` is not vectorised, or reads infos that are not stored.
        """
        rewards = np.asarray(self._ask("compute_reward", achieved, desired, infos), np.float32)
        if rewards.size != len(achieved):
            raise SettingError(_not_vectorised("compute_reward", rewards.size, len(achieved)))
        return rewards.reshape(len(achieved))

    def terminated(
        self,
        achieved: Array,
        desired: Array,
        rewards: NDArray[np.float32],
        infos: Infos | None = None,
    ) -> NDArray[np.bool_]:
        """Return whether goals `[B, ...]` are reached and end their episodes, bool `[B]`.

        Raises:
            SettingError: see `rewards`; `compute_terminated` may also return one value for all.
        """
        if self.asks:
            ends = np.asarray(self._ask("compute_terminated", achieved, desired, infos), bool)
            if ends.size not in (1, len(achieved)):
                raise SettingError(_not_vectorised("compute_terminated", ends.size, len(achieved)))
            return np.broadcast_to(ends.reshape(-1), (len(achieved),))
        if not self.terminates:
            return np.zeros(len(achieved), bool)
        return np.asarray(rewards >= self._best(desired, infos), bool)

    def _best(self, desired: Array, infos: Infos | None) -> float | NDArray[np.float32]:
        """Return the reward for achieving the desired goal."""
        if self._goal_reward is not None:
            return self._goal_reward
        best = self.rewards(desired, desired, infos)
        if (best == best[0]).all():
            self._goal_reward = float(best[0])
        return best

    def _ask(self, name: str, achieved: Array, desired: Array, infos: Infos | None) -> object:
        given: Infos = [{}] * len(achieved) if infos is None else infos
        try:
            answer: object = self.env.env_method(name, achieved, desired, given, indices=[0])[0]
            return answer
        except KeyError as error:
            if infos is not None:
                raise
            msg = (
                f"{name} reads info[{error}], but infos are not stored: pass "
                "replay_buffer_kwargs={'copy_info_dict': True} (foresight cannot look into infos)"
            )
            raise SettingError(msg) from error


def _not_vectorised(name: str, found: int, expected: int) -> str:
    return (
        f"{name} returned {found} values for {expected} goals: it must be vectorised over the "
        "first axis, which SB3's HerReplayBuffer requires too"
    )
