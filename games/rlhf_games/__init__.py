"""Exact, batched games: rules only, no learning, no drawing.

    import rlhf_games
    game = rlhf_games.make("connect_four")
    states = game.initial(4096)

Third parties add games with an entry point of the group `rlhf_games` whose value is a `Game` class.
Names such as `openspiel:breakthrough` are games of a library: an entry point of the group
`rlhf_games.libraries`, named like the library, is a function from the part after the colon to a
`Game`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from rlhf_games.base import (
    Game,
    GameError,
    Goal,
    Outcome,
    UnknownGameError,
    Verdict,
    unknown_name,
    written_options,
)

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
    "plain_name",
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
_SIZES: dict[str, tuple[str, dict[str, int]]] = {
    "breakthrough": ("breakthrough", {"rows": 8, "columns": 8}),
    "breakthrough_6x6": ("breakthrough", {"rows": 6, "columns": 6}),
    "connect_four": ("connect_four", {"rows": 6, "columns": 7, "x_in_row": 4}),
    "othello": ("othello", {"board_size": 8}),
    "othello_6x6": ("othello", {"board_size": 6}),
}
"""Sizes of boards in OpenSpiel's spelling: connect_four(rows=6,columns=7) is `connect_four`."""
_RANGES = {"connect_four": {"columns": range(4, 8), "rows": range(4, 7)}}
"""Sizes of boards without a name of their own, such as connect_four(columns=5,rows=4)."""
_OF_OPENSPIEL = ("breakthrough", "connect_four")
"""Games whose other sizes OpenSpiel has, with the same options."""
_SPELLED = re.compile(r"(\w+)\((.*)\)", re.DOTALL)


def _table() -> dict[str, str]:
    plugins = {plugin.name: plugin.value for plugin in entry_points(group="rlhf_games")}
    return {**plugins, **_GAMES}


def names() -> list[str]:
    """Return the names of all games, sorted."""
    return sorted(_table())


def libraries() -> list[str]:
    """Return the libraries whose games can be made as `LIBRARY:NAME`, sorted."""
    return sorted(plugin.name for plugin in entry_points(group=_LIBRARIES))


def find(name: str) -> str:
    """Return the place of the game called `name`, as "module:Class", without importing it.

    For a library's game, `LIBRARY:NAME`, it is the library's function as "module:function".

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


def make(name: str, options: Mapping[str, Any] | None = None) -> Game:
    """Return the game called `name`, or `LIBRARY:NAME`.

    Args:
        name: perhaps with options in brackets: connect_four(columns=5,rows=4).
        options: more of them.

    Raises:
        UnknownGameError: no game or library has that name; near names and the list are given.
        GameError: the library has no such game, or is not installed; or an option names a board
            that does not exist.
    """
    _, colon, world = name.partition(":")
    if colon:
        module, _, attribute = find(name).partition(":")
        return _made(module, attribute, world, *([options] if options else []))
    plain = plain_name(name, options)
    spelled = _SPELLED.fullmatch(plain)
    module, _, attribute = find(spelled[1] if spelled else plain).partition(":")
    return _made(module, attribute, **written_options(plain, spelled[2], "") if spelled else {})


def plain_name(name: str, options: Mapping[str, Any] | None = None) -> str:
    """Return the usual name of one of our games, `connect_four` for connect_four(rows=6,columns=7).

    Boards without a name of their own keep their size: connect_four(columns=5,rows=4).

    Args:
        name: perhaps with options in brackets.
        options: more of them.

    Raises:
        UnknownGameError: no game has that name.
        GameError: an option names a board that does not exist.
    """
    if spelled := _SPELLED.fullmatch(name):
        written = written_options(name, spelled[2], "(rows=6,columns=7)")
        name, options = spelled[1], {**written, **(options or {})}
    return _sized(name, options) if options else name


def _made(module: str, attribute: str, *arguments: Any, **options: Any) -> Game:
    game: Game = getattr(import_module(module), attribute)(*arguments, **options)
    return game


def _sized(name: str, options: Mapping[str, Any]) -> str:
    """Return the name of the game with a size.

    Raises:
        GameError: there is none.
    """
    find(name)
    family, usual = _SIZES.get(name, (name, {}))
    sizes = {game: size for game, (kind, size) in _SIZES.items() if kind == family}
    if not sizes:
        msg = f"{name} takes no options, got {', '.join(options)}"
        raise GameError(msg)
    whole, ranges = {**usual, **options}, _RANGES.get(name, {})
    for game, size in sizes.items():
        if whole == size:
            return game
    possible = {key: ranges.get(key, [n]) for key, n in usual.items()}
    if whole.keys() == possible.keys() and all(
        type(n) is int and n in possible[key] for key, n in whole.items()
    ):
        return f"{name}({','.join(f'{key}={whole[key]}' for key in ranges)})"
    boards = " or ".join(
        ", ".join(f"{key}={_words(ranges.get(key, [n]))}" for key, n in each.items())
        for each in sizes.values()
    )
    asked = ", ".join(f"{key}={value!r}" for key, value in options.items())
    others = f"; openspiel:{family} has other boards" if family in _OF_OPENSPIEL else ""
    msg = f"{family} is played with {boards}, got {asked}{others}"
    raise GameError(msg)


def _words(numbers: Sequence[int]) -> str:
    """Return one number, or a range of them, in words."""
    return f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else str(numbers[0])
