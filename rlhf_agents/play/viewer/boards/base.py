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
    """A stone that is expected, not there.

    Attributes:
        cell: where.
        seat: whose.
        number: its place in the expected line, from 1.
    """

    cell: Cell
    seat: int
    number: int


@dataclass(frozen=True)
class MovingStone:
    """The latest stone, on its way.

    Attributes:
        cell: where it will lie.
        progress: 0 just played to 1 at rest.
    """

    cell: Cell
    progress: float


@dataclass(frozen=True)
class BoardView:
    """Everything that a board shows; one that cannot show a part leaves it out.

    Attributes:
        stones: int8 `[H, W]`, None while the rules are being loaded.
        seat: who is to move.
        legal: bool `[A]`.
        names: the A labels of the mover's actions, of the legal ones as people call them here.
        text: the position, if it is no board of stones.
        last: the latest stone.
        winning: the cells of the line that has won.
        moving: the animation of the latest stone.
        values: float32 `[A]` in [0, 1], NaN if illegal: what each move is worth to `eyes`.
        eyes: the seat whose values they are.
        chosen: the move that stands out among the values.
        ghosts: the expected line.
        hover: the move under the mouse or the keyboard's cursor.
        hint: the move to recommend.
        picked: the piece that the person is about to move, its cell = row * W + column.
    """

    stones: Stones | None = None
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


class Board(Protocol):
    """Draws a board inside a box and finds moves in it."""

    def draw(self, canvas: Canvas, box: Box, view: BoardView, theme: Theme) -> None:
        """Draw the board with all that `view` holds."""
        ...

    def draw_stone(
        self, canvas: Canvas, centre: Point, cell: float, seat: int, theme: Theme
    ) -> None:
        """Draw the stone of a seat as large as in a cell of that size."""
        ...

    def action_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return the action under a point of the box, legal or not; None if there is none."""
        ...

    def piece_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return the cell of a piece under a point that the person can pick, see `picked`."""
        ...

    def neighbour(self, action: int, step: LineMove, legal: NDArray[np.bool_]) -> int | None:
        """Return the action that an arrow key leads to; None if that arrow plays the move.

        Args:
            action: where the keyboard's cursor is.
            step: across and down, each -1, 0 or 1.
            legal: bool `[A]`.
        """
        ...

    def cell_centre(self, box: Box, cell: Cell) -> Point:
        """Return the middle of a cell."""
        ...
