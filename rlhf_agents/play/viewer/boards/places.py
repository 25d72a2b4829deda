"""Where the cells of a board lie: squares, hexagons, pits, and the edges between dots."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rlhf_agents.play.board_cells import Cell
from rlhf_agents.play.viewer.boards.base import BoardView
from rlhf_agents.play.viewer.geometry import Box, Point

ROW = math.sqrt(3) / 2
"""The distance of rows of hexagons whose cells are one apart."""


@dataclass(frozen=True)
class Places:
    """The centres of cells on the canvas, in points.

    Attributes:
        centres: by cell.
        size: the distance of neighbours.
        area: the smallest box around all cells of the lattice, half a cell wider than the centres.
    """

    centres: Mapping[Cell, Point]
    size: float
    area: Box

    def nearest(self, point: Point, among: Iterable[Cell], reach: float = 0.72) -> Cell | None:
        """Return the nearest of some cells, None if none is within `reach` cells."""
        best, cells = None, [cell for cell in among if cell in self.centres]
        if cells:
            best = min(cells, key=lambda cell: math.dist(self.centres[cell], point))
        if best is None or math.dist(self.centres[best], point) > reach * self.size:
            return None
        return best


def place_cells(
    box: Box, offsets: Mapping[Cell, Point], size: Point, *, turned: bool = False
) -> Places:
    """Return the largest places that fit into a box, in its middle.

    Args:
        box: where the cells are to be.
        offsets: of the centres from the top left corner of the lattice, in cells.
        size: width and height of the lattice, in cells.
        turned: by 180 degrees.
    """
    cell = max(1.0, float(int(min(box.width / size[0], box.height / size[1]))))
    area = Box(
        box.centre[0] - size[0] * cell / 2,
        box.centre[1] - size[1] * cell / 2,
        size[0] * cell,
        size[1] * cell,
    )
    centres = {}
    for name, (x, y) in offsets.items():
        place = (size[0] - x, size[1] - y) if turned else (x, y)
        centres[name] = (area.x + place[0] * cell, area.y + place[1] * cell)
    return Places(centres, cell, area)


def square_offsets(rows: int, columns: int) -> dict[Cell, Point]:
    """Return the centres of squares, in cells."""
    return {(r, c): (c + 0.5, r + 0.5) for r in range(rows) for c in range(columns)}


def hex_offsets(places: tuple[tuple[int, ...], ...]) -> tuple[dict[Cell, Point], Point]:
    """Return the centres of hexagons, and the size of the lattice, in cells.

    Args:
        places: for each row the columns of a text at which its cells stand, two columns per cell.
    """
    left = min(min(row) for row in places)
    offsets = {
        (r, c): (0.5 + (column - left) / 2, 0.58 + r * ROW)
        for r, row in enumerate(places)
        for c, column in enumerate(row)
    }
    width = 0.5 + max(x for x, _ in offsets.values())
    return offsets, (width, 1.16 + (len(places) - 1) * ROW)


def lattice_offsets(
    rows: int, columns: int, narrow: float, margin: float
) -> tuple[dict[Cell, Point], Point]:
    """Return the centres of a lattice whose odd rows and columns are narrow, and its size.

    Args:
        rows: of the lattice.
        columns: of the lattice.
        narrow: the width of odd columns and the height of odd rows; even ones are 1 wide.
        margin: around everything.
    """
    step = 1 + narrow

    def centre(index: int) -> float:
        whole, odd = divmod(index, 2)
        return margin + whole * step + (1 + narrow / 2 if odd else 0.5)

    offsets = {(r, c): (centre(c), centre(r)) for r in range(rows) for c in range(columns)}
    width, height = centre(columns - 1) + 0.5 + margin, centre(rows - 1) + 0.5 + margin
    return offsets, (width, height)


def hexagon(centre: Point, radius: float) -> list[Point]:
    """Return the corners of a hexagon that stands on a corner."""
    return [
        (
            centre[0] + radius * math.sin(k * math.pi / 3),
            centre[1] - radius * math.cos(k * math.pi / 3),
        )
        for k in range(6)
    ]


def towards(ends: dict[int, Point], action: int, step: Point) -> int:
    """Return the action whose end lies next in a direction, or the farthest behind."""
    x, y = ends[action]

    def costs(other: int) -> tuple[float, float]:
        across, down = ends[other][0] - x, ends[other][1] - y
        ahead = across * step[0] + down * step[1]
        aside = abs(across * step[1] - down * step[0])
        return ahead, aside

    ahead = {a: costs(a) for a in ends if costs(a)[0] > 0.01}
    here = [a for a in ends if a > action and ends[a] == ends[action]]
    if here:
        return min(here)  # several moves end on one cell
    if ahead:
        return min(ahead, key=lambda a: (ahead[a][0] + 3 * ahead[a][1], a))
    return min(ends, key=lambda a: (costs(a)[0] + 3 * costs(a)[1], a))


def origins_of(view: BoardView) -> dict[Cell, Cell]:
    """Return where the pieces of the last move were, by where they are.

    Castling moves two pieces, which pass each other.
    """
    if view.before is None or view.stones is None or view.last is None:
        return {}
    mover = view.stones[view.last]
    was, is_ = view.before == mover, view.stones == mover
    left, come = np.argwhere(was & ~is_).tolist(), np.argwhere(is_ & ~was).tolist()
    if len(left) != len(come) or len(come) > 2:
        return {}
    return {(r, c): (row, col) for (r, c), (row, col) in zip(come, reversed(left), strict=True)}


def moving_place(
    places: Places, cell: Cell, origin: Cell | None, progress: float
) -> tuple[Point, float]:
    """Return where a moving piece is, and its size: it slides, or it grows."""
    end = places.centres[cell]
    if origin is None or origin not in places.centres:
        return end, places.size * (0.3 + 0.7 * progress)
    start, part = places.centres[origin], 1 - (1 - progress) ** 2
    x, y = (a + (b - a) * part for a, b in zip(start, end, strict=True))
    return (x, y), places.size
