"""The looks of boards of squares: chess and its kin, draughts, amazons, shogi, and plain cells."""

from __future__ import annotations

from rlhf_agents.play.board_cells import Cell
from rlhf_agents.play.pictures.base import NEUTRAL, Picture, Reader
from rlhf_agents.play.pictures.chess import HANDS, PROMOTED, checked_king
from rlhf_agents.play.viewer.boards.base import BoardView
from rlhf_agents.play.viewer.boards.chess_pieces import POLYGONS, draw_chess_piece
from rlhf_agents.play.viewer.boards.grid import FRAME, STONE, draw_stone
from rlhf_agents.play.viewer.boards.picture_board import PictureBoard, Shown
from rlhf_agents.play.viewer.boards.places import Places, square_offsets
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Colour, Theme, blend

HAND_GAP = 0.45


class SquaresBoard(PictureBoard):
    """Squares in two colours; pieces are discs, and crowned ones wear a crown."""

    named = True
    checkered = True

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the squares."""
        rows, columns = self.reader.shape
        side, light = places.size, blend(theme.board, theme.hole, 0.72)
        corners = [self.square(places, cell) for cell in ((0, 0), (rows - 1, columns - 1))]
        left, top = min(c.x for c in corners), min(c.y for c in corners)
        ground = Box(left, top, columns * side, rows * side)
        canvas.box(ground.inset(-FRAME / 2), theme.board_edge, 6)
        for row in range(rows):
            for column in range(columns):
                square = self.square(places, (row, column))
                if self.checkered:
                    canvas.box(square, theme.board if (row + column) % 2 else light)
                else:
                    canvas.box(square, theme.board)
                    canvas.box(square.inset(side * 0.03), light, side * 0.06)

    def first_marks(self, view: BoardView, shown: Shown) -> list[Cell]:
        """Return the cells to mark at first: the men of draughts that may, or must, move."""
        if getattr(self.reader, "crowned", ()):
            return list(shown.clicks.nexts())
        return super().first_marks(view, shown)

    def square(self, places: Places, cell: Cell) -> Box:
        """Return the square of a cell."""
        x, y = places.centres[cell]
        side = places.size
        return Box(x - side / 2, y - side / 2, side, side)

    def draw_tint(self, canvas: Canvas, places: Places, cell: Cell, colour: Colour) -> None:
        """Colour the ground of a cell."""
        canvas.box(self.square(places, cell), colour)

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a disc, or a block that belongs to nobody."""
        symbol, seat = what
        if seat == NEUTRAL - 1:
            x, y = centre
            box = Box(x - cell * 0.4, y - cell * 0.4, cell * 0.8, cell * 0.8)
            canvas.box(box, theme.muted, cell * 0.12)
            canvas.box(box.inset(cell * 0.07), theme.faint, cell * 0.08)
            return
        draw_stone(canvas, centre, cell * STONE, seat, theme)
        if symbol and symbol in getattr(self.reader, "crowned", ()):
            draw_crown(canvas, centre, cell * 0.24, theme.on_seats[seat], theme.seats[seat])


def draw_crown(
    canvas: Canvas, centre: Point, radius: float, colour: Colour, ground: Colour
) -> None:
    """Draw a crown on a disc."""
    x, y = centre
    canvas.disc(centre, radius * 1.3, ground)
    points = [(-1, -0.5), (-0.5, 0), (0, -0.8), (0.5, 0), (1, -0.5), (0.75, 0.7), (-0.75, 0.7)]
    canvas.polygon([(x + px * radius, y + py * radius) for px, py in points], colour)


class CellsBoard(SquaresBoard):
    """Cells of one colour."""

    checkered = False

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a stone."""
        super().draw_piece(canvas, centre, cell, ("", what[1]), theme)


class AmazonsBoard(SquaresBoard):
    """Amazons are queens; cells that an arrow has hit are blocks."""

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw an amazon or a block."""
        _, seat = what
        if seat == NEUTRAL - 1:
            super().draw_piece(canvas, centre, cell, what, theme)
        else:
            draw_chess_piece(canvas, centre, cell, "q", piece_colours(seat, theme))


def piece_colours(seat: int, theme: Theme) -> tuple[Colour, Colour]:
    """Return the colours of a piece and of its rim."""
    return theme.seats[seat], theme.on_seats[seat]


