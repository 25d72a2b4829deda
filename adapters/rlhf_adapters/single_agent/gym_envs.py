"""n Gymnasium environments as `batched_envs.BatchedEnvs`: making them, and the agent's view.

The agent sees a Box: a Box as it is, a state of a Discrete space as one-hot float32, anything else
flattened (`gymnasium.spaces.flatten`) to float32.

Masks come from `info["action_mask"]` (as Taxi has it) or from a method `action_masks()` (as
sb3-contrib has it); without either, every action is allowed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, EnumType
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import registry
from numpy.typing import ArrayLike, NDArray

from rlhf_adapters.kinds import Env, Space
from rlhf_adapters.plugins import is_registered
from rlhf_adapters.single_agent.goals import Bools
from rlhf_adapters.specs import EnvConfig, EnvError, Info, Options, unknown_env
from rlhf_games.base import Array

MASK_KEY, MASK_METHOD = "action_mask", "action_masks"

Write = Callable[[Any, Array], None]
"""Writes an observation of the environment into an array."""

HAS_BOTH = {"CarRacing-v3": "continuous=False"}
"""The option that makes actions discrete, where there is one."""
OURS = ("discretize", "wrap")
"""Our own options, which do not go to `gymnasium.make`."""


class GymEnvs:
    """n Gymnasium environments that step one after another, see `batched_envs.BatchedEnvs`.

    Args:
        name: e.g. `gymnasium:CartPole-v1`, for errors.
        envs: n environments of one kind with discrete actions.
        view: the space of the agent's observations and the function that writes them; by default
            `view_of`.

    Attributes:
        action_names: names of the actions, if they have any.

    Raises:
        EnvError: actions are not discrete, or observations do not fit into an array.
    """

    silent = planes_first = False

    def __init__(
        self, name: str, envs: Sequence[Env], view: tuple[spaces.Box, Write] | None = None
    ) -> None:
        self.name, self.envs, self.n = name, envs, len(envs)
        self.action_names = names_of(envs[0])
        actions = _discrete(name, envs[0])
        self.n_actions, self._first_action = int(actions.n), int(actions.start)
        self.space, self._write = view or view_of(name, envs[0].observation_space)
        self.render_mode = envs[0].render_mode
        self.observation: Array = np.zeros((self.n, *self.space.shape), self.space.dtype)
        self.mask = np.ones((self.n, self.n_actions), np.int8)
        self.reward = self.points = np.zeros(self.n)
        self.terminated, self.truncated = np.zeros(self.n, np.bool_), np.zeros(self.n, np.bool_)
        self.infos: list[Info] = [{} for _ in envs]
        self._seeds: list[int | None] = [None] * self.n
        self._asks_masks = envs[0].has_wrapper_attr(MASK_METHOD)

    def seed(self, seed: int | None) -> None:
        """Seed environment i with seed + i in its next reset."""
        self._seeds = [None if seed is None else seed + i for i in range(self.n)]

    def restart(self, which: Bools, options: Sequence[Info | None]) -> None:
        """Reset the environments of `which` `[n]`."""
        for i in np.flatnonzero(which).tolist():
            seed, self._seeds[i] = self._seeds[i], None
            raw, info = self.envs[i].reset(seed=seed, options=options[i])
            self._show(i, raw, info)

    def step(self, actions: NDArray[np.int64]) -> None:
        """Step every environment."""
        reward, terminated, truncated = self.reward, self.terminated, self.truncated
        for i, action in enumerate(actions.tolist()):
            raw, reward[i], terminated[i], truncated[i], info = self.envs[i].step(
                action + self._first_action
            )
            self._show(i, raw, info)

    def _show(self, i: int, raw: object, info: Info) -> None:
        self._write(raw, self.observation[i])
        self.infos[i] = info
        if self._asks_masks:
            self.mask[i] = self.envs[i].get_wrapper_attr(MASK_METHOD)()
        elif MASK_KEY in info:
            self.mask[i] = info[MASK_KEY]

    def render(self) -> list[Any]:
        """Return the environments' pictures."""
        return [env.render() for env in self.envs]

    def close(self) -> None:
        """Close the environments."""
        for env in self.envs:
            env.close()


def names_of(env: Env) -> tuple[str, ...]:
    """Return an environment's own names for its actions, empty if it has none.

    ALE and MinAtar's Gymnasium port have `get_action_meanings()`, HighwayEnv a table
    `action_type.actions`, MiniGrid an enumeration `actions`.
    """
    bare, count = env.unwrapped, getattr(env.action_space, "n", 0)
    meanings = getattr(bare, "get_action_meanings", None)
    said: object = meanings() if callable(meanings) else None
    if said is None:
        said = getattr(getattr(bare, "action_type", None), "actions", None)
    listed = getattr(bare, "actions", None)
    if said is None and isinstance(listed, EnumType):
        members: Iterable[Enum] = listed
        said = [action.name for action in members]
    said = said.values() if isinstance(said, Mapping) else said
    if not isinstance(said, Iterable) or isinstance(said, str):
        return ()
    names = tuple(str(name).replace("_", " ").lower() for name in said)
    return names if len(set(names)) == count else ()


