"""Positions of games as text and as plain pictures, for logs and videos."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.kinds import Picture
from rlhf_adapters.specs import EnvError
from rlhf_games.base import Game, States

ANSI, RGB = "ansi", "rgb_array"
MODES = (ANSI, RGB)
SIGNS = ".XO"
"""Symbols of an empty cell and of the first and second player's stones."""
COLOURS = np.array([(244, 246, 250), (235, 150, 12), (38, 96, 214)], np.uint8)
"""Their colours in pictures, those of the window; stones of the second player have a ring, too."""
BOARD, RING = np.array((150, 166, 192), np.uint8), np.array((206, 224, 255), np.uint8)
CELL = 48
"""Pixels of a cell's side."""
LETTER = (6, 12)
"""Pixels of a letter before it is enlarged by `ZOOM`."""
ZOOM, MARGIN = 2, 4


def checked_mode(mode: str | None) -> str | None:
    """Return a render mode.

    Raises:
        EnvError: there is no such mode.
    """
    if mode is not None and mode not in MODES:
        msg = f"render_mode of a game must be None or one of {', '.join(MODES)}, got {mode!r}"
        raise EnvError(msg)
    return mode


def stones_of(game: Game, states: States) -> NDArray[np.int64]:
    """Return the stones, int64 `[B, H, W]`: 1 the first player's, 2 the second's, else 0.

    The board is seen from the first player's side.
    """
    second = game.mover(states) == 1
    planes = game.observe(states)[:, :2] > 0
    planes[second] = planes[second][:, ::-1]
    if game.turned:
        planes[second] = planes[second][..., ::-1, ::-1]
    return np.asarray(planes[:, 0] + 2 * planes[:, 1], np.int64)


def text_of(game: Game, state: States) -> str:
    """Return a position uint64 `[W]` as text: the game's own text, otherwise X and O."""
    written = game.text(state)
    if written is not None:
        return written
    rows = stones_of(game, np.asarray(state)[None])[0]
    return "\n".join(" ".join(SIGNS[cell] for cell in row) for row in rows)


def picture_of(game: Game, state: States) -> NDArray[np.uint8]:
    """Return a position uint64 `[W]` as a picture, uint8 `[H, W, 3]`, of one size in every game."""
    if game.text(state) is not None:
        return _written(game, state)
    rows = stones_of(game, np.asarray(state)[None])[0]
    pixels = COLOURS[rows].repeat(CELL, axis=0).repeat(CELL, axis=1)
    rings = np.kron(rows == 2, _disc(0.25) & ~_disc(0.18)) > 0
    pixels = np.where(rings[..., None], RING, pixels)
    holes = np.tile(_disc(0.42), rows.shape)
    return np.where(holes[..., None], pixels, BOARD)


def drawn(game: Game, state: States, mode: str | None) -> Picture:
    """Return a position in a render mode, None without one."""
    if mode is None:
        return None
    return text_of(game, state) if mode == ANSI else picture_of(game, state)


@cache
def _disc(radius: float) -> NDArray[np.bool_]:
    """Return a disc in a cell, bool `[CELL, CELL]`; its radius is in cells."""
    along = np.arange(CELL) - (CELL - 1) / 2
    return np.asarray(along[:, None] ** 2 + along**2 <= (radius * CELL) ** 2)


def _written(game: Game, state: States) -> NDArray[np.uint8]:
    """Return a position's text as a picture that is at least as large as that of the start."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - only where pictures are asked for

    start = (game.text(game.initial(1)[0]) or "").split("\n")
    columns = max(len(line) for line in start) + 2 * MARGIN
    size = (columns * LETTER[0], (len(start) + MARGIN) * LETTER[1])
    image = Image.new("RGB", size, tuple(COLOURS[0].tolist()))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default_imagefont()
    for number, line in enumerate((game.text(state) or "").split("\n")):
        plain = line.encode("latin-1", "replace").decode("latin-1")
        place = (MARGIN * LETTER[0], number * LETTER[1] + MARGIN * LETTER[1] // 2)
        pen.text(place, plain, (20, 24, 32), font)
    return np.asarray(image).repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
