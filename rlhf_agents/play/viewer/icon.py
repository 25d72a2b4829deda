"""The icon of the window."""

from __future__ import annotations

import pygame

from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import DARK

SIDE = 64


def window_icon() -> pygame.Surface:
    """Return four stones on a board, 64 by 64 pixels."""
    surface = pygame.Surface((SIDE, SIDE), pygame.SRCALPHA)
    canvas = Canvas(surface)
    canvas.box(Box(0, 0, SIDE, SIDE), DARK.board, 14)
    for number, seat in enumerate((0, 1, 1, 0)):
        centre = (19.0 + 26 * (number % 2), 19.0 + 26 * (number // 2))
        canvas.disc(centre, 11, DARK.seats[seat])
        if seat:
            canvas.ring(centre, 6, 2, DARK.ring)
    return surface
