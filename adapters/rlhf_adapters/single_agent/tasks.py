"""Tasks of one-player environments: their own reward, a goal from a table, or a cell.

A task keeps the achieved and desired goals of n environments, and judges every step:

* `ScoreTask` (goal `score`, the default): the environment's own rewards and ends, unchanged.
* `TableTask` (a goal from the table, "mixed", a function): 1 in the step that reaches the goal,
  else
  0. The episode ends then, and also when the goal is lost, see `goals`. Reward and end
  follow from the flags, so that hindsight can relabel a step with any other goal.
* `CellTask` (goal `cell`, an open goal): 1 for reaching the desired cell, else 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from rlhf_adapters.kinds import Space
from rlhf_adapters.single_agent import goals as arcade_goals
from rlhf_adapters.single_agent.goals import ArcadeGoal, Bools, Cell, Event, EventGoals, StepBatch
from rlhf_adapters.specs import EnvError, Infos
from rlhf_games.base import UnknownGoalError, unknown_name

Floats = NDArray[np.float32]
Rewards = NDArray[np.floating]
"""Rewards: float32 for our goals, float64 from environments."""

SCORE, MIXED, CELL = "score", "mixed", "cell"
NATIVE_REWARD, NATIVE_END = "native_reward", "native_terminated"
"""Keys of the environment's own reward and end, in every `info`, whatever the goal."""


class Cells(Protocol):
    """The cells of n environments; a cell is a float32 vector `[C]` of zeros and ones."""

    @property
    def size(self) -> int:
        """C."""
        ...

    def here(self) -> Floats:
        """Return the current cell of every environment, `[n, C]`."""
        ...

    def draw(self, number: int, rng: np.random.Generator) -> Floats:
        """Return a random reachable cell `[C]`, other than the current one.

        Raises:
            EnvError: there is none.
        """
        ...

    def at(self, place: object) -> Floats:
        """Return the cell `[C]` that a user named.

        Raises:
            EnvError: there is no such cell; says how to name one.
        """
        ...


