"""Variants of a game: another board size or komi."""

from __future__ import annotations

import re
from collections.abc import Mapping

import rlhf_games
from rlhf_adapters.foreign_games.spiel_types import Parameter
from rlhf_agents.bots.protocols.move_names import LIBRARY, foreign_position
from rlhf_agents.errors import SettingError
from rlhf_games.base import Game

SIZES = (
    ("num_cols", "num_rows"),
    ("columns", "rows"),
    ("board_size", "board_size"),
    ("size", "size"),
)
"""OpenSpiel's options for the columns and rows of a board; the first that a game has is used."""
PLIES = re.compile(r"max_plies=\d+")
KOMI = "komi"
SMALLEST_BOARD, LARGEST_BOARD = 2, 25


def _options(game: Game) -> dict[str, Parameter]:
    """Return the options of an OpenSpiel game, empty for our own games."""
    position = foreign_position(game, game.initial(1)[0])
    return {} if position is None else dict(position.get_game().get_parameters())


def _with_options(game: Game, changes: Mapping[str, Parameter]) -> Game:
    """Return an OpenSpiel game with other options and the same limit of plies."""
    options = {**_options(game), **changes}
    words = [f"{key}={value}" for key, value in options.items()]
    words += PLIES.findall(game.name)
    return rlhf_games.make(f"{game.name.partition('(')[0]}({','.join(words)})")


def board_size(game: Game) -> tuple[int, int]:
    """Return the columns and rows of a game's board."""
    options = _options(game)
    for width, height in SIZES:
        if width in options:
            return int(options[width]), int(options[height])
    if game.name.startswith(LIBRARY):
        return 0, 0
    _, rows, columns = game.observation_shape
    return columns, rows


def resized(game: Game, columns: int, rows: int) -> Game:
    """Return the game with another board size.

    Raises:
        SettingError: the game has no such board.
    """
    now = board_size(game)
    if (columns, rows) == now:
        return game
    options = _options(game)
    keys = next((keys for keys in SIZES if keys[0] in options), None)
    fits = all(SMALLEST_BOARD <= side <= LARGEST_BOARD for side in (columns, rows))
    if keys is None or not fits or (keys[0] == keys[1] and columns != rows):
        has = f"{now[1]} rows, {now[0]} columns" if any(now) else "a board of its own"
        msg = f"unacceptable size: {game.title} has {has}"
        raise SettingError(msg)
    # Hex has two options for its size.
    changes = {keys[0]: columns, keys[1]: rows}
    if "board_size" in options and columns == rows:
        changes["board_size"] = rows
    elif "board_size" in options:
        changes["board_size"] = max(columns, rows)
    return _with_options(game, changes)


def with_komi(game: Game, komi: float) -> Game:
    """Return Go with another komi; other games are returned unchanged."""
    options = _options(game)
    if KOMI not in options or float(options[KOMI]) == komi:
        return game
    return _with_options(game, {KOMI: komi})
