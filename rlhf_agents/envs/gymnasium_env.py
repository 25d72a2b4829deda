"""One environment of Gymnasium: as it is where nothing is asked of it, else with goals.

As it is, SB3's algorithms learn it as their documentation says, and a model of it can be used
wherever Gymnasium is. With goals (see `rlhf_adapters.from_gymnasium`) observations are Dicts. So
the two have different models, and which of them is opened follows the goal and the model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.specs import EnvConfig
from rlhf_agents.envs.kinds import Env, Info, Options, Reset, Space, Step, Wrapper
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.errors import SettingError
from rlhf_games.base import GameError

DISCRETIZE = "discretize"
"""Option: into how many values each continuous action is cut."""
DESIRED = "desired_goal"
MASK_KEY, MASK_METHOD = "action_mask", "action_masks"


def gymnasium_env(
    config: EnvConfig, observed: Space | None = None, *, watched: bool = False, **options: Any
) -> Env:
    """Return an environment by its id: as Gymnasium makes it, or with goals.

    Args:
        config: which; a goal needs the environment with goals.
        observed: what the model observes that is to act in it, None: a new model, or none.
        watched: someone watches or measures; then it has goals where the model fits those, too.
        options: join those of `config`.

    Raises:
        rlhf_games.base.GameError: it cannot be made, or measure the goal.
        SettingError: its actions are continuous.
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
    """Return whether observations of a space show what is played for."""
    return isinstance(space, spaces.Dict) and DESIRED in space.spaces


def with_goals(config: EnvConfig, **options: Any) -> Env:
    """Return the environment with Dict observations and goals.

    Raises:
        rlhf_games.base.GameError: it cannot be made, or measure the goal.
        SettingError: its actions are continuous.
    """
    own, wrap = _split({**config.options, **options})
    wrapped = own if wrap is None else {**own, "wrap": wrap}
    try:
        made: Env = make_env(
            config.name, 1, config.goal, config.opponent, config.seed or 0, **wrapped
        )
    except GameError:
        env = _bare(config, own) if wrap is None else None
        if env is not None:
            _check_actions(config.name, env)
        raise
    return made


def as_it_is(config: EnvConfig, **options: Any) -> Env | None:
    """Return the environment that Gymnasium makes, None if it cannot, or SB3 cannot learn it.

    Raises:
        SettingError: its actions are continuous.
    """
    if config.goal is not None or config.opponent is not None:
        return None
    own, wrap = _split({**config.options, **options})
    env = _bare(config, own)
    if env is None:
        return None
    if wrap is not None:
        env = wrap(env)
    _check_actions(config.name, env)
    if not is_learnable(env):
        env.close()
        return None
    return _masked(env, config.seed)


def _bare(config: EnvConfig, options: Options) -> Env | None:
    try:
        return gymnasium.make(config.world, **options)
    except Exception:  # the adapter says in a sentence what any of them means
        return None


def _split(options: Options) -> tuple[Info, Callable[[Env], Env] | None]:
    """Return the environment's own options, and what wraps it (None: nothing)."""
    own = {key: value for key, value in options.items() if key not in (DISCRETIZE, "wrap")}
    if DISCRETIZE not in options:
        return own, options.get("wrap")
    bins = options[DISCRETIZE]
    if isinstance(bins, bool) or not isinstance(bins, int) or not 2 <= bins <= 1000:
        msg = f"{DISCRETIZE} is a number of values from 2 to 1000, got {bins!r}"
        raise SettingError(msg)
    return own, lambda env: gymnasium.wrappers.DiscretizeAction(env, bins)


def _check_actions(name: str, env: Env) -> None:
    if isinstance(env.action_space, spaces.Discrete):
        return
    space, cure = env.action_space, "it cannot be learnt here"
    if isinstance(space, spaces.Box):
        cure = f"add --option {DISCRETIZE}=5 (in Python {DISCRETIZE}=5) to choose from 5 values"
    msg = f"{name} has the actions {space}, which are not discrete: {cure}"
    env.close()
    raise SettingError(msg)


def is_learnable(env: Env) -> bool:
    """Return whether SB3 takes the spaces as they are."""
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
    """Offers `action_masks()` where an environment gives its mask in `info`, as Taxi does."""

    def __init__(self, env: Env) -> None:
        super().__init__(env)
        assert isinstance(env.action_space, spaces.Discrete)
        self._mask = np.ones(int(env.action_space.n), np.bool_)

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the sensible actions, bool `[A]`."""
        return self._mask

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> Reset:
        """Begin an episode and note its mask."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._note(info)
        return observation, info

    def step(self, action: Any) -> Step:
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
    except Exception:  # it fails again where the failure is named
        return env
    return MaskFromInfo(env) if MASK_KEY in info else env