class Task:
    """The achieved and desired goals of n environments.

    Attributes:
        achieved: float32 `[n, ...]`.
        desired: float32 `[n, ...]`.
        names: of the goals, in the order of the table.
        rows: `desired_goal` for every goal, `[G, G]`; None for open goals.
        implied: bool `[G, G]`, which goals every goal implies; None for open goals.
        horizon: the steps counted by the clock in the observation, None without a clock.
    """

    achieved: Floats
    desired: Floats
    names: tuple[str, ...] = ()
    rows: Floats | None = None
    implied: Bools | None = None
    horizon: int | None = None

    def start(self, which: Bools, rng: np.random.Generator) -> None:
        """Choose the goals of the environments of `which` `[n]`, which have just begun."""
        raise NotImplementedError

    def judge(self, now: StepBatch) -> tuple[Rewards, Bools]:
        """Return the rewards and the ends of a step, each `[n]`."""
        raise NotImplementedError

    @property
    def floor(self) -> float | None:
        """The reward for missing a goal where reaching it pays 1; None if goals are not paid so."""
        return 0.0

    def successes(self, rewards: Rewards) -> Bools | None:
        """Return whether the goals were reached in a step, bool `[n]`; None without goals."""
        return np.asarray(rewards > 0)

    def space(self) -> dict[str, Space]:
        """Return the spaces of `achieved_goal` and `desired_goal`."""
        shape = self.desired.shape[1:]
        return {
            "achieved_goal": spaces.Box(-1.0, 1.0, shape, np.float32),
            "desired_goal": spaces.Box(-1.0, 1.0, shape, np.float32),
        }

    def rewards(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Floats:
        """Return rewards `[...]` for goals `[..., G]`."""
        raise NotImplementedError

    def terminated(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Bools:
        """Return whether goals `[..., G]` end the episode, bool `[...]`."""
        raise NotImplementedError


class ScoreTask(Task):
    """Play n environments for their own rewards."""

    names = (SCORE,)

    def __init__(self, n: int) -> None:
        self.achieved = np.zeros((n, 1), np.float32)
        self.desired = np.ones((n, 1), np.float32)

    @property
    def floor(self) -> float | None:
        """None: there is no goal to miss."""
        return None

    def successes(self, rewards: Rewards) -> Bools | None:
        """Return None: a task without goals has no success."""
        return None

    def start(self, which: Bools, rng: np.random.Generator) -> None:
        """Do nothing: there are no goals to choose."""

    def judge(self, now: StepBatch) -> tuple[Rewards, Bools]:
        """Return the environment's own rewards and ends."""
        return now.reward, now.terminated

    def rewards(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Floats:
        """Return the rewards in the infos.

        Raises:
            EnvError: an info of the environment is missing.
        """
        infos = [info] if isinstance(info, Mapping) else info
        shape = np.shape(achieved)[:-1]
        if any(NATIVE_REWARD not in one for one in infos) or len(infos) != np.prod(shape):
            msg = (
                "the goal 'score' is the environment's own reward, which hindsight cannot "
                "recompute: ask for another goal, or give HerReplayBuffer copy_info_dict=True"
            )
            raise EnvError(msg)
        return np.array([one[NATIVE_REWARD] for one in infos], np.float32).reshape(shape)

    def terminated(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Bools:
        """Return False everywhere: only the environment ends an episode."""
        return np.zeros(np.shape(achieved)[:-1], np.bool_)


class TableTask(Task):
    """Play n environments for goals of a table.

    Args:
        n: number of environments.
        table: the possible goals.
        row: the desired goal; None draws a goal for every episode.

    Attributes:
        mixture: the goals that were asked for with `ask`, 0 or 1 for each `[G]`; None before.
    """

    mixture: Floats | None = None

    def __init__(self, n: int, table: EventGoals, row: int | None) -> None:
        self.table, self.row = table, row
        self.names, self.horizon, self.implied = table.names, table.horizon, table.implied
        self.rows: Floats = np.eye(len(table), dtype=np.float32)
        self.asked = np.full(n, row or 0)
        self._each = np.arange(n)
        self.achieved = np.zeros((n, len(table)), np.float32)
        self.desired = np.zeros((n, len(table)), np.float32)

    def start(self, which: Bools, rng: np.random.Generator) -> None:
        """Open all goals, and choose one of them."""
        if self.row is None:
            self.asked[which] = rng.integers(len(self.table), size=int(which.sum()))
        self.achieved[which] = arcade_goals.OPEN
        self._desire(which)

    def ask(self, names: Sequence[str]) -> None:
        """Play for several goals at once from now on, until the environment ends the episode.

        The desired goals are those that are still open; reaching each of them pays 1.

        Raises:
            UnknownGoalError: a name is not in the table.
        """
        for name in names:
            if name not in self.names:
                raise UnknownGoalError(unknown_name("goal", name, self.names))
        self.mixture = np.isin(self.names, list(names)).astype(np.float32)
        self._desire(self._each)

    def _desire(self, which: NDArray[np.generic]) -> None:
        if self.mixture is None:
            self.desired[which] = self.rows[self.asked[which]]
        else:
            self.desired[which] = self.mixture * (self.achieved[which] == arcade_goals.OPEN)

    def judge(self, now: StepBatch) -> tuple[Rewards, Bools]:
        """Judge all goals; reward and end are those of the desired one, see also `ask`."""
        if self.mixture is not None:
            wanted = self.desired > 0
            self.table.judge(self.achieved, now)
            self._desire(self._each)
            return (wanted & (self.achieved > 0)).sum(axis=1).astype(np.float32), now.terminated
        self.table.judge(self.achieved, now)
        flags = self.achieved[self._each, self.asked]
        return (flags > 0).astype(np.float32), flags != arcade_goals.OPEN

    def successes(self, rewards: Rewards) -> Bools | None:
        """Return whether the goals were reached in a step, or all of a mixture, bool `[n]`."""
        if self.mixture is None:
            return super().successes(rewards)
        return np.asarray(((self.achieved > 0) | (self.mixture == 0)).all(axis=1))

    def rewards(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Floats:
        """Return `goals.rewards`."""
        return arcade_goals.rewards(achieved, desired)

    def terminated(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Bools:
        """Return `goals.decided`."""
        return arcade_goals.decided(achieved, desired)


class CellTask(Task):
    """Play n environments for reaching a cell.

    Args:
        n: number of environments.
        cells: their cells.
        cell: the desired one; by default every episode draws one.
    """

    names = (CELL,)

    def __init__(self, n: int, cells: Cells, cell: Cell) -> None:
        self.cells, self.n = cells, n
        self.fixed = None if cell.at is None else cells.at(cell.at)
        self.achieved = np.zeros((n, cells.size), np.float32)
        self.desired = np.zeros((n, cells.size), np.float32)

    def start(self, which: Bools, rng: np.random.Generator) -> None:
        """Ask for a place."""
        self.achieved = self.cells.here()
        for i in np.flatnonzero(which):
            self.desired[i] = self.cells.draw(int(i), rng) if self.fixed is None else self.fixed

    def judge(self, now: StepBatch) -> tuple[Rewards, Bools]:
        """Return 1 where the cell is reached; that or the environment ends the episode."""
        self.achieved = self.cells.here()
        paid = self.rewards(self.achieved, self.desired, {})
        return paid, (paid > 0) | now.terminated

    def rewards(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Floats:
        """Return 1 where the cell is the desired one."""
        there = (np.asarray(achieved) == np.asarray(desired)).all(axis=-1)
        return np.asarray(there, np.float32)

    def terminated(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Bools:
        """Return whether the goal alone ended the episode: reached, and the environment goes on.

        So hindsight knows that a cell where the environment ends is the end for every goal.
        """
        there = self.rewards(achieved, desired, info) > 0
        infos = [info] if isinstance(info, Mapping) else info
        if not any(one.get(NATIVE_END, False) for one in infos):
            return np.asarray(there)
        ended = np.array([one.get(NATIVE_END, False) for one in infos], np.bool_)
        return np.asarray(there & ~ended.reshape(there.shape))


def make_task(
    name: str, n: int, goal: object, declared: Sequence[ArcadeGoal], cells: Cells | None = None
) -> Task:
    """Return the task of n environments.

    Args:
        name: its name, for errors.
        n: number of environments.
        goal: "score" or None, a name of the table, "score_K", "score_K_within_N", "survive_N",
            "mixed" (a goal of the table for every episode), "cell", a `Cell`, an `ArcadeGoal`, a
            function from a `StepView` to bool, or a list of the last three kinds of names and
            goals, one of which is drawn for every episode.
        declared: the table of the environment.
        cells: its cells, if it has any.

    Raises:
        UnknownGoalError: the environment cannot measure it; lists those that it can.
        EnvError: a goal is impossible.
    """
    if goal is None or goal == SCORE:
        return ScoreTask(n)
    if goal == CELL or isinstance(goal, Cell):
        if cells is None:
            raise UnknownGoalError(_cannot(name, CELL, declared, cells))
        return CellTask(n, cells, goal if isinstance(goal, Cell) else Cell())
    if goal == MIXED and declared:
        return TableTask(n, EventGoals(declared), None)
    if isinstance(goal, list | tuple):
        goals = [goal_of(name, one, declared, cells) for one in goal]
        return TableTask(n, EventGoals(goals), None)
    asked = goal_of(name, goal, declared, cells)
    others = [one for one in declared if one.name != asked.name]
    row = next((i for i, one in enumerate(declared) if one.name == asked.name), len(others))
    return TableTask(n, EventGoals([*others[:row], asked, *others[row:]]), row)


def check_config(name: str, n_envs: int, opponent: object) -> None:
    """Refuse options that do not apply to one-player environments.

    Raises:
        EnvError: an opponent was named, or n_envs is below 1.
    """
    if opponent is not None:
        msg = f"{name} has one player: opponent={opponent!r} does not apply; leave it out"
        raise EnvError(msg)
    if n_envs < 1:
        msg = f"n_envs must be at least 1, got {n_envs}"
        raise EnvError(msg)


def goal_names(declared: Sequence[ArcadeGoal], cells: bool = False) -> tuple[str, ...]:
    """Return the names of an environment's goals."""
    return (SCORE, *(goal.name for goal in declared), *((CELL,) if cells else ()))


def goal_of(
    name: str, goal: object, declared: Sequence[ArcadeGoal], cells: Cells | None = None
) -> ArcadeGoal:
    """Return the goal that a user named, passed, or wrote as a function.

    Args:
        name: its name, for errors.
        goal: the user's argument.
        declared: the table of the environment.
        cells: its cells, if it has any; errors then list the goal `cell`.

    Raises:
        UnknownGoalError: the environment cannot measure it; what it can.
    """
    if goal == SCORE:
        msg = f"{name}: 'score' cannot be combined with other goals; use score_K, or 'score' alone"
        raise UnknownGoalError(msg)
    if isinstance(goal, str):
        known = {one.name: one for one in declared}
        found = known.get(goal) or arcade_goals.named(goal, declared)
        if found is None:
            raise UnknownGoalError(_cannot(name, goal, declared, cells))
        return found
    if isinstance(goal, ArcadeGoal):
        return goal
    if callable(goal):
        return Event(getattr(goal, "__name__", type(goal).__name__).strip("<>"), goal)
    raise UnknownGoalError(_cannot(name, goal, declared, cells))


def _cannot(name: str, goal: object, declared: Sequence[ArcadeGoal], cells: Cells | None) -> str:
    names = [*goal_names(declared, cells is not None), *([MIXED] if declared else [])]
    return (
        f"{name} cannot measure the goal: {unknown_name('goal', str(goal), names)}; or score_K, "
        "score_K_within_N, survive_N, or a function from a StepView to True or False"
    )
