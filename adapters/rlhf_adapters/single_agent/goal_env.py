"""One-player environments with goals: one for Gymnasium, a batched one for SB3.

An adapter supplies its environments as `BatchedEnvs`, a readable table of goals and, if they have
cells, `Cells`; everything else is here, once for all libraries.

Observations are Dicts as in `goal_env`: `observation`, `achieved_goal`, `desired_goal` (see
`tasks` for their contents) and `action_mask` (int8; all 0 when the environment has ended).

* **Time.** If the table has goals with a deadline (`survive_200`, `score_10_within_500`), the
  observation has one more number: the share of steps left until the latest deadline of the
  table, 1 at the start, never below 0. A flat observation gets it as its last entry (and becomes
  float32 if it held integers), any other as a last plane (0 to 255 if it is uint8; if planes
  come first, that share of it is 1). The goals `score` and `cell` have no clock.
* **Actions** that the mask forbids are passed on: the environment's own rules apply (in Taxi
  nothing happens, at the usual cost). Numbers outside the action space raise `IllegalMoveError`.
* **`info`** of every step has the environment's own `native_reward` and `native_terminated`, and
  `is_success` unless the goal is `score`.
* A reward or an observation that is not a number raises `EnvError`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from rlhf_adapters.batch_vec_env import BatchVecEnv
from rlhf_adapters.kinds import Picture
from rlhf_adapters.single_agent.batched_envs import BatchedEnvs
from rlhf_adapters.single_agent.clock import with_clock
from rlhf_adapters.single_agent.goals import Bools, StepBatch
from rlhf_adapters.single_agent.run_state import ResumableEnvs
from rlhf_adapters.single_agent.tasks import (
    NATIVE_END,
    NATIVE_REWARD,
    Floats,
    Rewards,
    ScoreTask,
    TableTask,
    Task,
)
from rlhf_adapters.specs import EnvError, Info, Infos
from rlhf_games.arrays import actions_of
from rlhf_games.base import Array, IllegalMoveError

Batch = dict[str, Array]


class GoalEnvs:
    """n environments and their task; no auto-reset, no framework.

    Args:
        batched: the environments.
        task: their goals and rewards.
        seed: of environments and goals.
    """

    def __init__(self, batched: BatchedEnvs, task: Task, seed: int | None = None) -> None:
        self.batched, self.task = batched, task
        self.steps = np.zeros(batched.n, np.int64)
        self.score = np.zeros(batched.n, np.float64)
        self.space = goal_space(batched, task)
        self.has_floats = batched.space.dtype is not None and batched.space.dtype.kind == "f"
        self.seed(seed)

    def seed(self, seed: int | None) -> None:
        """Reseed the random numbers; call `restart` next."""
        self.rng = np.random.default_rng(seed)
        self.batched.seed(seed)

    def restart(self, which: Bools, options: Sequence[Info | None] = ()) -> None:
        """Start new episodes where `which` `[n]` is set."""
        self.batched.restart(which, options or [None] * self.batched.n)
        self.steps[which], self.score[which] = 0, 0.0
        self.task.start(which, self.rng)

    def step(self, actions: object) -> tuple[Rewards, Bools, Bools, list[Info]]:
        """Take an action in each; return rewards, terminations, truncations and infos."""
        batched = self.batched
        batched.step(self._checked(actions))
        self.steps += 1
        self._check_numbers()
        self.score += batched.points
        now = StepBatch(
            batched.observation,
            batched.reward,
            self.score,
            self.steps,
            batched.terminated,
            batched.truncated,
            batched.infos,
            batched.envs,
        )
        rewards, terminated = self._judge(now)
        truncated = batched.truncated & ~terminated
        return rewards, terminated, truncated, self._infos(rewards, terminated | truncated)

    def _judge(self, now: StepBatch) -> tuple[Rewards, Bools]:
        """Return the rewards and the ends of a step, each `[n]`."""
        return self.task.judge(now)

    def observe(self) -> Batch:
        """Return the observations, arrays with the leading dimension n."""
        observation = self.batched.observation
        if self.task.horizon is None:
            observation = observation.copy()
        else:
            left = 1.0 - self.steps / self.task.horizon
            observation = with_clock(observation, left, self.batched.planes_first)
        return {
            "observation": observation,
            "achieved_goal": self.task.achieved.copy(),
            "desired_goal": self.task.desired.copy(),
            "action_mask": self.batched.mask.copy(),
        }

    def _checked(self, asked: object) -> NDArray[np.int64]:
        actions = actions_of(asked, self.batched.n)
        if (actions.view(np.uint64) >= self.batched.n_actions).any():  # negative ones are large
            wrong = actions[(actions < 0) | (actions >= self.batched.n_actions)][0]
            msg = (
                f"{self.batched.name} has the actions 0..{self.batched.n_actions - 1}, got {wrong}"
            )
            raise IllegalMoveError(msg)
        return actions

    def _infos(self, rewards: Rewards, ends: Bools) -> list[Info]:
        batched = self.batched
        infos = [dict(info) for info in batched.infos]
        successes = self.task.successes(rewards)
        shown = (
            np.flatnonzero(ends).tolist() if batched.silent and batched.n > 1 else range(batched.n)
        )
        for i in shown:
            infos[i][NATIVE_REWARD] = float(batched.reward[i])
            infos[i][NATIVE_END] = bool(batched.terminated[i])
            if successes is not None:
                infos[i]["is_success"] = bool(successes[i])
        return infos

    def _check_numbers(self) -> None:
        """NaN spreads through a product, which is cheaper than checking every number."""
        self._refuse_nan("reward", self.batched.reward)
        if self.has_floats:
            self._refuse_nan("observation", self.batched.observation)

    def _refuse_nan(self, what: str, values: Array) -> None:
        flat = values.reshape(-1)
        if not math.isnan(flat.dot(flat)):
            return
        bad = np.argwhere(np.isnan(values))
        if not len(bad):
            return
        row, *place = (int(index) for index in bad[0])
        where = f"[{', '.join(map(str, place))}] " if place else ""
        of_many = f" of environment {row}" if self.batched.n > 1 else ""
        msg = (
            f"{self.batched.name}: the {what} {where}is {values[tuple(bad[0])]} in step "
            f"{self.steps[row]}{of_many}, which is not a finite number"
        )
        raise EnvError(msg)


class EpisodeGoalFunctions:
    """The vectorised functions of a goal environment.

    Attributes:
        task: goals and rewards.
        goal_names: in the order of the table.
        goal_rows: `desired_goal` for every goal, `[G, G]`; None for open goals.
        goal_implied: bool `[G, G]`; `[g, e]` is set if goal e is reached whenever g is, so that the
            chance of g is at most that of e. None for open goals.
        goal_floor: the reward for missing the goal, where reaching it pays 1; None if there is
            none.
        goal_risk: the name of a danger and of the goal that excludes it, ("crash", "survive_30");
            None where there is none.
    """

    goal_risk: tuple[str, str] | None = None

    def __init__(self, task: Task) -> None:
        self.task = task
        self.goal_names, self.goal_rows, self.goal_implied = task.names, task.rows, task.implied
        self.goal_floor = task.floor

    @property
    def native_goal(self) -> bool:
        """Whether the task is the environment's own reward, which does not follow from goals."""
        return isinstance(self.task, ScoreTask)

    def ask(self, *names: str) -> None:
        """Play for these goals from now on, see `TableTask.ask`.

        Raises:
            EnvError: the environment was made without a goal.
            UnknownGoalError: its table does not have one of them.
        """
        if not isinstance(self.task, TableTask):
            msg = "goals can be chosen where they are learnt: give make_env a goal, or 'mixed'"
            raise EnvError(msg)
        self.task.ask(names)

    def compute_reward(
        self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Infos
    ) -> Floats:
        """Return rewards `[...]` for goals `[..., G]`; only the goal `score` reads `info`."""
        return self.task.rewards(achieved_goal, desired_goal, info)

    def compute_terminated(
        self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Infos
    ) -> Bools:
        """Return bool `[...]`: the goal ends the episode.

        Where the environment ended by itself, `info["native_terminated"]` says so.
        """
        return self.task.terminated(achieved_goal, desired_goal, info)

    def compute_truncated(
        self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Infos
    ) -> Bools:
        """Return False everywhere: only the environment's own time limit cuts episodes short."""
        return np.zeros(np.shape(achieved_goal)[:-1], np.bool_)


