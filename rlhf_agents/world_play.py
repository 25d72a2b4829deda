"""An episode of a world, step by step, for those who watch: picture, action, values, return."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import WorldFailureError
from rlhf_agents.plain_worlds import Actor, load_actor, masks_of, open_one
from rlhf_agents.training_worlds import WorldOrder
from rlhf_agents.world_events import (
    GoalChance,
    Happening,
    Kind,
    goal_chances,
    happenings,
    lives_of,
)
from rlhf_games.base import GameError

Picture = NDArray[np.uint8]
"""uint8 `[H, W, 3]`."""

RGB, ANSI = "rgb_array", "ansi"
USUAL_PACE = 15.0
SLOWEST, FASTEST = 1.0, 60.0


@dataclass(frozen=True)
class Moment:
    """What there is to see after a step; before the first, `action` is None.

    Attributes:
        episode: which one, from 1.
        step: of the episode, from 0.
        picture: the world's own, if it has one.
        text: the world's own, if it has one.
        action: what was done last.
        next_action: what is done next, None at the end.
        values: what the actor thinks each action is worth now (at the end: was worth before the
            last), `[A]`, if it does.
        reward: of the last step.
        total: all rewards of the episode.
        over: the episode has ended.
        success: whether it reached the goal, None if nothing was asked or it goes on.
        goals: those of the world's table, if it has one.
        events: what happened in the episode so far.
        lives: that are left, where the world counts them.
    """

    episode: int
    step: int = 0
    picture: Picture | None = None
    text: str | None = None
    action: Any = None
    next_action: Any = None
    values: NDArray[np.float32] | None = None
    reward: float = 0.0
    total: float = 0.0
    over: bool = False
    success: bool | None = None
    goals: tuple[GoalChance, ...] = ()
    events: tuple[Happening, ...] = ()
    lives: int | None = None


class WorldShow:
    """A world in which an actor acts while somebody watches.

    Args:
        order: the world.
        agent: who acts, see `plain_worlds.load_actor`.
        mode: how it is shown, "rgb_array" or "ansi"; where a world has it not, `trouble` says so.

    Attributes:
        name: of the world.
        goal: what is asked for, if anything.
        opponent: in worlds of two players.
        actor: who acts.
        pace: steps a second, as the world wants it.
        action_names: of the actions, or their numbers.
        now: what there is to see.
        trouble: why there is no picture; nothing if there is one.

    Raises:
        UserError: there is no such agent, or it does not fit.
        rlhf_games.base.GameError: there is no such world, or it cannot be set up like that.
    """

    def __init__(self, order: WorldOrder, agent: str, mode: str = RGB) -> None:
        self.name, self.goal, self.opponent = order.name, order.goal, order.opponent
        self.trouble = ""
        self.mode: str | None = mode
        self.env = self._open(order, mode)
        self.actor: Actor = load_actor(agent, self.env, order)
        inner = _innermost(self.env)
        pace = float(inner.metadata.get("render_fps") or USUAL_PACE)
        self.pace = min(FASTEST, max(SLOWEST, pace))
        self.action_names = _action_names(inner, self.env)
        self._run_seed = order.seed
        self._seed: int | None = order.seed
        self._observation: Any = None
        self.now = Moment(0)
        self.restart()

    def restart(self) -> Moment:
        """Begin the next episode; only the first is seeded, as in Gymnasium."""
        self._observation, info = self.env.reset(seed=self._seed)
        self._seed = None
        self.now = self._look(Moment(self.now.episode + 1, lives=lives_of(info)))
        return self.now

    def advance(self) -> Moment:
        """Do what the actor wants; after the end begin anew.

        Raises:
            WorldFailureError: the world raised an error.
        """
        if self.now.over:
            return self.restart()
        action = self.now.next_action
        self._observation, reward, terminated, truncated, info = self._step(action)
        over = bool(terminated or truncated)
        moment = replace(
            self.now,
            step=self.now.step + 1,
            action=action,
            reward=float(reward),
            total=self.now.total + float(reward),
            over=over,
            success=bool(info["is_success"]) if over and "is_success" in info else None,
        )
        self.now = _with_events(self.now, self._look(moment), lives_of(info))
        return self.now

    def close(self) -> None:
        """Close the world."""
        self.env.close()

    def _step(self, action: Any) -> Any:
        try:
            return self.env.step(action)
        except GameError:
            raise
        except Exception as error:  # whatever the world's own code raises
            place = f"seed {self._run_seed}, episode {self.now.episode}, step {self.now.step + 1}"
            msg = f"{self.name} raised {type(error).__name__}: {error} ({place})"
            raise WorldFailureError(msg) from error

    def _open(self, order: WorldOrder, mode: str) -> Any:
        """Open the world so that it shows itself, or without if it cannot."""
        env = open_one(order)
        modes = _innermost(env).metadata.get("render_modes") or ()
        if mode in modes:
            env.close()
            return open_one(order, render_mode=mode)
        self.mode = None
        self.trouble = f"{order.name} has no picture to show"
        return env

    def _look(self, moment: Moment) -> Moment:
        shown = self._rendered()
        picture = _as_picture(shown)
        if picture is None and self.mode == RGB and not self.trouble:
            self.trouble = f"{self.name} has no picture to show"
        text = shown if isinstance(shown, str) else None
        batch = _as_batch(self._observation)
        goals = goal_chances(self.env, self.actor, batch, moment.over)
        moment = replace(moment, picture=picture, text=text, goals=goals)
        if moment.over:
            return replace(moment, next_action=None)
        chosen = self.actor.predict(batch, deterministic=True)[0][0]
        action = int(chosen) if np.ndim(chosen) == 0 else chosen
        values = self.actor.values(batch)
        masks = masks_of(self.env, batch)
        if values is not None and masks is not None:
            values = np.where(masks[0], values, np.nan).astype(np.float32)
        return replace(moment, next_action=action, values=values)

    def _rendered(self) -> Any:
        if self.mode is None:
            return None
        try:
            return self.env.render()
        except GameError:
            raise
        except Exception as error:  # drawing is the world's own code
            self.mode = None
            self.trouble = f"{self.name} cannot be drawn: {type(error).__name__}: {error}"
            return None


def _with_events(before: Moment, after: Moment, lives: int | None) -> Moment:
    """Return a moment with what happened since the one before."""
    counted = before.lives, lives
    found = happenings(before.goals, after.goals, after.step, after.reward, counted)
    if after.over:
        found.append(Happening(after.step, Kind.END, "the episode is over"))
    known = before.lives if lives is None else lives
    return replace(after, events=(*before.events, *found), lives=known)


def _innermost(env: Any) -> Any:
    """Return the environment that knows how it is shown: the world's own."""
    of_worlds = getattr(getattr(env, "worlds", None), "envs", ())
    inner = of_worlds[0] if of_worlds else getattr(env, "env", env)
    return getattr(inner, "unwrapped", inner)


def _action_names(inner: Any, env: Any) -> tuple[str, ...]:
    told = getattr(inner, "get_action_meanings", None)
    if callable(told):
        return tuple(str(name).replace("_", " ").lower() for name in told())
    listed = getattr(inner, "actions", None)
    if isinstance(listed, type) and hasattr(listed, "__members__"):  # MiniGrid's enumeration
        return tuple(listed.__members__)
    return tuple(str(action) for action in range(int(getattr(env.action_space, "n", 0))))


def _as_picture(shown: Any) -> Picture | None:
    if isinstance(shown, list):  # render modes such as rgb_array_list
        shown = shown[-1] if shown else None
    if not isinstance(shown, np.ndarray) or shown.ndim != 3 or shown.shape[2] < 3:
        return None
    return np.ascontiguousarray(shown[:, :, :3], np.uint8)


def _as_batch(observation: Any) -> Any:
    if isinstance(observation, dict):
        return {key: np.asarray(value)[None] for key, value in observation.items()}
    return np.asarray(observation)[None]
