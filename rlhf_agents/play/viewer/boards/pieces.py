"""The board of games whose pieces move from cell to cell: click a piece, then its target."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.board_cells import Path, paths_of
from rlhf_agents.play.viewer.boards.base import BoardView, LineMove
from rlhf_agents.play.viewer.boards.grid import FRAME, NAMES, VALUES, Grid, GridBoard, percent
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Theme


class PiecesBoard(GridBoard):
    """A board of squares with coordinates; moves are named by two of them, such as a2b3.

    Args:
        rows: of the board.
        columns: of the board.
        n_actions: the number of moves.
    """

    def __init__(self, rows: int, columns: int, n_actions: int) -> None:
        super().__init__(rows, columns, n_actions, gravity=False)
        self.by_cell = False

    # ---- geometry

    def _board_area(self, box: Box) -> Box:
        area = box.inset(FRAME + NAMES, FRAME).top_part(VALUES)[1]
        return area.bottom_part(NAMES)[1]

    def _legal_paths(self, view: BoardView) -> Iterator[tuple[int, Path]]:
        """Return the legal actions and their origin and target cells."""
        paths = paths_of(view.names, self.rows)
        return ((action, paths[action]) for action in np.flatnonzero(view.legal).tolist())

    def _index_at(self, box: Box, point: Point) -> int | None:
        cell = self.grid(box).cell_at(point)
        return None if cell is None else cell[0] * self.columns + cell[1]

    def action_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return the move of the picked piece to the cell under a point, see `Board`."""
        index = self._index_at(box, point)
        if index is None or view.picked is None:
            return None
        wanted = (divmod(view.picked, self.columns), divmod(index, self.columns))
        return next((action for action, path in self._legal_paths(view) if path == wanted), None)

    def piece_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return the cell under a point if its piece can move, see `Board`."""
        index = self._index_at(box, point)
        origins = {origin for _, (origin, _) in self._legal_paths(view)}
        return index if index is not None and divmod(index, self.columns) in origins else None

    def neighbour(self, action: int, step: LineMove, legal: NDArray[np.bool_]) -> int | None:
        """Return the next or previous legal action, see `Board`."""
        onward = step[0] + step[1]
        choices = np.flatnonzero(legal)
        if not len(choices):
            return action
        place = int(np.searchsorted(choices, action)) + onward
        return int(choices[place % len(choices)])

    # ---- drawing

    def draw_front(self, canvas: Canvas, grid: Grid, theme: Theme) -> None:
        """Write the names of rows and columns beside the board."""
        size = min(14.0, grid.cell * 0.3)
        for row in range(self.rows):
            place = (grid.left - FRAME - NAMES / 2, grid.centre((row, 0))[1])
            canvas.text(place, str(self.rows - row), size, theme.muted, anchor="mm")
        for column in range(self.columns):
            place = (grid.centre((0, column))[0], grid.box.bottom + FRAME + NAMES / 2)
            canvas.text(place, chr(ord("a") + column), size, theme.muted, anchor="mm")

    def draw_marks(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Mark the latest piece, the picked one with its targets, and moves as arrows."""
        super().draw_marks(canvas, grid, view, theme)
        picked = self._picked(view)
        for action, (origin, target) in self._legal_paths(view):
            if action in (view.hover, view.hint, view.chosen):
                colour = theme.good if action == view.hint else theme.seats[view.seat]
                colour = theme.text if action == view.hover else colour
                self._draw_arrow(canvas, grid, (origin, target), colour)
            if action in picked:
                canvas.ring(grid.centre(origin), grid.cell * 0.45, grid.cell * 0.05, theme.text)
                canvas.ring(grid.centre(target), grid.cell * 0.3, grid.cell * 0.05, theme.text)

    def _picked(self, view: BoardView) -> set[int]:
        """Return the legal actions of the picked piece."""
        if view.picked is None:
            return set()
        cell = divmod(view.picked, self.columns)
        return {action for action, (origin, _) in self._legal_paths(view) if origin == cell}

    def _draw_arrow(
        self,
        canvas: Canvas,
        grid: Grid,
        path: Path,
        colour: tuple[int, int, int],
    ) -> None:
        (x0, y0), (x1, y1) = (grid.centre(cell) for cell in path)
        tip = (x0 + 0.85 * (x1 - x0), y0 + 0.85 * (y1 - y0))
        with canvas.faded(0.75):
            canvas.line(
                [(x0 + 0.3 * (x1 - x0), y0 + 0.3 * (y1 - y0)), tip], grid.cell * 0.09, colour
            )
            canvas.disc(tip, grid.cell * 0.12, colour)

    def draw_values(self, canvas: Canvas, box: Box, view: BoardView, theme: Theme) -> None:
        """Write the values of the moves of the picked piece, or the best value of every piece."""
        grid = self.grid(box)
        if view.values is None or grid.cell < 26:
            return
        best: dict[tuple[int, int], float] = {}
        picked = self._picked(view)
        for action, (origin, target) in self._legal_paths(view):
            cell = target if picked else origin
            if not np.isnan(view.values[action]) and (not picked or action in picked):
                best[cell] = max(best.get(cell, 0.0), float(view.values[action]))
        for cell, share in best.items():
            top = max(best.values()) == share
            place = grid.centre(cell)
            seat = None if view.stones is None else int(view.stones[cell]) - 1
            ink = theme.text if seat is None or seat < 0 else theme.on_seats[seat]
            size = max(9.0, grid.cell * 0.22)
            canvas.text(place, percent(share), size, ink, anchor="mm", bold=top)
