"""Access to optional attributes of vectorised environments.

SB3's DQN never needs `has_attr` or `get_attr`, so VecEnvs of other libraries may return None or
raise an error. Both mean that there is no such attribute. Names such as `game` or `action_masks`
are common, so only a value of the right type switches a feature on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
from stable_baselines3.common.vec_env import SubprocVecEnv, VecEnv

from rlhf_games.base import Game


def attribute(env: VecEnv | None, name: str) -> object:
    """Return an attribute of the first environment, None if there is none."""
    if env is None:
        return None
    try:
        found: object = next(iter(env.get_attr(name)), None) if env.has_attr(name) else None
    except Exception:  # whatever a foreign class raises
        return None
    return found


@dataclass(frozen=True)
class HasMethod:
    """`isinstance(env, HasMethod(name))`: an environment that has a method of that name.

    A `SubprocVecEnv` can ask its processes whether an environment is wrapped in a class. What is
    asked there with an object of this kind need not come through a pipe, as a method would,
    together with its environment.

    Args:
        name: of the method.
    """

    name: str

    def __instancecheck__(self, env: Any) -> bool:
        """Return whether a wrapped environment has the method."""
        try:
            return callable(env.get_wrapper_attr(self.name))
        except Exception:  # whatever a foreign class raises
            return False


@dataclass(frozen=True)
class PlaysGame:
    """`isinstance(env, PlaysGame())`: an environment whose `game` is one of ours."""

    def __instancecheck__(self, env: Any) -> bool:
        """Return whether a wrapped environment plays a `Game`."""
        try:
            return isinstance(env.get_wrapper_attr("game"), Game)
        except Exception:  # whatever a foreign class raises
            return False


def has_method(env: VecEnv | None, name: str) -> bool:
    """Return whether the environments have a method of that name."""
    if env is None or not isinstance(env.unwrapped, SubprocVecEnv):
        return callable(attribute(env, name))
    if _is_wrapped(env, gymnasium.Wrapper):
        return _is_wrapped(env, HasMethod(name))
    return env.has_attr(name)  # nothing more can be asked of an environment without a wrapper


def game_of(env: VecEnv | None) -> Game | None:
    """Return the rules of the environments' game, None if it is not one of our `Game`s."""
    if env is not None and isinstance(env.unwrapped, SubprocVecEnv):
        # An object of another kind may not survive the transfer from its process.
        wrapped = _is_wrapped(env, gymnasium.Wrapper)
        if not (_is_wrapped(env, PlaysGame()) if wrapped else env.has_attr("set_opponent")):
            return None
    found = attribute(env, "game")
    return found if isinstance(found, Game) else None


def _is_wrapped(env: VecEnv, kind: Any) -> bool:
    """Return whether the first environment is wrapped in a class, or in what passes for one."""
    return bool(env.env_is_wrapped(kind, indices=0)[0])
