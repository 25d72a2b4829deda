"""Pictures of board positions: stones, the last move, the winning line, the value of every move.

Everything is drawn `SCALE` times too large and then shrunk, which makes edges smooth; lengths are
those of a picture of `SIZE`, which larger and smaller ones magnify. Colours are
flat, so that few of them are needed in a GIF. The players' amber and blue differ for colour-blind
eyes too; besides, the second player's stones carry a ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rlhf_agents.records import Explanation
from rlhf_games.base import Game, Outcome

Colour = tuple[int, int, int]
Cell = tuple[int, int]
Stones = NDArray[np.int8]

SIZE = (960, 600)
SCALE = 3

BACKGROUND: Colour = (18, 22, 29)
SURFACE: Colour = (29, 36, 46)
BOARD: Colour = (50, 62, 80)
HOLE: Colour = (22, 27, 35)
TRACK: Colour = (43, 52, 66)
BRIGHT: Colour = (240, 244, 250)
MUTED: Colour = (152, 164, 182)
FAINT: Colour = (118, 131, 151)
INK: Colour = (38, 24, 2)
SEATS: tuple[Colour, Colour] = ((247, 172, 40), (52, 112, 232))
RIMS: tuple[Colour, Colour] = ((214, 134, 10), (33, 80, 184))
ON_SEATS: tuple[Colour, Colour] = (INK, (255, 255, 255))
RING: Colour = (198, 219, 255)

MARGIN = 24
STRIP = 84
NAMES = 26
FRAME = 8
PANEL_SHARE = 0.345

DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def blend(colour: Colour, other: Colour, share: float) -> Colour:
    """Return `colour` with a `share` of `other` mixed in."""
    red, green, blue = (
        round(a * (1 - share) + b * share) for a, b in zip(colour, other, strict=True)
    )
    return red, green, blue


@cache
def _font(pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=pixels)


class Canvas:
    """A picture to draw on.

    Args:
        size: width and height in pixels.

    Attributes:
        size: width and height in units of drawing, no less than `SIZE`.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        unit = min(size[0] / SIZE[0], size[1] / SIZE[1])
        self.size = (size[0] / unit, size[1] / unit)
        self._scale = unit * SCALE
        self._image = Image.new("RGB", (size[0] * SCALE, size[1] * SCALE), BACKGROUND)
        self._draw = ImageDraw.Draw(self._image)

    def box(self, corner: tuple[float, float], size: tuple[float, float], fill: Colour,
            radius: float = 0) -> None:  # fmt: skip
        """Fill a rectangle with round corners."""
        left, top = (round(value * self._scale) for value in corner)
        right = round((corner[0] + size[0]) * self._scale) - 1
        bottom = round((corner[1] + size[1]) * self._scale) - 1
        if right < left or bottom < top:
            return
        pixels = min(radius * self._scale, (right - left) / 2, (bottom - top) / 2)
        self._draw.rounded_rectangle((left, top, right, bottom), pixels, fill)

    def disc(self, centre: tuple[float, float], radius: float, fill: Colour) -> None:
        """Fill a circle."""
        self._draw.circle(self._at(centre), radius * self._scale, fill)

    def ring(self, centre: tuple[float, float], radius: float, width: float, fill: Colour) -> None:
        """Draw a circle of outer `radius`, `width` thick."""
        self._draw.circle(
            self._at(centre), radius * self._scale, outline=fill, width=round(width * self._scale)
        )

    def text(self, place: tuple[float, float], text: str, size: float, fill: Colour,
             *, anchor: str = "lm", bold: bool = False) -> None:  # fmt: skip
        """Write one line; `anchor` as in Pillow."""
        self._draw.text(
            self._at(place), text, fill, _font(round(size * self._scale)), anchor,
            stroke_width=size * self._scale / 60 if bold else 0,
        )  # fmt: skip

    def text_width(self, text: str, size: float) -> float:
        """Return how wide a line is."""
        return self._draw.textlength(text, _font(round(size * self._scale))) / self._scale

    def fitted(self, text: str, size: float, width: float) -> str:
        """Return `text`, or as much of its beginning as fits and three dots."""
        if self.text_width(text, size) <= width:
            return text
        while text and self.text_width(text + "...", size) > width:
            text = text[:-1].rstrip()
        return text + "..."

    def finish(self) -> Image.Image:
        """Return the picture in its final size."""
        return self._image.reduce(SCALE)

    def _at(self, place: tuple[float, float]) -> tuple[float, float]:
        return place[0] * self._scale, place[1] * self._scale


@dataclass(frozen=True)
class Layout:
    """Where the cells of a board lie.

    Attributes:
        rows: of the board.
        columns: of the board.
        left: edge of the first column.
        top: edge of the first row.
        cell: width of a cell.
    """

    rows: int
    columns: int
    left: float
    top: float
    cell: float

    def centre(self, row: int, column: int) -> tuple[float, float]:
        """Return the middle of a cell."""
        return self.left + (column + 0.5) * self.cell, self.top + (row + 0.5) * self.cell


