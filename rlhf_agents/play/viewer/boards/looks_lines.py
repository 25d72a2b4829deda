"""The looks of boards of lines: go, Chinese chess, nine men's morris, twixt."""

from __future__ import annotations

from collections.abc import Mapping

from rlhf_agents.play.board_cells import Cell
from rlhf_agents.play.pictures.base import NEUTRAL, Picture
from rlhf_agents.play.viewer.boards.base import BoardView
from rlhf_agents.play.viewer.boards.grid import FRAME, draw_stone
from rlhf_agents.play.viewer.boards.picture_board import PictureBoard
from rlhf_agents.play.viewer.boards.places import Places
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Colour, Theme, blend

MORRIS_LINES: tuple[tuple[Cell, Cell], ...] = (
    *(((k, k), (k, 6 - k)) for k in range(3)),
    *(((6 - k, k), (6 - k, 6 - k)) for k in range(3)),
    *(((k, k), (6 - k, k)) for k in range(3)),
    *(((k, 6 - k), (6 - k, 6 - k)) for k in range(3)),
    ((0, 3), (2, 3)),
    ((4, 3), (6, 3)),
    ((3, 0), (3, 2)),
    ((3, 4), (3, 6)),
)


class LinesBoard(PictureBoard):
    """Stones on the crossings of lines."""

    named = True
    counts_captures = True

    def notes(self, picture: Picture, view: BoardView) -> Mapping[str, str]:
        """Return how many stones each player has captured, if any was."""
        if not self.counts_captures or not any(view.captured):
            return picture.notes
        return {str(seat): f"{count} captured" for seat, count in enumerate(view.captured)}

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the lines and the star points, and the cursor if there is one."""
        rows, columns = self.reader.shape
        canvas.box(places.area.inset(-FRAME / 3), theme.board, 8)
        for row in range(rows):
            self.rule(canvas, places, ((row, 0), (row, columns - 1)), theme)
        for column in range(columns):
            self.rule(canvas, places, ((0, column), (rows - 1, column)), theme)
        for cell in _stars(rows, columns):
            canvas.disc(places.centres[cell], max(2.0, places.size * 0.09), self.ink(theme))
        if picture is not None and "cursor" in picture.notes:
            x, y = places.centres[self.reader.path("Place Stone", 0, 0, picture)[0]]
            side = places.size * 1.02
            frame = Box(x - side / 2, y - side / 2, side, side)
            canvas.outline(frame, theme.good, side * 0.2, max(2.0, side * 0.08))

    def ink(self, theme: Theme) -> Colour:
        """Return the colour of the lines."""
        return blend(theme.board, theme.text, 0.5)

    def rule(self, canvas: Canvas, places: Places, ends: tuple[Cell, Cell], theme: Theme) -> None:
        """Draw a line between two cells."""
        points = [places.centres[cell] for cell in ends]
        canvas.line(points, max(1.0, min(2.0, places.size * 0.03)), self.ink(theme))

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a stone that nearly touches its neighbours."""
        if what[1] < NEUTRAL - 1:
            draw_stone(canvas, centre, cell * 0.46, what[1], theme)

    def draw_last(self, canvas: Canvas, places: Places, view: BoardView, theme: Theme) -> None:
        """Leave the ground as it is: `draw_pieces` marks the last stone."""

    def draw_pieces(
        self, canvas: Canvas, places: Places, picture: Picture, view: BoardView, theme: Theme
    ) -> None:
        """Draw the stones, and a dot on the last."""
        super().draw_pieces(canvas, places, picture, view, theme)
        centre = None if view.last is None else places.centres.get(view.last)
        if centre is not None and (view.moving is None or view.moving.progress >= 1):
            canvas.disc(centre, places.size * 0.12, theme.on_seats[1])
            canvas.ring(centre, places.size * 0.14, 1, theme.on_seats[0])


def _stars(rows: int, columns: int) -> list[Cell]:
    """Return the star points of a board of Go; none if it is not a usual one."""
    if rows != columns or rows not in (9, 13, 15, 19):
        return []
    edge = 2 if rows == 9 else 3
    middle = rows // 2
    corners = [(r, c) for r in (edge, rows - 1 - edge) for c in (edge, rows - 1 - edge)]
    sides = [(middle, edge), (middle, rows - 1 - edge), (edge, middle), (rows - 1 - edge, middle)]
    return [*corners, (middle, middle), *(sides if rows == 19 else [])]


