"""Recordings: the same frames as the window's, with a clock of its own and without a display."""

from __future__ import annotations

import time
from pathlib import Path

import pygame
from PIL import Image
from tqdm import tqdm

from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.image_files import image_of, save_gif, save_png
from rlhf_agents.play.viewer.layout import arrange
from rlhf_agents.play.viewer.painter import paint
from rlhf_agents.play.viewer.scene import Ui
from rlhf_agents.play.viewer.scene_builder import SceneBuilder

SIZE = (960, 640)
FRAME_SECONDS = 0.06
THOUGHT_SECONDS = 1.1
LAST_SECONDS = 5.0


class Recorder:
    """Takes pictures of a match and moves its time on.

    Args:
        builder: the match and its room.
        ui: what is shown.
        size: of the pictures in points.
        scale: pixels per point.
    """

    def __init__(
        self, builder: SceneBuilder, ui: Ui, size: tuple[int, int] = SIZE, scale: float = 1.0
    ) -> None:
        self.builder, self.ui = builder, ui
        self.images: list[Image.Image] = []
        self.seconds: list[float] = []
        self._now = 0.0
        pixels = (round(size[0] * scale), round(size[1] * scale))
        self._canvas = Canvas(pygame.Surface(pixels), scale)
        self._layout = arrange(*self._canvas.size)

    def picture(self) -> pygame.Surface:
        """Return the present moment, all thoughts finished."""
        self._think()
        paint(self._canvas, self._layout, self.builder.scene(self.ui, self._now), self.ui)
        return self._canvas.surface

    def keep(self, seconds: float) -> None:
        """Add the present moment to the film."""
        self.images.append(image_of(self.picture()))
        self.seconds.append(seconds)

    def play(self, plies: int | None = None, *, film: bool = True) -> None:
        """Let the match go on: moves that were taken back, then those of its players.

        Args:
            plies: how many moves; None to the end of the game.
            film: keep pictures.
        """
        match, count = self.builder.match, 0
        most = match.game.max_plies if plies is None else plies
        with tqdm(total=most, desc="recording", unit="move", leave=False, disable=None) as bar:
            while count < most and not (match.session.over and not match.session.undone):
                self._move(film=film)
                count += 1
                bar.update()
        if film:
            self.keep(LAST_SECONDS)

    def _move(self, *, film: bool) -> None:
        """Play one move: first the thoughts, then the stone."""
        match = self.builder.match
        self._think()
        if film:
            self.keep(THOUGHT_SECONDS)
        before = len(match.session.moves)
        match.advance()
        match.paused = False
        while len(match.session.moves) == before:
            self._think()
        while match.moving(self._now) < 1:
            if film:
                self.keep(FRAME_SECONDS)
            self._now += FRAME_SECONDS

    def _think(self) -> None:
        """Wait until everybody has thought."""
        match = self.builder.match
        match.tick(self._now)
        while match.analysis.busy or match.mover_analysis.busy:
            time.sleep(0.002)
        match.tick(self._now)


def record(
    builder: SceneBuilder,
    ui: Ui,
    *,
    gif: Path | None = None,
    png: Path | None = None,
    plies: int | None = None,
    size: tuple[int, int] = SIZE,
) -> None:
    """Replay or play a match from its start and write what it looked like.

    Args:
        builder: the match, whose moves are replayed; then its players go on.
        ui: what is shown.
        gif: the animation to write, if any.
        png: the picture of the last position to write, if any.
        plies: how many moves in all; None to the end.
        size: of the pictures in points.

    Raises:
        OutputError: a file cannot be written.
    """
    builder.match.go_to(0)
    builder.match.paused = False
    camera = Recorder(builder, ui, size)
    camera.play(plies, film=gif is not None)
    if png is not None:
        save_png(png, camera.picture())
    if gif is not None:
        save_gif(gif, camera.images, camera.seconds)