def view_of(name: str, space: Space) -> tuple[spaces.Box, Write]:
    """Return the space of the agent's view of a space, and the function that writes an observation.

    Raises:
        EnvError: such observations do not fit into an array of fixed size.
    """
    if isinstance(space, spaces.Box) and space.shape:
        return space, _copy
    if isinstance(space, spaces.Discrete):
        return spaces.Box(0.0, 1.0, (int(space.n),), np.float32), _one_hot(int(space.start))
    if not space.is_np_flattenable:
        msg = f"{name}: observations in {space} do not fit into an array of fixed size"
        raise EnvError(msg)
    flat: Any = spaces.flatten_space(space)
    low, high = flat.low.astype(np.float32), flat.high.astype(np.float32)
    return spaces.Box(low, high, dtype=np.float32), lambda raw, out: _copy(
        np.asarray(spaces.flatten(space, raw)), out
    )


def _copy(raw: ArrayLike, out: Array) -> None:
    out[...] = raw


def _one_hot(start: int) -> Write:
    def write(state: int, out: Array) -> None:
        out[:] = 0
        out[int(state) - start] = 1

    return write


def make_envs(
    config: EnvConfig, env_name: str, options: Options, known: Sequence[str]
) -> list[Env]:
    """Return `config.n_envs` environments of a registered name.

    Args:
        config: those of its options that are in `OURS` are applied to each, see `prepared`.
        env_name: Gymnasium's name.
        options: for `gymnasium.make`; those of `OURS` are left out.
        known: names to list if the name is unknown.

    Raises:
        EnvError: the name is unknown or out of date, something is not installed, or the
            environment refuses an option.
    """
    if ":" not in env_name and not is_registered(env_name):
        raise EnvError(_unregistered(config, env_name, known))
    options = {key: value for key, value in options.items() if key not in OURS}
    return [prepared(config, _make_one(config, env_name, options)) for _ in range(config.n_envs)]


def prepared(config: EnvConfig, env: Env) -> Env:
    """Return an environment with the options `discretize` and `wrap` applied.

    Raises:
        EnvError: `discretize` does not fit its actions.
    """
    bins, wrap = config.options.get("discretize"), config.options.get("wrap")
    if bins is not None:
        if isinstance(bins, bool) or not isinstance(bins, int) or bins < 2:
            msg = f"discretize is a number of values per action, at least 2, got {bins!r}"
            raise EnvError(msg)
        if not isinstance(env.action_space, spaces.Box):
            msg = f"{config.name} has the actions {env.action_space}: leave discretize out"
            raise EnvError(msg)
        env = gymnasium.wrappers.DiscretizeAction(env, bins)
    return env if wrap is None else wrap(env)


def _make_one(config: EnvConfig, env_name: str, options: Options) -> Env:
    try:
        with warnings.catch_warnings():
            # Importing Box2D warns like this, and crashes where warnings are errors.
            warnings.filterwarnings("ignore", "builtin type .*", DeprecationWarning)
            return gymnasium.make(env_name, disable_env_checker=True, **options)
    except gymnasium.error.DependencyNotInstalled as error:
        hint = ' (or "rlhf-agents[box2d]")' if "box2d" in str(error).lower() else ""
        msg = f"{config.name} needs more than is installed: {error}{hint}"
        raise EnvError(msg) from error
    except Exception as error:
        asked = ", ".join(f"{key}={value!r}" for key, value in options.items())
        with_options = f" with {asked}" if asked else ""
        said = " ".join(f"{type(error).__name__}: {error}".split())
        msg = f"{config.name} cannot be made{with_options}: {said}"
        raise EnvError(msg) from error


def _unregistered(config: EnvConfig, env_name: str, known: Sequence[str]) -> str:
    try:
        gymnasium.spec(env_name)
    except gymnasium.error.DeprecatedEnv as error:
        return f"{config.name}: {error}"
    except gymnasium.error.Error:
        pass
    return unknown_env(config.library, config.world, known)


def _discrete(name: str, env: Env) -> spaces.Discrete:
    space = env.action_space
    if isinstance(space, spaces.Discrete):
        return space
    if not isinstance(space, spaces.Box):
        msg = (
            f"{name} has the actions {space}, several choices at once, and only one choice of n "
            "(Discrete) can be learnt here: number the combinations in a gymnasium.ActionWrapper "
            "and give it to make_env as wrap"
        )
        raise EnvError(msg)
    env_name = name.rpartition(":")[2]
    asked = {} if env.spec is None else env.spec.kwargs
    bare = env_name.replace("Continuous", "")
    other = HAS_BOTH.get(env_name)
    if asked.get("continuous"):
        other = "continuous=False"
    elif other is None and bare != env_name and bare in registry:
        other = f"gymnasium:{bare}"
    instead = f", or use {other}" if other else ""
    msg = (
        f"{name} has the actions {space}, which are not discrete: give it the option discretize=5, "
        f"five values of each number (--option discretize=5 in programs){instead}"
    )
    raise EnvError(msg)
