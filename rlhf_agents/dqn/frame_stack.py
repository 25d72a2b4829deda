"""The wrappers in which a model was trained: stacked frames in its file, others by their names.

A model that was trained in a `VecFrameStack` needs the last frames in one observation, so its file
says how they were stacked, and environments are wrapped in the same way. Other wrappers are code:
their names are in the file, so that programs can say what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, SupportsFloat

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, TimeLimit
from stable_baselines3.common.atari_wrappers import EpisodicLifeEnv
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.type_aliases import GymEnv
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    VecEnv,
    VecEnvWrapper,
    VecFrameStack,
    VecMonitor,
    VecNormalize,
    VecTransposeImage,
    VecVideoRecorder,
)
from stable_baselines3.common.vec_env.stacked_observations import StackedObservations

from rlhf_agents.errors import SettingError
from rlhf_agents.files.attribute_checks import of, or_none, require, whole
from rlhf_agents.files.types import Array, Arrays, Info, Space
from rlhf_games.json_types import JSON

MOST_FRAMES = 256
MOST_NAMES, MOST_LETTERS = 32, 100
LAST, FIRST = "last", "first"
"""Where the channels of pictures are."""
WITHOUT_EFFECT = (
    EpisodicLifeEnv,
    Monitor,
    OrderEnforcing,
    PassiveEnvChecker,
    RecordEpisodeStatistics,
    TimeLimit,
    VecFrameStack,
    VecMonitor,
    VecNormalize,
    VecTransposeImage,
    VecVideoRecorder,
    gymnasium.RewardWrapper,
)
"""Wrappers that need not be named: playing does not need them, or its file describes them."""
OURS = ("rlhf_agents.", "rlhf_adapters.")

Seen = Array | Arrays


@dataclass(frozen=True)
class FrameStack:
    """How frames were stacked.

    Attributes:
        frames: the number of frames in an observation.
        order: "first" or "last", where the frames are put; by name for a Dict.
    """

    frames: int
    order: str | dict[str, str]

    def around(self, env: GymEnv | None) -> GymEnv | None:
        """Return an environment with stacked frames; it may have them already.

        Raises:
            SettingError: its observations cannot be stacked like that.
        """
        if env is None or (isinstance(env, VecEnv) and _stack_of(env) is not None):
            return env
        self.check(env.observation_space)
        vec: VecEnv = env if isinstance(env, VecEnv) else DummyVecEnv([lambda: env])
        return VecFrameStack(vec, self.frames, self.order)

    def around_one(self, env: gymnasium.Env[Any, Any]) -> gymnasium.Env[Any, Any]:
        """Return one Gymnasium environment with stacked frames; raises as `around` does."""
        self.check(env.observation_space)
        return _StackedEnv(env, self)

    def check(self, space: Space) -> None:
        """Raise `SettingError` unless observations of a space can be stacked."""
        parts = space.spaces if isinstance(space, spaces.Dict) else {"": space}
        orders = self.order if isinstance(self.order, dict) else dict.fromkeys(parts, self.order)
        boxes = all(isinstance(part, spaces.Box) and part.shape for part in parts.values())
        if not boxes or parts.keys() != orders.keys():
            msg = f"frames of {space} cannot be stacked, as in the model's training"
            raise SettingError(msg)

    def to_json(self) -> JSON:
        """Return the facts in a form that JSON can hold."""
        return {"frames": self.frames, "order": self.order}


def from_json(facts: Any, space: Space) -> FrameStack | None:
    """Return what `FrameStack.to_json` described; None for None.

    Args:
        facts: from a file.
        space: of the model's observations.

    Raises:
        SettingError: such observations are not stacked frames.
        ValueError: the facts do not fit; further errors are in `untrusted.WRONG`.
    """
    if facts is None:
        return None
    frames, order = facts["frames"], facts["order"]
    require("frames", frames, whole(1, MOST_FRAMES))
    orders = list(order.values()) if isinstance(order, dict) else [order]
    require("order", orders, lambda _: all(each in (FIRST, LAST) for each in orders))
    stack = FrameStack(frames, order)
    stack.check(space)
    return stack


def frame_stack_of(env: VecEnv | None) -> FrameStack | None:
    """Return how the frames of an environment are stacked, None if they are not."""
    stack = _stack_of(env)
    if stack is None:
        return None
    return FrameStack(stack.stacked_obs.n_stack, _order(stack.stacked_obs))


def _stack_of(env: VecEnv | None) -> VecFrameStack | None:
    return next((one for one in _layers(env) if isinstance(one, VecFrameStack)), None)


def _order(stacked: StackedObservations[Any]) -> str | dict[str, str]:
    if isinstance(stacked.observation_space, spaces.Dict):
        parts = stacked.sub_stacked_observations
        return {key: FIRST if part.channels_first else LAST for key, part in parts.items()}
    return FIRST if stacked.channels_first else LAST


# ---- names of wrappers -------------------------------------------------------------------------


def wrapper_names(env: object) -> tuple[str, ...]:
    """Return the names of the wrappers that change what a model sees, the outermost first."""
    return tuple(
        type(one).__name__
        for one in _layers(env)
        if not isinstance(one, WITHOUT_EFFECT) and not type(one).__module__.startswith(OURS)
    )


def checked_names(names: object) -> tuple[str, ...]:
    """Return the names of wrappers in a file; errors are in `untrusted.WRONG`."""
    require("wrappers", names, or_none(of(list)))
    found = tuple(names) if isinstance(names, list) else ()
    few = len(found) <= MOST_NAMES
    require("wrappers", found, lambda _: few and all(_is_name(name) for name in found))
    return found


def _is_name(name: object) -> bool:
    return isinstance(name, str) and len(name) <= MOST_LETTERS and name.isidentifier()


def _layers(env: object) -> Iterator[VecEnvWrapper | gymnasium.Wrapper[Any, Any, Any, Any]]:
    """Yield the wrappers of an environment, the outermost first; of many those of the first.

    Adapters keep the environments of a library in `batched.envs`.
    """
    while isinstance(env, VecEnvWrapper):
        yield env
        env = env.venv
    if isinstance(env, DummyVecEnv):
        env = env.envs[0]
    env = next(iter(getattr(getattr(env, "batched", None), "envs", ())), env)
    while isinstance(env, gymnasium.Wrapper):
        yield env
        env = env.env


# ---- one environment ---------------------------------------------------------------------------


class _StackedEnv(gymnasium.Wrapper[Any, Any, Any, Any]):
    """One environment as a `VecFrameStack` shows it."""

    def __init__(self, env: gymnasium.Env[Any, Any], stack: FrameStack) -> None:
        super().__init__(env)
        space: Any = env.observation_space
        self._stacked: StackedObservations[Any] = StackedObservations(
            1, stack.frames, space, stack.order
        )
        self.observation_space = self._stacked.stacked_observation_space

    def reset(
        self, *, seed: int | None = None, options: Info | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        seen, info = self.env.reset(seed=seed, options=options)
        return _first(self._stacked.reset(self._batch(seen))), info

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Act."""
        seen, reward, terminated, truncated, info = self.env.step(action)
        stacked, _ = self._stacked.update(self._batch(seen), np.zeros(1, np.bool_), [{}])
        return _first(stacked), reward, terminated, truncated, info

    @staticmethod
    def _batch(seen: Seen) -> Seen:
        if isinstance(seen, dict):
            return {key: np.asarray(part)[None] for key, part in seen.items()}
        return np.asarray(seen)[None]


def _first(batch: Seen) -> Seen:
    if isinstance(batch, dict):
        return {key: part[0].copy() for key, part in batch.items()}
    return np.asarray(batch[0]).copy()
