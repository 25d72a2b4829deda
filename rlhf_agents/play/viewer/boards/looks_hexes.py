"""The looks of boards of hexagons: hex, Y, havannah, and the star of Chinese checkers."""

from __future__ import annotations

import math
from functools import cached_property

from rlhf_agents.play.board_cells import Cell
from rlhf_agents.play.pictures.base import Picture, Reader
from rlhf_agents.play.pictures.hexes import HexReader
from rlhf_agents.play.pictures.hive import PIECES
from rlhf_agents.play.viewer.boards.base import BoardView
from rlhf_agents.play.viewer.boards.grid import FRAME, NAMES, VALUES, draw_stone
from rlhf_agents.play.viewer.boards.picture_board import PictureBoard, Shown
from rlhf_agents.play.viewer.boards.places import ROW, Places, hex_offsets, hexagon
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Colour, Theme

SIDE = 1 / math.sqrt(3)
"""The radius of a hexagon whose neighbours are one apart."""

HELD = 0.62
"""The size of tiles in a hand."""


class HexBoard(PictureBoard):
    """Hexagons; in hex, the sides that a player connects have the player's colour."""

    reach = 0.6
    named = True

    def __init__(self, reader: HexReader, *, upside_down: bool = False) -> None:
        super().__init__(reader, upside_down=upside_down)
        self._rows = reader.places
        self._coloured = reader.style == "hex"
        self._lines = _lines_of(reader)

    @cached_property
    def _offsets(self) -> tuple[dict[Cell, Point], Point]:
        offsets, (width, height) = hex_offsets(self._rows)
        if not self.named:
            return offsets, (width, height)
        room = 0.7 if self._coloured else 0.5  # for the names, and the coloured sides
        moved = {cell: (x + room, y + room) for cell, (x, y) in offsets.items()}
        return moved, (width + 2 * room, height + 2 * room)

    def offsets(self) -> tuple[dict[Cell, Point], Point]:
        """Return the centres of the hexagons."""
        return self._offsets

    def board_area(self, box: Box) -> Box:
        """Return the part of a box in which the hexagons lie."""
        return box.inset(FRAME).top_part(VALUES / 2)[1].inset(NAMES / 4, NAMES / 4)

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the hexagons."""
        radius = places.size * SIDE
        if self._coloured:
            self._draw_sides(canvas, places, theme)
        else:
            for centre in places.centres.values():
                canvas.polygon(hexagon(centre, radius * 1.14), theme.board_edge)
        for centre in places.centres.values():
            canvas.polygon(hexagon(centre, radius * 1.02), theme.board)
            canvas.polygon(hexagon(centre, radius * 0.92), theme.hole)

    def draw_names(self, canvas: Canvas, places: Places, theme: Theme) -> None:
        """Write the name of each line of cells before the first of them."""
        size = max(8.0, min(18.0, places.size * 0.36))
        away = 1.0 if self._coloured else 0.85
        for name, first, second in self._lines:
            (x, y), (x2, y2) = places.centres[first], places.centres[second]
            place = (x + away * (x - x2), y + away * (y - y2))
            canvas.text(place, name, size, theme.muted, anchor="mm")

    def _draw_sides(self, canvas: Canvas, places: Places, theme: Theme) -> None:
        """Draw the first player's sides, above and below, and the second's, left and right."""
        last_row, last_column = len(self._rows) - 1, len(self._rows[0]) - 1
        radius = places.size * SIDE
        for cell, centre in places.centres.items():
            row, column = cell
            for seat, pulls in (
                (0, [(0, -1)] * (row == 0) + [(0, 1)] * (row == last_row)),
                (1, [(-1, 0.58)] * (column == 0) + [(1, -0.58)] * (column == last_column)),
            ):
                for across, down in pulls:
                    turn = -1 if self.flipped else 1
                    shift = radius * 0.34 / math.hypot(across, down) * turn
                    moved = (centre[0] + across * shift, centre[1] + down * shift)
                    canvas.polygon(hexagon(moved, radius * 1.06), theme.seats[seat])

    def draw_tint(self, canvas: Canvas, places: Places, cell: Cell, colour: Colour) -> None:
        """Colour the ground of a cell."""
        canvas.disc(places.centres[cell], places.size * 0.47, colour)

    def draw_pieces(
        self, canvas: Canvas, places: Places, picture: Picture, view: BoardView, theme: Theme
    ) -> None:
        """Draw the stones, and a dot on the last."""
        super().draw_pieces(canvas, places, picture, view, theme)
        centre = None if view.last is None else places.centres.get(view.last)
        if centre is not None and (view.moving is None or view.moving.progress >= 1):
            canvas.disc(centre, places.size * 0.1, theme.on_seats[1])
            canvas.ring(centre, places.size * 0.12, 1, theme.on_seats[0])

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a stone."""
        draw_stone(canvas, centre, cell * 0.38, what[1], theme)


