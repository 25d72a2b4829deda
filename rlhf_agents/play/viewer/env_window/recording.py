"""Recordings of episodes, without a window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import pygame
from PIL import Image

from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.screen import EnvUi, paint_env
from rlhf_agents.play.viewer.image_files import image_of, save_gif, save_png
from rlhf_agents.play.viewer.theme import Theme
from rlhf_agents.progress import progress_bar

SIZE = (960, 560)
FILM_PACE = 15.0
"""Frames per second of a recording; with 50 it would be huge."""
END_SECONDS = 1.5
MOST_FRAMES = 900
"""Of a person's recording, which then ends by itself."""


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


class Film:
    """Collects the frames of a recording that a person begins and ends."""

    def __init__(self) -> None:
        self.images: list[Image.Image] = []

    @property
    def full(self) -> bool:
        """Whether it must end."""
        return len(self.images) >= MOST_FRAMES

    def keep(self, episode: EpisodePlayer, theme: Theme, pace: float) -> None:
        """Keep the present frame, or skip it if there are more per second than needed."""
        if episode.frame.step % max(1, round(pace / FILM_PACE)) == 0 or episode.frame.over:
            canvas = Canvas(pygame.Surface(SIZE))
            paint_env(canvas, episode, EnvUi(theme))
            self.images.append(image_of(canvas.surface))

    def save(self, path: Path) -> None:
        """Write an animation.

        Raises:
            OutputError: the file cannot be written.
        """
        seconds = [1 / FILM_PACE] * (len(self.images) - 1) + [END_SECONDS]
        save_gif(path, self.images, seconds)


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
