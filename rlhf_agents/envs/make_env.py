"""`make_env`: every environment by name, and opponents by the same names as on the command line.

    make_env("connect_four", n_envs=64, opponent={"minimax:3": 0.5, "agent@64": 0.5})
    make_env(MySnake, n_envs=8, goal=lambda now: now.info["length"] > 10)

The adapters only know functions as opponents; this module turns names into functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rlhf_adapters
from rlhf_agents.dqn import hyperparams
from rlhf_agents.dqn.recommended import ATTRIBUTE
from rlhf_agents.envs.kinds import Env
from rlhf_agents.players.opponents import named_opponents
from rlhf_games.base import Game


def make_env(
    env: str | Game | Env | Callable[[], Env],
    n_envs: int = 1,
    goal: Any = None,
    opponent: Any = None,
    seed: int | None = None,
    **options: Any,
) -> Any:
    """Return a goal-conditioned environment, see `rlhf_adapters.make_env`.

    In addition, it takes opponents by name.

    Args:
        env: as there.
        n_envs: as there.
        goal: as there.
        opponent: also "minimax:DEPTH", "agent" (the game's own), the name of a bundled agent,
            FILE.zip or a `PolicyOpponent`, alone or in a mixture. Agents play with the network
            alone; "agent@64" searches 64 positions per move.
        seed: as there.
        options: as there.

    Returns:
        the environment; its attribute `recommended` has the arguments of `HFDQN` that are known
        to work well for it.

    Raises:
        rlhf_games.UnknownGameError: no environment has that name.
        rlhf_games.base.GameError: an argument is invalid, or a library is not installed.
        UserError: an opponent is unknown or cannot play here.
    """
    made = rlhf_adapters.make_env(env, n_envs, goal, named_opponents(opponent), seed, **options)
    known = hyperparams.recommended(env, n_envs, goal) if isinstance(env, str) else {}
    if known := known or hyperparams.for_goals(made.observation_space):
        setattr(made, ATTRIBUTE, known)
    return made