def _lines_of(reader: HexReader) -> list[tuple[str, Cell, Cell]]:
    """Return the lines of more than one cell: the name, the first cell and the second of each."""
    by_name: dict[str, list[Cell]] = {}
    for cell in reader.cells():
        row, letter = cell[0], cell[1] + max(0, cell[0] - reader.middle) * reader.sheared
        for name in (str(row + 1), chr(ord("a") + letter)):
            by_name.setdefault(name, []).append(cell)
    return [(name, cells[0], cells[1]) for name, cells in by_name.items() if len(cells) > 1]


class StarBoard(HexBoard):
    """The star of Chinese checkers: round holes."""

    named = False

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the holes on a ground."""
        for centre in places.centres.values():
            canvas.polygon(hexagon(centre, places.size * SIDE * 1.2), theme.board)
        for centre in places.centres.values():
            canvas.disc(centre, places.size * 0.36, theme.hole)


class HiveBoard(PictureBoard):
    """Hive: tiles with the letters of their pieces; the hands are above and below them."""

    reach = 0.6

    def __init__(self, reader: Reader, *, upside_down: bool = False) -> None:
        super().__init__(reader, upside_down=upside_down)
        self._extent: frozenset[Cell] = frozenset()

    def shown(self, view: BoardView) -> Shown | None:
        """Return what a view means, and note which cells it needs."""
        shown = super().shown(view)
        rows, columns = self.reader.shape
        needed = {(rows // 2, columns // 2)}
        if shown is not None:
            needed |= {cell for cell in shown.picture.symbols if cell[0] < rows}
            needed |= {path[-1] for path in shown.paths.values() if path}
        if needed != self._extent:
            self._extent, self._placed = frozenset(needed), None
        return shown

    def offsets(self) -> tuple[dict[Cell, Point], Point]:
        """Return the cells that are needed, and those of the hands, which are a half smaller."""
        rows, _ = self.reader.shape
        top, left = (min(cell[axis] for cell in self._extent) for axis in (0, 1))
        bottom, right = (max(cell[axis] for cell in self._extent) for axis in (0, 1))
        width = max((right - left) / 2 + 1, len(PIECES) * HELD)
        height = (bottom - top) * ROW + 1.2
        shift = (width - (right - left) / 2) / 2
        above = HELD + 0.3
        offsets = {
            (r, c): (shift + (c - left) / 2, above + 0.6 + (r - top) * ROW) for r, c in self._extent
        }
        for number in range(len(PIECES)):
            x = width / 2 + (number + 0.5 - len(PIECES) / 2) * HELD
            offsets[rows, number] = (x, height + 2 * above - HELD / 2)
            offsets[rows + 1, number] = (width - x, HELD / 2)
        return offsets, (width, height + 2 * above)

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the cells to which a piece can go."""
        for cell, centre in places.centres.items():
            if cell[0] < self.reader.shape[0]:
                canvas.polygon(hexagon(centre, places.size * SIDE * 0.96), theme.surface)

    def draw_pieces(
        self, canvas: Canvas, places: Places, picture: Picture, view: BoardView, theme: Theme
    ) -> None:
        """Draw the tiles, those in the hands smaller, and the heights of stacks."""
        rows = self.reader.shape[0]
        for cell, symbol in picture.symbols.items():
            held = cell[0] >= rows
            seat = cell[0] - rows if held else int(picture.owners[cell]) - 1
            size = places.size * (HELD if held else 1.0)
            self.draw_piece(canvas, places.centres[cell], size, (symbol, seat), theme)
            height = list(picture.notes.values()).count(f"{cell[0]},{cell[1]}")
            if height > 1:
                x, y = places.centres[cell]
                place = (x + size * 0.3, y - size * 0.3)
                canvas.disc(place, size * 0.17, theme.surface)
                canvas.text(place, str(height), size * 0.26, theme.text, anchor="mm", bold=True)

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a tile."""
        symbol, seat = what
        canvas.polygon(hexagon(centre, cell * SIDE * 0.96), theme.rims[seat])
        canvas.polygon(hexagon(centre, cell * SIDE * 0.84), theme.seats[seat])
        size, ink = max(7.0, cell * 0.36), theme.on_seats[seat]
        canvas.text(centre, symbol, size, ink, anchor="mm", bold=True)