class ArcadeEnv(EpisodeGoalFunctions, gymnasium.Env[Batch, np.int64]):
    """One environment as a Gymnasium goal environment; arguments as in `GoalEnvs`.

    Attributes:
        action_names: names of the actions, if they have any.
        arcade: the compiled games (an `ArcadeBatch`) that are played, None where there are none.
    """

    metadata = {  # noqa: RUF012 - as Gymnasium has it
        "render_modes": ["rgb_array", "human", "ansi"],
        "render_fps": 30,
    }

    games_class: type[GoalEnvs] = GoalEnvs

    def __init__(self, batched: BatchedEnvs, task: Task, seed: int | None = None) -> None:
        EpisodeGoalFunctions.__init__(self, task)
        self.batched = batched
        self.games = self.games_class(batched, task, seed)
        self.action_names = tuple(getattr(batched, "action_names", ()))
        self.arcade: Any = getattr(batched, "batch", None)
        self.goal_risk = getattr(batched, "risk", None)
        self.render_mode = batched.render_mode
        self.observation_space: Any = self.games.space
        self.action_space = spaces.Discrete(batched.n_actions)

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Batch, Info]:
        """Start a new episode, see `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        if seed is not None:
            self.games.seed(seed)
        self.games.restart(np.ones(1, np.bool_), [options])
        return self._first(self.games.observe()), dict(self.batched.infos[0])

    def step(self, action: int | np.int64) -> tuple[Batch, float, bool, bool, Info]:
        """Take an action, see `gymnasium.Env.step`."""
        rewards, terminated, truncated, infos = self.games.step([action])
        observation = self._first(self.games.observe())
        if terminated[0]:
            observation["action_mask"][:] = 0
        return observation, float(rewards[0]), bool(terminated[0]), bool(truncated[0]), infos[0]

    def action_masks(self) -> Bools:
        """Return the sensible actions, bool `[A]` (sb3-contrib's spelling)."""
        return np.asarray(self.batched.mask[0], np.bool_)

    def render(self) -> Picture:
        """Return the environment's own picture, see `gymnasium.Env.render`."""
        return self.batched.render()[0]

    def close(self) -> None:
        """Close the environment."""
        self.batched.close()

    def _first(self, batch: Batch) -> Batch:
        return {key: values[0] for key, values in batch.items()}


class ArcadeVecEnv(EpisodeGoalFunctions, ResumableEnvs, BatchVecEnv):
    """n environments as an SB3 `VecEnv`; goals, masks and checks of all in one call.

    Arguments as in `GoalEnvs`; environment i has the seed `seed + i`. The last info of an episode
    has `episode`, as SB3's `Monitor` gives it.

    Attributes:
        arcade: as of `ArcadeEnv`.
        mirrored_actions: each action's mirror image when the columns of observations are swapped,
            for environments with that symmetry; None otherwise.
    """

    games_class: type[GoalEnvs] = GoalEnvs

    def __init__(self, batched: BatchedEnvs, task: Task, seed: int | None = None) -> None:
        EpisodeGoalFunctions.__init__(self, task)
        self.batched = batched
        self.games = self.games_class(batched, task, seed)
        self.arcade: Any = getattr(batched, "batch", None)
        self.mirrored_actions: tuple[int, ...] | None = getattr(batched, "mirrored", None)
        self.render_mode = batched.render_mode
        self._actions: object = None
        self._returns, self._started = np.zeros(batched.n), time.time()
        BatchVecEnv.__init__(self, batched.n, self.games.space, spaces.Discrete(batched.n_actions))

    def reset(self) -> Batch:
        """Start n new episodes."""
        if self._seeds[0] is not None:
            self.games.seed(self._seeds[0])
        self.games.restart(np.ones(self.num_envs, np.bool_), self._options)
        self._returns[:] = 0.0
        self.reset_infos = [dict(info) for info in self.batched.infos]
        self._reset_seeds()
        self._reset_options()
        return self.games.observe()

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Store the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[Batch, Floats, Bools, list[Info]]:
        """Step all environments; finished ones restart."""
        rewards, terminated, truncated, infos = self.games.step(self._actions)
        observation, dones = self.games.observe(), terminated | truncated
        self._returns += rewards
        if dones.any():
            self._finish(observation, terminated, truncated, infos)
            self.games.restart(dones)
            observation = self.games.observe()
            for i in np.flatnonzero(dones):
                self.reset_infos[i] = dict(self.batched.infos[i])
        return observation, np.asarray(rewards, np.float32), dones, infos

    def _finish(self, last: Batch, terminated: Bools, truncated: Bools, infos: list[Info]) -> None:
        last["action_mask"][terminated] = 0
        for i in np.flatnonzero(terminated | truncated).tolist():
            ending = {key: values[i] for key, values in last.items()}
            cut = bool(truncated[i])
            infos[i] |= {"terminal_observation": ending, "TimeLimit.truncated": cut}
            infos[i]["episode"] = self._episode(i)
            self._returns[i] = 0.0

    def _episode(self, i: int) -> dict[str, float]:
        seconds = round(time.time() - self._started, 6)
        return {"r": float(self._returns[i]), "l": int(self.games.steps[i]), "t": seconds}

    def action_masks(self) -> Bools:
        """Return the sensible actions, bool `[n, A]` (sb3-contrib's spelling)."""
        return np.asarray(self.batched.mask, np.bool_)

    def get_images(self) -> Sequence[Any]:
        """Return the environments' own pictures."""
        return self.batched.render()

    def close(self) -> None:
        """Close the environments."""
        self.batched.close()


def arcade_env(batched: BatchedEnvs, task: Task, seed: int | None) -> ArcadeEnv | ArcadeVecEnv:
    """Return an `ArcadeEnv` for one environment, an `ArcadeVecEnv` for several."""
    kind = ArcadeEnv if batched.n == 1 else ArcadeVecEnv
    return kind(batched, task, seed)


def goal_space(batched: BatchedEnvs, task: Task) -> spaces.Dict:
    """Return the observation space of one environment with a task."""
    space = batched.space
    if task.horizon is not None:
        ends = [
            with_clock(edge[None], np.full(1, left), batched.planes_first)
            for edge, left in ((space.low, 0.0), (space.high, 1.0))
        ]
        dtype: Any = ends[0].dtype.type
        space = spaces.Box(ends[0][0], ends[1][0], dtype=dtype)
    mask = spaces.Box(0, 1, (batched.n_actions,), np.int8)
    return spaces.Dict({"observation": space, **task.space(), "action_mask": mask})
