"""Exact, batched games: rules only, no learning, no drawing.

    import rlhf_games
    game = rlhf_games.make("connect_four")
    states = game.initial(4096)

Third parties add games by an entry point of the group `rlhf_games` whose value is a `Game` class.
Names such as `openspiel:breakthrough` are games of a library: an entry point of the group
`rlhf_games.libraries`, named like the library, is a function from what follows the colon to a
`Game`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from rlhf_games.base import Game, Goal, Outcome, UnknownGameError, Verdict, unknown_name

__all__ = [
    "Game",
    "Goal",
    "Outcome",
    "UnknownGameError",
    "Verdict",
    "find",
    "libraries",
    "make",
    "names",
]

_LIBRARIES = "rlhf_games.libraries"
_GAMES = {
    "breakthrough": "rlhf_games.boards.breakthrough:Breakthrough",
    "breakthrough_6x6": "rlhf_games.boards.breakthrough:Breakthrough6x6",
    "connect_four": "rlhf_games.boards.connect_four:ConnectFour",
    "othello": "rlhf_games.boards.othello:Othello",
    "othello_6x6": "rlhf_games.boards.othello:Othello6x6",
    "tic_tac_toe": "rlhf_games.boards.tic_tac_toe:TicTacToe",
}


def _table() -> dict[str, str]:
    plugins = {plugin.name: plugin.value for plugin in entry_points(group="rlhf_games")}
    return {**plugins, **_GAMES}


def names() -> list[str]:
    """Return the names of all games, sorted."""
    return sorted(_table())


def libraries() -> list[str]:
    """Return the libraries whose games can be made as `LIBRARY:WORLD`, sorted."""
    return sorted(plugin.name for plugin in entry_points(group=_LIBRARIES))


def find(name: str) -> str:
    """Return where the game called `name` lies, as "module:Class", without importing it.

    Of a library's game, `LIBRARY:WORLD`, it is the library's function as "module:function".

    Raises:
        UnknownGameError: no game or library has that name; near names and the list are given.
    """
    library, colon, _ = name.partition(":")
    if colon:
        libraries = {plugin.name: plugin.value for plugin in entry_points(group=_LIBRARIES)}
        return _look_up("library", library, libraries)
    return _look_up("game", name, _table())


def _look_up(kind: str, name: str, table: dict[str, str]) -> str:
    if name not in table:
        raise UnknownGameError(unknown_name(kind, name, sorted(table)))
    return table[name]


def make(name: str) -> Game:
    """Return the game called `name`, or `LIBRARY:WORLD`.

    Raises:
        UnknownGameError: no game or library has that name; near names and the list are given.
        GameError: the library has no such world, or is not installed.
    """
    module, _, attribute = find(name).partition(":")
    maker = getattr(import_module(module), attribute)
    _, colon, world = name.partition(":")
    game: Game = maker(world) if colon else maker()
    return game
