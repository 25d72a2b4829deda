"""Asking an environment about goals: rewards, and whether reaching a goal ends the episode."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from rlhf_agents.errors import SettingError


def goals_tell_rewards(env: VecEnv) -> bool:
    """Whether rewards follow from goals; an environment that says `native_goal` pays its own."""
    return not (env.has_attr("native_goal") and env.get_attr("native_goal")[0])


class GoalRewards:
    """`compute_reward` and `compute_terminated` of the first of several alike environments.

    Args:
        env: has a method `compute_reward(achieved, desired, info)` for batches.
        terminate_on_goal: whether reaching the goal ends an episode; None asks the environment's
            `compute_terminated`, and without one supposes it does.
    """

    def __init__(self, env: VecEnv, terminate_on_goal: bool | None) -> None:
        self.env = env
        self.asks = terminate_on_goal is None and env.has_attr("compute_terminated")
        self.terminates = terminate_on_goal is not False
        self._goal_reward: float | None = None

    def rewards(
        self, achieved: NDArray[Any], desired: NDArray[Any], infos: Any = None
    ) -> NDArray[np.float32]:
        """Return rewards, float32 `[B]`, for goals `[B, ...]`."""
        answer = self._ask("compute_reward", achieved, desired, infos)
        return np.asarray(answer, np.float32).reshape(len(achieved))

    def terminated(
        self,
        achieved: NDArray[Any],
        desired: NDArray[Any],
        rewards: NDArray[np.float32],
        infos: Any = None,
    ) -> NDArray[np.bool_]:
        """Return whether goals `[B, ...]` are reached so that their episodes end, bool `[B]`."""
        if self.asks:
            answer = self._ask("compute_terminated", achieved, desired, infos)
            return np.broadcast_to(np.asarray(answer, bool), (len(achieved),))
        if not self.terminates:
            return np.zeros(len(achieved), bool)
        return np.asarray(rewards >= self._best(desired), bool)

    def _best(self, desired: NDArray[Any]) -> Any:
        """Return the reward for having achieved what is desired."""
        if self._goal_reward is not None:
            return self._goal_reward
        best = self.rewards(desired, desired)
        if (best == best[0]).all():
            self._goal_reward = float(best[0])
        return best

    def _ask(self, name: str, achieved: Any, desired: Any, infos: Any) -> Any:
        infos = [{}] * len(achieved) if infos is None else infos
        answer = self.env.env_method(name, achieved, desired, infos, indices=[0])[0]
        if np.size(answer) not in (1, len(achieved)):
            msg = (
                f"{name} of {self.env} returned {np.size(answer)} values for {len(achieved)} "
                "goals: it must be vectorised over the first axis"
            )
            raise SettingError(msg)
        return answer
