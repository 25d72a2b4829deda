"""The five games of MinAtar (Young and Tian 2019, arXiv:1903.03176), compiled and batched.

    from rlhf_games import minatar
    game = minatar.make("breakout")

Written from the paper's rules and the behaviour of version 1.0.15: tests play both in lockstep. It
uses no code of that library, which is under the GPL.
"""

from __future__ import annotations

from importlib import import_module

from rlhf_games.arcade.base import ArcadeGame
from rlhf_games.base import UnknownGameError, unknown_name

__all__ = ["make", "names"]

_GAMES = {
    "asterix": "Asterix",
    "breakout": "Breakout",
    "freeway": "Freeway",
    "seaquest": "Seaquest",
    "space_invaders": "SpaceInvaders",
}


def names() -> list[str]:
    """Return the names of the five games, sorted."""
    return sorted(_GAMES)


def make(name: str, sticky: float = 0.1, ramping: bool = True) -> ArcadeGame:
    """Return the game called `name`.

    Args:
        name: one of `names()`.
        sticky: the probability that the last action is repeated instead of the chosen one.
        ramping: asterix, seaquest and space_invaders grow harder as they go on.

    Raises:
        UnknownGameError: no game has that name; lists similar names and all games.
    """
    if name not in _GAMES:
        raise UnknownGameError(unknown_name("MinAtar game", name, names()))
    module = import_module(f"rlhf_games.minatar.{name}")
    game: ArcadeGame = getattr(module, _GAMES[name])(sticky, ramping)
    return game
