"""Planning with a `StateTable`: value iteration over its states, for each goal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.dqn.action_masks import MASK_KEY
from rlhf_agents.dqn.world_model.state_table import Memory, StateTable
from rlhf_agents.files.types import Arrays
from rlhf_games.compiled import Real, compiled_fast, inner_fast

Floats = NDArray[np.float32]
Terms = tuple[Floats, float, float]
"""The terms of a goal: rewards and ends by state, see `iterate_values`, the smallest and
largest."""
DOUBT = 30.0
"""While learning in a fully random environment, every action counts as tried this many more times
with the largest value: a single outcome says little about the others."""
SWEEPS = 400
TOLERANCE = 1e-4
MOST_STATES = 20_000
"""States of the largest table for planning: a sweep over more would take milliseconds."""
PLANS = 512
"""The most goals whose plans are kept."""
MOST_KEPT = 1 << 24
"""The most values of plans in a file, 64 MiB."""


@inner_fast
def expectation(
    memory: Memory, s: int, a: int, worth: Any, gamma: float, values: Any
) -> tuple[Real, Real]:
    """Return how often an action was tried, and the sum of its outcomes' values."""
    total, expected = np.float32(0.0), np.float32(0.0)
    for k in range(memory.after.shape[2]):
        to = memory.after[s, a, k]
        if to < 0:
            break
        seen = memory.counts[s, a, k]
        alive = (seen - memory.ends[s, a, k]) * (np.float32(1.0) - worth[1, to])
        expected += memory.rewards[s, a, k] + seen * worth[0, to]
        if alive > 0:
            expected += np.float32(gamma) * alive * values[to]
        total += seen
    return total, expected


@compiled_fast
def iterate_values(
    memory: Memory, worth: Any, gamma: float, hope: tuple[float, float], values: Any, quality: Any
) -> None:
    """Improve values in place by value iteration (Bellman, 1957).

    Args:
        memory: the outcomes from S states.
        worth: reward for arriving in a state, and 1 where that ends the episode, float32 `[2, S]`.
        gamma: discount per step.
        hope: every action counts as tried this many more times, with this value.
        values: V, float32 `[S]`; initial guesses.
        quality: Q, float32 `[S, A]`; unknown actions keep their initial value, -inf if they are not
            allowed.
    """
    states, actions = quality.shape
    more, hoped = np.float32(hope[0]), np.float32(hope[0] * hope[1])
    tolerance = np.float32(TOLERANCE * min(1.0, 100.0 * (1.0 - gamma)))
    for sweep in range(SWEEPS):
        change = np.float32(0.0)
        for i in range(states):
            s = i if sweep % 2 == 0 else states - 1 - i  # so that changes spread both ways
            best = np.float32(-np.inf)
            for a in range(actions):
                total, expected = expectation(memory, s, a, worth, gamma, values)
                if total > 0 and not memory.crowded[s, a]:
                    quality[s, a] = (expected + hoped) / (total + more)
                best = max(best, quality[s, a])
            if best > -np.inf:  # otherwise no action is allowed: the episode is over
                change = max(change, abs(best - values[s]))
                values[s] = best
        if change < tolerance:
            break


class GoalPlan(NamedTuple):
    """Q of every stored state for one goal.

    Attributes:
        quality: float32 `[S, A]`.
        news: the table's `news` when the plan was made.
        steps: the number of transitions then.
    """

    quality: Floats
    news: int
    steps: int


class Planner:
    """Plans for goals, kept until the table grows.

    Args:
        table: the outcomes.
        gamma: discount per step.
    """

    def __init__(self, table: StateTable, gamma: float) -> None:
        self.table, self.gamma = table, gamma
        self._plans: dict[tuple[bytes, bool], GoalPlan] = {}

    def plan(self, goal: bytes, bold: bool, steps: int, terms: Callable[[], Terms]) -> Floats:
        """Return Q of all stored states, float32 `[S, A]`.

        Args:
            goal: identifies the goal.
            bold: actions never tried have the largest possible value, so that they are tried;
                otherwise the smallest, so that plans do not rely on them.
            steps: number of known transitions.
            terms: the goal's rewards and ends.
        """
        old = self._plans.get((goal, bold))
        if old is not None and not self._is_stale(old, steps):
            return old.quality
        worth, worst, best = terms()
        unknown = best if bold else worst
        quality = np.full((self.table.states, self.table.n_actions), unknown, np.float32)
        masks = self.table.remembered().get(MASK_KEY)
        if masks is not None:
            quality[masks == 0] = -np.inf
        values = np.full(len(quality), unknown, np.float32)
        if old is not None:
            before = old.quality.max(axis=1)
            values[: len(before)] = np.where(np.isfinite(before), before, unknown)
        hope = (DOUBT * self.table.chance if bold else 0.0, best)
        iterate_values(self.table.memory(), worth, self.gamma, hope, values, quality)
        if len(self._plans) >= PLANS:
            self._plans.pop(next(iter(self._plans)))
        self._plans[goal, bold] = GoalPlan(quality, self.table.news, steps)
        return quality

    def state(self) -> Arrays:
        """Return the latest plans, at most `MOST_KEPT` values of them, as arrays.

        Their names: `goals` uint8 `[P, bytes]`, `facts` int64 `[P, 4]` (whether bold, news, steps,
        states) and `quality` float32, the plans one after the other, `[states of all, A]`.
        """
        plans, left = [], MOST_KEPT
        for (goal, bold), plan in reversed(self._plans.items()):
            left -= plan.quality.size
            if left < 0:
                break
            plans.append((goal, (bold, plan.news, plan.steps, len(plan.quality)), plan.quality))
        goals, facts, qualities = zip(*reversed(plans), strict=True) if plans else ((), (), ())
        nothing = np.zeros((0, self.table.n_actions), np.float32)
        return {
            "goals": np.array([list(goal) for goal in goals], np.uint8).reshape(
                len(goals), len(goals[0]) if goals else 0
            ),
            "facts": np.array(facts, np.int64).reshape(-1, 4),
            "quality": np.concatenate([nothing, *qualities]),
        }

    def restore(self, state: Arrays) -> None:
        """Replace the plans by those from `state`.

        Raises:
            ValueError: they are plans for another environment.
            KeyError: something is missing.
        """
        goals, facts, quality = (state[name] for name in ("goals", "facts", "quality"))
        sizes = facts[:, 3]
        ends = np.cumsum(sizes)
        fits = len(goals) == len(facts) and quality.shape == (sizes.sum(), self.table.n_actions)
        sizes_fit = ((sizes > 0) & (sizes <= self.table.states)).all()
        if not (fits and sizes_fit and quality.dtype == np.float32) or np.isnan(quality).any():
            msg = "its plans are for another environment"
            raise ValueError(msg)
        self._plans = {
            (goal.tobytes(), bool(bold)): GoalPlan(quality[end - size : end], int(news), int(steps))
            for goal, (bold, news, steps, size), end in zip(goals, facts, ends, strict=True)
        }

    def _is_stale(self, plan: GoalPlan, steps: int) -> bool:
        # If there are too many outcomes to keep, a state may be new although no outcome is.
        if len(plan.quality) < self.table.states:
            return True
        return plan.news != self.table.news or steps - plan.steps > 64 + steps // 100
