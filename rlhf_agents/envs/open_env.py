"""The environments of a training run, by name: games for self-play, and any other environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from rlhf_agents.envs.gymnasium_env import gymnasium_env
from rlhf_agents.envs.kinds import Env, EnvOrVecEnv, Info, Options, Space
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.envs.monitored_vec_env import MonitoredVecEnv
from rlhf_agents.envs.multi_agent_env import MultiAgentEnv
from rlhf_agents.envs.names import GYMNASIUM, check_name
from rlhf_agents.envs.resumable_env import ResumableEnv
from rlhf_agents.errors import SettingError
from rlhf_agents.limits import checked_count
from rlhf_games.base import Game

__all__ = ["EnvConfig", "open_env", "open_many", "open_one", "policy_of"]

GAMES_SIDE_BY_SIDE = 256
ONE_BY_ONE = 16
"""Above this number, an adapter's environments are stepped together, and a resumed run may have to
begin new episodes.
"""
MOST_SIDE_BY_SIDE = 65536


def open_env(config: EnvConfig, n_envs: int | None = None, observed: Space | None = None) -> VecEnv:
    """Return the environments of a training run. Those of a game have an attribute `game`.

    Args:
        config: the environment; its own `n_envs` is ignored.
        n_envs: their number; None: 256 games, otherwise one or the number in
            `assets/hfdqn.yml`.
        observed: the observation space of the model to resume; None for a new model.

    Raises:
        SettingError: their number is impossible, or the game cannot be batched.
        rlhf_games.base.GameError: there is no such environment, or the library refuses the config.
    """
    config = replace(config, name=check_name(config.name))
    if n_envs is not None:
        checked_count("n_envs", n_envs, 1, MOST_SIDE_BY_SIDE)
    if config.name in rlhf_games.names():
        return _games(config, n_envs)
    make_one = partial(_one, config, observed)
    first = make_one()
    if isinstance(getattr(first, "game", None), Game):
        first.close()
        return _games(config, n_envs)
    count = n_envs or int(hyperparams.of_env(config.name, config.goal).get("n_envs", 1))
    if isinstance(first, VecEnv):  # many agents, one column each; a resumed run begins new episodes
        if count > 1:
            first.close()
            first = make_env(config.name, count, **_details(config))
        envs: VecEnv = first
    else:
        envs = _several(config, first, make_one, count)
    return MonitoredVecEnv(envs, config.name, config.seed or 0)


def _one(config: EnvConfig, observed: Space | None) -> Any:
    if config.library == GYMNASIUM:
        return gymnasium_env(config, observed)
    return make_env(config.name, 1, **_details(config))


def _details(config: EnvConfig) -> Info:
    chosen = {"goal": config.goal, "opponent": config.opponent}
    return {**chosen, "seed": config.seed or 0, **config.options}


def _games(config: EnvConfig, count: int | None) -> VecEnv:
    count = GAMES_SIDE_BY_SIDE if count is None else count
    if count < 2:
        msg = f"self-play needs at least 2 games side by side, got n_envs {count}"
        raise SettingError(msg)
    games: VecEnv = make_env(config.name, count, **_details(config))
    return games


def _several(config: EnvConfig, first: Env, make_one: Callable[[], Env], count: int) -> VecEnv:
    """Return environments that can resume in the middle of an episode where possible.

    An adapter's batch is used if it can save its state, or if there are so many environments that
    speed matters more; otherwise single environments are used.
    """
    batched = config.library != GYMNASIUM
    if batched and (count > ONE_BY_ONE or (count > 1 and _knows_place(config))):
        first.close()
        together: VecEnv = make_env(config.name, count, **_details(config))
        if type(together) is not DummyVecEnv:
            return together
        envs = together.envs
    else:
        envs = [first, *(make_one() for _ in range(count - 1))]
    return DummyVecEnv([_maker(env, config, index) for index, env in enumerate(envs)])


def _knows_place(config: EnvConfig) -> bool:
    """Return whether an adapter's batch of environments can save its state."""
    two = make_env(config.name, 2, **_details(config))
    try:
        return bool(getattr(two, "run_state", dict)())
    finally:
        two.close()


def _maker(env: Env, config: EnvConfig, index: int) -> Callable[[], Env]:
    return lambda: ResumableEnv(env, config.name, config.seed or 0, index)


def policy_of(env: VecEnv, name: str) -> str:
    """Return the policy for an environment: from `assets/hfdqn.yml`, else by the observations.

    An environment in that file has Dict observations if an adapter added goals.
    """
    space = env.observation_space
    if isinstance(space, spaces.Dict):
        return "MultiInputPolicy"
    named = hyperparams.of_env(name).get("policy")
    if named is not None:
        return str(named)
    return "CnnPolicy" if is_image_space(space) else "MlpPolicy"


WHOLE_GAMES: Mapping[str, Options] = {
    "ale": {"clip_reward": False, "terminal_on_life_loss": False},
}
"""Options for measuring: results are those of whole games, without training wrappers."""


def open_one(
    config: EnvConfig, observed: Space | None = None, **options: object
) -> Env | MultiAgentEnv:
    """Return one Gymnasium environment, a `MultiAgentEnv` where there are many agents.

    Args:
        config: the environment; its `n_envs` is ignored.
        observed: the observation space of the model that will act in it; None: any.
        options: added to those of `config`.

    Raises:
        rlhf_games.base.GameError: there is no such environment or goal, or it refuses the config.
    """
    env = _open(replace(config, options={**config.options, **options}), 1, observed)
    return MultiAgentEnv(env) if isinstance(env, VecEnv) else env


def open_many(config: EnvConfig, n_envs: int, observed: Space | None = None) -> VecEnv:
    """Return seeded environments side by side with named failures; otherwise as `open_one`."""
    config = replace(config, name=check_name(config.name))
    first = _open(config, n_envs, observed) if config.library != GYMNASIUM else None
    if isinstance(first, VecEnv):
        envs: VecEnv = first
    else:
        envs = DummyVecEnv([partial(_open_single, config, observed) for _ in range(n_envs)])
        envs.seed(config.seed or 0)
    return MonitoredVecEnv(envs, config.name, config.seed or 0)


def _open_single(config: EnvConfig, observed: Space | None) -> Env:
    env = _open(config, 1, observed)
    assert isinstance(env, gymnasium.Env)
    return env


def _open(config: EnvConfig, n_envs: int, observed: Space | None) -> EnvOrVecEnv:
    config = replace(config, name=check_name(config.name))
    if config.library == GYMNASIUM:
        return gymnasium_env(config, observed, watched=True)
    options = {**WHOLE_GAMES.get(config.library, {}), **config.options}
    seed = config.seed or 0
    made: EnvOrVecEnv = make_env(config.name, n_envs, config.goal, config.opponent, seed, **options)
    return made
