"""`make_env`: every world by name, and opponents by the words of the command line.

    make_env("connect_four", n_envs=64, opponent={"minimax:3": 0.5, "agent@64": 0.5})

The adapters know functions only; here words become functions.
"""

from __future__ import annotations

from typing import Any

import rlhf_adapters
from rlhf_agents.players.opponents import (
    named_opponents,
)


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
        goal: what to play for, by name, or "mixed".
        opponent: in two-player worlds "self", "random", "minimax:DEPTH", "agent" (that of the
            game), the name of a bundled agent, FILE.zip, a function from positions and goal rows to
            actions (see `rlhf_adapters.two_player.opponents`) or a `PolicyOpponent`. Or a mixture
            with weights, {"minimax:3": 0.5, "random": 0.5} or a list of pairs, from which the
            opponent of each game is drawn. Agents play by the network alone; "agent@64" looks at 64
            positions per move.
        seed: of everything random.
        options: for the foreign library, e.g. `rows=6`.

    Raises:
        rlhf_games.UnknownGameError: no world has that name.
        rlhf_games.base.GameError: an argument is impossible, or a library is not installed.
        UserError: an opponent is unknown or cannot play here.
    """
    return rlhf_adapters.make_env(name, n_envs, goal, named_opponents(opponent), seed, **options)
