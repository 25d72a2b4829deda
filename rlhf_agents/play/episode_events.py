"""The events of an episode, and the probabilities of its goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlhf_agents.envs.kinds import Env
from rlhf_agents.envs.multi_agent_env import MultiAgentEnv
from rlhf_agents.players.actors import Actor, ModelActor
from rlhf_agents.words import agent_words, spelled_out
from rlhf_games.base import Array

NOTABLE = 4.0
"""How much larger than usual a reward must be to be an event."""
ACHIEVED, DESIRED = "achieved_goal", "desired_goal"

Environment = Env | MultiAgentEnv
Batch = Array | dict[str, Array]
"""Observations, a row for every agent."""


class EventKind(StrEnum):
    """The kind of an event."""

    REWARD = "reward"
    PENALTY = "penalty"
    LIFE_LOST = "life lost"
    GOAL = "goal reached"
    MISSED = "goal missed"
    OUT = "out of the game"
    END = "the end"


@dataclass(frozen=True)
class EpisodeEvent:
    """An event in an episode.

    Attributes:
        step: of the episode, from 1.
        kind: of the event.
        text: the event in words.
        who: the agents that it happened to; empty in environments of one agent, at the end, and if
            it happened to all.
    """

    step: int
    kind: EventKind
    text: str
    who: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The event in words, with its agents."""
        return f"{', '.join(map(agent_words, self.who))}: {self.text}" if self.who else self.text


@dataclass(frozen=True)
class GoalChance:
    """A goal of an environment's table.

    Attributes:
        name: of the goal.
        asked: whether the agent plays for it.
        flag: 1 reached, -1 lost, 0 open.
        chance: the actor's value of its best legal action, a discounted probability in [0, 1];
            None if the actor does not value goals, or the goal is decided.
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
    recent: Sequence[float] = (0.0,),
) -> list[EpisodeEvent]:
    """Return the events of one agent in one step.

    Args:
        before: the goals before it.
        after: the goals after it, in the same order; both empty if there are none.
        step: of the episode.
        reward: of the step.
        lives: before and after it, None if the environment has no lives.
        recent: rewards of the steps before it; rewards of their size are no events.
    """
    found = []
    if is_notable(reward, recent):
        kind = EventKind.REWARD if reward > 0 else EventKind.PENALTY
        found.append(EpisodeEvent(step, kind, f"reward {reward:+.3g}"))
    if lives[0] is not None and lives[1] is not None and lives[1] < lives[0]:
        found.append(EpisodeEvent(step, EventKind.LIFE_LOST, f"life lost, {lives[1]} left"))
    for old, new in zip(before, after, strict=True):
        if new.flag != old.flag and new.flag > 0:
            found.append(EpisodeEvent(step, EventKind.GOAL, f"{spelled_out(new.name)} reached"))
        elif new.flag != old.flag and new.flag < 0 and new.asked:
            found.append(EpisodeEvent(step, EventKind.MISSED, f"{spelled_out(new.name)} missed"))
    return found


def is_notable(reward: float, recent: Sequence[float]) -> bool:
    """Return whether a reward is worth a mark: much larger than the median of recent ones.

    Where every step is rewarded, such as in CartPole, usual rewards are not; the first reward of an
    episode has nothing to be compared with.
    """
    usual = float(np.median(np.abs(recent))) if recent else np.inf
    return reward != 0 and abs(reward) > NOTABLE * usual


def merged_events(found: Mapping[str, Sequence[EpisodeEvent]]) -> list[EpisodeEvent]:
    """Return the events of all agents in one step, each once with the agents it happened to.

    Args:
        found: the events of every playing agent, by its name.
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
    env: Environment,
    actor: Actor,
    batch: Batch,
    masks: NDArray[np.bool_] | None,
    playing: NDArray[np.bool_],
) -> list[tuple[GoalChance, ...]]:
    """Return the goals of an environment's table for every agent; empty if there is no table.

    Args:
        env: the environment.
        actor: its values give the probabilities.
        batch: of observations, one of each of n agents.
        masks: their legal actions, bool `[n, A]`; None if all actions are legal.
        playing: the agents that can still act, bool `[n]`.
    """
    rows = attribute_of(env, "goal_rows")
    if rows is None or not isinstance(batch, dict) or DESIRED not in batch:
        return [()] * len(playing)
    names, possible = attribute_of(env, "goal_names"), attribute_of(env, "goal_possible")
    flags, wanted = np.sign(batch[ACHIEVED]).astype(int), batch[DESIRED] > 0
    offered = np.ones_like(wanted) if possible is None else possible
    chances = np.full(flags.shape, np.nan)
    open_goals = (flags == 0) & playing[:, None] & offered
    floor = goal_floor(env, actor)
    if floor is not None:
        for goal in np.flatnonzero(open_goals.any(axis=0)):
            chances[:, goal] = _best(actor, batch, rows[goal], masks, floor)
    implied = attribute_of(env, "goal_implied")
    if implied is not None:
        chances = capped(chances, implied)
    chances[~open_goals] = np.nan
    return [
        tuple(
            GoalChance(names[g], bool(wanted[i, g]), int(flags[i, g]), _known(chances[i, g]))
            for g in np.flatnonzero(offered[i])
        )
        for i in range(len(playing))
    ]


