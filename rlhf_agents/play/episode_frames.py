"""Frames: the state to show of an environment and its agents after a step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.episode_events import EpisodeEvent, GoalChance
from rlhf_agents.words import agent_words

Picture = NDArray[np.uint8]
"""uint8 `[H, W, 3]`."""
Action = int | NDArray[np.generic]
"""A number, or an array where actions have several parts."""


@dataclass(frozen=True)
class AgentFrame:
    """One agent after a step.

    Attributes:
        name: of the agent; empty in an environment with one agent.
        playing: whether it acts in the next step, or did in the last of the episode.
        success: whether it reached its goal; None if it has none or the episode goes on.
        action: its last action; None before the first step.
        next_action: its next action, None if it has none.
        values: the actor's values of its actions (at the end, those before the last action), `[A]`,
            NaN for illegal ones; None if the actor has no values.
        chance: the discounted probability of its goal with the best of these, in [0, 1]; None if
            they are not values of a goal.
        goals: its possible goals in the environment's table.
        risk: a danger and its expected probability after the next action; None where unknown.
        reward: of the last step.
        total: the sum of its rewards in the episode.
        recent: its latest rewards.
    """

    name: str = ""
    playing: bool = True
    success: bool | None = None
    action: Action | None = None
    next_action: Action | None = None
    values: NDArray[np.float32] | None = None
    chance: float | None = None
    goals: tuple[GoalChance, ...] = ()
    risk: tuple[str, float] | None = None
    reward: float = 0.0
    total: float = 0.0
    recent: tuple[float, ...] = ()

    @property
    def words(self) -> str:
        """Its name for people: "Archer 1"."""
        return agent_words(self.name)

    @property
    def goal(self) -> str:
        """Its current goal in the table, or empty."""
        return next((goal.name for goal in self.goals if goal.asked), "")


@dataclass(frozen=True)
class Frame:
    """An environment and its agents after a step.

    Attributes:
        episode: its number, from 1.
        step: of the episode, from 0.
        picture: rendered by the environment, if it can.
        text: rendered by the environment, if it can.
        agents: all agents.
        followed: the index of the agent that is shown in detail.
        reward: of the last step, the mean over all agents.
        total: the sum of the rewards of the episode, the mean over all agents.
        over: whether the episode has ended.
        success: whether the goal was reached (with many agents, by any of them); None if there is
            no goal or the episode goes on.
        events: of the episode so far.
        lives: the number left, if the environment has lives.
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
    def action(self) -> Action | None:
        """The last action of the followed agent."""
        return self.followed_agent.action

    @property
    def next_action(self) -> Action | None:
        """The next action of the followed agent."""
        return self.followed_agent.next_action

    @property
    def values(self) -> NDArray[np.float32] | None:
        """The values of its actions, `[A]`."""
        return self.followed_agent.values

    @property
    def goals(self) -> tuple[GoalChance, ...]:
        """Its possible goals."""
        return self.followed_agent.goals
