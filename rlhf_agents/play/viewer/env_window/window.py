"""A window in which an actor plays in any environment, and recordings of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pygame

from rlhf_agents.errors import UserError
from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.layout import agent_at
from rlhf_agents.play.viewer.env_window.screen import EnvUi, layout_of, paint_env
from rlhf_agents.play.viewer.image_files import image_of, save_gif, save_png
from rlhf_agents.play.viewer.theme import Theme
from rlhf_agents.progress import progress_bar

SIZE = (960, 560)
SMALLEST = (320, 320)
FRAMES_PER_SECOND = 60
FILM_PACE = 15.0
"""Frames per second of a recording; with 50 it would be huge."""
END_SECONDS = 1.5
LEFT_BUTTON = 1
KEYS = "space pause   \u2192 one step   n next episode   + \u2212 speed   esc leave"
AGENT_KEYS = f"{KEYS}   tab or click follow another agent"

OnFrame = Callable[["EnvWindow", float], None]


class EnvWindow:
    """Shows an environment until the person leaves.

    Args:
        episode: the environment and its actor.
        theme: the colours.
        episodes: how many are played before the window waits.
        size: in points.

    Raises:
        UserError: no window can be opened.
    """

    def __init__(
        self, episode: EpisodePlayer, theme: Theme, episodes: int = 1, size: tuple[int, int] = SIZE
    ) -> None:
        self.episode, self.theme, self.episodes = episode, theme, episodes
        self.paused = self.leaving = False
        self.speed = 1.0
        self._due = time.perf_counter() + 1 / episode.pace
        try:
            pygame.display.init()
            self._window = pygame.Window(f"rlhf-play: {episode.name}", size, resizable=True)
            self._window.minimum_size = SMALLEST
        except pygame.error as error:
            msg = f"no window can be opened ({error}); --terminal shows it in the terminal"
            raise UserError(msg) from error

    def run(self, watch: OnFrame | None = None) -> None:
        """Show frames until the person leaves; call `watch` after each with the time in seconds."""
        clock = pygame.time.Clock()
        while not self.leaving:
            for event in pygame.event.get():
                self._take(event)
            now = time.perf_counter()
            self.tick(now)
            self._paint()
            if watch is not None:
                watch(self, now)
            clock.tick(FRAMES_PER_SECOND)

    def tick(self, now: float) -> None:
        """Take the next step if it is due."""
        if self.paused or self._waits or now < self._due:
            return
        frame = self.episode.advance()
        pause = END_SECONDS if frame.over else 1 / (self.episode.pace * self.speed)
        self._due = max(now, self._due) + pause if frame.over else now + pause

    def key(self, name: str) -> None:
        """React to a key."""
        if name in ("escape", "q"):
            self.leaving = True
        elif name == "space":
            self.paused = not self.paused
        elif name == "right":
            self.paused = True
            self.episode.advance()
        elif name == "n":
            self.episodes = max(self.episodes, self.episode.frame.episode + 1)
            self.episode.restart()
        elif name == "tab":
            self.episode.follow(self.episode.frame.followed + 1)
        elif name in ("+", "=", "[+]"):
            self.speed = min(16.0, self.speed * 2)
        elif name in ("-", "[-]"):
            self.speed = max(1 / 16, self.speed / 2)

    def click(self, point: tuple[float, float]) -> None:
        """Follow the agent whose row is under a point, in points."""
        frame = self.episode.frame
        layout = layout_of(self._canvas(), self.episode, self._ui())
        agent = agent_at(layout, len(frame.agents), frame.followed, point)
        if agent >= 0:
            self.episode.follow(agent)

    def close(self) -> None:
        """Close the window, then the environment, which may quit pygame."""
        self._window.destroy()
        pygame.display.quit()
        self.episode.close()

    @property
    def _waits(self) -> bool:
        return self.episode.frame.over and self.episode.frame.episode >= self.episodes

    @property
    def state(self) -> str:
        """The speed in words, for the panel."""
        if self.paused:
            return "paused"
        return "" if self.speed == 1 else f"{self.speed:g} times as fast"

    def _canvas(self) -> Canvas:
        surface = self._window.get_surface()
        return Canvas(surface, surface.get_width() / max(1, self._window.size[0]))

    def _ui(self) -> EnvUi:
        keys = AGENT_KEYS if len(self.episode.frame.agents) > 1 else KEYS
        return EnvUi(self.theme, keys, self.state)

    def _paint(self) -> None:
        paint_env(self._canvas(), self.episode, self._ui())
        self._window.flip()

    def _take(self, event: pygame.Event) -> None:
        if event.type in (pygame.QUIT, pygame.WINDOWCLOSE):
            self.leaving = True
        elif event.type == pygame.KEYDOWN:
            typed = event.unicode if event.unicode in ("+", "-", "=") else ""
            self.key(typed or pygame.key.name(event.key))
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == LEFT_BUTTON:
            self.click(event.pos)


@dataclass(frozen=True)
class EnvRecording:
    """The files to write of some episodes.

    Attributes:
        gif: the animation, if any.
        png: the picture of the last frame, if any.
        episodes: how many episodes.
        steps: the most steps in all.
        size: of the pictures in points.
    """

    gif: Path | None
    png: Path | None
    episodes: int
    steps: int
    size: tuple[int, int] = SIZE


def record_episodes(episode: EpisodePlayer, theme: Theme, wanted: EnvRecording) -> int:
    """Play episodes and write pictures of them; return the number of steps.

    Raises:
        OutputError: a file cannot be written.
    """
    canvas = Canvas(pygame.Surface(wanted.size))
    ui = EnvUi(theme)
    every = max(1, math.ceil(episode.pace / FILM_PACE))
    images, seconds, steps = [], [], 0
    with progress_bar("recording", wanted.steps, "steps") as show:
        while True:
            frame = episode.frame
            ended = steps >= wanted.steps or (frame.over and frame.episode >= wanted.episodes)
            if wanted.gif is not None and (ended or frame.over or frame.step % every == 0):
                paint_env(canvas, episode, ui)
                images.append(image_of(canvas.surface))
                seconds.append(END_SECONDS if ended or frame.over else every / episode.pace)
            if ended:
                break
            steps += episode.advance().step > 0
            show(steps)
    paint_env(canvas, episode, ui)
    if wanted.png is not None:
        save_png(wanted.png, canvas.surface)
    if wanted.gif is not None:
        save_gif(wanted.gif, images, seconds)
    return steps
