"""Boards by the name of their game.

Other packages add boards by an entry point in the group `rlhf_agents.boards` (in version 0.1:
`rlhf_agents.rooms`), named like the game, whose value is a class that implements `Board`. Games
without their own board get a general one.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

import numpy as np

from rlhf_agents.play.board_cells import has_board, paths_of, plays_cells, stones_of
from rlhf_agents.play.pictures import Reader, reader_of
from rlhf_agents.play.pictures.squares import Block, SquaresReader
from rlhf_agents.play.viewer.boards.base import Board
from rlhf_agents.play.viewer.boards.grid import GridBoard
from rlhf_agents.play.viewer.boards.looks import SquaresBoard
from rlhf_agents.play.viewer.boards.othello import OthelloBoard
from rlhf_agents.play.viewer.boards.text import TextBoard
from rlhf_games.base import Game

__all__ = ["Board", "board_for", "known_board"]

_BOARDS = {
    "connect_four": "rlhf_agents.play.viewer.boards.connect_four:ConnectFourBoard",
    "tic_tac_toe": "rlhf_agents.play.viewer.boards.tic_tac_toe:TicTacToeBoard",
}
_HERE = "rlhf_agents.play.viewer.boards"
_LOOKS = {
    "chess": f"{_HERE}.looks:ChessBoard",
    "shogi": f"{_HERE}.looks:ShogiBoard",
    "amazons": f"{_HERE}.looks:AmazonsBoard",
    "pieces": f"{_HERE}.looks:SquaresBoard",
    "cells": f"{_HERE}.looks:CellsBoard",
    "go": f"{_HERE}.looks_lines:LinesBoard",
    "xiangqi": f"{_HERE}.looks_lines:XiangqiBoard",
    "morris": f"{_HERE}.looks_lines:MorrisBoard",
    "twixt": f"{_HERE}.looks_lines:TwixtBoard",
    "hex": f"{_HERE}.looks_hexes:HexBoard",
    "y": f"{_HERE}.looks_hexes:HexBoard",
    "havannah": f"{_HERE}.looks_hexes:HexBoard",
    "star": f"{_HERE}.looks_hexes:StarBoard",
    "hive": f"{_HERE}.looks_hexes:HiveBoard",
    "pits": f"{_HERE}.looks_counts:PitsBoard",
    "nim": f"{_HERE}.looks_counts:NimBoard",
    "quoridor": f"{_HERE}.looks_edges:QuoridorBoard",
    "boxes": f"{_HERE}.looks_edges:BoxesBoard",
    "pentago": f"{_HERE}.looks_edges:PentagoBoard",
    "ultimate": f"{_HERE}.looks_edges:UltimateBoard",
}
"""Boards by the style of the reader that understands a game."""


def known_board(name: str) -> Board | None:
    """Return the board made for the game `name`, or None, without loading the game."""
    plugins = {
        plugin.name: plugin.value
        for group in ("rlhf_agents.rooms", "rlhf_agents.boards")
        for plugin in entry_points(group=group)
    }
    place = {**plugins, **_BOARDS}.get(name)
    if place is None:
        return None
    module, _, attribute = place.partition(":")
    board: Board = getattr(import_module(module), attribute)()
    return board


def board_for(game: Game) -> Board:
    """Return the board of a game: its own, or a general one that fits its rules and its moves."""
    own = known_board(game.name)
    if own is not None:
        return own
    if not has_board(game):
        reader = reader_of(game)
        return TextBoard() if reader is None else _read_board(game, reader)
    _, rows, columns = game.observation_shape
    if paths_of(game.action_names, rows):
        reader = SquaresReader("pieces", (rows, columns), Block(0, rows))
        return SquaresBoard(reader)
    if plays_cells(game) and _turns_discs(game):
        return OthelloBoard(rows, columns)
    return GridBoard(rows, columns, game.n_actions, gravity=game.gravity)


def _read_board(game: Game, reader: Reader) -> Board:
    """Return the board of a game whose pictures are read."""
    plain = _plain_board(game, reader) if reader.style == "cells" else None
    if plain is not None:
        return plain
    module, _, attribute = _LOOKS[reader.style].partition(":")
    board: Board = getattr(import_module(module), attribute)(
        reader, upside_down=_upside_down(game, reader)
    )
    return board


def _plain_board(game: Game, reader: Reader) -> Board | None:
    """Return a board of our own games for a game whose actions are its cells, row by row."""
    rows, columns = reader.shape
    if getattr(reader, "by_column", False):
        known = known_board("connect_four") if reader.shape == (6, 7) else None
        return known or GridBoard(rows, columns, columns, gravity=True)
    states = game.initial(1)
    picture = reader.read(game.text(states[0]) or "")
    for action in np.flatnonzero(game.legal(states)[0]).tolist():
        label = game.label(states[0], action)
        if reader.path(label, action, 0, picture) != (divmod(action, columns),):
            return None
    if game.n_actions == rows * columns + 1 and _turns_discs(game):
        return OthelloBoard(rows, columns)
    known = known_board("tic_tac_toe") if reader.shape == (3, 3) else None
    return known or GridBoard(rows, columns, rows * columns, gravity=False)


def _turns_discs(game: Game) -> bool:
    """Return whether the first move turns discs of the other player, as in Othello."""
    states = game.initial(1)
    before = stones_of(game, states[0])
    after = stones_of(game, game.step(states, game.legal(states).argmax(axis=1))[0])
    return bool(((before > 0) & (after > 0) & (before != after)).any())


def _upside_down(game: Game, reader: Reader) -> bool:
    """Return whether the first player begins in the upper half."""
    if reader.style in ("quoridor", "pits"):
        return False
    stones = stones_of(game, game.initial(1)[0])
    rows = [np.argwhere(stones == owner)[:, 0] for owner in (1, 2)]
    return all(len(own) for own in rows) and bool(rows[0].mean() < rows[1].mean() - 1)
