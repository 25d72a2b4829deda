"""An episode of an environment, step by step: pictures, actions, values and returns to watch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.envs.kinds import Space
from rlhf_agents.envs.multi_agent_env import MultiAgentEnv
from rlhf_agents.envs.open_env import EnvConfig, open_one
from rlhf_agents.envs.trained_models import load_for
from rlhf_agents.errors import EnvironmentFailureError
from rlhf_agents.play.cropping import Cropper
from rlhf_agents.play.episode_events import (
    DESIRED,
    Batch,
    Environment,
    EpisodeEvent,
    EventKind,
    attribute_of,
    goal_chances,
    goal_floor,
    lives_of,
    merged_events,
    odds,
    risk_of,
    step_events,
)
from rlhf_agents.play.episode_frames import Action, AgentFrame, Frame, Picture
from rlhf_agents.players.actors import Actor, masks_of
from rlhf_agents.players.arcade_foresight import actor_of
from rlhf_games.base import GameError

RGB, ANSI = "rgb_array", "ansi"
USUAL_PACE = 15.0
RECENT = 30
"""The number of rewards that tell which are usual."""
SLOWEST, FASTEST = 1.0, 60.0


class EpisodePlayer:
    """An environment in which an actor acts, step by step.

    Args:
        config: the environment.
        agent: the actor, see `arcade_foresight.actor_of`.
        mode: how the environment renders, "rgb_array" or "ansi"; `trouble` says if it cannot.

    Attributes:
        name: of the environment.
        goal: the actor's goal, if any.
        opponent: in two-player environments.
        actor: the one that acts, for all agents if there are many.
        pace: the environment's steps per second.
        names: of the actions of every agent, or their numbers.
        floor: the reward for missing the goal if the actor values goals, None if it values rewards,
            see `episode_events.goal_floor`.
        frame: the current frame.
        trouble: why there is no picture, else empty.

    Raises:
        UserError: there is no such agent, or it does not fit.
        rlhf_games.base.GameError: there is no such environment, or it takes no such options.
    """

    def __init__(self, config: EnvConfig, agent: str, mode: str = RGB) -> None:
        config, model = load_for(config, agent)
        self.name, self.goal, self.opponent = config.name, config.goal, config.opponent
        self.trouble = ""
        self._cropper = Cropper()
        self.mode: str | None = mode
        self.env = self._open(config, mode, None if model is None else model.observation_space)
        self.actor: Actor = actor_of(
            agent, self.env, config.name, config.goal, config.seed or 0, model
        )
        inner = _innermost(self.env)
        pace = float(inner.metadata.get("render_fps") or USUAL_PACE)
        self.pace = min(FASTEST, max(SLOWEST, pace))
        self.names = _action_names(inner, self.env)
        self.floor = goal_floor(self.env, self.actor)
        self._team = self.env if isinstance(self.env, MultiAgentEnv) else None
        self._run_seed = config.seed
        self._seed: int | None = config.seed
        self._wanted: int | None = None
        self._batch: Batch = np.zeros(0)
        self.frame = Frame(0)
        self.restart()

    def restart(self, seed: int | None = None) -> Frame:
        """Begin the next episode; only the first is seeded, as in Gymnasium.

        Args:
            seed: of this episode, to play the same one again.

        Raises:
            EnvironmentFailureError: the environment raised an error.
        """
        try:
            shown, info = self.env.reset(seed=self._seed if seed is None else seed)
        except GameError:
            raise
        except Exception as error:  # whatever the environment's own code raises
            raise self._failure(error, self.frame.episode + 1, 0) from error
        self._batch = shown if self._team is not None else _as_batch(shown)
        self._seed = None
        names = ("",) if self._team is None else self._team.agents
        agents = tuple(AgentFrame(name) for name in names)
        self.frame = self._look(Frame(self.frame.episode + 1, agents=agents, lives=lives_of(info)))
        return self.frame

    def advance(self, action: int | None = None) -> Frame:
        """Take the actor's next action; after the end, begin the next episode.

        Args:
            action: of the followed agent, in place of the actor's.

        Raises:
            EnvironmentFailureError: the environment raised an error.
        """
        if self.frame.over:
            return self.restart()
        before = self._with_action(action)
        rewards, over, info = self._step([agent.next_action for agent in before.agents])
        agents = tuple(
            replace(
                agent,
                action=agent.next_action,
                reward=float(reward),
                total=agent.total + float(reward),
                recent=(*agent.recent[1 - RECENT :], float(reward)),
            )
            for agent, reward in zip(before.agents, rewards, strict=True)
        )
        mean = float(np.mean(rewards))
        frame = replace(
            before,
            step=before.step + 1,
            agents=agents,
            reward=mean,
            total=before.total + mean,
            over=over,
            success=bool(info["is_success"]) if over and "is_success" in info else None,
        )
        self.frame = _with_events(before, self._look(frame), lives_of(info))
        return self.frame

    def _with_action(self, action: int | None) -> Frame:
        """Return the frame in which the followed agent takes a person's action, if there is one."""
        frame, followed = self.frame, self.frame.followed_agent
        if action is None or not followed.playing:
            return frame
        agents = list(frame.agents)
        agents[frame.followed] = replace(followed, next_action=action)
        return replace(frame, agents=tuple(agents))

    def legal(self, action: int) -> bool:
        """Return whether the followed agent may take an action now."""
        masks = masks_of(self.env, self._batch)
        return masks is None or bool(masks[self.frame.followed][action])

    def follow(self, agent: int) -> Frame:
        """Follow one of the agents from now on, even when it is out.

        Args:
            agent: its index, modulo the number of agents.
        """
        self._wanted = agent % len(self.frame.agents)
        self.frame = replace(self.frame, followed=self._wanted)
        return self.frame

    @property
    def action_names(self) -> tuple[str, ...]:
        """The names of the actions of the followed agent."""
        return self.names[self.frame.followed]

    def action_name(self, agent: int, action: Action) -> str:
        """Return the name of an action of an agent."""
        names = self.names[agent]
        known = isinstance(action, int) and action < len(names)
        return names[action] if known else str(action)

    def ask(self, name: str, adds: bool = False) -> None:
        """Play for a goal of the table from now on, if the actor can.

        Args:
            name: of the goal.
            adds: play for the other desired goals, too, or no longer for this one if it is desired.
        """
        ask = attribute_of(self.env, "ask")
        if self.floor is None or ask is None:
            return
        wanted = [goal.name for goal in self.frame.goals if goal.asked]
        others = [one for one in wanted if one != name] if adds else []
        ask(*others, *([] if others and name in wanted else [name]))
        self._batch = attribute_of(self.env, "games").observe()
        self.frame = self._look(self.frame)
        self.goal = " + ".join(goal.name for goal in self.frame.goals if goal.asked)

    def close(self) -> None:
        """Close the environment."""
        self.env.close()

    def _step(
        self, actions: list[Action | None]
    ) -> tuple[NDArray[np.float64], bool, dict[str, object]]:
        """Take the actions of all agents; return their rewards `[n]`, whether it is over, an info.

        The action of an agent that is out is None.
        """
        try:
            if self._team is None:
                shown, reward, terminated, truncated, info = self.env.step(actions[0])
                self._batch, rewards = _as_batch(shown), np.array([reward], np.float64)
            else:
                chosen = [0 if action is None else action for action in actions]
                self._batch, rewards, terminated, truncated, info = self._team.step(chosen)
        except GameError:
            raise
        except Exception as error:  # whatever the environment's own code raises
            raise self._failure(error, self.frame.episode, self.frame.step + 1) from error
        return rewards, bool(terminated or truncated), info

    def _failure(self, error: Exception, episode: int, step: int) -> EnvironmentFailureError:
        place = f"seed {self._run_seed}, episode {episode}, step {step}"
        return EnvironmentFailureError(
            f"{self.name} raised {type(error).__name__}: {error} ({place})"
        )

    def _open(self, config: EnvConfig, mode: str, observed: Space | None) -> Environment:
        """Open the environment with a render mode, or without if it has no such mode."""
        env: Environment = open_one(config, observed)
        modes = _innermost(env).metadata.get("render_modes") or ()
        if mode in modes:
            env.close()
            env = open_one(config, observed, render_mode=mode)
        else:
            self.mode = None
            self.trouble = f"{config.name} has no picture to show"
        return env

    def _look(self, frame: Frame) -> Frame:
        shown = self._rendered()
        picture = _as_picture(shown)
        if picture is not None:
            picture = self._cropper.crop(picture)
        if picture is None and self.mode == RGB and not self.trouble:
            self.trouble = f"{self.name} has no picture to show"
        text = shown if isinstance(shown, str) else None
        frame = replace(frame, picture=picture, text=text, agents=self._think(frame))
        return replace(frame, followed=self._followed(frame))

    def _think(self, frame: Frame) -> tuple[AgentFrame, ...]:
        """Return all agents with the values and the next actions of the actor."""
        env, batch, masks = self.env, self._batch, masks_of(self.env, self._batch)
        playing, successes = np.ones(len(frame.agents), np.bool_), [frame.success]
        if self._team is not None:
            playing, successes = self._team.playing, self._team.successes
        acting = playing & (not frame.over)
        goals = goal_chances(env, self.actor, batch, masks, acting)
        agents = [
            replace(
                agent,
                playing=bool(playing[i]),
                success=successes[i],
                goals=goals[i],
                next_action=None,
                chance=None,
                values=agent.values if frame.over else None,
            )
            for i, agent in enumerate(frame.agents)
        ]
        if not acting.any():
            return tuple(agents)
        chosen = self.actor.predict(batch, deterministic=True)[0]
        values = self.actor.values(batch)
        if values is not None and agents[0].goals and isinstance(batch, dict):
            values = values / np.maximum(1, batch[DESIRED].sum(axis=1, keepdims=True))  # a mixture
        if values is not None and masks is not None:
            values = np.where(masks, values, np.nan).astype(np.float32)
        for i in np.flatnonzero(acting).tolist():
            action = int(chosen[i]) if np.ndim(chosen[i]) == 0 else chosen[i]
            worth = None if values is None else values[i]
            chance = _chance(worth, self.floor)
            agents[i] = replace(agents[i], next_action=action, values=worth, chance=chance)
        if self._team is None:
            agents[0] = replace(agents[0], risk=risk_of(env, self.actor, batch, chosen[0]))
        return tuple(agents)

    def _followed(self, frame: Frame) -> int:
        """Return the agent to follow: the chosen one, else the first that still plays."""
        if self._wanted is not None:
            return self._wanted
        if frame.followed_agent.playing or frame.over:
            return frame.followed
        return next((i for i, one in enumerate(frame.agents) if one.playing), 0)

    def _rendered(self) -> object:
        if self.mode is None:
            return None
        try:
            return self.env.render()
        except GameError:
            raise
        except Exception as error:  # drawing is the environment's own code
            self.mode = None
            self.trouble = f"{self.name} cannot be drawn: {type(error).__name__}: {error}"
            return None