class HandsBoard(SquaresBoard):
    """A board with the pieces in hand above and below it, as soon as somebody has any."""

    hand_size = 0.8

    def __init__(self, reader: Reader, *, upside_down: bool = False) -> None:
        super().__init__(reader, upside_down=upside_down)
        self._held = False

    def shown(self, view: BoardView) -> Shown | None:
        """Return what a view means, and note whether it needs the cells of the hands."""
        shown = super().shown(view)
        rows = self.reader.shape[0]
        held = shown is not None and any(cell[0] >= rows for cell in shown.picture.symbols)
        if held != self._held:
            self._held, self._placed = held, None
        return shown

    def offsets(self) -> tuple[dict[Cell, Point], Point]:
        """Return the squares, and the cells of the hands if there are pieces in them."""
        rows, columns = self.reader.shape
        if not self._held:
            return square_offsets(rows, columns), (columns, rows)
        size = self.hand_size
        above = size + HAND_GAP
        cells = {cell: (x, y + above) for cell, (x, y) in square_offsets(rows, columns).items()}
        for column in range(min(columns, len(HANDS))):
            cells[rows, column] = ((column + 0.5) * size, rows + above + HAND_GAP + size / 2)
            cells[rows + 1, column] = (columns - (column + 0.5) * size, size / 2)
        return cells, (columns, rows + 2 * above)


class ChessBoard(HandsBoard):
    """Chess: a king in check is marked, and a promoted piece is chosen from a list."""

    def draw_last(self, canvas: Canvas, places: Places, view: BoardView, theme: Theme) -> None:
        """Mark the last move, and a king in check."""
        super().draw_last(canvas, places, view, theme)
        shown = self.shown(view)
        if shown is None or not getattr(self.reader, "royal", True):
            return
        king = checked_king(shown.picture, view.seat)
        if king is not None:
            with canvas.faded(0.65):
                self.draw_tint(canvas, places, king, theme.bad)

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a piece; in a hand with its number."""
        symbol, seat = what
        kind = symbol[:1].lower()
        if kind not in POLYGONS:
            draw_stone(canvas, centre, cell * 0.3, seat, theme)
            return
        draw_chess_piece(canvas, centre, cell, kind, piece_colours(seat, theme))
        draw_count(canvas, centre, cell, symbol[1:], theme)

    def draw_choice(self, canvas: Canvas, chip: Box, label: str, seat: int, theme: Theme) -> None:
        """Draw the piece that a pawn becomes."""
        kind = label.rstrip("+#")[-1:].lower()
        if kind in POLYGONS:
            colours = piece_colours(seat, theme)
            draw_chess_piece(canvas, chip.centre, chip.height * 0.95, kind, colours)
        else:
            super().draw_choice(canvas, chip, label, seat, theme)


def draw_count(canvas: Canvas, centre: Point, cell: float, count: str, theme: Theme) -> None:
    """Write how many pieces of a kind a hand holds."""
    if count:
        size = max(9.0, cell * 0.26)
        place = (centre[0] + cell * 0.3, centre[1] + cell * 0.28)
        canvas.disc(place, size * 0.72, theme.surface)
        canvas.text(place, count, size, theme.text, anchor="mm", bold=True)


class ShogiBoard(HandsBoard):
    """Shogi: pieces are pentagons that point ahead, with the letters of their names."""

    checkered = False

    def draw_names(self, canvas: Canvas, places: Places, theme: Theme) -> None:
        """Write the numbers of the files above the board and the letters of the ranks beside it."""
        rows, columns = self.reader.shape
        size = max(9.0, min(14.0, places.size * 0.4))
        for row in range(rows):
            place = (places.area.x - 11, places.centres[row, 0][1])
            canvas.text(place, chr(ord("a") + row), size, theme.muted, anchor="mm")
        top = min(places.centres[row, 0][1] for row in (0, rows - 1)) - places.size * 0.5
        for column in range(columns):
            place = (places.centres[0, column][0], top - places.size * 0.12)
            canvas.text(place, str(columns - column), size * 0.8, theme.muted, anchor="mm")

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a piece; promoted ones have a plus before their letter."""
        symbol, seat = what
        ahead = -1 if (seat == 0) != self.flipped else 1
        outline = [(0, 0.44), (0.27, 0.3), (0.36, -0.38), (-0.36, -0.38), (-0.27, 0.3)]
        for share, colour in ((1.0, theme.rims[seat]), (0.87, theme.seats[seat])):
            points = [
                (centre[0] + x * cell * share, centre[1] + ahead * y * cell * share)
                for x, y in outline
            ]
            canvas.polygon(points, colour)
        plain = {other: piece for piece, other in PROMOTED.items()}
        letter = symbol[:1].upper()
        letter = f"+{plain[letter]}" if letter in plain else letter
        place = (centre[0], centre[1] - ahead * cell * 0.05)
        size = max(8.0, cell * (0.42 if len(letter) == 1 else 0.34))
        canvas.text(place, letter, size, theme.on_seats[seat], anchor="mm", bold=True)
        draw_count(canvas, centre, cell, symbol[1:], theme)
