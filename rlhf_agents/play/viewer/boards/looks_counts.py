"""The looks of pits with seeds, and of piles of matches."""

from __future__ import annotations

import math

from rlhf_agents.play.board_cells import Cell
from rlhf_agents.play.pictures.base import Picture
from rlhf_agents.play.viewer.boards.base import BoardView
from rlhf_agents.play.viewer.boards.grid import FRAME
from rlhf_agents.play.viewer.boards.picture_board import PictureBoard
from rlhf_agents.play.viewer.boards.places import Places
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Theme, blend

MOST_SEEDS = 19
"""Seeds that are drawn; a pit with more shows only so many, and its number."""
TURN = math.pi * (3 - math.sqrt(5))
"""Between one seed and the next, so that they lie evenly."""


class PitsBoard(PictureBoard):
    """Mancala and oware: two rows of pits between two stores."""

    reach = 0.6

    def offsets(self) -> tuple[dict[Cell, Point], Point]:
        """Return the pits, and the stores in the middle of their side."""
        _, columns = self.reader.shape
        offsets = {cell: (cell[1] + 0.5, cell[0] * 1.35 + 0.75) for cell in self.reader.cells()}
        offsets[0, 0], offsets[1, columns - 1] = (0.5, 1.425), (columns - 0.5, 1.425)
        return offsets, (columns, 2.85)

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the board with its pits and stores."""
        size = places.size
        canvas.box(places.area.inset(-FRAME / 2), theme.board, size * 0.45)
        for cell, centre in places.centres.items():
            seat = 1 - cell[0]
            if cell in ((0, 0), (1, self.reader.shape[1] - 1)):
                store = Box(centre[0] - size * 0.38, centre[1] - size, size * 0.76, 2 * size)
                canvas.box(store, theme.seats[seat], size * 0.38)
                canvas.box(store.inset(max(2.0, size * 0.04)), theme.hole, size * 0.36)
            else:
                canvas.disc(centre, size * 0.45, theme.seats[seat])
                canvas.disc(centre, size * 0.42, theme.hole)

    def draw_last(self, canvas: Canvas, places: Places, view: BoardView, theme: Theme) -> None:
        """Leave the ground as it is: pits change hands never."""

    def draw_pieces(
        self, canvas: Canvas, places: Places, picture: Picture, view: BoardView, theme: Theme
    ) -> None:
        """Draw the seeds, and write their numbers beside the pits."""
        size = places.size
        for cell, centre in places.centres.items():
            count = int(picture.symbols[cell])
            self._draw_seeds(canvas, centre, size, count, theme)
            up = (cell[0] == 0) != self.flipped
            store = cell in ((0, 0), (1, self.reader.shape[1] - 1))
            away = size * (0.8 if store else 0.6) * (-1 if up and not store else 1)
            place = (centre[0], centre[1] + away)
            letter = max(9.0, min(22.0, size * 0.24))
            canvas.text(place, str(count), letter, theme.text, anchor="mm", bold=True)

    def _draw_seeds(
        self, canvas: Canvas, centre: Point, size: float, count: int, theme: Theme
    ) -> None:
        """Draw the seeds of a pit in a spiral."""
        shown, seed = min(count, MOST_SEEDS), blend(theme.good, theme.text, 0.35)
        for number in range(shown):
            away = size * 0.078 * math.sqrt(number) if shown > 1 else 0.0
            place = (
                centre[0] + away * math.cos(number * TURN),
                centre[1] + away * math.sin(number * TURN),
            )
            canvas.disc(place, max(1.5, size * 0.062), theme.board_edge)
            canvas.disc(place, max(1.0, size * 0.05), seed)

    def draw_hover(
        self,
        canvas: Canvas,
        places: Places,
        path: tuple[Cell, ...],
        view: BoardView,
        theme: Theme,
    ) -> None:
        """Mark the pit under the mouse."""
        width = max(2.0, places.size * 0.04)
        canvas.ring(places.centres[path[0]], places.size * 0.47, width, theme.text)


class NimBoard(PictureBoard):
    """Nim: a click on a match takes it and all that follow in its row."""

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the rows of the piles."""
        canvas.box(places.area.inset(-FRAME / 2), theme.board, 12)
        for row in range(self.reader.shape[0]):
            y = places.centres[row, 0][1]
            line = Box(
                places.area.x + 6,
                y - places.size * 0.46,
                places.area.width - 12,
                places.size * 0.92,
            )
            canvas.box(line, theme.hole, places.size * 0.14)

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw a match."""
        x, y = centre
        stick = Box(x - cell * 0.05, y - cell * 0.3, cell * 0.1, cell * 0.64)
        canvas.box(stick, theme.muted, cell * 0.04)
        canvas.disc((x, y - cell * 0.3), cell * 0.1, theme.bad)

    def draw_last(self, canvas: Canvas, places: Places, view: BoardView, theme: Theme) -> None:
        """Leave the ground as it is: matches are gone."""

    def draw_hover(
        self,
        canvas: Canvas,
        places: Places,
        path: tuple[Cell, ...],
        view: BoardView,
        theme: Theme,
    ) -> None:
        """Mark the matches that would be taken."""
        shown = self.shown(view)
        row, first = path[0]
        held = [] if shown is None else [c for c in shown.picture.symbols if c[0] == row]
        last = max((column for _, column in held), default=first)
        left, right = (places.centres[row, column][0] for column in sorted((first, last)))
        y, size = places.centres[path[0]][1], places.size
        box = Box(left - size * 0.4, y - size * 0.44, right - left + size * 0.8, size * 0.88)
        canvas.outline(box, theme.text, size * 0.14, max(2.0, size * 0.04))
