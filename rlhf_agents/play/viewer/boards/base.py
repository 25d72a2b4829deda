"""The interface of boards: a board draws one kind of game and finds the move under the mouse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.board_cells import Cell, Stones
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Theme

LineMove = tuple[int, int]
"""Cells to the right and down."""


@dataclass(frozen=True)
class Ghost:
    """A stone of the expected line.

    Attributes:
        cell: its cell.
        seat: of its owner.
        number: its place in the expected line, from 1.
    """

    cell: Cell
    seat: int
    number: int


@dataclass(frozen=True)
class MovingStone:
    """The latest stone during its animation.

    Attributes:
        cell: its final cell.
        progress: from 0, just played, to 1, at rest.
    """

    cell: Cell
    progress: float


@dataclass(frozen=True)
class BoardView:
    """Everything that a board shows; one that cannot show a part leaves it out.

    Attributes:
        stones: int8 `[H, W]`, None while the rules are being loaded.
        before: the stones before the latest move, None at the start.
        seat: the seat to move.
        legal: the legal actions, bool `[A]`.
        names: the names of the mover's A actions; of legal ones, their labels in this position.
        text: the position as text, if the game has no board of stones.
        last: the cell of the latest stone.
        winning: the cells of the line that has won.
        moving: the animation of the latest stone.
        values: the value of each move for `eyes`, float32 `[A]` in [0, 1], NaN if illegal.
        eyes: the seat whose values are shown.
        chosen: the best move by these values.
        ghosts: the expected line.
        hover: the move under the mouse or the keyboard cursor.
        hint: the recommended move.
        picked: the cell of the piece that the person is about to move, row * W + column.
        captured: how many stones the first and the second player have captured.
    """

    stones: Stones | None = None
    before: Stones | None = None
    seat: int = 0
    legal: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    names: tuple[str, ...] = ()
    text: str | None = None
    last: Cell | None = None
    winning: frozenset[Cell] = frozenset()
    moving: MovingStone | None = None
    values: NDArray[np.float32] | None = None
    eyes: int = 0
    chosen: int | None = None
    ghosts: tuple[Ghost, ...] = ()
    hover: int | None = None
    hint: int | None = None
    picked: int | None = None
    captured: tuple[int, int] = (0, 0)


class Board(Protocol):
    """Draws a board inside a box and finds moves in it."""

    def draw(self, canvas: Canvas, box: Box, view: BoardView, theme: Theme) -> None:
        """Draw the board and everything in `view`."""
        ...

    def draw_stone(
        self, canvas: Canvas, centre: Point, cell: float, seat: int, theme: Theme
    ) -> None:
        """Draw the stone of a seat for a cell of that size."""
        ...

    def action_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return the action under a point of the box, legal or not, or None."""
        ...

    def piece_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return the cell of a movable piece under a point, see `BoardView.picked`, or None."""
        ...

    def neighbour(self, action: int, step: LineMove, legal: NDArray[np.bool_]) -> int | None:
        """Return the action that an arrow key moves the cursor to; None if that key plays it.

        Args:
            action: the action under the cursor.
            step: cells to the right and down, each -1, 0 or 1.
            legal: the legal actions, bool `[A]`.
        """
        ...

    def cell_centre(self, box: Box, cell: Cell) -> Point:
        """Return the middle of a cell."""
        ...
