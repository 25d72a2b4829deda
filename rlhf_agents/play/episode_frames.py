"""What there is to see of a world after a step: of the world, and of each of its agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.episode_events import EpisodeEvent, GoalChance

Picture = NDArray[np.uint8]
"""uint8 `[H, W, 3]`."""


@dataclass(frozen=True)
class AgentFrame:
    """What there is to see of one agent; before the first step, `action` is None.

    Attributes:
        name: of the agent; nothing in a world of one.
        playing: it acts in the next step, or did in the last of the episode.
        success: whether it reached its goal; None if nothing was asked or it goes on.
        action: what it did last.
        next_action: what it does next, None if nothing.
        values: what the actor thinks each action is worth now (at the end: was worth before the
            last), `[A]`, NaN for illegal ones; None if it values nothing.
        chance: the discounted probability of what is asked, by the best of these, in [0, 1]; None
            if they are not values of a goal.
        goals: those of the world's table that it can be asked, if there is one.
        reward: of the last step.
        total: all its rewards of the episode.
    """

    name: str = ""
    playing: bool = True
    success: bool | None = None
    action: Any = None
    next_action: Any = None
    values: NDArray[np.float32] | None = None
    chance: float | None = None
    goals: tuple[GoalChance, ...] = ()
    reward: float = 0.0
    total: float = 0.0

    @property
    def goal(self) -> str:
        """The goal of the table that it is asked for, nothing if there is none."""
        return next((goal.name for goal in self.goals if goal.asked), "")


@dataclass(frozen=True)
class Frame:
    """What there is to see after a step.

    Attributes:
        episode: which one, from 1.
        step: of the episode, from 0.
        picture: the world's own, if it has one.
        text: the world's own, if it has one.
        agents: all of them.
        followed: the place among them of the one that is looked at closely.
        reward: of the last step, the mean over all agents.
        total: all rewards of the episode, the mean over all agents.
        over: the episode has ended.
        success: whether it reached the goal (somebody its goal), None if nothing was asked or it
            goes on.
        events: what happened in the episode so far.
        lives: that are left, where the world counts them.
    """

    episode: int
    step: int = 0
    picture: Picture | None = None
    text: str | None = None
    agents: tuple[AgentFrame, ...] = (AgentFrame(),)
    followed: int = 0
    reward: float = 0.0
    total: float = 0.0
    over: bool = False
    success: bool | None = None
    events: tuple[EpisodeEvent, ...] = ()
    lives: int | None = None

    @property
    def followed_agent(self) -> AgentFrame:
        """The agent that is followed."""
        return self.agents[self.followed]

    @property
    def action(self) -> Any:
        """What the followed agent did last."""
        return self.followed_agent.action

    @property
    def next_action(self) -> Any:
        """What the followed agent does next."""
        return self.followed_agent.next_action

    @property
    def values(self) -> NDArray[np.float32] | None:
        """What its actions are worth, `[A]`."""
        return self.followed_agent.values

    @property
    def goals(self) -> tuple[GoalChance, ...]:
        """The goals it can be asked."""
        return self.followed_agent.goals