def _with_events(before: Frame, after: Frame, lives: int | None) -> Frame:
    """Return `after` with the events since `before`."""
    counted = before.lives, lives
    step = after.step
    found = {
        new.name: [
            *step_events(old.goals, new.goals, step, new.reward, counted, old.recent),
            *_leaving(new, after),
        ]
        for old, new in zip(before.agents, after.agents, strict=True)
        if old.playing
    }
    events = merged_events(found)
    if after.over:
        events.append(EpisodeEvent(step, EventKind.END, "the episode is over"))
    known = before.lives if lives is None else lives
    return replace(after, events=(*before.events, *events), lives=known)


def _leaving(agent: AgentFrame, frame: Frame) -> list[EpisodeEvent]:
    """Return the event of an agent that leaves a running episode, unless its goals say why."""
    if agent.playing or frame.over or (agent.goals and agent.success is not None):
        return []
    if agent.success:
        return [EpisodeEvent(frame.step, EventKind.GOAL, "goal reached")]
    return [EpisodeEvent(frame.step, EventKind.OUT, "out of the game")]


def _chance(values: NDArray[np.float32] | None, floor: float | None) -> float | None:
    if values is None or floor is None or np.isnan(values).all():
        return None
    return float(odds(np.nanmax(values), floor))


def _innermost(env: Environment) -> Any:
    """Return the innermost environment, which knows how it renders."""
    many = getattr(getattr(env, "batched", None), "envs", ())
    inner = many[0] if many else getattr(env, "env", env)
    return getattr(inner, "unwrapped", inner)


