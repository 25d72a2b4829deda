"""Environments with native goals, in the convention of Gymnasium-Robotics' GoalEnv.

Their `achieved_goal` and `desired_goal` pass through, and their own `compute_reward` gives the
rewards for other goals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike

from rlhf_adapters.kinds import Env, Space
from rlhf_adapters.single_agent.goals import Bools, StepBatch
from rlhf_adapters.single_agent.gym_envs import GymEnvs, view_of
from rlhf_adapters.single_agent.tasks import Floats, Rewards, Task
from rlhf_adapters.specs import Info, Infos

NATIVE = "native"
"""The name of these goals for users; it is the default."""
OBSERVATION, ACHIEVED, DESIRED = "observation", "achieved_goal", "desired_goal"
REWARD, TERMINATED, SUCCESS = "compute_reward", "compute_terminated", "is_success"


def has_goals(env: Env) -> bool:
    """Whether an environment has native goals."""
    space = env.observation_space
    parts = {OBSERVATION, ACHIEVED, DESIRED}
    has_parts = isinstance(space, spaces.Dict) and parts <= set(space.spaces)
    return has_parts and callable(getattr(env.unwrapped, REWARD, None))


class NativeEnvs(GymEnvs):
    """n environments whose goals are separated from the observation.

    Args:
        name: of the environment, for errors.
        envs: n environments of one kind, see `has_goals`.

    Attributes:
        achieved: `[n, ...]`, from the environments.
        desired: likewise.
    """

    def __init__(self, name: str, envs: Sequence[Env]) -> None:
        space = envs[0].observation_space
        assert isinstance(space, spaces.Dict)
        box, write = view_of(name, space[OBSERVATION])
        self.goal_space: Space = space[DESIRED]
        shape, dtype = self.goal_space.shape or (), self.goal_space.dtype
        self.achieved, self.desired = (np.zeros((len(envs), *shape), dtype) for _ in range(2))
        super().__init__(name, envs, (box, lambda raw, out: write(raw[OBSERVATION], out)))

    def _show(self, i: int, raw: Any, info: Info) -> None:
        super()._show(i, raw, info)
        self.achieved[i], self.desired[i] = raw[ACHIEVED], raw[DESIRED]


class NativeTask(Task):
    """Play n environments for their native goals."""

    names = (NATIVE,)

    def __init__(self, envs: NativeEnvs) -> None:
        self.envs, self.achieved, self.desired = envs, envs.achieved, envs.desired

    @property
    def floor(self) -> float | None:
        """None: the environment decides the reward for missing a goal."""
        return None

    def start(self, which: Bools, rng: np.random.Generator) -> None:
        """Do nothing: the environments have drawn their goals themselves."""

    def judge(self, now: StepBatch) -> tuple[Rewards, Bools]:
        """Return the environments' own rewards and ends."""
        return now.reward, now.terminated

    def successes(self, rewards: Rewards) -> Bools | None:
        """Return the infos' `is_success`, or whether no other goal would have paid more."""
        infos = self.envs.infos
        if all(SUCCESS in info for info in infos):
            return np.array([bool(info[SUCCESS]) for info in infos])
        return np.asarray(rewards >= self.rewards(self.desired, self.desired, infos))

    def space(self) -> dict[str, Space]:
        """Return the spaces of the environments' own goals."""
        return {ACHIEVED: self.envs.goal_space, DESIRED: self.envs.goal_space}

    def rewards(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Floats:
        """Return the environment's own rewards for goals."""
        asked = self.envs.envs[0].get_wrapper_attr(REWARD)
        return np.asarray(asked(achieved, desired, info), np.float32)

    def terminated(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Bools:
        """Return the environment's own answer; without one, reaching the goal ends an episode."""
        env = self.envs.envs[0]
        if env.has_wrapper_attr(TERMINATED):
            return np.asarray(env.get_wrapper_attr(TERMINATED)(achieved, desired, info), np.bool_)
        best = self.rewards(desired, desired, info)
        return np.asarray(self.rewards(achieved, desired, info) >= best)
