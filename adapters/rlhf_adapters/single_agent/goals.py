"""Natural goals of one-player environments: a score, a time, a place, an event.

    GOALS = (Score(10), Score(100, within=1000), Survive(200), Reach("flag", at_the_flag))

Their names are `score_10`, `score_100_within_1000`, `survive_200`, `reach_flag`. Every goal of a
table is judged after every step, for all n environments at once; the result is a row of latching
flags, float32 `[n, G]`:

     0   open
     1   reached; it stays reached
    -1   lost: the environment ended, or the time for it ran out, before it was reached

So a goal's reward and whether it ends an episode are functions of the flags and the desired goal,
for any goal, also one that hindsight chooses later (`rewards` and `decided`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlhf_adapters.specs import EnvError, Info
from rlhf_games.base import Array

Bools = NDArray[np.bool_]
Flags = NDArray[np.float32]

OPEN, REACHED, LOST = 0.0, 1.0, -1.0
SURVIVE = "survive"


@dataclass
class StepView:
    """One environment after a step, the argument of a user's goal function.

    Attributes:
        observation: as the agent sees it, without a clock.
        reward: of this step, as the environment pays it.
        score: sum of this episode's points.
        steps: number of steps in this episode.
        terminated: the environment ended.
        truncated: the environment's own time limit ended the episode.
        info: of the environment.
        env: the Gymnasium environment below, or None in a compiled environment.
    """

    observation: Array
    reward: float
    score: float
    steps: int
    terminated: bool
    truncated: bool
    info: Info
    env: Any = None


@dataclass
class StepBatch:
    """n environments after a step; attributes as in `StepView`, with a leading axis `[n]`."""

    observation: Array
    reward: NDArray[np.float64]
    score: NDArray[np.float64]
    steps: NDArray[np.int64]
    terminated: Bools
    truncated: Bools
    infos: list[Info]
    envs: Sequence[Any] = ()

    def one(self, i: int) -> StepView:
        """Return environment i."""
        return StepView(
            self.observation[i],
            float(self.reward[i]),
            float(self.score[i]),
            int(self.steps[i]),
            bool(self.terminated[i]),
            bool(self.truncated[i]),
            self.infos[i],
            self.envs[i] if self.envs else None,
        )


@dataclass(frozen=True)
class ArcadeGoal:
    """One thing to achieve.

    Attributes:
        name: the name that users type.
        meaning: its meaning in a few words.
        deadline: the last step in which it counts; None for no deadline.
        reached: returns whether it is reached in these steps, bool `[n]`.
        kind: goals of one kind differ in `amount` and `deadline` only; by default the name.
        amount: a larger amount is harder.

    Raises:
        EnvError: the deadline is below 1.
    """

    name: str
    meaning: str
    deadline: int | None
    reached: Callable[[StepBatch], Bools]
    kind: str = ""
    amount: float = 0.0

    def __post_init__(self) -> None:
        if self.deadline is not None and self.deadline < 1:
            msg = f"{self.name}: at least 1 step is needed, got {self.deadline}"
            raise EnvError(msg)

    def before(self, steps: int) -> ArcadeGoal:
        """Return the same goal with a deadline in steps."""
        named = _within(self.name, self.meaning, steps)
        return ArcadeGoal(*named, self.reached, self.kind or self.name, self.amount)

    def implies(self, other: ArcadeGoal) -> bool:
        """Whether reaching this goal means that the other is reached, too."""
        if (self.kind or self.name) != (other.kind or other.name) or self.amount < other.amount:
            return False
        return (
            other.deadline is None
            or self.kind == SURVIVE
            or (self.deadline is not None and self.deadline <= other.deadline)
        )


def _within(name: str, meaning: str, steps: int | None) -> tuple[str, str, int | None]:
    """Return the name, meaning and deadline of a goal with a limit of steps."""
    if steps is None:
        return name, meaning, None
    return f"{name}_within_{steps}", f"{meaning} within {steps} steps", steps


class Score(ArcadeGoal):
    """Reach a score of `k` points, above 0, within a number of steps."""

    def __init__(self, k: float, within: int | None = None) -> None:
        if not k > 0:
            msg = (
                f"a score must be above 0, got {k}: episodes start with 0. Where rewards are "
                "costs, ask for an event within N steps instead"
            )
            raise EnvError(msg)
        named = _within(f"score_{k:.10g}", f"reach a score of {k:.10g}", within)
        super().__init__(*named, lambda now: now.score >= k, "score", k)


class Survive(ArcadeGoal):
    """Be alive after `n` steps: the environment has not ended, except by its own time limit."""

    def __init__(self, n: int) -> None:
        def alive(now: StepBatch) -> Bools:
            return np.asarray((now.steps == n) & ~now.terminated)

        super().__init__(f"survive_{n}", f"be alive after {n} steps", n, alive, SURVIVE, n)


class Event(ArcadeGoal):
    """Make something happen.

    Args:
        called: the name, e.g. `open_door`.
        happened: returns whether it happened, given a `StepView`.
        within: the deadline in steps.
        text: its meaning; by default the name.
        batched: `happened` takes `StepBatch` and returns bool `[n]`.
        kind: see `ArcadeGoal`.
        amount: likewise.
    """

    def __init__(
        self,
        called: str,
        happened: Callable[[Any], Any],
        within: int | None = None,
        text: str = "",
        batched: bool = False,
        kind: str = "",
        amount: float = 0.0,
    ) -> None:
        def of_each(now: StepBatch) -> Bools:
            return np.array([bool(happened(now.one(i))) for i in range(len(now.steps))])

        named = _within(called, text or called.replace("_", " "), within)
        super().__init__(*named, happened if batched else of_each, kind or called, amount)


class Reach(Event):
    """Reach a place, the event `reach_PLACE`; `there(observation)` says whether it is reached."""

    def __init__(
        self, place: str, there: Callable[[Any], Any], within: int | None = None, text: str = ""
    ) -> None:
        super().__init__(f"reach_{place}", lambda now: there(now.observation), within, text)


@dataclass(frozen=True)
class Cell:
    """The open goal of environments with cells: reach one of them.

    Args:
        at: the cell, as the environment numbers them (a state, or column and row); by default every
            episode draws one that can be reached.
    """

    at: object = None


class EventGoals:
    """A finite table of goals, judged for n environments in one call.

    Args:
        goals: G of them, with different names.

    Attributes:
        implied: bool `[G, G]`; `[g, e]` is set if goal e is reached whenever g is.

    Raises:
        EnvError: the table is empty, or a name occurs twice.
    """

    def __init__(self, goals: Iterable[ArcadeGoal]) -> None:
        self.goals = tuple(goals)
        self.names = tuple(goal.name for goal in self.goals)
        self.implied: Bools = np.array(
            [[harder.implies(easier) for easier in self.goals] for harder in self.goals], np.bool_
        )
        if not self.goals or len(set(self.names)) < len(self.names):
            msg = f"a table needs goals with different names, got {', '.join(self.names) or 'none'}"
            raise EnvError(msg)
        self._deadlines = {goal.deadline for goal in self.goals if goal.deadline is not None}
        self.horizon = max(self._deadlines, default=None)
        self._within = np.array(
            [np.inf if goal.deadline is None else goal.deadline for goal in self.goals]
        )

    def __len__(self) -> int:
        return len(self.goals)

    def judge(self, flags: Flags, now: StepBatch) -> None:
        """Close the goals that were reached or lost in this step, in flags `[n, G]`."""
        reached = np.empty(flags.shape, np.bool_)
        for row, goal in enumerate(self.goals):
            reached[:, row] = goal.reached(now)
        closing = now.terminated.any() or not self._deadlines.isdisjoint(now.steps.tolist())
        if not closing and not reached.any():
            return  # as most steps do
        steps, still_open = now.steps[:, None], flags == OPEN
        flags[still_open & reached & (steps <= self._within)] = REACHED
        over = (steps >= self._within) | now.terminated[:, None]
        flags[over & (flags == OPEN)] = LOST


def rewards(achieved: ArrayLike, desired: ArrayLike) -> Flags:
    """Return 1 where a desired goal is achieved, else 0, float32 `[...]`.

    Args:
        achieved: flags `[..., G]`.
        desired: `[..., G]`, above 0 what is desired.
    """
    hit = (np.asarray(achieved) > 0) & (np.asarray(desired) > 0)
    return np.asarray(hit.any(axis=-1), np.float32)


def decided(achieved: ArrayLike, desired: ArrayLike) -> Bools:
    """Return whether a desired goal is achieved or out of reach, bool `[...]`.

    Args:
        achieved: flags `[..., G]`.
        desired: `[..., G]`, above 0 what is desired.
    """
    achieved, wanted = np.asarray(achieved), np.asarray(desired) > 0
    hit = wanted & (achieved > 0)
    hoped = wanted & (achieved == OPEN)
    return np.asarray(hit.any(axis=-1) | ~hoped.any(axis=-1))


def named(name: str, table: Iterable[ArcadeGoal] = ()) -> ArcadeGoal | None:
    """Return the goal that a name spells: `score_K`, `survive_N` or one of a table.

    It may end with a deadline: `score_500_within_1000`, or `reach_flag_within_90` where the table
    has `reach_flag`.
    """
    if found := re.fullmatch(r"(.+)_within_(\d+)", name):
        goal, steps = named(found[1], table), int(found[2])
        return None if goal is None or goal.deadline else goal.before(steps)
    if found := re.fullmatch(r"score_(\d+(?:\.\d+)?)", name):
        return Score(float(found[1]))
    if found := re.fullmatch(r"survive_(\d+)", name):
        return Survive(int(found[1]))
    return next((goal for goal in table if goal.name == name), None)
