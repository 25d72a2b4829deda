"""The colours of the window, light and dark.

Colour-blind people can distinguish the players' amber and blue in both themes (tests measure it for
simulated protanopia, deuteranopia and tritanopia); the second player's stones also have a ring.
"""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Theme:
    """The colours of all parts; pairs belong to the first and the second player."""

    name: str
    background: Colour
    surface: Colour
    raised: Colour
    track: Colour
    text: Colour
    muted: Colour
    faint: Colour
    board: Colour
    board_edge: Colour
    hole: Colour
    good: Colour
    bad: Colour
    accent: Colour
    seats: tuple[Colour, Colour]
    rims: tuple[Colour, Colour]
    on_seats: tuple[Colour, Colour]
    seat_text: tuple[Colour, Colour]
    ring: Colour


DARK = Theme(
    name="dark",
    background=(17, 21, 28),
    surface=(27, 33, 43),
    raised=(40, 49, 63),
    track=(49, 60, 77),
    text=(238, 242, 248),
    muted=(167, 178, 196),
    faint=(137, 150, 171),
    board=(54, 68, 90),
    board_edge=(66, 82, 107),
    hole=(24, 30, 39),
    good=(64, 190, 132),
    bad=(244, 112, 96),
    accent=(116, 168, 255),
    seats=((247, 172, 40), (50, 110, 228)),
    rims=((212, 132, 8), (33, 80, 184)),
    on_seats=((38, 24, 2), (255, 255, 255)),
    seat_text=((250, 184, 70), (132, 174, 255)),
    ring=(200, 220, 255),
)

LIGHT = Theme(
    name="light",
    background=(243, 245, 249),
    surface=(255, 255, 255),
    raised=(229, 234, 242),
    track=(217, 224, 234),
    text=(24, 31, 42),
    muted=(80, 92, 111),
    faint=(99, 111, 130),
    board=(150, 166, 192),
    board_edge=(127, 145, 174),
    hole=(236, 240, 246),
    good=(18, 138, 84),
    bad=(200, 54, 40),
    accent=(32, 92, 208),
    seats=((235, 150, 12), (38, 96, 214)),
    rims=((198, 120, 0), (22, 64, 158)),
    on_seats=((38, 24, 2), (255, 255, 255)),
    seat_text=((150, 88, 0), (28, 82, 196)),
    ring=(206, 224, 255),
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def blend(colour: Colour, other: Colour, share: float) -> Colour:
    """Return a mix of `colour` and a `share` of `other` in [0, 1]."""
    red, green, blue = (
        round(a * (1 - share) + b * share) for a, b in zip(colour, other, strict=True)
    )
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4
        for c in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
