"""Environments of many agents as an SB3 `VecEnv` whose columns are agents that share one network.

A column's episode is the life of its agent in one environment, or ends when its goal is decided.
Then the column waits, see `parallel_envs`, until its environment restarts: so an agent's
observations never appear in another's column, and no episode reaches into the next. There is
nothing to learn from a waiting column: `HFDQN` leaves it out; other algorithms learn that its value
is 0, which no other value depends on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.multi_agent.parallel_envs import WAITING, ParallelEnvs
from rlhf_adapters.single_agent.goal_env import ArcadeEnv, ArcadeVecEnv, Batch, GoalEnvs
from rlhf_adapters.single_agent.goals import OPEN, Bools, StepBatch
from rlhf_adapters.single_agent.tasks import Rewards, Task
from rlhf_adapters.specs import Info


class TeamEnvs(GoalEnvs):
    """Columns and their goals; arguments as in `GoalEnvs`."""

    batched: ParallelEnvs

    def restart(self, which: Bools, options: Sequence[Info | None] = ()) -> None:
        """End episodes where `which` `[n]` is set; environments without agents restart."""
        self.batched.restart(which, options)
        began = self.batched.began
        self.steps[began], self.score[began] = 0, 0.0
        self.task.start(began, self.rng)
        self._clear(self.batched.waiting)

    def observe(self) -> Batch:
        """Return the observations, arrays with leading dimension n; waiting agents see zeros."""
        batch = super().observe()
        batch["observation"][self.batched.waiting] = 0  # also the clock
        return batch

    def _judge(self, now: StepBatch) -> tuple[Rewards, Bools]:
        rewards, terminated = self.task.judge(now)
        idle = self.batched.idle
        if idle.any():
            rewards, terminated = np.where(idle, 0.0, rewards), terminated & ~idle
            self._clear(idle)
        return rewards, terminated

    def _infos(self, rewards: Rewards, ends: Bools) -> list[Info]:
        infos = super()._infos(rewards, ends)
        for info, idle in zip(infos, self.batched.idle.tolist(), strict=True):
            info[WAITING] = idle
        return infos

    def _clear(self, waiting: Bools) -> None:
        self.task.achieved[waiting] = OPEN
        self.steps[waiting], self.score[waiting] = 0, 0.0


class TeamEnv(ArcadeEnv):
    """A single learner in a single environment, for Gymnasium."""

    games_class = TeamEnvs

    def __init__(self, batched: ParallelEnvs, task: Task, seed: int | None = None) -> None:
        self.metadata = batched.metadata
        super().__init__(batched, task, seed)
        self.action_names = batched.action_names[0]


class TeamVecEnv(ArcadeVecEnv):
    """The learners of n environments, for SB3."""

    games_class = TeamEnvs

    def __init__(self, batched: ParallelEnvs, task: Task, seed: int | None = None) -> None:
        self.metadata = batched.metadata
        super().__init__(batched, task, seed)

    def render(self, mode: str | None = None) -> NDArray[np.uint8] | None:
        """Return the picture of the first environment."""
        del mode
        picture = self.batched.render()[0]
        return picture if isinstance(picture, np.ndarray) else None


def team_env(batched: ParallelEnvs, task: Task, seed: int | None) -> TeamEnv | TeamVecEnv:
    """Return a `TeamEnv` for one column, a `TeamVecEnv` for several."""
    batched.others_want = np.repeat(task.desired[:1] * 0, len(batched.others), axis=0)
    batched.others_want[:, :1] = 1.0
    kind = TeamEnv if batched.n == 1 else TeamVecEnv
    return kind(batched, task, seed)
