"""Chess pieces, drawn from polygons and discs in a square from -1 to 1, y downwards."""

from __future__ import annotations

from functools import lru_cache

import pygame

from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Point
from rlhf_agents.play.viewer.theme import Colour

FINE = 4
RIM = 0.055
SIZE = 0.86
"""The share of a cell that a piece's square takes."""

Outline = tuple[Point, ...]
Disc = tuple[float, float, float]

FOOT: Outline = (
    (-0.46, 0.78),
    (-0.46, 0.62),
    (-0.36, 0.48),
    (0.36, 0.48),
    (0.46, 0.62),
    (0.46, 0.78),
)
COLLAR: Outline = ((-0.24, -0.06), (0.24, -0.06), (0.18, 0.06), (-0.18, 0.06))


def _box(left: float, top: float, right: float, bottom: float) -> Outline:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _trunk(above: float, below: float, top: float) -> Outline:
    return ((-above, top), (above, top), (below, 0.5), (-below, 0.5))


POLYGONS: dict[str, tuple[Outline, ...]] = {
    "p": (_trunk(0.1, 0.26, -0.1), COLLAR, FOOT),
    "r": (
        _trunk(0.26, 0.32, -0.26),
        _box(-0.42, -0.46, 0.42, -0.24),
        _box(-0.42, -0.7, -0.22, -0.44),
        _box(-0.1, -0.7, 0.1, -0.44),
        _box(0.22, -0.7, 0.42, -0.44),
        FOOT,
    ),
    "n": (
        (
            (-0.3, 0.5),
            (0.4, 0.5),
            (0.42, 0.04),
            (0.32, -0.32),
            (0.12, -0.58),
            (0.04, -0.8),
            (-0.08, -0.6),
            (-0.3, -0.46),
            (-0.56, -0.06),
            (-0.52, 0.1),
            (-0.38, 0.14),
            (-0.2, -0.02),
            (-0.04, -0.04),
            (-0.26, 0.22),
        ),
        FOOT,
    ),
    "b": (
        (
            (0.0, -0.72),
            (0.24, -0.4),
            (0.26, -0.16),
            (0.14, 0.02),
            (-0.14, 0.02),
            (-0.26, -0.16),
            (-0.24, -0.4),
        ),
        ((-0.24, 0.0), (0.24, 0.0), (0.18, 0.12), (-0.18, 0.12)),
        _trunk(0.12, 0.28, 0.1),
        FOOT,
    ),
    "q": (
        (
            (-0.32, 0.3),
            (-0.58, -0.44),
            (-0.26, -0.08),
            (-0.22, -0.62),
            (0.0, -0.14),
            (0.22, -0.62),
            (0.26, -0.08),
            (0.58, -0.44),
            (0.32, 0.3),
        ),
        _trunk(0.32, 0.3, 0.28),
        FOOT,
    ),
    "k": (
        _box(-0.06, -0.88, 0.06, -0.4),
        _box(-0.18, -0.76, 0.18, -0.64),
        ((0.0, -0.46), (0.16, -0.3), (0.0, 0.1), (-0.16, -0.3)),
        ((-0.5, -0.04), (0.5, -0.04), (0.3, 0.5), (-0.3, 0.5)),
        FOOT,
    ),
}
DISCS: dict[str, tuple[Disc, ...]] = {
    "p": ((0.0, -0.32, 0.26),),
    "b": ((0.0, -0.76, 0.1),),
    "q": ((-0.58, -0.48, 0.09), (-0.22, -0.66, 0.09), (0.22, -0.66, 0.09), (0.58, -0.48, 0.09)),
    "k": ((-0.27, -0.1, 0.25), (0.27, -0.1, 0.25)),
}
CUTS: dict[str, tuple[tuple[Point, Point], ...]] = {
    "b": (((0.02, -0.42), (0.16, -0.22)),),
    "r": (((-0.3, -0.24), (0.3, -0.24)),),
    "q": (((-0.3, 0.3), (0.3, 0.3)),),
    "k": (((-0.34, 0.26), (0.34, 0.26)),),
    "n": (((-0.2, -0.3), (-0.14, -0.3)),),
}
"""Lines inside a piece."""


def draw_chess_piece(
    canvas: Canvas, centre: Point, cell: float, piece: str, colours: tuple[Colour, Colour]
) -> None:
    """Draw a piece.

    Args:
        canvas: where to draw.
        centre: of its cell.
        cell: the size of the cell.
        piece: k, q, r, b, n or p.
        colours: of the piece and of its rim.
    """
    pixels = max(4, round(cell * SIZE * canvas.scale))
    picture = _piece(piece, pixels, *colours)
    x, y = centre[0] * canvas.scale - pixels / 2, centre[1] * canvas.scale - pixels / 2
    canvas.paste(picture, (round(x), round(y)))


@lru_cache(maxsize=256)
def _piece(piece: str, pixels: int, fill: Colour, rim: Colour) -> pygame.Surface:
    """Return a piece on a transparent square; sizes in pixels."""
    side = pixels * FINE
    large = pygame.Surface((side, side), pygame.SRCALPHA)
    large.fill((*rim, 0))
    for colour, grown in ((rim, RIM), (fill, 0.0)):
        for outline in POLYGONS[piece]:
            _draw_outline(large, outline, colour, grown)
        for x, y, radius in DISCS.get(piece, ()):
            pygame.draw.circle(large, colour, _place(side, (x, y)), (radius + grown) * side / 2)
    for start, end in CUTS.get(piece, ()):
        width = max(1, round(RIM * side / 2))
        pygame.draw.line(large, rim, _place(side, start), _place(side, end), width)
    return pygame.transform.smoothscale(large, (pixels, pixels))


def _draw_outline(surface: pygame.Surface, outline: Outline, colour: Colour, grown: float) -> None:
    side = surface.get_width()
    places = [_place(side, point) for point in outline]
    pygame.draw.polygon(surface, colour, places)
    if grown:
        radius = grown * side / 2
        pygame.draw.lines(surface, colour, True, places, round(2 * radius))
        for place in places:
            pygame.draw.circle(surface, colour, place, radius)


def _place(side: int, point: Point) -> Point:
    return (point[0] + 1) / 2 * side, (point[1] + 1) / 2 * side
