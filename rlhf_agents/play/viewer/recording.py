"""Recordings: the frames of the window, with their own clock and without a display."""

from __future__ import annotations

import time
from pathlib import Path

import pygame
from PIL import Image

from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.image_files import image_of, save_gif, save_png
from rlhf_agents.play.viewer.layout import arrange, growth
from rlhf_agents.play.viewer.painter import paint
from rlhf_agents.play.viewer.scene import Ui
from rlhf_agents.play.viewer.scene_builder import SceneBuilder
from rlhf_agents.progress import note, progress_bar

SIZE = (960, 640)
FRAME_SECONDS = 0.06
THOUGHT_SECONDS = 1.1
LAST_SECONDS = 5.0
PICTURE_SECONDS = 10.0
"""After so long a game of which only a picture is wanted is left as it stands."""


class Recorder:
    """Takes pictures of a match and moves its clock.

    Args:
        builder: the match and its board.
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
        scale *= growth(size)
        self._canvas = Canvas(pygame.Surface(pixels), scale)
        self._layout = arrange(*self._canvas.size, analysing=ui.analysing)

    def picture(self) -> pygame.Surface:
        """Finish all searches and return the current frame."""
        self._finish_searches()
        paint(self._canvas, self._layout, self.builder.scene(self.ui, self._now), self.ui)
        return self._canvas.surface

    def keep(self, seconds: float) -> None:
        """Add the current frame to the recording."""
        self.images.append(image_of(self.picture()))
        self.seconds.append(seconds)

    def play(
        self, plies: int | None = None, *, keep: bool = True, seconds: float | None = None
    ) -> None:
        """Continue the match: replay the moves that were taken back, then let its players move.

        Args:
            plies: how many moves; None to the end of the game.
            keep: keep the frames.
            seconds: after which no further move is begun; None to wait as long as it takes.
        """
        match, count, begun = self.builder.match, 0, time.monotonic()
        most = match.game.max_plies if plies is None else plies
        with progress_bar("recording", most, "moves") as show:
            while count < most and not (match.session.over and not match.session.undone):
                if seconds is not None and time.monotonic() - begun > seconds:
                    note(f"the picture is of move {count}; --plies N waits for another")
                    break
                self._move(keep=keep)
                count += 1
                show(count)
        if keep:
            self.keep(LAST_SECONDS)

    def _move(self, *, keep: bool) -> None:
        """Play one move: first show the search, then move the stone."""
        match = self.builder.match
        self._finish_searches()
        if keep:
            self.keep(THOUGHT_SECONDS)
        before = len(match.session.moves)
        match.advance()
        match.paused = False
        while len(match.session.moves) == before:
            self._finish_searches()
        while match.moving(self._now) < 1:
            if keep:
                self.keep(FRAME_SECONDS)
            self._now += FRAME_SECONDS

    def _finish_searches(self) -> None:
        """Wait for all answers."""
        match = self.builder.match
        match.tick(self._now)
        while match.searches.busy:
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
    """Replay or play a match from its start and write pictures of it.

    Args:
        builder: the match; its moves are replayed, then its players continue.
        ui: what is shown.
        gif: the animation to write, if any.
        png: the picture of the last position to write, if any.
        plies: how many moves in all; None to the end, or for a mere picture as far as the game
            comes in `PICTURE_SECONDS`.
        size: of the pictures in points.

    Raises:
        OutputError: a file cannot be written.
    """
    builder.match.go_to(0)
    builder.match.paused = False
    camera = Recorder(builder, ui, size)
    quickly = gif is None and plies is None
    camera.play(plies, keep=gif is not None, seconds=PICTURE_SECONDS if quickly else None)
    if png is not None:
        save_png(png, camera.picture())
    if gif is not None:
        save_gif(gif, camera.images, camera.seconds)
