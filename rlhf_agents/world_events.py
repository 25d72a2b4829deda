"""What happens in an episode that is watched, and how likely its goals are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from rlhf_agents.plain_worlds import Actor

ACHIEVED, DESIRED = "achieved_goal", "desired_goal"


class Kind(StrEnum):
    """Of an event."""

    REWARD = "reward"
    PENALTY = "penalty"
    LIFE_LOST = "life lost"
    GOAL = "goal reached"
    MISSED = "goal missed"
    END = "the end"


@dataclass(frozen=True)
class Happening:
    """Something that happened.

    Attributes:
        step: of the episode, from 1.
        kind: what it was.
        text: in words.
    """

    step: int
    kind: Kind
    text: str


@dataclass(frozen=True)
class GoalChance:
    """One goal of a world's table.

    Attributes:
        name: of the goal.
        asked: it is what is played for.
        flag: 1 reached, -1 lost, 0 open.
        chance: the discounted probability, in [0, 1], that the actor sees in its best action; None
            if it values nothing, or the episode is over.
    """

    name: str
    asked: bool
    flag: int
    chance: float | None


def happenings(
    before: tuple[GoalChance, ...],
    after: tuple[GoalChance, ...],
    step: int,
    reward: float,
    lives: tuple[int | None, int | None],
) -> list[Happening]:
    """Return what happened in one step.

    Args:
        before: the goals before it.
        after: the goals after it, in the same order; both empty where there are none.
        step: of the episode.
        reward: of the step.
        lives: before and after it, None where the world counts none.
    """
    found = []
    if reward:
        kind = Kind.REWARD if reward > 0 else Kind.PENALTY
        found.append(Happening(step, kind, f"reward {reward:+g}"))
    if lives[0] is not None and lives[1] is not None and lives[1] < lives[0]:
        found.append(Happening(step, Kind.LIFE_LOST, f"life lost, {lives[1]} left"))
    for old, new in zip(before, after, strict=True):
        if new.flag != old.flag and new.flag > 0:
            found.append(Happening(step, Kind.GOAL, f"{new.name} reached"))
        elif new.flag != old.flag and new.flag < 0 and new.asked:
            found.append(Happening(step, Kind.MISSED, f"{new.name} missed"))
    return found


def goal_chances(env: Any, actor: Actor, batch: Any, over: bool) -> tuple[GoalChance, ...]:
    """Return the goals of a world's table, nothing if it has none.

    Args:
        env: the world.
        actor: whose opinion counts.
        batch: of one observation.
        over: the episode has ended.
    """
    rows = _told(env, "goal_rows")
    if rows is None or not isinstance(batch, dict) or DESIRED not in batch:
        return ()
    names = _told(env, "goal_names")
    flags, wanted = batch[ACHIEVED][0], batch[DESIRED][0]
    chances = []
    for number, (name, row) in enumerate(zip(names, rows, strict=True)):
        flag = int(np.sign(flags[number]))
        chance = None if over or flag else _chance(actor, {**batch, DESIRED: row[None]})
        chances.append(GoalChance(name, bool(wanted[number] > 0), flag, chance))
    return tuple(chances)


def _chance(actor: Actor, batch: Any) -> float | None:
    values = actor.values(batch)
    return None if values is None else float(np.clip(np.max(values), 0.0, 1.0))


def _told(env: Any, name: str) -> Any:
    return env.get_wrapper_attr(name) if env.has_wrapper_attr(name) else None


def lives_of(info: Any) -> int | None:
    """Return the lives that an info tells, None if it tells none."""
    lives = info.get("lives") if isinstance(info, dict) else None
    return None if lives is None else int(lives)
