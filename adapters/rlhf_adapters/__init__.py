"""Doors from worlds to the goal-conditioned interface, reached by name through `make_env`."""

from __future__ import annotations

from typing import Any

import rlhf_games
from rlhf_adapters.registry import library
from rlhf_adapters.specs import EnvConfig
from rlhf_games.base import GameError

__all__ = ["make_env"]


def make_env(
    name: str,
    n_envs: int = 1,
    goal: Any = None,
    opponent: Any = None,
    seed: int | None = None,
    **options: Any,
) -> Any:
    """Return the goal-conditioned environment called `name`.

    Args:
        name: a game of `rlhf_games`, e.g. `connect_four`, or `LIBRARY:WORLD`, e.g.
            `gymnasium:CartPole-v1`.
        n_envs: 1 for a Gymnasium environment, more for an SB3 `VecEnv` that steps all in one call.
        goal: what to play for, by name, or "mixed"; in worlds of one player also a goal such as
            `Score(500)` or a function, see `rlhf_adapters.single_agent.tasks.make_task`.
        opponent: in two-player worlds "self", "random", a function from positions and goal rows to
            actions, or a mixture with weights, see `rlhf_adapters.two_player.opponents`.
        seed: of everything random.
        options: for the foreign library, e.g. `rows=6`.

    Raises:
        rlhf_games.UnknownGameError: no world has that name.
        rlhf_games.base.GameError: an argument is impossible, or a library is not installed.
    """
    if ":" in name:
        config = EnvConfig(name, n_envs, goal, opponent, seed, options)
        return library(config.library).load().make(config)
    game = rlhf_games.make(name)
    if options:
        msg = f"{name} takes no options, got {', '.join(options)}"
        raise GameError(msg)
    from rlhf_adapters.two_player.game_env import make_game_env  # noqa: PLC0415 - SB3 takes seconds to import

    return make_game_env(game, n_envs, goal, opponent, seed)
