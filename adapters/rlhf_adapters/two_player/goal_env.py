"""The goal-conditioned interface of every adapter, as pure functions on arrays.

Observations are Dicts in the convention of Gymnasium-Robotics' GoalEnv plus PettingZoo's mask:
`observation`, `achieved_goal`, `desired_goal`, `action_mask` (int8, 1 = legal). Goals are rows of a
finite table, so `desired_goal` is one-hot `[G]` and `achieved_goal` has a 1 for every goal that
the finished game achieved; it is all 0 while the game goes on, and all -1 after an illegal move,
which forfeits the game.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.specs import Infos
from rlhf_games.base import Array, Game, Goal

FORFEIT = -1.0
DRAW_ROW = 1
"""The row of `draw` in every goal table."""

Batch = dict[str, Array]


def goal_space(game: Game) -> spaces.Dict:
    """Return the observation space of one game."""
    n_goals = len(game.goals)
    return spaces.Dict(
        {
            "observation": spaces.Box(0.0, 1.0, game.observation_shape, np.float32),
            "achieved_goal": spaces.Box(FORFEIT, 1.0, (n_goals,), np.float32),
            "desired_goal": spaces.Box(0.0, 1.0, (n_goals,), np.float32),
            "action_mask": spaces.Box(0, 1, (game.n_actions,), np.int8),
        }
    )


def goal_rewards(
    draw_values: NDArray[np.float32], achieved: NDArray[np.float32], desired: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return rewards in [-1, 1]: 0 while the game goes on, 1 achieved, -1 not achieved or forfeit.

    A draw earns `2 * draw_value - 1` of the desired goal: 0 for `win`.

    Args:
        draw_values: float32 `[G]`.
        achieved: float32 `[..., G]`.
        desired: one-hot float32 `[..., G]`.
    """
    finished = (achieved != 0).any(axis=-1)
    reached = achieved > 0  # a forfeit never pays, even if hindsight makes it the goal
    hit = (reached * desired).max(axis=-1).clip(0.0, 1.0)
    credit = (draw_values * desired).sum(axis=-1) * reached[..., DRAW_ROW]
    value = np.maximum(hit, credit)
    return np.asarray(np.where(finished, 2.0 * value - 1.0, 0.0), np.float32)


def goal_terminations(achieved: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return bool `[...]`: the game is over."""
    return np.asarray((np.asarray(achieved) != 0).any(axis=-1))


class HasGoals(Protocol):
    """An object with a goal table, e.g. a `Game`."""

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The goal table."""
        ...


class GameGoalFunctions:
    """The vectorised functions of a goal environment, for one game or many.

    Args:
        game: its goal table gives the value of a draw.
    """

    def __init__(self, game: HasGoals) -> None:
        self.draw_values = np.array([goal.draw_value for goal in game.goals], np.float32)

    def compute_reward(
        self, achieved_goal: NDArray[np.float32], desired_goal: NDArray[np.float32], info: Infos
    ) -> NDArray[np.float32]:
        """Return rewards `[...]` for goals `[..., G]`, see `goal_rewards`."""
        return goal_rewards(self.draw_values, np.asarray(achieved_goal), np.asarray(desired_goal))

    def compute_terminated(
        self, achieved_goal: NDArray[np.float32], desired_goal: NDArray[np.float32], info: Infos
    ) -> NDArray[np.bool_]:
        """Return bool `[...]`: the game is over."""
        return goal_terminations(achieved_goal)

    def compute_truncated(
        self, achieved_goal: NDArray[np.float32], desired_goal: NDArray[np.float32], info: Infos
    ) -> NDArray[np.bool_]:
        """Return False everywhere: games end by their rules."""
        return np.zeros(np.shape(achieved_goal)[:-1], np.bool_)
