"""A window in which a person or an agent plays in any environment."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pygame

from rlhf_agents.errors import UserError
from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.rounds import Mode
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.cards import draw_env_help, draw_modes, draw_result
from rlhf_agents.play.viewer.env_window.controller import EnvController
from rlhf_agents.play.viewer.env_window.screen import paint_env
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.icon import window_icon
from rlhf_agents.play.viewer.image_files import save_png
from rlhf_agents.play.viewer.keyboard import key_name
from rlhf_agents.play.viewer.layout import growth
from rlhf_agents.play.viewer.sounds import Speaker
from rlhf_agents.play.viewer.theme import Theme
from rlhf_agents.words import readable_name

SIZE = (960, 560)
SMALLEST = (320, 320)
FRAMES_PER_SECOND = 60
LEFT_BUTTON = 1

OnFrame = Callable[["EnvWindow", float], None]


class EnvWindow(EnvController):
    """Shows an environment until the person leaves.

    Args:
        episode: the environment and its actor.
        theme: the colours.
        size: in points.
        mode: who plays; None asks.
        folder: where recordings and pictures are saved.
        seed: of the first round of a match.

    Raises:
        UserError: no window can be opened.
    """

    def __init__(
        self,
        episode: EpisodePlayer,
        theme: Theme,
        size: tuple[int, int] = SIZE,
        *,
        mode: Mode | None = Mode.WATCH,
        folder: Path | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(episode, theme, mode, folder or Path.cwd(), seed)
        self._speaker = Speaker()
        try:
            pygame.display.init()
            title = f"{readable_name(episode.name)} - rlhf-play"
            self._window = pygame.Window(title, size, resizable=True, allow_high_dpi=True)
            self._window.minimum_size = SMALLEST
            self._window.set_icon(window_icon())
        except pygame.error as error:
            msg = f"no window can be opened ({error}); --terminal shows it in the terminal"
            raise UserError(msg) from error
        self._now = time.perf_counter()
        self._due += self._now
        if mode is not None:
            self.begin(mode)

    def run(self, watch: OnFrame | None = None) -> None:
        """Show frames until the person leaves; call `watch` after each with the time in seconds."""
        clock = pygame.time.Clock()
        while not self.leaving:
            for event in pygame.event.get():
                self._take(event)
            now = time.perf_counter()
            self.tick(now)
            self._paint()
            while self.sounds:
                self._speaker.play(self.sounds.pop())
            if watch is not None:
                watch(self, now)
            clock.tick(FRAMES_PER_SECOND)

    def close(self) -> None:
        """Close the window, then the environment, which may quit pygame."""
        self._window.destroy()
        self._speaker.close()
        pygame.display.quit()
        self.episode.close()

    def _canvas(self) -> Canvas:
        surface = self._window.get_surface()
        return Canvas(surface, surface.get_width() / max(1, self._window.size[0]) * self._growth)

    @property
    def _growth(self) -> float:
        """The size of everything: what the person wants, and more in large windows."""
        return self.zoom * growth(self._window.size)

    def _paint(self) -> None:
        canvas = self._canvas()
        paint_env(canvas, self.episode, self._ui())
        window = Box(0, 0, *canvas.size)
        if self.page == "modes":
            what = (self.episode.name, self.episode.actor.name, self._pointed_choice)
            draw_modes(canvas, window, what, self.theme)
        elif self.page == "result":
            draw_result(canvas, window, self.rounds, self._pointed_choice, self.theme)
        elif self.page == "help":
            draw_env_help(canvas, window, self.theme)
        self._window.flip()
        if self._shot:
            self._shot = False
            self._save(".png", lambda path: save_png(path, canvas.surface))

    def _take(self, event: pygame.Event) -> None:
        if event.type in (pygame.QUIT, pygame.WINDOWCLOSE):
            self.leaving = True
        elif event.type == pygame.KEYDOWN:
            self.key(key_name(event))
        elif event.type == pygame.KEYUP:
            self.release(pygame.key.name(event.key))
        elif event.type == pygame.MOUSEMOTION:
            self.point(self._place(event.pos))
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == LEFT_BUTTON:
            self.click(self._place(event.pos), bool(pygame.key.get_mods() & pygame.KMOD_SHIFT))
        elif event.type == pygame.MOUSEBUTTONUP and event.button == LEFT_BUTTON:
            self.lift()
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._held.clear()
            self._touched = None

    def _place(self, position: tuple[float, float]) -> Point:
        return position[0] / self._growth, position[1] / self._growth
