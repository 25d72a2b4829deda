"""Tasks of teams: rewards, goals of a table by role, or a formation.

A role is the name of an agent without its number: `adversary_0` is an `adversary`. A goal is given
to a team, all agents of one role in one environment, but each agent is judged separately.

* `score` (the default): every agent's own reward as the environment pays it; a joint reward stays
  joint.
* a goal by name, or "mixed" or a list, from which every team draws a goal in every episode, or a
  Dict from roles to these: {"adversary": "tag_1", "agent": "mixed"}; in the terminal
  `adversary=tag_1,agent=mixed`.
* `formation`, an open goal where environments offer it, see `FormationTask`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from rlhf_adapters.kinds import Space
from rlhf_adapters.single_agent.goals import ArcadeGoal, Bools, Event, EventGoals, StepBatch
from rlhf_adapters.single_agent.tasks import (
    MIXED,
    SCORE,
    Floats,
    Rewards,
    ScoreTask,
    TableTask,
    Task,
    goal_of,
)
from rlhf_adapters.specs import EnvError, Infos
from rlhf_adapters.zoo_types import ParallelEnv
from rlhf_games.base import Array, unknown_name

FORMATION = "formation"
ANY = ""
"""The role of goals that apply to every agent."""
MOST_PLACES = 6

Tables = Mapping[str, Sequence[ArcadeGoal]]
"""Goals by role."""
Places = Callable[[ParallelEnv], tuple[Array, Array]]
"""Finds the agents' positions in an environment and those to be taken, each `[A, 2]`."""


def role_of(agent: str) -> str:
    """Return the name of an agent without its number."""
    return re.sub(r"_\d+$", "", agent)


def at_least(called: str, fact: str, least: float, text: str) -> ArcadeGoal:
    """Return the goal that a fact in the agents' infos reaches a number."""

    def reached(now: StepBatch) -> Bools:
        return np.array([info.get(fact, 0) >= least for info in now.infos])

    return Event(called, reached, text=text, batched=True, kind=fact, amount=least)


class TeamTask(TableTask):
    """Play for goals from a table, drawn for each team.

    Args:
        table: the possible goals.
        teams: the number of every column's team, `[n]`.
        rows: the rows of the table from which every team draws its goal.
        possible: the goals of each column's role, bool `[n, G]`; by default all.
    """

    def __init__(
        self,
        table: EventGoals,
        teams: NDArray[np.int64],
        rows: Sequence[Sequence[int]],
        possible: Bools | None = None,
    ) -> None:
        super().__init__(len(teams), table, None)
        self.teams, self.choices = teams, rows
        everything = np.ones((len(teams), len(table)), np.bool_)
        self.possible: Bools = everything if possible is None else possible
        self.asked = np.array([rows[team][0] for team in teams])
        self.desired[:] = self.rows[self.asked] if self.rows is not None else 0

    def start(self, which: Bools, rng: np.random.Generator) -> None:
        """Open all goals of new environments, and draw one for each of their teams."""
        for team in sorted(set(self.teams[which].tolist())):
            choices = self.choices[team]
            row = choices[0] if len(choices) == 1 else int(rng.choice(choices))
            self.asked[self.teams == team] = row
        self.achieved[which] = 0.0
        self.desired[which] = np.eye(len(self.table), dtype=np.float32)[self.asked[which]]


