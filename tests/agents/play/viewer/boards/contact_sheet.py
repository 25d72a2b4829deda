"""Contact sheets: every board of a list of games at three window sizes, light and dark.

    python -m tests.agents.play.viewer.boards.contact_sheet FOLDER [GAME ...]

writes `boards_SIZE_THEME.png` files: many windows on one picture, each with a game's name. Without
names, all two-player games with foresight of the installed libraries are shown.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygame

import rlhf_games
from rlhf_agents.play.board_cells import placed_cell, stones_of
from rlhf_agents.play.pictures import reader_of
from rlhf_agents.play.pictures.names import plain_name
from rlhf_agents.play.viewer.boards import board_for
from rlhf_agents.play.viewer.boards.base import Board, BoardView
from rlhf_agents.play.viewer.boards.clicks import code
from rlhf_agents.play.viewer.boards.looks_edges import QuoridorBoard
from rlhf_agents.play.viewer.boards.picture_board import PictureBoard
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import THEMES, Theme
from rlhf_games.base import Game, Outcome

SIZES = {480: (300, 6), 960: (560, 4), 1920: (1000, 3)}
"""By the width of a window: the side of its board, and how many stand in a row of the sheet."""
PLIES = 24
CAPTION = 18
PER_SHEET = {480: 36, 960: 20, 1920: 9}


def played(game: Game, plies: int, seed: int = 0) -> list[np.ndarray]:
    """Return the positions of a random game, at most so many plies long and not finished."""
    rng, states = np.random.default_rng(seed), game.initial(1)
    history = [states[0]]
    for _ in range(plies):
        onward = game.step(states, game.random_actions(states, rng))
        if game.outcome(onward)[0] != Outcome.ONGOING:
            break
        states = onward
        history.append(states[0])
    return history


def view_of(game: Game, history: Sequence[np.ndarray], **more) -> BoardView:
    """Return what the window shows of the last position of a game, without an agent."""
    state = history[-1]
    legal, seat = game.legal(state[None])[0], int(game.mover(state[None])[0])
    names = list(game.names_of(seat))
    written = game.text(state)
    if written is not None:
        for action in np.flatnonzero(legal).tolist():
            names[action] = game.label(state, action)
    stones = stones_of(game, state)
    before = stones_of(game, history[-2]) if len(history) > 1 else None
    last = None if before is None else placed_cell(before, stones)
    return BoardView(
        stones=stones,
        before=before,
        seat=seat,
        legal=legal,
        names=tuple(names),
        text=written,
        last=last,
        **more,
    )


def picked_view(board: Board, view: BoardView) -> BoardView:
    """Return the view after a click that picks a piece, the same if none can be picked."""
    shown = board.shown(view) if isinstance(board, PictureBoard) else None
    if shown is None:
        return view
    firsts = [path[0] for path in shown.paths.values() if len(path) > 1]
    if not firsts or isinstance(board, QuoridorBoard):
        return view
    often = max(firsts, key=firsts.count)
    return replace(view, picked=code((often,), board.reader.shape))


def sheets(
    games: Sequence[Game], width: int, theme: Theme, plies: int = PLIES
) -> Iterator[pygame.Surface]:
    """Yield pictures with the boards of games as in a window of some width."""
    side, per_row = SIZES[width]
    for start in range(0, len(games), PER_SHEET[width]):
        some = games[start : start + PER_SHEET[width]]
        rows = -(-len(some) // per_row)
        sheet = pygame.Surface((per_row * side, rows * (side + CAPTION)))
        sheet.fill(theme.background)
        for number, game in enumerate(some):
            row, column = divmod(number, per_row)
            place = (column * side, row * (side + CAPTION))
            sheet.blit(picture(game, side, theme, plies), place)
        yield sheet


def picture(game: Game, side: int, theme: Theme, plies: int) -> pygame.Surface:
    """Return the board of a game with its name above it."""
    surface = pygame.Surface((side, side + CAPTION))
    surface.fill(theme.background)
    canvas, board = Canvas(surface), board_for(game)
    box = Box(0, CAPTION, side, side)
    view = picked_view(board, view_of(game, played(game, plies)))
    reader = reader_of(game)
    if reader is not None and not hasattr(board, "reader"):
        view = replace(view, names=tuple(plain_name(name, reader) for name in view.names))
    board.draw(canvas, box, view, theme)
    canvas.text((4, CAPTION / 2), f"{game.name}  [{type(board).__name__}]", 12, theme.text)
    return surface


def foreign_games() -> list[Game]:
    """Return all games of OpenSpiel that can be played."""
    from rlhf_adapters import from_openspiel  # noqa: PLC0415

    return [rlhf_games.make(f"openspiel:{world}") for world in from_openspiel.worlds()]


def write_sheets(
    folder: Path, games: Sequence[Game], plies: int = PLIES, widths: Sequence[int] = tuple(SIZES)
) -> list[Path]:
    """Write the sheets of all sizes and themes; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for width in widths:
        for theme in THEMES.values():
            for number, sheet in enumerate(sheets(games, width, theme, plies), 1):
                files.append(folder / f"boards_{width}_{theme.name}_{number}.png")
                pygame.image.save(sheet, files[-1])
    return files


if __name__ == "__main__":
    wanted = [rlhf_games.make(name) for name in sys.argv[2:]] or foreign_games()
    for file in write_sheets(Path(sys.argv[1]), wanted):
        sys.stdout.write(f"{file}\n")
