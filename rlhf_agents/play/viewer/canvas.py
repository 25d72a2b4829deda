"""Drawing on a pygame surface in points: smooth discs, round corners, text.

Circles are drawn `FINE` times larger, shrunk and cached, once per size and colour; text is cached,
too. No display is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

import pygame

from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Colour

FINE = 4
ELLIPSIS = "\u2026"


@lru_cache(maxsize=64)
def _font(pixels: int, bold: bool) -> pygame.font.Font:
    pygame.font.init()
    pygame.register_quit(_font.cache_clear)  # environments may quit pygame, which voids its fonts
    name = "Roboto-Medium.ttf" if bold else "Roboto-Regular.ttf"
    return pygame.font.Font(str(files("rlhf_agents") / "assets" / "fonts" / name), pixels)


@lru_cache(maxsize=2048)
def _written(text: str, pixels: int, bold: bool, colour: Colour) -> pygame.Surface:
    return _font(pixels, bold).render(text, True, colour)


@lru_cache(maxsize=4096)
def _text_width(text: str, pixels: int, bold: bool) -> int:
    return _font(pixels, bold).size(text)[0]


@lru_cache(maxsize=512)
def _disc(diameter: int, thickness: int, colour: Colour) -> pygame.Surface:
    """Return a smooth disc, or a ring if `thickness` is above 0; sizes in pixels."""
    large = pygame.Surface((diameter * FINE, diameter * FINE), pygame.SRCALPHA)
    large.fill((*colour, 0))
    middle = (diameter * FINE / 2, diameter * FINE / 2)
    pygame.draw.circle(large, colour, middle, diameter * FINE / 2, thickness * FINE)
    return pygame.transform.smoothscale(large, (diameter, diameter))


@lru_cache(maxsize=256)
def _rounded(size: tuple[int, int], radius: int, colour: Colour) -> pygame.Surface:
    """Return a filled rectangle with smooth round corners; sizes in pixels."""
    surface = pygame.Surface(size, pygame.SRCALPHA)
    surface.fill((*colour, 0))
    width, height = size
    surface.fill(colour, (radius, 0, width - 2 * radius, height))
    surface.fill(colour, (0, radius, width, height - 2 * radius))
    corner = _disc(2 * radius, 0, colour)
    for x, left in ((0, 0), (width - radius, radius)):
        for y, top in ((0, 0), (height - radius, radius)):
            surface.fill((*colour, 0), (x, y, radius, radius))
            surface.blit(corner, (x, y), (left, top, radius, radius))
    return surface


def _corners(start: Point, end: Point, width: float) -> list[Point] | None:
    """Return the corners of a line as a rectangle, None if it is thin.

    pygame's own lines are faster, but slanted ones come out too thin, with oblique ends.
    """
    length = math.dist(start, end)
    if width < 3 or not length:
        return None
    half = (width - 1) / 2  # the smooth rim adds half a pixel at each side
    across = (end[1] - start[1]) / length * half, (start[0] - end[0]) / length * half
    return [
        (x + sign * across[0], y + sign * across[1])
        for (x, y), sign in ((start, 1), (start, -1), (end, -1), (end, 1))
    ]


class Canvas:
    """A surface to draw on.

    Args:
        surface: where to draw.
        scale: pixels per point.

    Attributes:
        size: width and height in points.
    """

    def __init__(self, surface: pygame.Surface, scale: float = 1.0) -> None:
        self.surface = surface
        self.scale = scale
        self.size = (surface.get_width() / scale, surface.get_height() / scale)
        self._alpha = 255

    def fill(self, colour: Colour) -> None:
        """Fill everything."""
        self.surface.fill(colour)

    def box(self, box: Box, colour: Colour, radius: float = 0) -> None:
        """Fill a rectangle with round corners."""
        rect = self._rect(box)
        if rect.width <= 0 or rect.height <= 0:
            return
        pixels = min(self._pixels(radius), rect.width // 2, rect.height // 2)
        if pixels < 1 and self._alpha == 255:
            self.surface.fill(colour, rect)
            return
        self._put(_rounded(rect.size, pixels, colour), rect.topleft)

    def outline(self, box: Box, colour: Colour, radius: float = 0, width: float = 1) -> None:
        """Draw the rim of a rectangle."""
        pixels = max(1, self._pixels(width))
        pygame.draw.rect(
            self.surface, colour, self._rect(box), pixels, border_radius=self._pixels(radius)
        )

    def disc(self, centre: Point, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        self._round(centre, radius, 0, colour)

    def ring(self, centre: Point, radius: float, width: float, colour: Colour) -> None:
        """Draw a circle of outer `radius`, `width` thick."""
        self._round(centre, radius, max(1, self._pixels(width)), colour)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw connected lines with round joints."""
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        for start, end in pairwise(scaled):
            corners = _corners(start, end, width * self.scale)
            if corners is None:
                pygame.draw.aaline(self.surface, colour, start, end, max(1, self._pixels(width)))
            else:
                pygame.draw.polygon(self.surface, colour, corners)
                pygame.draw.aalines(self.surface, colour, True, corners)
        if width >= 3:
            for point in points:
                self.disc(point, width / 2, colour)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        pygame.draw.polygon(self.surface, colour, scaled)

    def text(
        self,
        place: Point,
        text: str,
        size: float,
        colour: Colour,
        *,
        anchor: str = "lm",
        bold: bool = False,
        width: float | None = None,
    ) -> None:
        """Write one line.

        Args:
            place: a point of the line.
            text: what to write.
            size: in points.
            colour: of the letters.
            anchor: which point: l, m or r (left, middle, right), then t, m or b (top, ...).
            bold: a heavier font.
            width: shorten the text with an ellipsis if it is wider.
        """
        if width is not None:
            text = self.fitted(text, size, width, bold=bold)
        if not text:
            return
        picture = _written(text, max(1, self._pixels(size)), bold, colour)
        across = {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]]
        down = {"t": 0.0, "m": 0.5, "b": 1.0}[anchor[1]]
        x = place[0] * self.scale - across * picture.get_width()
        y = place[1] * self.scale - down * picture.get_height()
        self._put(picture, (round(x), round(y)))

    def text_width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the width of a line, in points."""
        return _text_width(text, max(1, self._pixels(size)), bold) / self.scale

    def fitted(self, text: str, size: float, width: float, *, bold: bool = False) -> str:
        """Return `text`, shortened with an ellipsis if it does not fit."""
        if self.text_width(text, size, bold=bold) <= width:
            return text
        while text and self.text_width(text + ELLIPSIS, size, bold=bold) > width:
            text = text[:-1].rstrip()
        return text + ELLIPSIS if text else ""

    def fitting(
        self, text: str, size: float, width: float, least: float, *, bold: bool = False
    ) -> float:
        """Return the size at which a line fits: `size`, or smaller down to `least`."""
        while size > least and self.text_width(text, size, bold=bold) > width:
            size = max(least, size - 0.5)
        return size

    def wrapped(self, text: str, size: float, width: float) -> list[str]:
        """Return the lines of `text` when no line may be wider; a longer word is shortened."""
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.text_width(longer, size) <= width:
                lines[-1] = longer
            else:
                lines.append(self.fitted(word, size, width))
        return lines

    @contextmanager
    def faded(self, share: float) -> Iterator[None]:
        """Draw boxes, discs and text translucent; `share` 1 is opaque."""
        before, self._alpha = self._alpha, round(255 * min(1.0, max(0.0, share)))
        try:
            yield
        finally:
            self._alpha = before

    @contextmanager
    def clipped(self, box: Box) -> Iterator[None]:
        """Draw inside a box only."""
        before = self.surface.get_clip()
        self.surface.set_clip(self._rect(box).clip(before))
        try:
            yield
        finally:
            self.surface.set_clip(before)

    def layer(self, box: Box) -> tuple[Canvas, tuple[int, int]]:
        """Return a transparent canvas of a box's size, and the corner where `paste` puts it."""
        rect = self._rect(box)
        surface = pygame.Surface((max(1, rect.width), max(1, rect.height)), pygame.SRCALPHA)
        return Canvas(surface, self.scale), rect.topleft

    def paste(self, surface: pygame.Surface, corner: tuple[int, int]) -> None:
        """Copy a surface; the corner is in pixels."""
        self._put(surface, corner)

    def _round(self, centre: Point, radius: float, thickness: int, colour: Colour) -> None:
        diameter = max(2, round(2 * radius * self.scale))
        picture = _disc(diameter, min(thickness, diameter // 2), colour)
        x = round(centre[0] * self.scale - diameter / 2)
        y = round(centre[1] * self.scale - diameter / 2)
        self._put(picture, (x, y))

    def _put(self, picture: pygame.Surface, corner: tuple[int, int]) -> None:
        if self._alpha < 255:
            picture.set_alpha(self._alpha)
            self.surface.blit(picture, corner)
            picture.set_alpha(255)
        else:
            self.surface.blit(picture, corner)

    def _rect(self, box: Box) -> pygame.Rect:
        left, top = round(box.x * self.scale), round(box.y * self.scale)
        right, bottom = round(box.right * self.scale), round(box.bottom * self.scale)
        return pygame.Rect(left, top, right - left, bottom - top)

    def _pixels(self, points: float) -> int:
        return round(points * self.scale)
