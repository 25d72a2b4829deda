"""Small pictures of positions, made by the board of the game."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

import numpy as np
import pygame

from rlhf_agents.play.saved_games import SavedGame
from rlhf_agents.play.viewer.boards.base import Board, BoardView
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import THEMES, Theme

SIDE = 320
"""Positions are drawn in a box of so many pixels, then shrunk."""


def draw_thumbnail(canvas: Canvas, box: Box, what: tuple[Board, SavedGame], theme: Theme) -> None:
    """Draw the last position of a saved game in the middle of a box, as large as fits."""
    board, saved = what
    size = (max(1, round(box.width * canvas.scale)), max(1, round(box.height * canvas.scale)))
    stones = (saved.stones.tobytes(), saved.stones.shape)
    turned = bool(getattr(board, "flipped", False))
    assert isinstance(board, Hashable)  # as every object is that does not define equality
    picture = _picture(board, (stones, saved.text, saved.seat, turned), theme.name, size)
    x, y = (centre * canvas.scale for centre in box.centre)
    canvas.paste(picture, (round(x - picture.get_width() / 2), round(y - picture.get_height() / 2)))


Position = tuple[tuple[bytes, tuple[int, int]], str | None, int, bool]
"""The stones and the shape of the board, its text, the seat to move, and is it turned around?"""


@lru_cache(maxsize=64)
def _picture(board: Board, position: Position, theme: str, size: tuple[int, int]) -> pygame.Surface:
    """Return a position without its surroundings; sizes in pixels."""
    (stones, shape), text, seat, _ = position
    large = pygame.Surface((SIDE, SIDE), pygame.SRCALPHA)
    large.fill((*THEMES[theme].background, 0))
    cells = np.frombuffer(stones, np.int8).reshape(shape)
    view = BoardView(stones=cells, seat=seat, text=text)
    board.draw(Canvas(large), Box(0, 0, SIDE, SIDE), view, THEMES[theme])
    inner = large.subsurface(large.get_bounding_rect())
    width, height = inner.get_size()
    share = min(size[0] / max(1, width), size[1] / max(1, height))
    return pygame.transform.smoothscale(
        inner, (max(1, round(width * share)), max(1, round(height * share)))
    )