def board_width(size: tuple[float, float]) -> float:
    """Return the width of the left part of a picture, which the board lies in."""
    return size[0] * (1 - PANEL_SHARE)


def board_layout(game: Game, size: tuple[float, float] = SIZE) -> Layout:
    """Return where the cells lie in a picture of that size."""
    _, rows, columns = game.observation_shape
    by_column = plays_columns(game)
    strip, names = (STRIP, NAMES) if by_column else (0, 0)
    width = board_width(size) - 2 * (MARGIN + FRAME)
    height = size[1] - 2 * (MARGIN + FRAME) - strip - names
    cell = max(1, int(min(width / columns, height / rows)))
    left = round((board_width(size) - cell * columns) / 2)
    top = round(MARGIN + FRAME + strip + (height - cell * rows) / 2)
    return Layout(rows, columns, left, top, cell)


# ---- what a position shows ---------------------------------------------------------------------


def plays_columns(game: Game) -> bool:
    """Tell whether an action is a column into which a stone falls."""
    return game.gravity and game.n_actions == game.observation_shape[2]


def plays_cells(game: Game) -> bool:
    """Tell whether an action is the cell, row by row, on which a stone is put."""
    _, rows, columns = game.observation_shape
    return not plays_columns(game) and game.n_actions == rows * columns


def stones_of(game: Game, state: NDArray[np.uint64]) -> Stones:
    """Return int8 `[H, W]`: 0 an empty cell, 1 a stone of the first player, 2 of the second."""
    planes = game.observe(state[None])[0] > 0.5
    mover = int(game.mover(state[None])[0])
    stones: Stones = (planes[mover] + 2 * planes[1 - mover]).astype(np.int8)
    return stones


def last_cell(game: Game, stones: Stones, action: int | None) -> Cell | None:
    """Return where the stone of the last action lies, None if the board does not tell."""
    if action is None:
        return None
    cell = None
    if plays_columns(game):
        occupied = np.flatnonzero(stones[:, action])
        cell = (int(occupied[0]), action) if len(occupied) else None
    elif plays_cells(game):
        cell = divmod(action, stones.shape[1])
    return cell if cell is not None and stones[cell] else None


def winning_cells(game: Game, state: NDArray[np.uint64], cell: Cell | None) -> set[Cell]:
    """Return the cells of all full lines through the last stone; empty unless somebody won."""
    if cell is None or game.outcome(state[None])[0] not in (Outcome.LOSS, Outcome.WIN):
        return set()
    stones = stones_of(game, state)
    cells: set[Cell] = set()
    for step in DIRECTIONS:
        run = {cell, *_reach(stones, cell, step), *_reach(stones, cell, (-step[0], -step[1]))}
        if len(run) >= game.line_length:
            cells |= run
    return cells


def _reach(stones: Stones, cell: Cell, step: Cell) -> list[Cell]:
    """Return the cells from `cell` on, itself excluded, that hold the same stone."""
    reached = []
    row, column = cell[0] + step[0], cell[1] + step[1]
    while 0 <= row < stones.shape[0] and 0 <= column < stones.shape[1]:
        if stones[row, column] != stones[cell]:
            break
        reached.append((row, column))
        row, column = row + step[0], column + step[1]
    return reached


# ---- drawing -----------------------------------------------------------------------------------


def draw_stone(canvas: Canvas, centre: tuple[float, float], radius: float, seat: int,
               dim: float = 0.0) -> None:  # fmt: skip
    """Draw a stone of a seat; `dim` fades it into the board."""
    canvas.disc(centre, radius, blend(RIMS[seat], HOLE, dim))
    canvas.disc(centre, radius - min(5, radius * 0.14), blend(SEATS[seat], HOLE, dim))
    if seat:
        width = min(3.5, max(1, radius * 0.09))
        canvas.ring(centre, radius * 0.56, width, blend(RING, HOLE, dim))


def draw_board(canvas: Canvas, game: Game, state: NDArray[np.uint64], action: int | None) -> None:
    """Draw the board with its stones, the last move and the winning line."""
    layout = board_layout(game, canvas.size)
    stones = stones_of(game, state)
    last = last_cell(game, stones, action)
    winning = winning_cells(game, state, last)
    extent = (layout.columns * layout.cell + 2 * FRAME, layout.rows * layout.cell + 2 * FRAME)
    canvas.box((layout.left - FRAME, layout.top - FRAME), extent, BOARD, 16)
    radius = layout.cell * (0.42 if game.gravity else 0.36)
    for row in range(layout.rows):
        for column in range(layout.columns):
            centre = layout.centre(row, column)
            _draw_hole(canvas, centre, layout.cell, round_hole=game.gravity)
            if stones[row, column]:
                dim = 0.45 if winning and (row, column) not in winning else 0.0
                draw_stone(canvas, centre, radius, int(stones[row, column]) - 1, dim)
            if (row, column) in winning or (row, column) == last:
                width = min(4, max(1.5, radius * 0.12))
                canvas.ring(centre, radius + width * 0.6, width, BRIGHT)
            if (row, column) in winning:
                canvas.disc(centre, radius * 0.2, BRIGHT)
    _draw_names(canvas, game, layout, stones)


