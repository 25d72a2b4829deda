"""The board of any game: a grid of cells; moves are columns, cells, or entries of a list below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.board_cells import Cell
from rlhf_agents.play.viewer.animation import fall
from rlhf_agents.play.viewer.boards.base import BoardView, Ghost, LineMove
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Theme, blend

VALUES = 44
NAMES = 22
FRAME = 9
CHIP = 30
LIST_SHARE = 0.34
STONE = 0.42


@dataclass(frozen=True)
class Grid:
    """The cells of a board on the canvas, in points; `flipped` turns it around."""

    rows: int
    columns: int
    left: float
    top: float
    cell: float
    flipped: bool = False

    @property
    def box(self) -> Box:
        """The cells without their frame."""
        return Box(self.left, self.top, self.columns * self.cell, self.rows * self.cell)

    def centre(self, cell: Cell) -> Point:
        """Return the centre of a cell `(row, column)`."""
        cell = self._turned(cell)
        return self.left + (cell[1] + 0.5) * self.cell, self.top + (cell[0] + 0.5) * self.cell

    def cell_at(self, point: Point) -> Cell | None:
        """Return the cell under a point."""
        if not self.box.contains(point):
            return None
        row, column = (point[1] - self.top) / self.cell, (point[0] - self.left) / self.cell
        return self._turned((int(row), int(column)))

    def _turned(self, cell: Cell) -> Cell:
        row, column = cell
        return (self.rows - 1 - row, self.columns - 1 - column) if self.flipped else cell


class GridBoard:
    """A board of squares, for games without their own board.

    Args:
        rows: of the board.
        columns: of the board.
        n_actions: if there are as many actions as columns or cells, a click on one plays it; else
            actions are listed below the board. One action more than cells is a pass, played by a
            click anywhere on the board.
        gravity: whether an action is a column into which a stone falls.
    """

    def __init__(self, rows: int, columns: int, n_actions: int, *, gravity: bool) -> None:
        self.rows, self.columns, self.n_actions = rows, columns, n_actions
        self.flipped = False
        self.by_column = gravity and n_actions == columns
        self.by_cell = not gravity and rows * columns <= n_actions <= rows * columns + 1

    # ---- geometry

    def grid(self, box: Box) -> Grid:
        """Return the cells in a box."""
        area = self._board_area(box)
        cell = max(1.0, float(int(min(area.width / self.columns, area.height / self.rows))))
        x = area.x + (area.width - cell * self.columns) / 2
        y = area.y + (area.height - cell * self.rows) / 2
        flipped = self.flipped and not self.by_column  # stones fall downwards
        return Grid(self.rows, self.columns, x, y, cell, flipped)

    def _board_area(self, box: Box) -> Box:
        area = box.inset(FRAME).top_part(VALUES)[1]  # values, in the end the result
        if self.by_column:
            return area.bottom_part(NAMES)[1]
        if self.by_cell:
            return area
        return area.top_part(area.height * (1 - LIST_SHARE), FRAME)[0]

    def _chips(self, box: Box) -> list[Box]:
        """Return the boxes of the list of actions below the board."""
        area = box.inset(FRAME).top_part(VALUES)[1]
        area = area.top_part(area.height * (1 - LIST_SHARE), FRAME)[1]
        per_row = max(1, int(area.width // 76))
        room = max(1, int(area.height // CHIP))
        per_row = max(per_row, -(-self.n_actions // room))
        rows = -(-self.n_actions // per_row)
        return area.top_part(rows * CHIP)[0].grid(self.n_actions, per_row, 3)

    def cell_centre(self, box: Box, cell: Cell) -> Point:
        """Return the centre of a cell, see `Board`."""
        return self.grid(box).centre(cell)

    def action_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return the action under a point, see `Board`."""
        if self.by_column:
            grid = self.grid(box)
            column = int((point[0] - grid.left) // grid.cell)
            inside = box.contains(point) and 0 <= column < self.columns
            return column if inside else None
        if self.by_cell:
            cell = self.grid(box).cell_at(point)
            if cell is not None and self._must_pass(view):
                return self.rows * self.columns
            return None if cell is None else cell[0] * self.columns + cell[1]
        chips = self._chips(box)
        return next((i for i, chip in enumerate(chips) if chip.contains(point)), None)

    def _must_pass(self, view: BoardView) -> bool:
        cells = self.rows * self.columns
        return self.by_cell and len(view.legal) > cells and bool(view.legal[cells])

    def piece_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return None: pieces do not move."""
        return None

    def neighbour(self, action: int, step: LineMove, legal: NDArray[np.bool_]) -> int | None:
        """Return the action that an arrow key leads to, see `Board`."""
        across, down = step
        if self.by_column and down > 0:
            return None
        if self.by_cell:
            row, column = divmod(action, self.columns)
            if row == self.rows:
                return action  # a pass, which is the only move
            return (row + down) % self.rows * self.columns + (column + across) % self.columns
        return (action + across + down) % self.n_actions

    # ---- drawing

    def draw(self, canvas: Canvas, box: Box, view: BoardView, theme: Theme) -> None:
        """Draw the board, see `Board`."""
        grid = self.grid(box)
        self.draw_ground(canvas, grid, theme)
        self.draw_heat(canvas, grid, view, theme)
        self.draw_stones(canvas, grid, view, theme)
        self.draw_front(canvas, grid, theme)
        self.draw_marks(canvas, grid, view, theme)
        self._draw_ghosts(canvas, grid, view, theme)
        self.draw_values(canvas, box, view, theme)

    def draw_values(self, canvas: Canvas, box: Box, view: BoardView, theme: Theme) -> None:
        """Write the names and the values of the moves."""
        grid = self.grid(box)
        if self.by_column:
            self._draw_columns(canvas, grid, view, theme)
        elif self._must_pass(view):
            self._draw_pass(canvas, grid, view, theme)
        elif self.by_cell:
            self._draw_cell_values(canvas, grid, view, theme)
        else:
            self._draw_list(canvas, box, view, theme)

    def _draw_pass(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Write the only move, a pass, across the board."""
        action = self.rows * self.columns
        x, y = grid.box.centre
        width, height = min(grid.box.width * 0.8, 150.0), min(grid.cell * 0.8, 46.0)
        label = Box(x - width / 2, y - height / 2, width, height)
        canvas.box(label, theme.raised, height / 3)
        if action in (view.hover, view.hint):
            rim = theme.good if action == view.hint else theme.text
            canvas.outline(label, rim, height / 3, 2)
        ink, size = theme.text, height * 0.45
        canvas.text(label.centre, view.names[action], size, ink, anchor="mm", bold=True)

    def draw_ground(self, canvas: Canvas, grid: Grid, theme: Theme) -> None:
        """Draw the ground below the stones."""
        canvas.box(grid.box.inset(-FRAME), theme.board, 14)
        for row in range(grid.rows):
            for column in range(grid.columns):
                side = grid.cell * 0.94
                x, y = grid.centre((row, column))
                square = Box(x - side / 2, y - side / 2, side, side)
                canvas.box(square, theme.hole, grid.cell * 0.08)

    def draw_front(self, canvas: Canvas, grid: Grid, theme: Theme) -> None:
        """Draw the parts in front of the stones."""

    def draw_heat(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Tint columns or cells, stronger for better moves."""
        if view.values is None or not (self.by_column or self.by_cell):
            return
        colour = theme.seats[view.eyes]
        shown = self.columns if self.by_column else self.rows * self.columns
        for action, value in enumerate(view.values[:shown]):
            if np.isnan(value):
                continue
            with canvas.faded(0.05 + 0.33 * float(value)):
                canvas.box(self._heat_box(grid, action), colour, grid.cell * 0.08)

    def _heat_box(self, grid: Grid, action: int) -> Box:
        if self.by_column:
            return Box(grid.left + action * grid.cell, grid.top, grid.cell, grid.box.height)
        x, y = grid.centre(divmod(action, self.columns))
        side = grid.cell * 0.94
        return Box(x - side / 2, y - side / 2, side, side)

    def draw_stones(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Draw every stone, the latest at the place of its animation."""
        if view.stones is None:
            return
        for row, column in np.argwhere(view.stones > 0):
            cell = (int(row), int(column))
            seat = int(view.stones[cell]) - 1
            dim = 0.5 if view.winning and cell not in view.winning else 0.0
            moving = view.moving if view.moving and view.moving.cell == cell else None
            if moving is None:
                self.draw_stone(canvas, grid.centre(cell), grid.cell, seat, theme, dim)
            else:
                self.draw_moving(canvas, grid, cell, (seat, moving.progress), theme)

    def draw_moving(
        self, canvas: Canvas, grid: Grid, cell: Cell, what: tuple[int, float], theme: Theme
    ) -> None:
        """Draw the moving stone of a seat: it falls, or grows."""
        seat, progress = what
        x, y = grid.centre(cell)
        if self.by_column:
            start = grid.top - grid.cell
            y = start + (y - start) * fall(progress)
            self.draw_stone(canvas, (x, y), grid.cell, seat, theme)
        else:
            size = grid.cell * (0.3 + 0.7 * fall(progress))
            self.draw_stone(canvas, (x, y), size, seat, theme)

    def draw_stone(
        self, canvas: Canvas, centre: Point, cell: float, seat: int, theme: Theme, dim: float = 0.0
    ) -> None:
        """Draw a stone of a seat in a cell of that size; `dim` fades it into the board."""
        draw_stone(canvas, centre, cell * STONE, seat, theme, dim)

    def draw_marks(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Mark the winning line or the latest stone, the move under the mouse and the hint."""
        if view.moving is None or view.moving.progress >= 1:
            for cell in view.winning:
                self.draw_mark(canvas, grid, cell, theme)
            if view.last is not None and not view.winning:
                canvas.disc(grid.centre(view.last), grid.cell * 0.075, theme.on_seats[1])
                canvas.ring(grid.centre(view.last), grid.cell * 0.085, 1, theme.on_seats[0])
        if view.stones is None:
            return
        for action, wanted in ((view.hover, False), (view.hint, True)):
            target = None if action is None else self._target(view, action)
            if target is not None:
                self._draw_target(canvas, grid, target, view, theme, hint=wanted)

    def draw_mark(self, canvas: Canvas, grid: Grid, cell: Cell, theme: Theme) -> None:
        """Mark a cell of the winning line."""
        width = max(2.0, grid.cell * 0.05)
        canvas.ring(grid.centre(cell), grid.cell * STONE + width / 2, width, theme.text)
        canvas.disc(grid.centre(cell), grid.cell * 0.09, theme.text)

    def _target(self, view: BoardView, action: int) -> Cell | None:
        assert view.stones is not None
        if action >= len(view.legal) or not view.legal[action]:
            return None
        if self.by_column:
            return int(np.flatnonzero(view.stones[:, action] == 0)[-1]), action
        inside = self.by_cell and action < self.rows * self.columns
        return divmod(action, self.columns) if inside else None

    def _draw_target(
        self, canvas: Canvas, grid: Grid, cell: Cell, view: BoardView, theme: Theme, *, hint: bool
    ) -> None:
        centre = grid.centre(cell)
        if hint:
            canvas.ring(centre, grid.cell * 0.45, max(2.5, grid.cell * 0.06), theme.good)
            return
        with canvas.faded(0.4):
            self.draw_stone(canvas, centre, grid.cell, view.seat, theme)

    def _draw_ghosts(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        for ghost in view.ghosts:
            self._draw_ghost(canvas, grid, ghost, theme)

    def _draw_ghost(self, canvas: Canvas, grid: Grid, ghost: Ghost, theme: Theme) -> None:
        centre, colour = grid.centre(ghost.cell), theme.seats[ghost.seat]
        with canvas.faded(0.28):
            canvas.disc(centre, grid.cell * 0.36, colour)
        canvas.ring(centre, grid.cell * 0.36, max(1.5, grid.cell * 0.03), colour)
        size = max(9.0, grid.cell * 0.27)
        canvas.text(centre, str(ghost.number), size, theme.text, anchor="mm", bold=True)

    def _draw_columns(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Write names below the columns and values above them."""
        for column, name in enumerate(view.names):
            x = grid.centre((0, column))[0]
            place = (x, grid.box.bottom + FRAME + NAMES * 0.5)
            canvas.text(place, name, min(14, grid.cell * 0.3), theme.muted, anchor="mm")
            if view.values is not None and not np.isnan(view.values[column]):
                foot = grid.top - FRAME - 8
                share, best = float(view.values[column]), column == view.chosen
                self._draw_value(canvas, (x, foot), (share, grid.cell), view, theme, best=best)

    def _draw_value(
        self,
        canvas: Canvas,
        foot: Point,
        what: tuple[float, float],
        view: BoardView,
        theme: Theme,
        *,
        best: bool,
    ) -> None:
        """Write a value in percent over a bar as wide as most of a cell."""
        share, cell = what
        width, thick = cell * 0.68, max(3.0, min(6.0, cell * 0.08))
        bar = Box(foot[0] - width / 2, foot[1] - thick, width, thick)
        canvas.box(bar, theme.track, thick / 2)
        colour = theme.seats[view.eyes]
        colour = colour if best else blend(colour, theme.background, 0.35)
        canvas.box(bar._replace(width=max(thick, width * share)), colour, thick / 2)
        size = max(10.0, min(17.0, cell * 0.3))
        place = (foot[0], bar.y - size * 0.68)
        ink = theme.text if best else theme.muted
        canvas.text(place, percent(share), size, ink, anchor="mm", bold=best)

    def _draw_cell_values(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Write the names of the empty cells and the values of moves there."""
        expected = {ghost.cell for ghost in view.ghosts}
        for action, name in enumerate(view.names[: self.rows * self.columns]):
            cell = divmod(action, self.columns)
            if view.stones is None or view.stones[cell] or grid.cell < 26:
                continue
            x, y = grid.centre(cell)
            if grid.cell >= 48 and (not view.text or view.legal[action]):
                corner = (x - grid.cell * 0.4, y - grid.cell * 0.38)
                size = min(14, grid.cell * 0.16)
                canvas.text(corner, name, size, theme.faint, anchor="lm")
            if view.values is None or np.isnan(view.values[action]):
                continue
            share, best = float(view.values[action]), action == view.chosen
            foot = (x, y + grid.cell * (0.40 if cell in expected else 0.16))
            if cell in expected:
                place = (x + grid.cell * 0.42, y - grid.cell * 0.38)
                size = min(14, grid.cell * 0.16)
                canvas.text(place, percent(share), size, theme.text, anchor="rm", bold=best)
            else:
                self._draw_value(canvas, foot, (share, grid.cell * 0.8), view, theme, best=best)

    def _draw_list(self, canvas: Canvas, box: Box, view: BoardView, theme: Theme) -> None:
        """Draw every action as a chip with its value."""
        for action, chip in enumerate(self._chips(box)[: len(view.names)]):
            draw_chip(canvas, chip, action, view, theme)


def draw_chip(canvas: Canvas, chip: Box, action: int, view: BoardView, theme: Theme) -> None:
    """Draw an entry of a list of moves: its name, and its value as a bar behind it."""
    legal = bool(view.legal[action])
    canvas.box(chip, theme.raised if legal else theme.surface, 6)
    if view.values is not None and not np.isnan(view.values[action]):
        part = chip._replace(width=chip.width * float(view.values[action]))
        with canvas.faded(0.45):
            canvas.box(part, theme.seats[view.eyes], 6)
    if action in (view.hover, view.hint) and legal:
        canvas.outline(chip, theme.good if action == view.hint else theme.text, 6, 2)
    canvas.text(
        chip.centre,
        view.names[action],
        min(13.0, chip.height * 0.5),
        theme.text if legal else theme.faint,
        anchor="mm",
        bold=action == view.chosen,
        width=chip.width - 6,
    )


def percent(share: float) -> str:
    """Return a share in percent without a sign; 0 and 100 only if they are exact."""
    if 0 < share < 1:
        return str(min(99, max(1, round(100 * share))))
    return str(round(100 * share))


def draw_stone(
    canvas: Canvas, centre: Point, radius: float, seat: int, theme: Theme, dim: float = 0.0
) -> None:
    """Draw a round stone of a seat; the second player's stones have a ring."""
    canvas.disc(centre, radius, blend(theme.rims[seat], theme.hole, dim))
    canvas.disc(centre, radius * 0.87, blend(theme.seats[seat], theme.hole, dim))
    if seat:
        width = max(1.0, radius * 0.1)
        canvas.ring(centre, radius * 0.56, width, blend(theme.ring, theme.hole, dim))
