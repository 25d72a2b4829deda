"""The settings of a game that a person starts: plain data that needs no rules yet."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_GAME = "connect_four"
FIRST_LEVEL = 4
"""The level that a person meets first."""


@dataclass(frozen=True)
class Setup:
    """The settings of a game.

    Attributes:
        game: the name of the game.
        agent: the agent, as for `players.make_player`; None is the game's bundled agent.
        opponent: its opponent: "human", "agent" (the same agent), or as for `make_player`.
        goal: what the agent plays for.
        nodes: the budget of agents per move; None: 256, but in the window a person begins with
            `FIRST_LEVEL`.
        seconds: the budget of agents per move, instead of `nodes`.
        follows: the agent's level follows the person, see `auto_level`.
        side: the opponent's seat: "first", "second", "random", None to alternate.
        seed: of random players, sides and openings.
        games: how many games are played.
    """

    game: str
    agent: str | None = None
    opponent: str = "human"
    goal: str = "win"
    nodes: int | None = None
    side: str | None = None
    seed: int = 0
    games: int = 1
    seconds: float | None = None
    follows: bool = False

    @property
    def names_strength(self) -> bool:
        """Whether it says how strong the agent is."""
        own = self.nodes is not None or self.seconds is not None or self.follows
        return own or "@" in (self.agent or "")


def file_stem(game: str) -> str:
    """Return the name of a game as part of a file name, without colons and brackets."""
    return re.sub(r"[^\w.-]+", "_", game).strip("_")
