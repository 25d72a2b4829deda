"""The board of games without a board of stones: the position as text, the legal moves as a list."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.board_cells import Cell
from rlhf_agents.play.viewer.boards.base import BoardView, LineMove
from rlhf_agents.play.viewer.boards.grid import CHIP, FRAME, STONE, VALUES, draw_chip, draw_stone
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Theme

LIST_SHARE = 0.4
CHIP_WIDTH = 84
ASPECT = 0.6
"""Width by height of a character: characters form columns, whatever the font."""
LARGEST = 40
COLOURS = re.compile("\x1b" + r"\[\d*m")
"""Colours for a terminal."""


class TextBoard:
    """Writes the position and lists the legal moves."""

    # ---- geometry

    def _areas(self, box: Box) -> tuple[Box, Box]:
        """Return the boxes of the text and of the list."""
        area = box.inset(FRAME).top_part(VALUES)[1]  # in the end the result
        return area.top_part(area.height * (1 - LIST_SHARE), FRAME)

    def _chips(self, box: Box, legal: NDArray[np.bool_]) -> list[tuple[int, Box]]:
        """Return the legal actions and their boxes in the list."""
        actions = np.flatnonzero(legal).tolist()
        area, count = self._areas(box)[1], len(actions)
        if not count:
            return []
        per_row = max(1, int(area.width // CHIP_WIDTH))
        per_row = max(per_row, -(-count // max(1, int(area.height // CHIP))))
        rows = -(-count // per_row)
        chips = area.top_part(rows * CHIP)[0].grid(count, per_row, 3)
        return list(zip(actions, chips, strict=True))

    def cell_centre(self, box: Box, cell: Cell) -> Point:
        """Return the centre of the text: there are no cells."""
        del cell
        return self._areas(box)[0].centre

    def action_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return the legal action under a point, see `Board`."""
        chips = self._chips(box, view.legal)
        return next((action for action, chip in chips if chip.contains(point)), None)

    def piece_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return None: there are no pieces."""
        return None

    def neighbour(self, action: int, step: LineMove, legal: NDArray[np.bool_]) -> int | None:
        """Return the legal action that an arrow key leads to, see `Board`."""
        actions: list[int] = np.flatnonzero(legal).tolist()
        if not actions:
            return None
        if action not in actions:
            return actions[0]
        return actions[(actions.index(action) + sum(step)) % len(actions)]

    # ---- drawing

    def draw(self, canvas: Canvas, box: Box, view: BoardView, theme: Theme) -> None:
        """Draw the position, see `Board`."""
        area = self._areas(box)[0]
        canvas.box(area, theme.board, 14)
        if view.text:
            self._draw_text(
                canvas, area.inset(FRAME), COLOURS.sub("", view.text).split("\n"), theme
            )
        for action, chip in self._chips(box, view.legal):
            draw_chip(canvas, chip, action, view, theme)

    def _draw_text(self, canvas: Canvas, area: Box, lines: list[str], theme: Theme) -> None:
        columns = max(1, *(len(line) for line in lines))
        height = min(LARGEST, area.height / len(lines), area.width / columns / ASPECT)
        width = height * ASPECT
        left = area.centre[0] - columns * width / 2
        top = area.centre[1] - len(lines) * height / 2
        for row, line in enumerate(lines):
            for column, character in enumerate(line):
                place = (left + (column + 0.5) * width, top + (row + 0.5) * height)
                if character != " ":
                    canvas.text(place, character, height * 0.8, theme.text, anchor="mm")

    def draw_stone(
        self, canvas: Canvas, centre: Point, cell: float, seat: int, theme: Theme
    ) -> None:
        """Draw the mark of a seat, see `Board`."""
        draw_stone(canvas, centre, cell * STONE, seat, theme)
