"""A window that shows pictures, for the render mode "human"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.specs import EnvError

FRAMES_PER_SECOND = 30
SMALLEST = 320
"""Smaller pictures are enlarged, pixel by pixel."""


class PictureWindow:
    """A window; it opens with the first picture and takes its size.

    Args:
        title: of the window.

    Raises:
        EnvError: pygame-ce is not installed, or there is no display.
    """

    def __init__(self, title: str) -> None:
        try:
            import pygame  # noqa: PLC0415 - an extra
        except ImportError:
            msg = 'render_mode "human" needs pygame-ce: pip install "rlhf-agents[viewer]"'
            raise EnvError(msg) from None
        self._pygame, self._title = pygame, title
        self._window: pygame.Window | None = None
        self._clock = pygame.time.Clock()

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture uint8 `[H, W, 3]`, no more than `FRAMES_PER_SECOND`.

        Raises:
            EnvError: no window can be opened.
        """
        pygame = self._pygame
        scale = max(1, -(-SMALLEST // max(picture.shape[:2])))
        large = picture.repeat(scale, axis=0).repeat(scale, axis=1)
        size = large.shape[1], large.shape[0]
        try:
            if self._window is None:
                pygame.display.init()
                self._window = pygame.Window(self._title, size)
            self._window.size = size
            surface = self._window.get_surface()
        except pygame.error as error:
            msg = f'render_mode "human" cannot open a window ({error}); "rgb_array" needs none'
            raise EnvError(msg) from error
        frame = pygame.image.frombuffer(np.ascontiguousarray(large).tobytes(), size, "RGB")
        surface.blit(frame, (0, 0))
        self._window.flip()
        pygame.event.pump()
        self._clock.tick(FRAMES_PER_SECOND)

    def close(self) -> None:
        """Close the window."""
        if self._window is not None:
            self._window.destroy()
            self._window = None
