"""What happens in an episode that is watched, and how likely its goals are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from rlhf_agents.players.actors import Actor

ACHIEVED, DESIRED = "achieved_goal", "desired_goal"


class EventKind(StrEnum):
    """Of an event."""

    REWARD = "reward"
    PENALTY = "penalty"
    LIFE_LOST = "life lost"
    GOAL = "goal reached"
    MISSED = "goal missed"
    OUT = "out of the game"
    END = "the end"


@dataclass(frozen=True)
class EpisodeEvent:
    """Something that happened.

    Attributes:
        step: of the episode, from 1.
        kind: what it was.
        text: in words.
        who: the agents that it happened to; nobody in particular in worlds of one, at the end, and
            if it happened to all.
    """

    step: int
    kind: EventKind
    text: str
    who: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The words, and whose event it was."""
        return f"{', '.join(self.who)}: {self.text}" if self.who else self.text


@dataclass(frozen=True)
class GoalChance:
    """One goal of a world's table.

    Attributes:
        name: of the goal.
        asked: it is what is played for.
        flag: 1 reached, -1 lost, 0 open.
        chance: the discounted probability, in [0, 1], that the actor sees in its best legal action;
            None if it values no goals, or nothing is left to be done.
    """

    name: str
    asked: bool
    flag: int
    chance: float | None


def step_events(
    before: tuple[GoalChance, ...],
    after: tuple[GoalChance, ...],
    step: int,
    reward: float,
    lives: tuple[int | None, int | None] = (None, None),
) -> list[EpisodeEvent]:
    """Return what happened to one agent in one step.

    Args:
        before: the goals before it.
        after: the goals after it, in the same order; both empty where there are none.
        step: of the episode.
        reward: of the step.
        lives: before and after it, None where the world counts none.
    """
    found = []
    if reward:
        kind = EventKind.REWARD if reward > 0 else EventKind.PENALTY
        found.append(EpisodeEvent(step, kind, f"reward {reward:+.3g}"))
    if lives[0] is not None and lives[1] is not None and lives[1] < lives[0]:
        found.append(EpisodeEvent(step, EventKind.LIFE_LOST, f"life lost, {lives[1]} left"))
    for old, new in zip(before, after, strict=True):
        if new.flag != old.flag and new.flag > 0:
            found.append(EpisodeEvent(step, EventKind.GOAL, f"{new.name} reached"))
        elif new.flag != old.flag and new.flag < 0 and new.asked:
            found.append(EpisodeEvent(step, EventKind.MISSED, f"{new.name} missed"))
    return found


def merged_events(found: Mapping[str, Sequence[EpisodeEvent]]) -> list[EpisodeEvent]:
    """Return what happened to all agents in one step, each event once with those it happened to.

    Args:
        found: the events of every agent that plays, by its name.
    """
    owners: dict[EpisodeEvent, list[str]] = {}
    for name, events in found.items():
        for event in events:
            owners.setdefault(event, []).append(name)
    return [
        replace(event, who=() if len(names) == len(found) else tuple(names))
        for event, names in owners.items()
    ]


def goal_chances(
    env: Any, actor: Actor, batch: Any, masks: NDArray[np.bool_] | None, playing: NDArray[np.bool_]
) -> list[tuple[GoalChance, ...]]:
    """Return the goals of a world's table for every agent, nothing if it has none.

    Args:
        env: the world.
        actor: whose opinion counts.
        batch: of observations, one of each of n agents.
        masks: their legal actions, bool `[n, A]`; None: all are.
        playing: who can still do something, bool `[n]`.
    """
    rows = attribute_of(env, "goal_rows")
    if rows is None or not isinstance(batch, dict) or DESIRED not in batch:
        return [()] * len(playing)
    names, possible = attribute_of(env, "goal_names"), attribute_of(env, "goal_possible")
    flags, wanted = np.sign(batch[ACHIEVED]).astype(int), batch[DESIRED] > 0
    offered = np.ones_like(wanted) if possible is None else possible
    chances = np.full(flags.shape, np.nan)
    floor, open_goals = goal_floor(env, actor), (flags == 0) & playing[:, None] & offered
    for goal in np.flatnonzero(open_goals.any(axis=0)) if floor is not None else ():
        chances[:, goal] = _best(actor, batch, rows[goal], masks, floor or 0.0)
    chances[~open_goals] = np.nan
    return [
        tuple(
            GoalChance(names[g], bool(wanted[i, g]), int(flags[i, g]), _known(chances[i, g]))
            for g in np.flatnonzero(offered[i])
        )
        for i in range(len(playing))
    ]


def _best(actor: Actor, batch: Any, row: Any, masks: NDArray[np.bool_] | None, floor: float) -> Any:
    """Return the probability of a goal by the best legal action of every agent, `[n]`."""
    asked = np.broadcast_to(row, batch[DESIRED].shape).astype(batch[DESIRED].dtype)
    values = actor.values({**batch, DESIRED: asked})
    if values is None:
        return np.nan
    legal = values if masks is None else np.where(masks, values, -np.inf)
    return odds(legal.max(axis=1), floor)


def _known(chance: Any) -> float | None:
    return None if np.isnan(chance) else float(chance)


def goal_floor(env: Any, actor: Actor) -> float | None:
    """Return what missing the goal pays, 0 or -1, if the actor values goals; reaching it pays 1.

    None: the values are not of a goal but of rewards, which are no probabilities.
    """
    floor = attribute_of(env, "goal_floor")
    return float(floor) if floor is not None and actor.weighs_goals else None


def odds(values: Any, floor: float) -> Any:
    """Return values between those of a missed and of a reached goal as probabilities in [0, 1]."""
    return np.clip((values - floor) / (1.0 - floor), 0.0, 1.0)


def attribute_of(env: Any, name: str) -> Any:
    """Return an attribute of an environment or of what it wraps, None if there is none."""
    if isinstance(env, gymnasium.Env):
        return env.get_wrapper_attr(name) if env.has_wrapper_attr(name) else None
    return getattr(env, name, None)


def lives_of(info: Any) -> int | None:
    """Return the lives that an info tells, None if it tells none."""
    lives = info.get("lives") if isinstance(info, dict) else None
    return None if lives is None else int(lives)
