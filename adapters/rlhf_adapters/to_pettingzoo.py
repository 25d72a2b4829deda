"""The reverse direction: any of our games as a PettingZoo environment.

    from rlhf_adapters.to_pettingzoo import aec_env
    env = aec_env("connect_four")

It looks like PettingZoo's own classic environments: Dict observations with `action_mask`, which
is also in `infos`, rewards +1 and -1 at the end, and an illegal move loses at once.
"""

from __future__ import annotations

import importlib
from typing import Any

import rlhf_games
from rlhf_adapters.specs import EnvError
from rlhf_games.base import Game

CURE = 'pip install "rlhf-agents[pettingzoo]"'


def aec_env(game: str | Game, goal: str | None = None, render_mode: str | None = None) -> Any:
    """Return a game as a PettingZoo `AECEnv`, in the wrappers of PettingZoo's own games.

    Args:
        game: a name of `rlhf_games`, or the rules.
        goal: None: both play to win, as everywhere in PettingZoo. A goal by name, or "mixed" (see
            `goal_games.draw_goals`): observations also hold `desired_goal`, one-hot `[G]`, and
            rewards say whether it was achieved, see `goal_env.goal_rewards`.
        render_mode: "ansi" for `render()` to return the board as text, "rgb_array" as a picture.

    Raises:
        EnvError: PettingZoo is not installed, or the render mode is unknown.
        rlhf_games.UnknownGameError: no game has that name.
        rlhf_games.base.UnknownGoalError: the game has no such goal.
    """
    try:
        wrappers = importlib.import_module("pettingzoo.utils.wrappers")
    except ImportError as error:
        msg = f"PettingZoo environments need pettingzoo: {CURE}"
        raise EnvError(msg) from error
    from rlhf_adapters.two_player.to_aec import GameAEC  # noqa: PLC0415 - an optional extra

    rules = rlhf_games.make(game) if isinstance(game, str) else game
    env = wrappers.TerminateIllegalWrapper(GameAEC(rules, goal, render_mode), illegal_reward=-1)
    return wrappers.OrderEnforcingWrapper(wrappers.AssertOutOfBoundsWrapper(env))
