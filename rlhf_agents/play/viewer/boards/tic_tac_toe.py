"""The board of Tic-Tac-Toe: crosses and noughts between two pairs of lines."""

from __future__ import annotations

from rlhf_agents.play.board_cells import Cell
from rlhf_agents.play.viewer.boards.base import Ghost
from rlhf_agents.play.viewer.boards.grid import Grid, GridBoard
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Theme, blend


class TicTacToeBoard(GridBoard):
    """Three by three cells."""

    def __init__(self) -> None:
        super().__init__(3, 3, 9, gravity=False)

    def draw_ground(self, canvas: Canvas, grid: Grid, theme: Theme) -> None:
        """Draw the four lines."""
        canvas.box(grid.box.inset(-8), theme.surface, 18)
        thick = max(2.0, grid.cell * 0.03)
        area = grid.box.inset(grid.cell * 0.08)
        for i in (1, 2):
            x, y = grid.left + i * grid.cell, grid.top + i * grid.cell
            canvas.box(Box(x - thick / 2, area.y, thick, area.height), theme.board, thick / 2)
            canvas.box(Box(area.x, y - thick / 2, area.width, thick), theme.board, thick / 2)

    def draw_stone(
        self, canvas: Canvas, centre: Point, cell: float, seat: int, theme: Theme, dim: float = 0.0
    ) -> None:
        """Draw a cross or a nought."""
        colour = blend(theme.seats[seat], theme.surface, dim)
        width, reach = max(2.0, cell * 0.09), cell * 0.24
        if seat:
            canvas.ring(centre, reach + width * 0.7, width, colour)
            return
        x, y = centre
        for sign in (1, -1):
            ends = [(x - reach, y - sign * reach), (x + reach, y + sign * reach)]
            canvas.line(ends, width, colour)

    def _draw_ghost(self, canvas: Canvas, grid: Grid, ghost: Ghost, theme: Theme) -> None:
        """Draw an expected cross or nought, pale, with its number."""
        centre = grid.centre(ghost.cell)
        self.draw_stone(canvas, centre, grid.cell * 0.9, ghost.seat, theme, 0.62)
        size = max(9.0, grid.cell * 0.2)
        place = (centre[0], centre[1] - grid.cell * 0.3)
        canvas.text(place, str(ghost.number), size, theme.text, anchor="mm", bold=True)

    def draw_mark(self, canvas: Canvas, grid: Grid, cell: Cell, theme: Theme) -> None:
        """Frame a cell of the winning line."""
        x, y = grid.centre(cell)
        side = grid.cell * 0.86
        canvas.outline(Box(x - side / 2, y - side / 2, side, side), theme.good, 10, 3)