def _draw_hole(canvas: Canvas, centre: tuple[float, float], cell: float, *,
               round_hole: bool) -> None:  # fmt: skip
    if round_hole:
        canvas.disc(centre, cell * 0.42, HOLE)
    else:
        side = cell * 0.94
        canvas.box((centre[0] - side / 2, centre[1] - side / 2), (side, side), HOLE, cell * 0.08)


def _draw_names(canvas: Canvas, game: Game, layout: Layout, stones: Stones) -> None:
    """Write the names of the columns below the board, or those of cells into their corners."""
    if plays_columns(game):
        bottom = layout.top + layout.rows * layout.cell + FRAME + NAMES * 0.55
        for column, name in enumerate(game.action_names):
            place = (layout.centre(0, column)[0], bottom)
            canvas.text(place, name, 15, MUTED, anchor="mm")
    elif plays_cells(game) and layout.cell >= 48:
        for action, name in enumerate(game.action_names):
            row, column = divmod(action, stones.shape[1])
            place = (
                layout.left + (column + 0.10) * layout.cell,
                layout.top + (row + 0.13) * layout.cell,
            )
            canvas.text(place, name, min(15, layout.cell * 0.14), FAINT)


def draw_values(canvas: Canvas, game: Game, thought: Explanation, played: int | None,
                seat: int) -> None:  # fmt: skip
    """Draw the value of every move: bars above the columns, or numbers on the cells.

    Args:
        canvas: the picture.
        game: the rules.
        thought: what holds the values.
        played: the move that was made after that thought, if any.
        seat: who thought it.
    """
    chosen = thought.action if played is None else played
    layout = board_layout(game, canvas.size)
    if plays_columns(game):
        text = f"value of each move for {thought.pursued}, in percent"
        canvas.text((layout.left - FRAME, MARGIN + 8), text, 13, FAINT)
    for action, value in enumerate(np.clip(thought.values, 0, 1)):
        if plays_columns(game):
            colour = SEATS[seat] if action == chosen else blend(SEATS[seat], BACKGROUND, 0.5)
            _draw_column_value(canvas, layout, action, float(value), colour)
        elif plays_cells(game) and layout.cell >= 32 and not np.isnan(value):
            cell = divmod(action, layout.columns)
            _draw_cell_value(canvas, layout, cell, float(value), seat, taken=action == played)


def _draw_column_value(canvas: Canvas, layout: Layout, column: int, value: float,
                       colour: Colour) -> None:  # fmt: skip
    width, height = layout.cell * 0.56, STRIP - 52
    centre = layout.centre(0, column)[0]
    bottom = layout.top - FRAME - 8
    left = centre - width / 2
    if np.isnan(value):
        canvas.box((left, bottom - 3), (width, 3), TRACK, 1.5)
        return
    canvas.box((left, bottom - height), (width, height), SURFACE, 4)
    canvas.box((left, bottom - height * value), (width, max(3.0, height * value)), colour, 4)
    number = BRIGHT if colour in SEATS else MUTED
    place = (centre, bottom - height - 11)
    canvas.text(place, f"{100 * value:.0f}", 15, number, anchor="mm", bold=colour in SEATS)


def _draw_cell_value(canvas: Canvas, layout: Layout, cell: Cell, value: float, seat: int, *,
                     taken: bool) -> None:  # fmt: skip
    """Write a value in the middle of a cell, over a bar; beside the stone if the cell is taken."""
    text, (x, y) = f"{100 * value:.0f}", layout.centre(*cell)
    if taken:
        place = (x + 0.4 * layout.cell, y - 0.37 * layout.cell)
        canvas.text(place, text, min(18, layout.cell * 0.17), BRIGHT, anchor="rm")
        return
    size, thick = min(24, layout.cell * 0.26), max(2.0, layout.cell * 0.035)
    width = layout.cell * 0.4
    corner = (x - width / 2, y + size * 0.6)
    canvas.box(corner, (width, thick), TRACK, thick / 2)
    canvas.box(corner, (width * value, thick), blend(SEATS[seat], HOLE, 0.3), thick / 2)
    canvas.text((x, y - size * 0.2), text, size, MUTED, anchor="mm")