def _action_names(inner: object, env: Environment) -> tuple[tuple[str, ...], ...]:
    """Return the names of the actions of every agent."""
    if isinstance(env, MultiAgentEnv):
        return env.action_names
    own = attribute_of(env, "action_names")
    if own:
        return (tuple(own),)
    meanings = getattr(inner, "get_action_meanings", None)
    if callable(meanings):
        return (tuple(str(name).replace("_", " ").lower() for name in meanings()),)
    listed = getattr(inner, "actions", None)
    if isinstance(listed, type) and hasattr(listed, "__members__"):  # MiniGrid's enumeration
        return (tuple(listed.__members__),)
    by_number = getattr(getattr(inner, "action_type", None), "actions", None)
    if isinstance(by_number, dict):  # HighwayEnv's table
        return (tuple(str(by_number[i]).replace("_", " ").lower() for i in sorted(by_number)),)
    return (tuple(str(action) for action in range(int(getattr(env.action_space, "n", 0)))),)


def _as_picture(shown: object) -> Picture | None:
    if isinstance(shown, list):  # render modes such as rgb_array_list
        shown = shown[-1] if shown else None
    if not isinstance(shown, np.ndarray) or shown.ndim != 3 or shown.shape[2] < 3:
        return None
    return np.ascontiguousarray(shown[:, :, :3], np.uint8)


def _as_batch(observation: Batch) -> Batch:
    if isinstance(observation, dict):
        return {key: np.asarray(value)[None] for key, value in observation.items()}
    return np.asarray(observation)[None]
