"""A window for tests: an app, a surface and a clock that only tests move."""

from __future__ import annotations

import time
from pathlib import Path

import pygame

from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.app import App
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.layout import growth
from rlhf_agents.play.viewer.painter import target_at
from rlhf_agents.play.viewer.scene import Target, Ui

PATIENCE = 240.0  # the first game of a kind is compiled before


class Screen:
    """An app that is drawn on a surface.

    Args:
        folder: where it saves.
        size: in points.
        record: of `App`.
        ui: of `App`; a window that analyses, if None.
        options: of `Setup`.
    """

    def __init__(self, folder: Path, size=(1000, 700), record=None, ui=None, **options):
        self.now = 0.0
        self.surface = pygame.Surface(size)
        setup = Setup(**{"nodes": 16, **options})
        self.app = App(setup, folder, record=record, ui=ui or Ui(analysing=True))
        self.frame()
        self.wait(lambda: self.app.builder is not None)

    @property
    def match(self):
        return self.app.builder.match

    @property
    def session(self):
        return self.match.session

    @property
    def canvas(self):
        return Canvas(self.surface, growth(self.surface.get_size()))

    @property
    def scene(self):
        return self.app.builder.scene(self.app.ui, self.now)

    def frame(self, seconds=0.02):
        self.now += seconds
        self.app.tick(self.now)
        self.app.draw(self.canvas)

    def wait(self, what, seconds=0.02):
        """Let frames pass until something is true."""
        until = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < until, "nothing happened"
            self.frame(seconds)
            time.sleep(0.001)

    def settle(self):
        """Let everybody finish thinking, without moving the clock."""
        self.frame(0)
        self.wait(lambda: not self.match.searches.busy, 0)
        self.frame(0)

    def at_rest(self):
        """Wait until it is the person's turn (or the game is over) and all is known."""
        done = lambda: self.session.over or not self.match.computer or self.match.paused  # noqa: E731
        self.wait(lambda: done() and self.match.moving(self.now) >= 1, 0.2)
        self.settle()

    def place(self, kind, value):
        """Return a point at which the mouse finds a target."""
        wanted = Target(kind, value)
        width, height = (round(side) for side in self.canvas.size)
        self.app.draw(self.canvas)
        for y in range(3, height, 8):
            for x in range(3, width, 8):
                found = target_at(
                    self.canvas, self.app.layout, self.app._scene, self.app.ui, (x, y)
                )
                if found == wanted:
                    return x + 1, y + 1
        msg = f"{wanted} is nowhere on the screen"
        raise AssertionError(msg)

    def click(self, kind, value):
        self.app.press(self.place(kind, value))
        self.app.release()
        self.frame()

    def point(self, kind, value):
        self.app.point(self.place(kind, value))
        self.frame()

    def key(self, *names):
        for name in names:
            self.app.key(name)
            self.frame()

    def colour(self, place):
        scale = self.canvas.scale
        return tuple(self.surface.get_at((round(place[0] * scale), round(place[1] * scale))))[:3]

    def resize(self, size):
        self.surface = pygame.Surface(size)
        self.frame()
