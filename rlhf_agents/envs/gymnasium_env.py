"""One Gymnasium environment: unchanged if no goal is requested, otherwise with goals.

Unchanged, SB3's algorithms learn it as documented, and its models can be used wherever Gymnasium
is. With goals (see `rlhf_adapters.from_gymnasium`) observations are Dicts. So the two have
different models; the goal and the model decide which of them is opened.
"""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.single_agent.gym_envs import OURS, prepared
from rlhf_adapters.specs import EnvConfig
from rlhf_agents.envs.kinds import Env, Info, Reset, Space, Step, Wrapper
from rlhf_agents.envs.make_env import make_env

DESIRED = "desired_goal"
MASK_KEY, MASK_METHOD = "action_mask", "action_masks"


def gymnasium_env(
    config: EnvConfig, observed: Space | None = None, *, watched: bool = False, **options: object
) -> Env:
    """Return an environment by its id: as Gymnasium makes it, or with goals.

    Args:
        config: the environment; if it names a goal, the environment has goals.
        observed: the observation space of the model that will act in it, None for a new model or
            none.
        watched: it is for watching or measuring; it then has goals if the model fits those, too.
        options: added to those of `config`.

    Raises:
        rlhf_games.base.GameError: it cannot be made or learnt, or cannot measure the goal.
    """
    if watched and (observed is None or isinstance(observed, spaces.Box)):
        return with_goals(config, **options)
    env = as_it_is(config, **options)
    if env is not None:
        if observed is None or shows_goals(observed) == shows_goals(env.observation_space):
            return env
        env.close()
    return with_goals(config, **options)


def shows_goals(space: Space) -> bool:
    """Return whether observations of a space include the goal."""
    return isinstance(space, spaces.Dict) and DESIRED in space.spaces


def with_goals(config: EnvConfig, **options: object) -> Env:
    """Return the environment with Dict observations and goals.

    Raises:
        rlhf_games.base.GameError: it cannot be made, or cannot measure the goal.
    """
    chosen = {**config.options, **options}
    made: Env = make_env(config.name, 1, config.goal, config.opponent, config.seed or 0, **chosen)
    return made


def as_it_is(config: EnvConfig, **options: object) -> Env | None:
    """Return Gymnasium's environment, None if Gymnasium cannot make it or SB3 cannot learn it.

    Raises:
        rlhf_games.base.GameError: its actions cannot be made discrete as requested.
    """
    if config.goal is not None or config.opponent is not None:
        return None
    chosen = {**config.options, **options}
    try:
        own = {key: value for key, value in chosen.items() if key not in OURS}
        env: Env = gymnasium.make(config.world, **own)
    except Exception:  # the adapter explains any of them in a sentence
        return None
    env = prepared(replace(config, options=chosen), env)
    if not is_learnable(env):
        env.close()
        return None
    return _masked(env, config.seed)


def is_learnable(env: Env) -> bool:
    """Return whether SB3 supports the spaces as they are."""
    space, actions = env.observation_space, env.action_space
    parts = list(space.values()) if isinstance(space, spaces.Dict) else [space]
    plain = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)
    return (
        all(isinstance(part, plain) and not np.any(getattr(part, "start", 0)) for part in parts)
        and all(part.shape != () or isinstance(part, spaces.Discrete) for part in parts)
        and isinstance(actions, spaces.Discrete)
        and int(actions.start) == 0
    )


class MaskFromInfo(Wrapper):
    """Adds `action_masks()` to environments with their mask in `info`, such as Taxi."""

    def __init__(self, env: Env) -> None:
        super().__init__(env)
        assert isinstance(env.action_space, spaces.Discrete)
        self._mask = np.ones(int(env.action_space.n), np.bool_)

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the allowed actions, bool `[A]`."""
        return self._mask

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> Reset:
        """Begin an episode and note its mask."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._note(info)
        return observation, info

    def step(self, action: object) -> Step:
        """Act and note the mask."""
        result = self.env.step(action)
        self._note(result[4])
        return result

    def _note(self, info: Info) -> None:
        if MASK_KEY in info:
            self._mask = np.asarray(info[MASK_KEY], np.bool_)


def _masked(env: Env, seed: int | None) -> Env:
    if env.has_wrapper_attr(MASK_METHOD):
        return env
    try:
        _, info = env.reset(seed=seed)
    except Exception:  # it fails again later, with a proper message
        return env
    return MaskFromInfo(env) if MASK_KEY in info else env