class XiangqiBoard(LinesBoard):
    """Chinese chess: a river, two palaces, and discs with the letters of their pieces."""

    counts_captures = False

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the lines, which the river interrupts, and the palaces."""
        canvas.box(places.area.inset(-FRAME / 3), theme.board, 8)
        for row in range(10):
            self.rule(canvas, places, ((row, 0), (row, 8)), theme)
        for column in range(9):
            if column in (0, 8):
                self.rule(canvas, places, ((0, column), (9, column)), theme)
            else:
                self.rule(canvas, places, ((0, column), (4, column)), theme)
                self.rule(canvas, places, ((5, column), (9, column)), theme)
        for top in (0, 7):
            self.rule(canvas, places, ((top, 3), (top + 2, 5)), theme)
            self.rule(canvas, places, ((top, 5), (top + 2, 3)), theme)

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a disc with a letter."""
        symbol, seat = what
        canvas.disc(centre, cell * 0.45, theme.rims[seat])
        canvas.disc(centre, cell * 0.4, theme.seats[seat])
        if seat:
            canvas.ring(centre, cell * 0.36, max(1.0, cell * 0.03), theme.ring)
        size, ink = max(8.0, cell * 0.42), theme.on_seats[seat]
        canvas.text(centre, symbol.upper(), size, ink, anchor="mm", bold=True)

    def draw_pieces(
        self, canvas: Canvas, places: Places, picture: Picture, view: BoardView, theme: Theme
    ) -> None:
        """Draw the pieces."""
        PictureBoard.draw_pieces(self, canvas, places, picture, view, theme)

    def draw_last(self, canvas: Canvas, places: Places, view: BoardView, theme: Theme) -> None:
        """Mark the last move."""
        PictureBoard.draw_last(self, canvas, places, view, theme)


class MorrisBoard(LinesBoard):
    """Nine men's morris: three squares inside each other."""

    counts_captures = False

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the squares, the lines between them and the points."""
        canvas.box(places.area.inset(-FRAME / 3), theme.board, 8)
        for ends in MORRIS_LINES:
            self.rule(canvas, places, ends, theme)
        for cell in self.reader.cells():
            canvas.disc(places.centres[cell], max(3.0, places.size * 0.1), self.ink(theme))

    def offsets(self) -> tuple[dict[Cell, Point], Point]:
        """Return the points."""
        offsets, size = super().offsets()
        points = set(self.reader.cells())
        return {cell: place for cell, place in offsets.items() if cell in points}, size

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a man."""
        draw_stone(canvas, centre, cell * 0.34, what[1], theme)


class TwixtBoard(PictureBoard):
    """Twixt: pegs in holes; each player's sides have the player's colour."""

    named = True

    def offsets(self) -> tuple[dict[Cell, Point], Point]:
        """Return the holes."""
        offsets, size = super().offsets()
        holes = set(self.reader.cells())
        return {cell: place for cell, place in offsets.items() if cell in holes}, size

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the holes, the coloured sides and the links."""
        area, size = places.area, places.size
        canvas.box(area.inset(-FRAME / 2), theme.board, 8)
        left, right, top, bottom = (
            area.x + size,
            area.right - size,
            area.y + size,
            area.bottom - size,
        )
        for y in (top, bottom):
            canvas.line([(left, y), (right, y)], max(3.0, size * 0.07), theme.seats[0])
        for x in (left, right):
            canvas.line([(x, top), (x, bottom)], max(3.0, size * 0.07), theme.seats[1])
        for cell in places.centres:
            canvas.disc(places.centres[cell], max(2.0, size * 0.09), theme.hole)
        for one, other, seat in picture.links if picture is not None else ():
            ends = [places.centres[one], places.centres[other]]
            canvas.line(ends, max(3.0, size * 0.1), theme.seats[seat])

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a peg."""
        draw_stone(canvas, centre, cell * 0.27, what[1], theme)
