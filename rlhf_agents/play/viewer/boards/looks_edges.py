"""The looks of boards with edges and parts: quoridor, dots and boxes, pentago, ultimate."""

from __future__ import annotations

import math
from itertools import product

from rlhf_agents.play.board_cells import Cell
from rlhf_agents.play.pictures.base import NEUTRAL, Picture, Stones
from rlhf_agents.play.pictures.names import TURNS
from rlhf_agents.play.viewer.boards.base import BoardView
from rlhf_agents.play.viewer.boards.grid import FRAME, NAMES, draw_stone
from rlhf_agents.play.viewer.boards.looks import CellsBoard
from rlhf_agents.play.viewer.boards.picture_board import PictureBoard, Shown
from rlhf_agents.play.viewer.boards.places import Places, lattice_offsets
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Theme, blend

GAP = 0.3
"""The width of the gaps of quoridor between its squares, for walls."""


class QuoridorBoard(PictureBoard):
    """Quoridor: pawns on squares; a click into a gap puts a wall there."""

    named = True
    reach = 0.5

    def offsets(self) -> tuple[dict[Cell, Point], Point]:
        """Return the squares and the gaps."""
        return lattice_offsets(*self.reader.shape, GAP, 0.1)

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the squares; the goal row of a player has a rim of the player's colour."""
        canvas.box(places.area.inset(-FRAME / 2), theme.board, 8)
        rows, columns = self.reader.shape
        for row in range(0, rows, 2):
            for column in range(0, columns, 2):
                x, y = places.centres[row, column]
                side = places.size
                square = Box(x - side / 2, y - side / 2, side, side)
                goal = {0: 0, rows - 1: 1}.get(row)
                fill = theme.hole if goal is None else blend(theme.hole, theme.seats[goal], 0.25)
                canvas.box(square, fill, side * 0.1)

    def draw_names(self, canvas: Canvas, places: Places, theme: Theme) -> None:
        """Write the letters of the columns below the board, and the numbers of the rows beside."""
        rows, columns = self.reader.shape
        size = max(9.0, min(16.0, places.size * 0.36))
        low = max(places.centres[row, 0][1] for row in (0, rows - 1)) + places.size * 0.5
        for row in range(0, rows, 2):
            place = (places.area.x - NAMES / 2, places.centres[row, 0][1])
            canvas.text(place, str(row // 2 + 1), size, theme.muted, anchor="mm")
        for column in range(0, columns, 2):
            place = (places.centres[0, column][0], low + NAMES * 0.7)
            letter = chr(ord("a") + column // 2)
            canvas.text(place, letter, size, theme.muted, anchor="mm")

    def played_at(self, places: Places, point: Point, shown: Shown) -> int | None:
        """Return the pawn's move, or the wall through the gap whose middle is nearest."""
        cells = [
            (row, column) for row, column in self.reader.cells() if not (row % 2 and column % 2)
        ]
        cell = places.nearest(point, cells, 2.0)  # not a crossing, which has two directions
        best, least = None, math.inf
        for action, path in shown.paths.items():
            if not path or cell not in _covered(path):
                continue
            middle = _middle(places, path)
            if math.dist(middle, point) < least:
                best, least = action, math.dist(middle, point)
        return best

    def piece_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return None: one click is enough."""
        return None

    def first_marks(self, view: BoardView, shown: Shown) -> list[Cell]:
        """Return the squares that the pawn can go to."""
        return [path[0] for path in shown.paths.values() if len(path) == 1]

    def _draw_wall(
        self, canvas: Canvas, places: Places, path: tuple[Cell, ...], colour: tuple[int, int, int]
    ) -> None:
        thick = places.size * GAP * 0.72
        ends = [places.centres[path[0]], places.centres[path[-1]]]
        left, right = sorted(x for x, _ in ends)
        top, bottom = sorted(y for _, y in ends)
        half = places.size * 0.5
        if path[0][0] == path[-1][0]:
            wall = Box(left - half, top - thick / 2, right - left + 2 * half, thick)
        else:
            wall = Box(left - thick / 2, top - half, thick, bottom - top + 2 * half)
        canvas.box(wall, colour, thick * 0.3)

    def draw_pieces(
        self, canvas: Canvas, places: Places, picture: Picture, view: BoardView, theme: Theme
    ) -> None:
        """Draw the walls, then the pawns."""
        wall = blend(theme.bad, theme.text, 0.35)
        for cell in picture.symbols:
            row, column = cell
            if picture.owners[cell] != NEUTRAL:
                continue
            if row % 2 and column % 2:
                beside = (
                    picture.owners[row, column - 1] == picture.owners[row, column + 1] == NEUTRAL
                )
                step = (0, 1) if beside and not self._upright(picture, cell) else (1, 0)
                ends = ((row - step[0], column - step[1]), (row + step[0], column + step[1]))
                self._draw_wall(canvas, places, ends, wall)
        pawns = {c: s for c, s in picture.symbols.items() if picture.owners[c] != NEUTRAL}
        super().draw_pieces(canvas, places, Picture(picture.owners, pawns), view, theme)

    @staticmethod
    def _upright(picture: Picture, cell: Cell) -> bool:
        """Return whether the wall in a crossing cannot be a lying one."""
        row, column = cell
        lying = picture.owners[row, column - 1] == picture.owners[row, column + 1] == NEUTRAL
        return not lying

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a pawn; walls are drawn as a whole."""
        if what[1] != NEUTRAL - 1:
            draw_stone(canvas, centre, cell * 0.38, what[1], theme)

    def draw_hover(
        self,
        canvas: Canvas,
        places: Places,
        path: tuple[Cell, ...],
        view: BoardView,
        theme: Theme,
    ) -> None:
        """Show the wall or the pawn under the mouse."""
        if len(path) == 1:
            super().draw_hover(canvas, places, path, view, theme)
        else:
            with canvas.faded(0.6):
                self._draw_wall(canvas, places, path, theme.seats[view.seat])


def _covered(path: tuple[Cell, ...]) -> set[Cell]:
    """Return all cells of a wall, or the one of a pawn's move."""
    (top, left), (bottom, right) = path[0], path[-1]
    return {(r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)}


def _middle(places: Places, path: tuple[Cell, ...]) -> Point:
    ends = places.centres[path[0]], places.centres[path[-1]]
    return (ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2


class BoxesBoard(PictureBoard):
    """Dots and boxes: a click between two dots draws the edge."""

    reach = 0.55

    def offsets(self) -> tuple[dict[Cell, Point], Point]:
        """Return the dots, the edges and the boxes: neighbouring dots are one apart."""
        rows, columns = self.reader.shape
        offsets = {
            (r, c): (0.25 + c / 2, 0.25 + r / 2) for r in range(rows) for c in range(columns)
        }
        return offsets, ((columns - 1) / 2 + 0.5, (rows - 1) / 2 + 0.5)

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the ground."""
        canvas.box(places.area.inset(-FRAME / 2), theme.board, 12)

    def _draw_edge(
        self, canvas: Canvas, places: Places, cell: Cell, colour: tuple[int, int, int], share: float
    ) -> None:
        x, y = places.centres[cell]
        along = (0.5, 0) if cell[0] % 2 == 0 else (0, 0.5)
        ends = [
            (x + sign * along[0] * places.size, y + sign * along[1] * places.size)
            for sign in (-1, 1)
        ]
        canvas.line(ends, max(2.0, places.size * share), colour)

    def draw_pieces(
        self, canvas: Canvas, places: Places, picture: Picture, view: BoardView, theme: Theme
    ) -> None:
        """Draw the boxes, the edges and the dots."""
        for cell in places.centres:
            row, column = cell
            owner = int(picture.owners[cell])
            if (row % 2, column % 2) == (1, 1) and owner:
                x, y = places.centres[cell]
                side = places.size * 0.86
                with canvas.faded(0.55):
                    canvas.box(Box(x - side / 2, y - side / 2, side, side), theme.seats[owner - 1])
                self.draw_stone(canvas, (x, y), places.size * 0.5, owner - 1, theme)
        for cell in places.centres:
            if (cell[0] + cell[1]) % 2:
                drawn = bool(picture.owners[cell])
                colour = theme.text if drawn else theme.hole
                colour = theme.accent if drawn and cell == _newest(view, cell) else colour
                self._draw_edge(canvas, places, cell, colour, 0.07 if drawn else 0.03)
        for (row, column), centre in places.centres.items():
            if row % 2 == 0 and column % 2 == 0:
                canvas.disc(centre, max(3.0, places.size * 0.075), theme.muted)

    def draw_hover(
        self,
        canvas: Canvas,
        places: Places,
        path: tuple[Cell, ...],
        view: BoardView,
        theme: Theme,
    ) -> None:
        """Show the edge under the mouse."""
        self._draw_edge(canvas, places, path[0], theme.seats[view.seat], 0.07)


def _newest(view: BoardView, cell: Cell) -> Cell | None:
    if view.before is None or view.stones is None:
        return None
    return cell if view.before[cell] != view.stones[cell] else None


class PentagoBoard(CellsBoard):
    """Pentago: four quarters; after the stone one of them is turned."""

    choice_width = 92.0

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the cells and the lines between the quarters."""
        super().draw_ground(canvas, places, picture, theme)
        draw_parts(canvas, places, 2, theme)

    def draw_choice(self, canvas: Canvas, chip: Box, label: str, seat: int, theme: Theme) -> None:
        """Write which quarter is turned, and which way."""
        quarter, _, way = TURNS[label[-1]].partition(", ")
        size = min(11.0, chip.height * 0.28)
        for share, line in ((0.32, quarter), (0.68, way)):
            place = (chip.centre[0], chip.y + share * chip.height)
            canvas.text(place, line, size, theme.text, anchor="mm", width=chip.width - 4)


def draw_parts(canvas: Canvas, places: Places, count: int, theme: Theme) -> None:
    """Draw thick lines that divide the board into count by count parts."""
    area, thick = places.area, max(3.0, places.size * 0.09)
    for i in range(1, count):
        x, y = area.x + area.width * i / count, area.y + area.height * i / count
        canvas.box(Box(x - thick / 2, area.y, thick, area.height), theme.board_edge)
        canvas.box(Box(area.x, y - thick / 2, area.width, thick), theme.board_edge)


class UltimateBoard(CellsBoard):
    """Ultimate tic-tac-toe: crosses and noughts on nine boards; the one to play on is framed."""

    named = False

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the cells, the lines between the boards, and a frame around the one to play on."""
        super().draw_ground(canvas, places, picture, theme)
        draw_parts(canvas, places, 3, theme)
        forced = "" if picture is None else picture.notes.get("forced", "")
        if forced.isdecimal():
            row, column = divmod(int(forced), 3)
            x, y = places.centres[3 * row + 1, 3 * column + 1]
            side = 3 * places.size
            frame = Box(x - side / 2, y - side / 2, side, side)
            canvas.outline(frame, theme.good, 6, max(3.0, places.size * 0.08))

    def draw_pieces(
        self, canvas: Canvas, places: Places, picture: Picture, view: BoardView, theme: Theme
    ) -> None:
        """Draw all marks, and one over each board that is won."""
        super().draw_pieces(canvas, places, picture, view, theme)
        for place, owner in won_boards(picture.owners).items():
            x, y = places.centres[place]
            side = 2.8 * places.size
            with canvas.faded(0.75):
                canvas.box(Box(x - side / 2, y - side / 2, side, side), theme.surface, 6)
            draw_cross_or_nought(canvas, (x, y), side, owner - 1, theme)

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a cross or a nought."""
        draw_cross_or_nought(canvas, centre, cell, what[1], theme)

    def draw_stone(
        self, canvas: Canvas, centre: Point, cell: float, seat: int, theme: Theme
    ) -> None:
        """Draw a cross or a nought."""
        draw_cross_or_nought(canvas, centre, cell, seat, theme)


def won_boards(owners: Stones) -> dict[Cell, int]:
    """Return the middle cells of the boards of three by three that are won, and their owners."""
    found = {}
    for row, column in product((0, 3, 6), (0, 3, 6)):
        part = owners[row : row + 3, column : column + 3]
        for lines in (part, part.T, [part.diagonal(), part[::-1].diagonal()]):
            for line in lines:
                if line[0] and (line == line[0]).all():
                    found[row + 1, column + 1] = int(line[0])
    return found


def draw_cross_or_nought(
    canvas: Canvas, centre: Point, cell: float, seat: int, theme: Theme
) -> None:
    """Draw the mark of a seat."""
    colour, width, reach = theme.seats[seat], max(2.0, cell * 0.1), cell * 0.26
    if seat:
        canvas.ring(centre, reach + width * 0.5, width, colour)
        return
    x, y = centre
    for sign in (1, -1):
        canvas.line([(x - reach, y - sign * reach), (x + reach, y + sign * reach)], width, colour)
