"""What a person asked for when a game was started: plain data that needs no rules yet."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rlhf_agents.errors import SettingError
from rlhf_agents.limits import checked_nodes


@dataclass(frozen=True)
class Setup:
    """What a person asked for.

    Attributes:
        game: the name of the game.
        agent: who plays, as for `players.make_player`; None is the game's bundled agent.
        opponent: its opponent, "human", "agent" (the same), or as for `make_player`.
        goal: what the agent plays for.
        nodes: budget per move of agents.
        side: the opponent's seat: "first", "second", "random", None to take turns.
        seed: of random players, sides and openings.
        games: how many games.
    """

    game: str
    agent: str | None = None
    opponent: str = "human"
    goal: str = "win"
    nodes: int = 256
    side: str | None = None
    seed: int = 0
    games: int = 1


def file_stem(game: str) -> str:
    """Return the name of a game as part of a file's: foreign ones have colons and brackets."""
    return re.sub(r"[^\w.-]+", "_", game).strip("_")


def check_setup(setup: Setup) -> None:
    """Check what can be checked before anything is loaded.

    Raises:
        SettingError: a number is impossible.
    """
    checked_nodes(setup.nodes)
    if setup.games < 1:
        msg = f"--games must be 1 or more, got {setup.games}"
        raise SettingError(msg)
    if setup.seed < 0:
        msg = f"--seed must be 0 or more, got {setup.seed}"
        raise SettingError(msg)
