"""The board of Connect Four: stones fall behind a board with round holes."""

from __future__ import annotations

from functools import lru_cache

import pygame

from rlhf_agents.play.viewer.boards.base import BoardView
from rlhf_agents.play.viewer.boards.grid import FRAME, Grid, GridBoard, draw_stone
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import THEMES, Theme

HOLE = 0.415
DISC = 0.45


class ConnectFourBoard(GridBoard):
    """Seven columns of six holes."""

    def __init__(self) -> None:
        super().__init__(6, 7, 7, gravity=True)

    def draw_ground(self, canvas: Canvas, grid: Grid, theme: Theme) -> None:
        """Draw the ground that shows through the holes."""
        canvas.box(grid.box.inset(-1), theme.hole)

    def draw_stones(self, canvas: Canvas, grid: Grid, view: BoardView, theme: Theme) -> None:
        """Draw every stone; a falling one is also visible above the board."""
        above = Box(grid.left, grid.top - grid.cell, grid.box.width, grid.cell)
        with canvas.clipped(grid.box._replace(y=above.y, height=grid.box.height + grid.cell)):
            super().draw_stones(canvas, grid, view, theme)

    def draw_stone(
        self, canvas: Canvas, centre: Point, cell: float, seat: int, theme: Theme, dim: float = 0.0
    ) -> None:
        """Draw a stone a little larger than its hole."""
        draw_stone(canvas, centre, cell * DISC, seat, theme, dim)

    def draw_front(self, canvas: Canvas, grid: Grid, theme: Theme) -> None:
        """Draw the board with its holes over the stones."""
        cell = round(grid.cell * canvas.scale)
        rim = round(FRAME * canvas.scale)
        front = _front(grid.rows, grid.columns, cell, rim, theme.name)
        x = round(grid.left * canvas.scale) - rim
        y = round(grid.top * canvas.scale) - rim
        canvas.paste(front, (x, y))


@lru_cache(maxsize=16)
def _front(rows: int, columns: int, cell: int, rim: int, theme_name: str) -> pygame.Surface:
    """Return a board with transparent holes; sizes in pixels."""
    theme = THEMES[theme_name]
    size = (columns * cell + 2 * rim, rows * cell + 2 * rim)
    surface = pygame.Surface(size, pygame.SRCALPHA)
    canvas = Canvas(surface)
    canvas.box(Box(0, 0, *size), theme.board_edge, rim * 1.6)
    canvas.box(Box(0, 0, *size).inset(max(1, rim // 4)), theme.board, rim * 1.4)
    radius = cell * HOLE
    for row in range(rows):
        for column in range(columns):
            centre = (rim + (column + 0.5) * cell, rim + (row + 0.5) * cell)
            canvas.disc(centre, radius + max(1.0, cell * 0.02), theme.board_edge)
            _punch(surface, centre, radius)
    return surface


def _punch(surface: pygame.Surface, centre: tuple[float, float], radius: float) -> None:
    """Cut a round hole."""
    side = round(2 * radius)
    hole = pygame.Surface((side, side), pygame.SRCALPHA)
    Canvas(hole).disc((side / 2, side / 2), side / 2, (0, 0, 0))
    corner = (round(centre[0] - side / 2), round(centre[1] - side / 2))
    surface.blit(hole, corner, special_flags=pygame.BLEND_RGBA_SUB)
