"""The window itself: it turns pygame's events into calls of the app and shows its frames."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pygame

from rlhf_agents.errors import OutputError, UserError
from rlhf_agents.play.saved_games import new_path
from rlhf_agents.play.viewer.app import App
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Point
from rlhf_agents.play.viewer.icon import window_icon
from rlhf_agents.play.viewer.image_files import save_png
from rlhf_agents.play.viewer.keyboard import key_name
from rlhf_agents.play.viewer.layout import SMALLEST, growth
from rlhf_agents.play.viewer.sounds import Speaker

FRAMES_PER_SECOND = 60
SWITCH_SECONDS = 0.001
"""The longest time that a searching thread may hold Python's lock while a frame is waiting."""
SIZE = (1180, 780)

OnFrame = Callable[[App, float], None]


class Window:
    """Shows an app until the person leaves.

    Args:
        app: what is shown.
        title: of the window.
        size: in points.

    Raises:
        UserError: no window can be opened.
    """

    def __init__(self, app: App, title: str, size: tuple[int, int] = SIZE) -> None:
        os.environ.setdefault("SDL_WINDOWS_DPI_AWARENESS", "permonitorv2")
        self.app = app
        try:
            pygame.display.init()
            desktop = pygame.display.get_desktop_sizes()[0]
            app.zoom = _zoom(desktop[1])
            fitting = tuple(
                int(min(wanted * app.zoom, room * 0.92))
                for wanted, room in zip(size, desktop, strict=True)
            )
            self._window = pygame.Window(
                title, (fitting[0], fitting[1]), resizable=True, allow_high_dpi=True
            )
            self._window.minimum_size = SMALLEST
            self._window.set_icon(window_icon())
        except pygame.error as error:
            msg = f"no window can be opened ({error}); --terminal plays in the terminal"
            raise UserError(msg) from error
        self._speaker = Speaker()
        pygame.key.set_repeat(350, 60)

    def run(self, watch: OnFrame | None = None) -> None:
        """Show frames until the person leaves.

        Args:
            watch: called after every turn of the loop with the app and the time in seconds.

        Raises:
            UserError: the game or its players could not be loaded.
            rlhf_games.base.GameError: there is no such game or goal.
        """
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.disable()  # while loading: full collections would hold up frames for 50 ms
        try:
            self._loop(watch)
        finally:
            gc.enable()

    def _loop(self, watch: OnFrame | None) -> None:
        clock, loading = pygame.time.Clock(), True
        while not self.app.leaving:
            if loading and self.app.builder is not None:
                loading = False
                gc.freeze()  # what is loaded stays, and is not looked at again
                gc.enable()
            for event in pygame.event.get():
                self._take(event)
            now = time.perf_counter()
            self.app.tick(now)
            if self.app.stale:
                self._show()
            while self.app.sounds:
                self._speaker.play(self.app.sounds.pop())
            if watch is not None:
                watch(self.app, now)
            clock.tick(FRAMES_PER_SECOND)

    def close(self) -> bool:
        """Close the window and stop all searches; return whether their threads have ended."""
        self._window.destroy()
        self._speaker.close()
        ended = self.app.close()
        pygame.display.quit()
        return ended

    def _show(self) -> None:
        surface = self._window.get_surface()
        self.app.draw(Canvas(surface, self._scale * self._zoom))
        self._window.flip()
        if self.app.picture:
            self.app.picture = False
            self._save_picture(surface)

    @property
    def _zoom(self) -> float:
        """The size of everything: what the person wants, and more in large windows."""
        width, height = self._window.size
        return self.app.zoom * growth((width / self.app.zoom, height / self.app.zoom))

    @property
    def _scale(self) -> float:
        """Pixels of the surface per pixel of the mouse, above 1 on high-density displays."""
        return self._window.get_surface().get_width() / max(1, self._window.size[0])

    def _save_picture(self, surface: pygame.Surface) -> None:
        try:
            path = new_path(self.app.folder, self.app.setup.game, ".png")
            save_png(path, surface)
        except OutputError as error:
            self.app.say(str(error))
        else:
            self.app.say(f"saved as {path}")

    def _take(self, event: pygame.Event) -> None:
        """Pass an event on to the app."""
        app = self.app
        if event.type in (pygame.QUIT, pygame.WINDOWCLOSE):
            app.leaving = True
        elif event.type == pygame.MOUSEMOTION:
            app.point(self._place(event.pos))
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            app.press(self._place(event.pos))
        elif event.type == pygame.MOUSEBUTTONUP and event.button == 1:
            app.release()
        elif event.type == pygame.MOUSEWHEEL:
            app.wheel(event.y)
        elif event.type == pygame.WINDOWLEAVE:
            app.leave()
        elif event.type == pygame.KEYDOWN:
            app.key(key_name(event))
        elif event.type == pygame.DROPFILE:
            app.open_file(Path(event.file))
        elif event.type in (pygame.WINDOWEXPOSED, pygame.WINDOWSIZECHANGED):
            app.touch()

    def _place(self, position: tuple[float, float]) -> Point:
        return position[0] / self._zoom, position[1] / self._zoom


def _zoom(desktop_height: int) -> float:
    """Return the size of everything for a desktop: larger where pixels are small."""
    return 1.0 if desktop_height < 1700 else min(2.5, round(desktop_height / 1200, 1))
