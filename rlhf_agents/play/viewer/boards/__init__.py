"""Rooms by the name of their game.

Third parties add theirs by an entry point of the group `rlhf_agents.rooms` whose name is the game's
and whose value is a class that makes a `Room`. A game without one gets a grid.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from rlhf_agents.play.board_cells import has_board, paths_of
from rlhf_agents.play.viewer.boards.base import Room
from rlhf_agents.play.viewer.boards.grid import GridRoom
from rlhf_agents.play.viewer.boards.pieces import PathRoom
from rlhf_agents.play.viewer.boards.text import TextRoom
from rlhf_agents.play.viewer.boards.text_symbols import glyphs_of
from rlhf_games.base import Game

__all__ = ["Room", "known_room", "room_for"]

_ROOMS = {
    "connect_four": "rlhf_agents.play.viewer.boards.connect_four:ConnectFourRoom",
    "tic_tac_toe": "rlhf_agents.play.viewer.boards.tic_tac_toe:TicTacToeRoom",
}


def known_room(name: str) -> Room | None:
    """Return the room of the game called `name`, before the game itself is loaded."""
    plugins = {plugin.name: plugin.value for plugin in entry_points(group="rlhf_agents.rooms")}
    place = {**plugins, **_ROOMS}.get(name)
    if place is None:
        return None
    module, _, attribute = place.partition(":")
    room: Room = getattr(import_module(module), attribute)()
    return room


def room_for(game: Game) -> Room:
    """Return the room of a game; if it has none of its own, one that fits its moves and board."""
    own = known_room(game.name)
    if own is not None:
        return own
    if not has_board(game):
        return TextRoom(glyphs_of(game))
    _, rows, columns = game.observation_shape
    if paths_of(game.action_names, rows):
        return PathRoom(rows, columns, game.n_actions)
    return GridRoom(rows, columns, game.n_actions, gravity=game.gravity)
