"""Boards by the name of their game.

Other packages add boards by an entry point in the group `rlhf_agents.boards` (in version 0.1:
`rlhf_agents.rooms`), named like the game, whose value is a class that implements `Board`. Games
without their own board get a general one.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from rlhf_agents.play.board_cells import has_board, paths_of
from rlhf_agents.play.viewer.boards.base import Board
from rlhf_agents.play.viewer.boards.grid import GridBoard
from rlhf_agents.play.viewer.boards.pieces import PiecesBoard
from rlhf_agents.play.viewer.boards.text import TextBoard
from rlhf_agents.play.viewer.boards.text_symbols import symbols_of
from rlhf_games.base import Game

__all__ = ["Board", "board_for", "known_board"]

_BOARDS = {
    "connect_four": "rlhf_agents.play.viewer.boards.connect_four:ConnectFourBoard",
    "tic_tac_toe": "rlhf_agents.play.viewer.boards.tic_tac_toe:TicTacToeBoard",
}


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
    """Return the board of a game: its own, or a general one that fits its moves."""
    own = known_board(game.name)
    if own is not None:
        return own
    if not has_board(game):
        return TextBoard(symbols_of(game))
    _, rows, columns = game.observation_shape
    if paths_of(game.action_names, rows):
        return PiecesBoard(rows, columns, game.n_actions)
    return GridBoard(rows, columns, game.n_actions, gravity=game.gravity)
