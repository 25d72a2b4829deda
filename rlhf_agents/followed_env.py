"""A world of many agents for those who watch: one agent is followed, all play."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from rlhf_agents.action_masks import MASK_KEY

SUCCESS = "is_success"


class FollowedEnv(gymnasium.Env[Any, Any]):
    """The columns of one world as one Gymnasium environment.

    Observations and actions are those of the agent that is followed: the first that still plays.
    The others are played by `actor`. Rewards are means over all agents. An episode is that of the
    world: it ends with its last agent, and is a success if somebody reached its goal.

    Args:
        columns: a `VecEnv` of one world whose columns are agents, see `rlhf_adapters.team_env`.

    Attributes:
        actor: has `predict` for batches of observations; None plays at random.
    """

    def __init__(self, columns: Any) -> None:
        self.columns, self.games, self.worlds = columns, columns.games, columns.worlds
        self.task, self.goal_names, self.goal_rows = (
            columns.task, columns.goal_names, columns.goal_rows,
        )  # fmt: skip
        self.observation_space, self.action_space = columns.observation_space, columns.action_space
        self.metadata, self.render_mode = columns.metadata, columns.render_mode
        self.actor: Any = None
        self.followed = 0
        self._seen: dict[str, NDArray[Any]] = {}
        self._succeeded = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Start a new episode of the world, see `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        if seed is not None:
            self.games.seed(seed)
        everybody = np.ones(self.worlds.n, np.bool_)
        self.games.restart(everybody, [options] * self.worlds.n)
        self._succeeded = False
        self._look()
        return self._mine(), dict(self.worlds.infos[self.followed])

    def step(self, action: Any) -> tuple[dict[str, NDArray[Any]], float, bool, bool, Any]:
        """Let all agents act, the followed one as told, see `gymnasium.Env.step`."""
        actions = self._actions()
        actions[self.followed] = action
        rewards, terminated, truncated, infos = self.games.step(actions)
        ended = terminated | truncated
        self._succeeded |= any(infos[i].get(SUCCESS, False) for i in np.flatnonzero(ended))
        info = dict(infos[self.followed])
        if SUCCESS in info:
            info[SUCCESS] = self._succeeded
        over = bool((ended | self.worlds.waiting).all())
        if over:  # whoever watches sees the end before the world begins anew
            self._seen = self.games.observe()
        else:
            if ended.any():
                self.games.restart(ended)
            self._look()
        cut = over and bool(truncated[self.followed])
        return self._mine(), float(np.mean(rewards)), over and not cut, cut, info

    def render(self) -> Any:
        """Return the world's picture."""
        return self.worlds.render()[0]

    def close(self) -> None:
        """Close the world."""
        self.columns.close()

    def _look(self) -> None:
        self._seen = self.games.observe()
        self.followed = int(np.argmin(self.worlds.waiting))

    def _mine(self) -> dict[str, NDArray[Any]]:
        return {key: values[self.followed] for key, values in self._seen.items()}

    def _actions(self) -> NDArray[np.int64]:
        if self.actor is not None:
            return np.array(self.actor.predict(self._seen, deterministic=True)[0], np.int64)
        masks = self._seen[MASK_KEY]
        return np.array([self.action_space.sample(mask) for mask in masks], np.int64)
