"""An environment with many agents for watching: every step lets all of them act."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.envs.kinds import Arrays, Info

Batch = Arrays

SUCCESS = "is_success"
ACHIEVED = "achieved_goal"


class MultiAgentEnv:
    """The n agents of one environment, without auto-reset: an episode ends with its last agent.

    Observations, actions and rewards are batches with a row per agent. Agents that are out keep
    showing their last achieved goal; their actions do not matter. An episode is a success if one
    of them reached its goal.

    Args:
        columns: a `VecEnv` of one environment with a column per agent, see
            `rlhf_adapters.multi_agent.goal_env`.

    Attributes:
        agents: their names.
        action_names: names of each agent's actions.
        playing: the agents that act in the next step, bool `[n]`; at the end, those of the last.
        successes: whether each agent that is out, or at the end, reached its goal; None before
            that, or without goals.
    """

    def __init__(self, columns: Any) -> None:
        self.columns, self.games, self.batched = columns, columns.games, columns.batched
        self.task, self.goal_names, self.goal_rows = (
            columns.task,
            columns.goal_names,
            columns.goal_rows,
        )
        self.goal_floor = columns.goal_floor
        self.goal_possible = getattr(columns.task, "possible", None)
        self.observation_space, self.action_space = columns.observation_space, columns.action_space
        self.metadata, self.render_mode = columns.metadata, columns.render_mode
        self.agents: tuple[str, ...] = tuple(self.batched.agents)
        self.action_names: tuple[tuple[str, ...], ...] = self.batched.action_names
        self.playing = np.ones(len(self.agents), np.bool_)
        self.successes: list[bool | None] = [None] * len(self.agents)
        self._kept: NDArray[np.float32] = columns.task.achieved.copy()

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Batch, Info]:
        """Start a new episode; return observations `[n, ...]` and an info."""
        if seed is not None:
            self.games.seed(seed)
        everyone = np.ones(self.batched.n, np.bool_)
        self.games.restart(everyone, [options] * self.batched.n)
        self.successes = [None] * len(self.agents)
        batch = self.games.observe()
        self._kept = batch[ACHIEVED].copy()
        self._look(batch)
        return batch, {}

    def step(self, actions: object) -> tuple[Batch, NDArray[np.float64], bool, bool, Info]:
        """Let all agents act.

        Args:
            actions: int64 `[n]`, or a sequence of numbers.

        Returns:
            Observations `[n, ...]`, rewards float64 `[n]`, whether the episode is over, whether a
            time limit ended it, and an info.
        """
        rewards, terminated, truncated, infos = self.games.step(np.asarray(actions, np.int64))
        ended = terminated | truncated
        for i in np.flatnonzero(ended).tolist():
            self.successes[i] = infos[i].get(SUCCESS)
        batch = self.games.observe()
        self._kept[self.playing] = batch[ACHIEVED][self.playing]
        over = bool((ended | self.batched.waiting).all())
        if over:  # return the last observation, not the next episode's first
            batch[ACHIEVED] = self._kept.copy()
        else:
            if ended.any():
                self.games.restart(ended)
            batch = self.games.observe()
            self._look(batch)
        cut = over and bool(truncated[ended].all())
        info = self._info() if over else {}
        return batch, np.asarray(rewards, np.float64), over and not cut, cut, info

    def render(self) -> object:
        """Return its picture."""
        return self.batched.render()[0]

    def close(self) -> None:
        """Close it."""
        self.columns.close()

    def _look(self, batch: Batch) -> None:
        """Note which agents play, and keep the last achieved goals of the others."""
        self.playing = ~self.batched.waiting
        batch[ACHIEVED][~self.playing] = self._kept[~self.playing]
        self._kept[self.playing] = batch[ACHIEVED][self.playing]
        for i in np.flatnonzero(self.playing).tolist():  # including those that have joined
            self.successes[i] = None

    def _info(self) -> Info:
        known = [success for success in self.successes if success is not None]
        return {SUCCESS: any(known)} if known else {}
