"""The environments of a training run, by name: games for self-play, and any other world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import gymnasium
from gymnasium import spaces
from stable_baselines3.common.preprocessing import is_image_space
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

import rlhf_games
from rlhf_agents.dqn import hyperparams as hyper_parameters
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.envs.monitored_vec_env import WatchedVecEnv
from rlhf_agents.envs.multi_agent_env import FollowedEnv
from rlhf_agents.envs.names import check_name
from rlhf_agents.envs.resumable_env import RepeatableEnv
from rlhf_agents.errors import SettingError
from rlhf_games.base import GameError

GAMES_SIDE_BY_SIDE = 256
ONE_BY_ONE = 16
"""More environments of an adapter are stepped together; a resumed run may then begin new episodes.
"""
CATALOGUE = "gymnasium:"


@dataclass(frozen=True)
class WorldOrder:
    """Which world a run learns, and how it is set up.

    Attributes:
        name: a game of `rlhf_games`, `LIBRARY:WORLD`, or an id of Gymnasium's.
        n_envs: how many run side by side; None: 256 of a game, one of another world or what
            `assets/hfdqn.yml` says.
        goal: what to play for, None for what the world asks.
        opponent: in two-player worlds.
        seed: of everything random.
        options: for the library of the world.
    """

    name: str
    n_envs: int | None = None
    goal: str | None = None
    opponent: str | None = None
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


def open_world(order: WorldOrder) -> VecEnv:
    """Return the environments of a run. Those of a game have an attribute `game`.

    Raises:
        SettingError: their number is impossible, or an option is not one of Gymnasium's.
        rlhf_games.base.GameError: there is no such world, or the library refuses the order.
    """
    check_name(order.name)
    if order.name in rlhf_games.names():
        return _games(order, order.n_envs)
    if ":" in order.name:
        first = make_env(order.name, 1, **_details(order))
        if hasattr(first, "game"):
            return _games(order, order.n_envs)
        if isinstance(first, VecEnv):
            return _teams(order, first)
    else:
        first = from_gymnasium(order)
    count = order.n_envs
    if count is None:
        count = int(hyper_parameters.of_world(order.name).get("n_envs", 1))
    if count < 1:
        msg = f"n_envs must be at least 1, got {count}"
        raise SettingError(msg)
    return WatchedVecEnv(_several(order, first, count), order.name, order.seed)


def _teams(order: WorldOrder, first: VecEnv) -> VecEnv:
    """Return worlds of many agents: a column each; a resumed run begins new episodes."""
    count = int(order.n_envs or hyper_parameters.of_world(order.name).get("n_envs", 1))
    if count > 1:
        first.close()
        first = make_env(order.name, count, **_details(order))
    return WatchedVecEnv(first, order.name, order.seed)


def _details(order: WorldOrder) -> dict[str, Any]:
    chosen = {"goal": order.goal, "opponent": order.opponent}
    return {**chosen, "seed": order.seed, **order.options}


def _games(order: WorldOrder, count: int | None) -> VecEnv:
    count = GAMES_SIDE_BY_SIDE if count is None else count
    if count < 2:
        msg = f"a game is learnt from at least 2 games side by side, got n_envs {count}"
        raise SettingError(msg)
    games: VecEnv = make_env(order.name, count, **_details(order))
    return games


def _several(order: WorldOrder, first: Any, count: int) -> VecEnv:
    """Return environments that can be put back in the middle of an episode where possible.

    An adapter's own batch that cannot tell where it is gives way to single environments, unless
    there are so many that speed matters more.
    """
    if ":" not in order.name:
        envs = [first, *(from_gymnasium(order) for _ in range(count - 1))]
    elif count > ONE_BY_ONE:
        first.close()
        together: VecEnv = make_env(order.name, count, **_details(order))
        if type(together) is not DummyVecEnv:
            return together
        envs = together.envs
    else:
        details = _details(order)
        envs = [first, *(make_env(order.name, 1, **details) for _ in range(count - 1))]
    return DummyVecEnv([_maker(env, order, index) for index, env in enumerate(envs)])


def _maker(env: Any, order: WorldOrder, index: int) -> Any:
    return lambda: RepeatableEnv(env, order.name, order.seed, index)


def from_gymnasium(order: WorldOrder) -> Any:
    """Make an environment by Gymnasium's own id.

    Raises:
        GameError: Gymnasium cannot make it.
        SettingError: it has no goals or opponents to choose from.
    """
    if order.goal is not None or order.opponent is not None:
        msg = f"{order.name} has no goals or opponents to choose from; see {CATALOGUE}{order.name}"
        raise SettingError(msg)
    try:
        return gymnasium.make(order.name, **order.options)
    except (gymnasium.error.Error, ImportError, TypeError) as error:
        msg = f"Gymnasium cannot make {order.name}: {error}"
        raise GameError(msg) from error


def policy_of(env: VecEnv, name: str) -> str:
    """Return the policy for a world: that of `assets/hfdqn.yml`, else by the observations.

    A world of the file has Dict observations when an adapter gave it goals.
    """
    space = env.observation_space
    if isinstance(space, spaces.Dict):
        return "MultiInputPolicy"
    named = hyper_parameters.of_world(name).get("policy")
    if named is not None:
        return str(named)
    return "CnnPolicy" if is_image_space(space) else "MlpPolicy"


WHOLE_GAMES: Mapping[str, Mapping[str, Any]] = {
    "ale": {"clip_reward": False, "terminal_on_life_loss": False},
}
"""Options of libraries that prepare worlds for learning: results are those of the game itself."""


def open_one(order: WorldOrder, **options: Any) -> Any:
    """Return one Gymnasium environment, a `FollowedEnv` where there are many agents.

    `options` join those of the order, whose `n_envs` does not matter here, nor below.

    Raises:
        rlhf_games.base.GameError: there is no such world or goal, or it refuses the order.
        SettingError: an id of Gymnasium's has no goals or opponents.
    """
    env = _open(replace(order, options={**order.options, **options}), 1)
    return FollowedEnv(env) if isinstance(env, VecEnv) else env


def open_many(order: WorldOrder, n_envs: int) -> VecEnv:
    """Return environments side by side, seeded, whose failures are named; errors as `open_one`."""
    first = _open(order, n_envs) if ":" in order.name else None
    if isinstance(first, VecEnv):
        envs: VecEnv = first
    else:
        envs = DummyVecEnv([partial(open_one, order) for _ in range(n_envs)])
        envs.seed(order.seed)
    return WatchedVecEnv(envs, order.name, order.seed)


def _open(order: WorldOrder, n_envs: int) -> Any:
    library, colon, _ = order.name.partition(":")
    if not colon:
        return from_gymnasium(order)
    options = {**WHOLE_GAMES.get(library, {}), **order.options}
    return make_env(order.name, n_envs, order.goal, order.opponent, order.seed, **options)
