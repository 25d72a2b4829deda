"""The value of goals: the payoff of a finished game, and when the rules alone decide."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.settings import Foresight
from rlhf_games.base import Game
from rlhf_games.compiled import Real, inner_positions, inner_views
from rlhf_games.rules import ONGOING, Rules, State, result, verdict

WIN = 0
"""The row of `win` in every goal table."""


class GoalRules(NamedTuple):
    """How goals are valued; arrays over the goal table `[G]` and the model of the opponent.

    Attributes:
        zero_sum: bool, backed up as negamax.
        draw_value: float32 in [0, 1], the value of a draw.
        paranoia: float32 in [0, 1], weight w of the worst reply (unused by zero-sum goals).
        discount: float32 in (0, 1], per ply, towards `draw_value`.
        temperature: of the softmax over `win` values that models the opponent.
        averaging: share of the mean of all leaves in a move's value, in [0, 1]; 0 is minimax.
        explore: weight of the exploration bonus in the tree search, >= 0.
    """

    zero_sum: NDArray[np.bool_]
    draw_value: NDArray[np.float32]
    paranoia: NDArray[np.float32]
    discount: NDArray[np.float32]
    temperature: float
    averaging: float
    explore: float


def goal_rules(game: Game, foresight: Foresight) -> GoalRules:
    """Return how the goals of a game are valued."""
    zero_sum = np.array([goal.zero_sum for goal in game.goals])
    return GoalRules(
        zero_sum=zero_sum,
        draw_value=np.array([goal.draw_value for goal in game.goals], np.float32),
        paranoia=np.full(len(game.goals), foresight.paranoia, np.float32),
        discount=np.where(zero_sum, foresight.discount, 1.0).astype(np.float32),
        temperature=foresight.temperature,
        averaging=foresight.averaging,
        explore=foresight.explore,
    )


@inner_positions
def payoff(rules: Rules, goals: GoalRules, state: State, seat: int, goal: int) -> Real:
    """Return the value of a finished game for a goal of `seat`, in [0, 1]."""
    if result(rules, state) == 0 and goals.draw_value[goal] > 0:
        return goals.draw_value[goal]
    return np.float32(1.0) if verdict(rules, state, seat, goal) == 1 else np.float32(0.0)


@inner_views
def discounted(goals: GoalRules, goal: int, value: Real) -> Real:
    """Shrink a value by one ply towards a draw, so that wins come soon and losses late."""
    rest = goals.draw_value[goal]
    return rest + goals.discount[goal] * (value - rest)


@inner_positions
def decided_value(
    rules: Rules, goals: GoalRules, state: State, seat: int, goal: int
) -> tuple[bool, Real]:
    """Return whether the rules alone decide the goal in `state`, and its value if so."""
    if result(rules, state) != ONGOING:
        return True, payoff(rules, goals, state, seat, goal)
    if goals.zero_sum[goal]:
        return False, np.float32(0.0)
    what = verdict(rules, state, seat, goal)
    return what != 0, np.float32(1.0) if what == 1 else np.float32(0.0)