class FormationTask(Task):
    """Play for a set of places, all to be taken, by whichever agents.

    `achieved_goal` is where the agents are and `desired_goal` the places of the environment, each
    as pairs of coordinates in ascending order, so that they do not reveal which agent is where. The
    reward is 1 if agents and places can be paired with no agent farther than `radius` from its
    place.

    Args:
        envs: the environment of every column.
        places: finds the agents and places of an environment.
        radius: the distance that counts as arrived.
    """

    names = (FORMATION,)

    def __init__(self, envs: Sequence[ParallelEnv], places: Places, radius: float) -> None:
        self.envs, self.places, self.radius = envs, places, radius
        here, wanted = places(envs[0])
        if not len(here) == len(wanted) <= MOST_PLACES:
            msg = (
                f"the goal {FORMATION!r} pairs agents with places, at most {MOST_PLACES}; here are "
                f"{len(here)} agents and {len(wanted)} places"
            )
            raise EnvError(msg)
        self.orders = np.array(list(itertools.permutations(range(len(here)))))
        self.achieved = np.zeros((len(envs), here.size), np.float32)
        self.desired = self.achieved.copy()

    def start(self, which: Bools, rng: np.random.Generator) -> None:
        """Set the desired places of new environments."""
        del rng
        for i in np.flatnonzero(which).tolist():
            here, wanted = self.places(self.envs[i])
            self.achieved[i], self.desired[i] = _ascending(here), _ascending(wanted)

    def judge(self, now: StepBatch) -> tuple[Rewards, Bools]:
        """Return 1 where all places are taken; that or the environment ends the episode."""
        for i, env in enumerate(self.envs):
            self.achieved[i] = _ascending(self.places(env)[0])
        paid = self.rewards(self.achieved, self.desired, {})
        return paid, (paid > 0) | now.terminated

    def space(self) -> dict[str, Space]:
        """Return the spaces of `achieved_goal` and `desired_goal`."""
        space = spaces.Box(-np.inf, np.inf, self.desired.shape[1:], np.float32)
        return {"achieved_goal": space, "desired_goal": space}

    def rewards(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Floats:
        """Return 1 where agents and places can be paired."""
        shape = np.shape(achieved)[:-1]
        here = np.asarray(achieved, np.float64).reshape(-1, 1, len(self.orders[0]), 2)
        wanted = np.asarray(desired, np.float64).reshape(-1, len(self.orders[0]), 2)
        paired = wanted[:, self.orders]
        farthest = np.linalg.norm(here - paired, axis=-1).max(axis=-1)
        return np.asarray(farthest.min(axis=-1) <= self.radius, np.float32).reshape(shape)

    def terminated(self, achieved: ArrayLike, desired: ArrayLike, info: Infos) -> Bools:
        """Return whether agents and places can be paired."""
        return np.asarray(self.rewards(achieved, desired, info) > 0)


def _ascending(points: Array) -> Floats:
    config = np.lexsort(points.T[::-1])
    return np.asarray(points[config].reshape(-1), np.float32)


def goals_of_role(tables: Tables, role: str) -> tuple[ArcadeGoal, ...]:
    """Return the possible goals of a role."""
    return (*tables.get(ANY, ()), *tables.get(role, ()))


def make_team_task(
    env_name: str, roles: Sequence[str], n_envs: int, goal: object, tables: Tables
) -> Task:
    """Return the task of n environments, see this module; `formation` is not made here.

    Args:
        env_name: its name, for errors.
        roles: of the columns of one environment.
        n_envs: their number.
        goal: what to play for.
        tables: goals by role.

    Raises:
        UnknownGoalError: a role cannot have that goal; lists those that it can have.
        EnvError: a goal is impossible, or there is no such role.
    """
    if goal is None or goal == SCORE:
        return ScoreTask(n_envs * len(roles))
    present = sorted(set(roles))
    asked = _by_role(env_name, present, goal, tables)
    declared = [one for role in present for one in goals_of_role(tables, role)]
    everything: dict[str, ArcadeGoal] = {one.name: one for one in declared}
    everything |= {one.name: one for goals in asked.values() for one in goals}
    names = list(everything)
    teams = np.array([present.index(role) for role in roles])
    columns = (np.arange(n_envs)[:, None] * len(present) + teams).reshape(-1)
    rows = [[names.index(one.name) for one in asked[role]] for role in present] * n_envs
    known = {role: {one.name for one in goals_of_role(tables, role)} for role in present}
    known = {role: known[role] | {one.name for one in asked[role]} for role in present}
    possible = np.array([[name in known[role] for name in names] for role in roles] * n_envs)
    return TeamTask(EventGoals(everything.values()), columns, rows, possible)


def _pair(env_name: str, text: str) -> tuple[str, str]:
    role, sign, goal = (part.strip() for part in text.partition("="))
    if not (role and sign and goal):
        msg = f"{env_name}: goals by role are spelled ROLE=GOAL,ROLE=GOAL, got {text!r}"
        raise EnvError(msg)
    return role, goal


def _by_role(
    env_name: str, roles: Sequence[str], goal: object, tables: Tables
) -> dict[str, list[ArcadeGoal]]:
    if isinstance(goal, str) and "=" in goal:
        goal = dict(_pair(env_name, part) for part in goal.split(","))
    if not isinstance(goal, Mapping):
        return {role: _of_role(env_name, role, goal, tables) for role in roles}
    for role in goal:
        if role not in roles:
            raise EnvError(f"{env_name}: {unknown_name('role', str(role), roles)}")
    missing = [role for role in roles if role not in goal]
    if missing:
        msg = f"{env_name}: a goal is missing for the role {missing[0]!r}"
        raise EnvError(msg)
    return {role: _of_role(env_name, role, goal[role], tables) for role in roles}


def _of_role(env_name: str, role: str, goal: object, tables: Tables) -> list[ArcadeGoal]:
    declared = goals_of_role(tables, role)
    if goal == MIXED and declared:
        return list(declared)
    many = goal if isinstance(goal, list | tuple) else [goal]
    if not many:
        msg = f"{env_name}: the list of goals of the role {role!r} is empty"
        raise EnvError(msg)
    return [goal_of(f"{env_name} (role {role!r})", one, declared) for one in many]
