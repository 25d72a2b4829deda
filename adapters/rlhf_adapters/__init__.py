"""`make_env`: environments from any library, by name, as goal-conditioned environments."""

from __future__ import annotations

from typing import Any

import rlhf_games
from rlhf_adapters.registry import full_name, library
from rlhf_adapters.shown import shown
from rlhf_adapters.specs import EnvConfig
from rlhf_games.base import Game, GameError

__all__ = ["make_env"]


def make_env(
    name: Any,
    n_envs: int = 1,
    goal: Any = None,
    opponent: Any = None,
    seed: int | None = None,
    **options: Any,
) -> Any:
    """Return a goal-conditioned environment.

    Args:
        name: a game of `rlhf_games`, e.g. `connect_four`; `LIBRARY:NAME`, e.g.
            `pettingzoo:go_v5`; an id of Gymnasium's, e.g. `CartPole-v1` or
            `highway_env:highway-fast-v0`; a `Game`; a Gymnasium environment, or a function that
            makes one.
        n_envs: 1 for a Gymnasium environment, more for an SB3 `VecEnv` that steps all in one call.
        goal: what to play for, by name, or "mixed"; with one player also a goal such as
            `Score(500)` or a function, see `rlhf_adapters.single_agent.tasks.make_task`.
        opponent: in two-player environments "self", "random", a function from positions and goal
            rows to actions, or a mixture with weights, see `rlhf_adapters.two_player.opponents`.
        seed: seeds everything random.
        options: passed to the library, e.g. `rows=6`; and `render_mode`, "rgb_array", "ansi" or
            "human".

    Raises:
        rlhf_games.UnknownGameError: no environment has that name.
        rlhf_games.base.GameError: an argument is invalid, or a library is not installed.
    """
    mode = options.pop("render_mode", None)

    def make(shown_as: str | None) -> Any:
        asked = {} if shown_as is None else {"render_mode": shown_as}
        return _made(name, n_envs, (goal, opponent, seed), {**options, **asked})

    return shown(make, mode)


def _made(
    name: Any, n_envs: int, what: tuple[Any, Any, int | None], options: dict[str, Any]
) -> Any:
    """Return the environment with a render mode that it has; `what`: goal, opponent, seed."""
    goal, opponent, seed = what
    if not isinstance(name, str | Game):
        from rlhf_adapters.from_gymnasium import make_from  # noqa: PLC0415 - imports Gymnasium

        return make_from(name, n_envs, goal, opponent, seed, options)
    if isinstance(name, str):
        name = full_name(name)
        if ":" in name:
            config = EnvConfig(name, n_envs, goal, opponent, seed, options)
            return library(config.library).load().make(config)
    mode = options.pop("render_mode", None)
    if isinstance(name, str):
        game = rlhf_games.make(name, options)
    elif options:
        msg = f"{name.title} takes no options, got {', '.join(options)}"
        raise GameError(msg)
    else:
        game = name
    from rlhf_adapters.two_player.game_env import make_game_env  # noqa: PLC0415 - SB3 takes seconds to import

    return make_game_env(game, n_envs, goal, opponent, seed, mode)
