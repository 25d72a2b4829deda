"""The environments of a training run, by name: games for self-play, and any other world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import gymnasium
from gymnasium import spaces
from stable_baselines3.common.preprocessing import is_image_space
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

import rlhf_games
from rlhf_adapters.specs import EnvConfig
from rlhf_agents.dqn import hyperparams
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.envs.monitored_vec_env import MonitoredVecEnv
from rlhf_agents.envs.multi_agent_env import MultiAgentEnv
from rlhf_agents.envs.names import check_name
from rlhf_agents.envs.resumable_env import ResumableEnv
from rlhf_agents.errors import SettingError
from rlhf_games.base import GameError

__all__ = ["EnvConfig", "open_env", "open_many", "open_one", "policy_of"]

GAMES_SIDE_BY_SIDE = 256
ONE_BY_ONE = 16
"""More environments of an adapter are stepped together; a resumed run may then begin new episodes.
"""
CATALOGUE = "gymnasium:"


def open_env(config: EnvConfig, n_envs: int | None = None) -> VecEnv:
    """Return the environments of a run. Those of a game have an attribute `game`.

    Args:
        config: which environment; its own `n_envs` does not matter here.
        n_envs: how many run side by side; None: 256 of a game, one of another environment or what
            `assets/hfdqn.yml` says.

    Raises:
        SettingError: their number is impossible, or an option is not one of Gymnasium's.
        rlhf_games.base.GameError: there is no such world, or the library refuses the order.
    """
    check_name(config.name)
    if config.name in rlhf_games.names():
        return _games(config, n_envs)
    if ":" in config.name:
        first = make_env(config.name, 1, **_details(config))
        if hasattr(first, "game"):
            return _games(config, n_envs)
        if isinstance(first, VecEnv):
            return _teams(config, first, n_envs)
    else:
        first = from_gymnasium(config)
    count = n_envs
    if count is None:
        count = int(hyperparams.of_env(config.name).get("n_envs", 1))
    if count < 1:
        msg = f"n_envs must be at least 1, got {count}"
        raise SettingError(msg)
    return MonitoredVecEnv(_several(config, first, count), config.name, config.seed or 0)


def _teams(config: EnvConfig, first: VecEnv, n_envs: int | None) -> VecEnv:
    """Return worlds of many agents: a column each; a resumed run begins new episodes."""
    count = int(n_envs or hyperparams.of_env(config.name).get("n_envs", 1))
    if count > 1:
        first.close()
        first = make_env(config.name, count, **_details(config))
    return MonitoredVecEnv(first, config.name, config.seed or 0)


def _details(config: EnvConfig) -> dict[str, Any]:
    chosen = {"goal": config.goal, "opponent": config.opponent}
    return {**chosen, "seed": config.seed or 0, **config.options}


def _games(config: EnvConfig, count: int | None) -> VecEnv:
    count = GAMES_SIDE_BY_SIDE if count is None else count
    if count < 2:
        msg = f"a game is learnt from at least 2 games side by side, got n_envs {count}"
        raise SettingError(msg)
    games: VecEnv = make_env(config.name, count, **_details(config))
    return games


def _several(config: EnvConfig, first: Any, count: int) -> VecEnv:
    """Return environments that can be put back in the middle of an episode where possible.

    An adapter's own batch that cannot tell where it is gives way to single environments, unless
    there are so many that speed matters more.
    """
    if ":" not in config.name:
        envs = [first, *(from_gymnasium(config) for _ in range(count - 1))]
    elif count > ONE_BY_ONE:
        first.close()
        together: VecEnv = make_env(config.name, count, **_details(config))
        if type(together) is not DummyVecEnv:
            return together
        envs = together.envs
    else:
        details = _details(config)
        envs = [first, *(make_env(config.name, 1, **details) for _ in range(count - 1))]
    return DummyVecEnv([_maker(env, config, index) for index, env in enumerate(envs)])


def _maker(env: Any, config: EnvConfig, index: int) -> Any:
    return lambda: ResumableEnv(env, config.name, config.seed or 0, index)


def from_gymnasium(config: EnvConfig) -> Any:
    """Make an environment by Gymnasium's own id.

    Raises:
        GameError: Gymnasium cannot make it.
        SettingError: it has no goals or opponents to choose from.
    """
    if config.goal is not None or config.opponent is not None:
        msg = (
            f"{config.name} has no goals or opponents to choose from; see {CATALOGUE}{config.name}"
        )
        raise SettingError(msg)
    try:
        return gymnasium.make(config.name, **config.options)
    except (gymnasium.error.Error, ImportError, TypeError) as error:
        msg = f"Gymnasium cannot make {config.name}: {error}"
        raise GameError(msg) from error


def policy_of(env: VecEnv, name: str) -> str:
    """Return the policy for a world: that of `assets/hfdqn.yml`, else by the observations.

    A world of the file has Dict observations when an adapter gave it goals.
    """
    space = env.observation_space
    if isinstance(space, spaces.Dict):
        return "MultiInputPolicy"
    named = hyperparams.of_env(name).get("policy")
    if named is not None:
        return str(named)
    return "CnnPolicy" if is_image_space(space) else "MlpPolicy"


WHOLE_GAMES: Mapping[str, Mapping[str, Any]] = {
    "ale": {"clip_reward": False, "terminal_on_life_loss": False},
}
"""Options of libraries that prepare worlds for learning: results are those of the game itself."""


def open_one(config: EnvConfig, **options: Any) -> Any:
    """Return one Gymnasium environment, a `MultiAgentEnv` where there are many agents.

    `options` join those of the order, whose `n_envs` does not matter here, nor below.

    Raises:
        rlhf_games.base.GameError: there is no such world or goal, or it refuses the order.
        SettingError: an id of Gymnasium's has no goals or opponents.
    """
    env = _open(replace(config, options={**config.options, **options}), 1)
    return MultiAgentEnv(env) if isinstance(env, VecEnv) else env


def open_many(config: EnvConfig, n_envs: int) -> VecEnv:
    """Return environments side by side, seeded, whose failures are named; errors as `open_one`."""
    first = _open(config, n_envs) if ":" in config.name else None
    if isinstance(first, VecEnv):
        envs: VecEnv = first
    else:
        envs = DummyVecEnv([partial(open_one, config) for _ in range(n_envs)])
        envs.seed(config.seed or 0)
    return MonitoredVecEnv(envs, config.name, config.seed or 0)


def _open(config: EnvConfig, n_envs: int) -> Any:
    library, colon, _ = config.name.partition(":")
    if not colon:
        return from_gymnasium(config)
    options = {**WHOLE_GAMES.get(library, {}), **config.options}
    return make_env(config.name, n_envs, config.goal, config.opponent, config.seed or 0, **options)