def capped(chances: NDArray[np.float64], implied: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the chances so that no goal looks likelier than one that it implies.

    Args:
        chances: float64 `[n, G]`, NaN where unknown.
        implied: bool `[G, G]`; `[g, e]` is set if reaching g implies reaching e.
    """
    own = implied | np.eye(len(implied), dtype=np.bool_)
    columns = [np.fmin.reduce(chances[:, row], axis=1) for row in own]
    return np.where(np.isnan(chances), np.nan, np.stack(columns, axis=1))


def _best(
    actor: Actor,
    batch: dict[str, Array],
    row: Array,
    masks: NDArray[np.bool_] | None,
    floor: float,
) -> NDArray[np.float64]:
    """Return the probability of a goal by the best legal action of every agent, `[n]`."""
    asked = np.broadcast_to(row, batch[DESIRED].shape).astype(batch[DESIRED].dtype)
    values = actor.values({**batch, DESIRED: asked})
    if values is None:
        return np.full(len(asked), np.nan)
    legal = values if masks is None else np.where(masks, values, -np.inf)
    return odds(legal.max(axis=1), floor)


def risk_of(env: Environment, actor: Actor, batch: Batch, action: int) -> tuple[str, float] | None:
    """Return the danger of an environment and its expected probability after an action.

    It is that of missing the goal that excludes it, with the best actions from then on.
    """
    risk = attribute_of(env, "goal_risk")
    if risk is None or not isinstance(batch, dict) or goal_floor(env, actor) is None:
        return None
    (word, goal), names = risk, list(attribute_of(env, "goal_names"))
    row = names.index(goal) if goal in names else None
    if row is None or batch[ACHIEVED][0, row]:
        return None
    values = actor.values({**batch, DESIRED: attribute_of(env, "goal_rows")[row][None]})
    if values is None:
        return None
    discount = _discount(env, actor, row)
    return word, 1.0 - float(odds(values[0, action] / discount, 0.0))


def _discount(env: Environment, actor: Actor, goal: int) -> float:
    """Return the discount of a goal that is reached at its deadline, such as survival, else 1."""
    games: Any = attribute_of(env, "games")
    table = games.task.table.goals[goal]
    left = (table.deadline or games.steps[0]) - games.steps[0]
    return float(actor.model.gamma ** max(0, left - 1)) if isinstance(actor, ModelActor) else 1.0


def _known(chance: float) -> float | None:
    return None if np.isnan(chance) else float(chance)


def goal_floor(env: Environment, actor: Actor) -> float | None:
    """Return the reward for missing the goal, 0 or -1; reaching it pays 1.

    None if the actor's values are for rewards, not a goal, and therefore not probabilities.
    """
    floor = attribute_of(env, "goal_floor")
    return float(floor) if floor is not None and actor.weighs_goals else None


def odds(values: ArrayLike, floor: float) -> NDArray[np.float64]:
    """Return values, from `floor` for a missed goal to 1, as probabilities in [0, 1]."""
    return np.clip((np.asarray(values, np.float64) - floor) / (1.0 - floor), 0.0, 1.0)


def attribute_of(env: Environment, name: str) -> Any:
    """Return an attribute of an environment or of one that it wraps, or None."""
    if isinstance(env, gymnasium.Env):
        return env.get_wrapper_attr(name) if env.has_wrapper_attr(name) else None
    return getattr(env, name, None)


def lives_of(info: object) -> int | None:
    """Return the number of lives in an info, or None."""
    lives = info.get("lives") if isinstance(info, dict) else None
    return None if lives is None else int(lives)
