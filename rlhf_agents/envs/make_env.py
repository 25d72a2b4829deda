"""`make_env`: every environment by name, and opponents by the words of the command line.

    make_env("connect_four", n_envs=64, opponent={"minimax:3": 0.5, "agent@64": 0.5})
    make_env(MySnake, n_envs=8, goal=lambda now: now.info["length"] > 10)

The adapters know functions only; here words become functions, and objects environments.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium
from stable_baselines3.common.vec_env import DummyVecEnv

import rlhf_adapters
from rlhf_adapters.specs import EnvError
from rlhf_agents.envs.kinds import Env, Options
from rlhf_agents.envs.names import env_name
from rlhf_agents.players.opponents import named_opponents
from rlhf_games.base import Game

DESIRED = "desired_goal"


def make_env(
    env: str | Game | Env | Callable[[], Env],
    n_envs: int = 1,
    goal: Any = None,
    opponent: Any = None,
    seed: int | None = None,
    **options: Any,
) -> Any:
    """Return a goal-conditioned environment, see `rlhf_adapters.make_env`.

    Beyond that function it takes:

    Args:
        env: also an id of Gymnasium's (`CartPole-v1`, `module:ID`), a `Game`, an environment of
            Gymnasium, or a function that makes one (a class, for example), which `n_envs` > 1
            needs.
        n_envs: as there.
        goal: as there.
        opponent: also "minimax:DEPTH", "agent" (that of the game), the name of a bundled agent,
            FILE.zip or a `PolicyOpponent`, alone or in a mixture. Agents play by the network alone;
            "agent@64" looks at 64 positions per move.
        seed: as there.
        options: as there; of a function, its arguments.

    Raises:
        rlhf_games.UnknownGameError: no environment has that name.
        rlhf_games.base.GameError: an argument is impossible, or a library is not installed.
        UserError: an opponent is unknown or cannot play here.
    """
    opponent = named_opponents(opponent)
    if isinstance(env, str):
        return rlhf_adapters.make_env(env_name(env), n_envs, goal, opponent, seed, **options)
    if isinstance(env, Game):
        from rlhf_adapters.two_player.game_env import make_game_env  # noqa: PLC0415 - as below

        return make_game_env(env, n_envs, goal, opponent, seed)
    return _from_objects(_several(env, n_envs, options), goal, opponent, seed)


def _several(env: Env | Callable[[], Env], n_envs: int, options: Options) -> list[Env]:
    if isinstance(env, gymnasium.Env):
        if n_envs != 1 or options:
            msg = "n_envs and options need a function that makes the environment, such as its class"
            raise EnvError(msg)
        return [env]
    if not callable(env):
        msg = f"make_env takes a name, a game, an environment or a function, not {env!r}"
        raise EnvError(msg)
    made = [env(**options) for _ in range(n_envs)]
    if not all(isinstance(one, gymnasium.Env) for one in made):
        msg = f"{env!r} does not make an environment of Gymnasium, but {made[0]!r}"
        raise EnvError(msg)
    return made


def _from_objects(envs: list[Env], goal: Any, opponent: Any, seed: int | None) -> Any:
    """Return the environments with goals, those that they have themselves if none is asked."""
    from rlhf_adapters import from_gymnasium  # noqa: PLC0415 - SB3 takes seconds to import
    from rlhf_adapters.single_agent import goal_env, gym_envs, tasks  # noqa: PLC0415 - the same

    first, n_envs = envs[0], len(envs)
    name = first.spec.id if first.spec is not None else type(first.unwrapped).__name__
    tasks.check_config(name, n_envs, opponent)
    space = first.observation_space
    if goal is None and isinstance(space, gymnasium.spaces.Dict) and DESIRED in space.spaces:
        return first if n_envs == 1 else DummyVecEnv([partial(_itself, env) for env in envs])
    played = gym_envs.GymEnvs(name, envs)
    goals, cells = from_gymnasium.goals_of(name), from_gymnasium.cells_of(played)
    task = tasks.make_task(name, n_envs, goal, goals, cells)
    return goal_env.arcade_env(played, task, seed)


def _itself(env: Env) -> Env:
    return env
