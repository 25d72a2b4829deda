"""The board of Othello: legal cells are marked, discs are counted, and turned after a new one."""

from __future__ import annotations

import numpy as np

from rlhf_agents.play.viewer.boards.base import BoardView
from rlhf_agents.play.viewer.boards.grid import FRAME, Grid, GridBoard
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import Theme, blend

COUNTS = 26
LAID = 0.45
"""The share of the animation in which the new disc is laid; then the others turn."""


class OthelloBoard(GridBoard):
    """Cells for discs, and below them how many there are.

    Args:
        rows: of the board.
        columns: of the board.
    """

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__(rows, columns, rows * columns + 1, gravity=False)

    def _board_area(self, box: Box) -> Box:
        return super()._board_area(box).bottom_part(COUNTS)[1]

    def draw_stones(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Draw the discs; during the animation first the new one, then the turn of the others."""
        self._draw_counts(canvas, grid, view, theme)
        if view.moving is None or view.before is None or view.stones is None:
            super().draw_stones(canvas, grid, view, theme)
            return
        progress = view.moving.progress
        for row, column in np.argwhere(view.stones > 0).tolist():
            cell = (row, column)
            old, new = int(view.before[cell]), int(view.stones[cell])
            if cell == view.moving.cell:
                laid = min(1.0, progress / LAID)
                self.draw_moving(canvas, grid, cell, (new - 1, laid), theme)
            elif old != new:
                self._draw_turning(canvas, grid, (cell, old, new), progress, theme)
            else:
                self.draw_stone(canvas, grid.centre(cell), grid.cell, new - 1, theme)

    def _draw_turning(
        self,
        canvas: Canvas,
        grid: Grid,
        disc: tuple[tuple[int, int], int, int],
        progress: float,
        theme: Theme,
    ) -> None:
        """Draw a disc that turns: it shrinks in its old colour and grows in the new one."""
        cell, old, new = disc
        turned = max(0.0, (progress - LAID) / (1 - LAID))
        seat = (old if turned < 0.5 else new) - 1
        size = grid.cell * (0.25 + 0.75 * abs(1 - 2 * turned))
        self.draw_stone(canvas, grid.centre(cell), size, seat, theme)

    def _draw_counts(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Write the number of discs of both players below the board."""
        if view.stones is None:
            return
        y = grid.box.bottom + FRAME + COUNTS / 2
        for seat, place in ((0, grid.box.x), (1, grid.box.right - 44)):
            self.draw_stone(canvas, (place + 9, y), 20, seat, theme)
            count = str(int((view.stones == seat + 1).sum()))
            canvas.text((place + 23, y), count, 15, theme.text, bold=True)

    def draw_marks(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Mark the legal cells, unless values stand there."""
        super().draw_marks(canvas, grid, view, theme)
        if view.values is not None or (view.moving is not None and view.moving.progress < 1):
            return
        colour = blend(theme.seats[view.seat], theme.text, 0.25)
        expected = {ghost.cell for ghost in view.ghosts}
        for action in np.flatnonzero(view.legal[: self.rows * self.columns]).tolist():
            cell = divmod(action, self.columns)
            if action != view.hover and cell not in expected:
                with canvas.faded(0.75):
                    canvas.disc(grid.centre(cell), grid.cell * 0.11, colour)
