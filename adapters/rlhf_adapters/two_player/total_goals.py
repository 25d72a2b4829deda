"""Goals about a player's total reward when the game ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.specs import margin_goals
from rlhf_games.base import Goal, UnknownGoalError, unknown_name


class TotalGoal(NamedTuple):
    """A goal that a player's total reward achieves.

    Attributes:
        goal: its name and meaning.
        least: the smallest total.
        most: the largest.
    """

    goal: Goal
    least: float
    most: float


def total_goals(margins: Sequence[int] = ()) -> tuple[TotalGoal, ...]:
    """Return win, draw and lose, and a goal to win at least each margin."""
    tiny, most = np.nextafter(0.0, 1.0), np.inf
    win = Goal("win", "end with a total above 0", draw_value=0.5, zero_sum=True)
    return (
        TotalGoal(win, tiny, most),
        TotalGoal(Goal("draw", "end with a total of 0"), 0.0, 0.0),
        TotalGoal(Goal("lose", "end with a loss"), -most, -tiny),
        *(TotalGoal(goal, least, most) for goal, least in margin_goals(margins)),
    )


class TotalGoals:
    """The goals of an environment, see `GameGoalFunctions`.

    Attributes:
        implied: bool `[G, G]`; `[g, e]` is set if goal e is reached whenever g is.
    """

    def __init__(self, name: str, table: Sequence[TotalGoal]) -> None:
        self.name = name
        self.goals = tuple(row.goal for row in table)
        self.bounds = np.array([row[1:] for row in table])
        self.implied = np.eye(len(table), dtype=np.bool_)
        for row, goal in enumerate(self.goals):
            if goal.implies is not None:  # it comes earlier
                self.implied[row] |= self.implied[self.index(goal.implies)]

    def index(self, name: str) -> int:
        """Return the row of a goal.

        Raises:
            UnknownGoalError: there is none; suggests similar names.
        """
        names = [goal.name for goal in self.goals]
        if name in names:
            return names.index(name)
        raise UnknownGoalError(unknown_name(f"goal of {self.name}", name, names))

    def achieved(self, total: float) -> NDArray[np.bool_]:
        """Return which goals a final total achieves, bool `[G]`."""
        return np.asarray((self.bounds[:, 0] <= total) & (total <= self.bounds[:, 1]))
