"""Asking vectorised environments for what they may or may not have.

SB3's DQN never needs `has_attr` or `get_attr`, so VecEnvs of other libraries may answer None or
raise an error. Both mean that there is no such attribute. Names such as `game` or `action_masks`
are common, so only what has the right type switches a feature on.
"""

from __future__ import annotations

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


def has_method(env: VecEnv | None, name: str) -> bool:
    """Return whether the environments have a method of that name."""
    if env is not None and isinstance(env.unwrapped, SubprocVecEnv):
        # A method comes out of another process together with its environment, if at all.
        return env.has_attr(name)
    return callable(attribute(env, name))


def game_of(env: VecEnv | None) -> Game | None:
    """Return the rules of the game that environments play, None if they play no `Game` of ours."""
    elsewhere = env is not None and isinstance(env.unwrapped, SubprocVecEnv)
    # An object of another kind may not survive the way from its process.
    if elsewhere and not (env and env.has_attr("set_opponent")):
        return None
    found = attribute(env, "game")
    return found if isinstance(found, Game) else None
