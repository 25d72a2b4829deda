"""Hindsight replay: transitions are learnt again as if the achieved goal had been the desired one.

Andrychowicz et al., 2017, "Hindsight Experience Replay". Unlike SB3's HerReplayBuffer, the end of
an episode is relabelled with the goal, n-step returns are cut where the new goal is reached, and
unfinished episodes can be sampled.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.buffers import BaseBuffer
from stable_baselines3.common.vec_env import VecEnv, VecNormalize
from stable_baselines3.her.goal_selection_strategy import GoalSelectionStrategy

from rlhf_agents.dqn.action_masks import MASK_KEY
from rlhf_agents.dqn.replay.goal_rewards import GoalRewards
from rlhf_agents.dqn.replay.kernels import FIRST, GOAL_ENDED, KEEP, TERMINAL, choose_goals
from rlhf_agents.dqn.replay.rows import RowReader
from rlhf_agents.dqn.replay.samples import (
    RowCodec,
    as_samples,
    end_flags,
    load_into,
    save_state,
    waited_flags,
)
from rlhf_agents.dqn.replay.store import UNJUDGED, Drawn, Judged, TransitionStore
from rlhf_agents.errors import SettingError
from rlhf_agents.files.atomic import write_atomically
from rlhf_agents.files.types import Array, Arrays, Info, Ints, Space
from rlhf_agents.settings import Priorities

STRATEGIES = ("future", "final", "episode", "random", "all_goals")
ACHIEVED, DESIRED = "achieved_goal", "desired_goal"
REDRAWS = 3
"""Attempts to draw a goal that is not reached already, before the commanded goal is kept."""


def is_goal_space(space: Space) -> bool:
    """Return whether observations are those of a goal environment."""
    keys = {"observation", ACHIEVED, DESIRED}
    return isinstance(space, spaces.Dict) and keys <= set(space.spaces)


class HindsightReplayBuffer(HerReplayBuffer):
    """A drop-in replacement for `HerReplayBuffer`, for any off-policy algorithm of SB3.

    Args:
        buffer_size: transitions of all environments together.
        observation_space: Dict with `observation`, `achieved_goal` and `desired_goal`; other keys,
            such as `action_mask`, are kept.
        action_space: of the algorithm.
        env: computes rewards; required for relabelling.
        device: the device of samples.
        n_envs: number of environments, all alike.
        optimize_memory_usage: must be False; zeros and ones are packed anyway.
        handle_timeout_termination: a state's value continues beyond a time limit.
        n_sampled_goal: relabelled transitions per original one, HER's k.
        goal_selection_strategy: "future" (achieved now or later in the same episode), "final",
            "episode" (anywhere in it), "random" (anywhere in the buffer) or "all_goals" (each
            relabelled transition with every row of `goals`).
        copy_info_dict: store infos and pass them to `compute_reward`.
        goals: for "all_goals", `[G, ...]` like `desired_goal`.
        skip_achieved: draw again if a goal is already reached before the step.
        terminate_on_goal: whether reaching a goal ends the episode; None uses the environment's
            `compute_terminated`, and assumes that it does without that method.
        n_steps: of the returns.
        gamma: discount of n-step returns.
        priorities: draw transitions with large errors more often.
        store_masks: store masks of environments with a method `action_masks()`.

    Raises:
        SettingError: the space has no goals, or an option is out of range.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - HerReplayBuffer's arguments, then ours
        self,
        buffer_size: int,
        observation_space: spaces.Dict,
        action_space: Space,
        env: VecEnv | None = None,
        device: torch.device | str = "auto",
        n_envs: int = 1,
        optimize_memory_usage: bool = False,
        handle_timeout_termination: bool = True,
        n_sampled_goal: int = 4,
        goal_selection_strategy: str | GoalSelectionStrategy = "future",
        copy_info_dict: bool = False,
        goals: Array | None = None,
        skip_achieved: bool = True,
        terminate_on_goal: bool | None = None,
        n_steps: int = 1,
        gamma: float = 0.99,
        priorities: Priorities | None = None,
        store_masks: bool = False,
    ) -> None:
        if isinstance(goal_selection_strategy, GoalSelectionStrategy):
            goal_selection_strategy = goal_selection_strategy.name.lower()
        _check(observation_space, goal_selection_strategy, n_sampled_goal, goals)
        BaseBuffer.__init__(
            self, buffer_size, observation_space, action_space, device, n_envs=n_envs
        )
        self.buffer_size = max(buffer_size // n_envs, 1)
        self.optimize_memory_usage = False
        self.handle_timeout_termination = handle_timeout_termination
        self.n_sampled_goal, self.her_ratio = n_sampled_goal, 1 - 1 / (n_sampled_goal + 1)
        self.strategy, self.copy_info_dict = goal_selection_strategy, copy_info_dict
        self.skip_achieved, self.terminate_on_goal = skip_achieved, terminate_on_goal
        n_actions = None
        if store_masks and MASK_KEY not in observation_space.spaces:
            assert isinstance(action_space, spaces.Discrete)
            n_actions = int(action_space.n)
        self.codec = RowCodec(observation_space, n_actions, (DESIRED, ACHIEVED))
        self.store = TransitionStore(
            self.buffer_size, n_envs, self.codec.layout, action_space, n_steps, gamma, priorities
        )
        self.infos = np.empty(self.buffer_size * n_envs if copy_info_dict else 0, object)
        desired = self.codec.layout[f"obs:{DESIRED}"]
        self.goals = None if goals is None else np.asarray(goals, desired.dtype)
        before, after = (self.codec.layout[f"{when}:{ACHIEVED}"] for when in ("obs", "next"))
        self._compared = (before.begin, after.begin, before.size if skip_achieved else 0)
        self._masks: NDArray[np.bool_] | None = None
        self._achieved = self._reader_of_goals()
        self.env = env

    def _reader_of_goals(self) -> RowReader:
        return RowReader(self.codec.layout, [(f"next:{ACHIEVED}", FIRST)])

    @property
    def env(self) -> VecEnv | None:
        """The environment that computes rewards, or None."""
        return self._env

    @env.setter
    def env(self, env: VecEnv | None) -> None:
        self._env = env
        self._goal_functions = None if env is None else GoalRewards(env, self.terminate_on_goal)

    def set_env(self, env: VecEnv | None) -> None:
        """Use another environment to compute rewards."""
        self.env = env

    def _asked(self) -> GoalRewards:
        if self._goal_functions is None:
            msg = "hindsight needs an environment that computes rewards: call set_env(env) first"
            raise SettingError(msg)
        return self._goal_functions

    # ---- storing ---------------------------------------------------------------------------

    def expect_masks(self, masks: NDArray[np.bool_]) -> None:
        """Set the masks `[n_envs, A]` of the next observations for `add`."""
        self._masks = masks

    def add(  # type: ignore[override]
        self,
        obs: Arrays,
        next_obs: Arrays,
        action: Array,
        reward: Array,
        done: Array,
        infos: list[Info],
    ) -> None:
        """Store one step of every environment."""
        ends, terminal = end_flags(done, infos, self.handle_timeout_termination)
        flags = terminal * np.uint8(TERMINAL) | waited_flags(infos)
        if terminal.any() and self._goal_functions is not None:
            caused = self._asked().terminated(
                self._shaped(next_obs[ACHIEVED]),
                self._shaped(obs[DESIRED]),
                np.asarray(reward, np.float32),
                infos,
            )
            flags |= (terminal & caused) * np.uint8(GOAL_ENDED)
        if self.copy_info_dict:
            begin = self.store.pos * self.n_envs
            self.infos[begin : begin + self.n_envs] = infos
        rows = self.codec.encode(obs, next_obs, self._masks)
        self.store.add(rows, action, reward, flags, ends)
        self._masks = None
        self.pos, self.full = self.store.pos, self.store.full

    def _shaped(self, goals: ArrayLike) -> Array:
        shape = self.codec.layout[f"obs:{DESIRED}"].shape
        return np.asarray(goals).reshape(-1, *shape)

    def truncate_last_trajectory(self) -> None:
        """End the current episodes here, as if by a time limit."""
        for env in np.flatnonzero(self.store.running_for):
            self.store.close(int(env))

    # ---- sampling --------------------------------------------------------------------------

    def sample(self, batch_size: int, env: VecNormalize | None = None) -> Any:
        """Draw a batch whose first `her_ratio` share is relabelled.

        Args:
            batch_size: B.
            env: a `VecNormalize` whose statistics are applied.

        Raises:
            RuntimeError: nothing is stored yet.
            SettingError: goals are to be relabelled and there is no environment.
        """
        if self.store.filled == 0:
            msg = "there is nothing to sample yet: set learning_starts to at least 1"
            raise RuntimeError(msg)
        drawn, sources, changed = self._draw(batch_size, int(self.her_ratio * batch_size))
        store, rows = self.store, drawn.rows
        before, after, masks = self.codec.read(store.rows, rows, rows, sources)
        ahead = store.ahead(rows)
        judged = self._judge(ahead, sources, before, after) if changed else UNJUDGED
        rewards, terminal = store.earned(ahead, judged)
        rewards = self._normalize_reward(rewards, env).astype(np.float32, copy=False)
        outcome = store.outcome(ahead, rewards, terminal)
        if store.n_steps > 1:
            later, masks = self.codec.read(store.rows, rows, outcome.final)[1:]
            after = {**later, DESIRED: before[DESIRED]}
        seen = self._normalize_obs(before, env), self._normalize_obs(after, env), masks
        return as_samples(store, drawn, seen, outcome, self.device)

    def _draw(self, count: int, n_virtual: int) -> tuple[Drawn, Ints, int]:
        """Draw transitions, and the goals of the first.

        Returns:
            transitions; rows whose achieved goals replace theirs `[V]`, or `KEEP`; the number of
            goals that are replaced.
        """
        chances = np.random.random_sample((2, count))  # noqa: NPY002 - SB3 seeds it
        drawn = self.store.draw(count, chances[0])
        if self.goals is not None:
            # Each of the first transitions occurs once per goal.
            copies = np.arange(count)
            copies[:n_virtual] //= len(self.goals)
            weights = None if drawn.weights is None else drawn.weights[copies]
            rows = drawn.rows[copies]
            return Drawn(rows, weights), rows[:n_virtual], n_virtual
        return drawn, *self._sources(drawn.rows[:n_virtual], chances[1])

    def _sources(self, rows: Ints, chances: NDArray[np.float64]) -> tuple[Ints, int]:
        """Return the rows whose achieved goals replace those of transitions, and how many do."""
        sources = np.empty(len(rows), np.int64)
        changed = choose_goals(
            rows,
            *self.store.places,
            self.store.rows,
            self._compared,
            STRATEGIES.index(self.strategy),
            REDRAWS if self.strategy != "final" else 1,
            chances,
            sources,
        )
        return sources, changed

    def _judge(self, ahead: Ints, sources: Ints, before: Arrays, after: Arrays) -> Judged:
        """Return rewards and ends of the first steps `[V, n]` under the goals in `before`.

        Goals that the codec does not put there are put there now.
        """
        count, n_steps = len(sources), self.store.n_steps
        desired, achieved = before[DESIRED][:count], after[ACHIEVED][:count]
        if self.goals is not None:
            desired[...] = self.goals[np.arange(count) % len(self.goals)]
        elif not self.codec.relabels:
            changed = np.flatnonzero(sources != KEEP)
            desired[changed] = self._achieved.read(self.store.rows, sources[changed])[0]
        steps = ahead[:count].ravel()
        if n_steps > 1:
            steps = np.maximum(steps, 0)
            achieved = self._achieved.read(self.store.rows, steps)[0]
            desired = np.repeat(desired, n_steps, axis=0)
        infos = list(self.infos[steps]) if self.copy_info_dict else None
        asked = self._asked()
        earned = asked.rewards(achieved, desired, infos)
        return Judged(sources, earned, asked.terminated(achieved, desired, earned, infos))

    def update_priorities(self, indices: Ints, errors: Array) -> None:
        """Set priorities from the errors `[B]` of a batch."""
        self.store.update_priorities(indices, errors)

    # ---- files -----------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, object]:
        state = self.__dict__.copy()
        del state["_env"], state["_goal_functions"]
        return state

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._achieved = self._reader_of_goals()
        self.env = None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything, including unfinished episodes, without pickle and atomically.

        Raises:
            OutputError: the path cannot be written.
        """
        write_atomically(path, save_state(type(self).__name__, self.store.state()))

    def load(self, path: str | os.PathLike[str]) -> None:
        """Read a file from `save` into this buffer, which continues in the middle of its episodes.

        Raises:
            ModelFileError: the file is missing, damaged or for another kind of buffer.
        """
        load_into(self.store, path, type(self).__name__)
        self.pos, self.full = self.store.pos, self.store.full


def _check(space: Space, strategy: str, n_sampled_goal: int, goals: Array | None) -> None:
    if not is_goal_space(space):
        msg = (
            "hindsight needs Dict observations with observation, achieved_goal and desired_goal, "
            f"got {space}; use hindsight=False"
        )
        raise SettingError(msg)
    if strategy not in STRATEGIES:
        msg = f"goal_selection_strategy must be one of {', '.join(STRATEGIES)}, got {strategy!r}"
        raise SettingError(msg)
    if n_sampled_goal < 0:
        msg = f"n_sampled_goal must be 0 or more, got {n_sampled_goal}"
        raise SettingError(msg)
    if (strategy == "all_goals") != (goals is not None):
        msg = "goal_selection_strategy='all_goals' needs goals=[G, ...]; only it takes goals"
        raise SettingError(msg)
