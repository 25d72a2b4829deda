"""Boards and explanations as PNG, drawn with Pillow: for where notebooks cannot show HTML."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rlhf_agents.players.board_parts import BOARD, CELL, COLOURS, GOOD, HOLE, RING, Row, stones_of
from rlhf_games.base import Game, States

PAPER, INK, TRACK = "#ffffff", "#181f2a", "#e5eaf2"
SCALE = 2
"""Pixels per point."""
FINE = 2
"""How much finer a picture is drawn than it is shown."""
LETTER = (6, 12)
"""Pixels of a letter of Pillow's own font."""
LINE, GAP, PERCENT, BAR = 22, 14, 44, 100
"""Points of a line, a gap, a number in percent and a bar."""


def board_png(game: Game, state: States) -> bytes:
    """Return a position uint64 `[W]` as PNG; as text if it has no board of stones."""
    return _png(_board(game, state))


def card_png(
    title: str, position: tuple[Game, States], rows: Sequence[Row], foot: Sequence[str]
) -> bytes:
    """Return a position with the values of its moves as PNG.

    Args:
        title: above it.
        position: the rules, and the position uint64 `[W]`.
        rows: the moves.
        foot: lines below it.
    """
    board = _board(*position)
    unit = SCALE * FINE
    names = max((_width(name) for name, _, _ in rows), default=0.0)
    beside = GAP + names + PERCENT + GAP + BAR if rows else 0.0
    width = max(board.width / unit + beside, *(_width(text) for text in (title, *foot)))
    middle = max(board.height / unit, LINE * len(rows))
    height = LINE + middle + GAP + LINE * len(foot)
    sheet = Image.new("RGB", (round((width + 2 * GAP) * unit), round((height + GAP) * unit)), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((GAP * unit, GAP * unit / 2), title, INK, _font(bold=True))
    top = GAP / 2 + LINE
    sheet.paste(board, (GAP * unit, round(top * unit)))
    left = 2 * GAP + board.width / unit
    for number, row in enumerate(rows):
        _draw_row(pen, (left, top + number * LINE), left + names + PERCENT, row)
    for number, text in enumerate(foot):
        place = (GAP * unit, (top + middle + GAP / 2 + number * LINE) * unit)
        pen.text(place, text, INK, _font())
    return _png(sheet)


def _draw_row(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], middle: float, row: Row
) -> None:
    """Draw a move: its name, its value in percent up to `middle`, and as a bar behind that."""
    name, share, chosen = row
    unit, (x, y) = SCALE * FINE, place
    pen.text((x * unit, y * unit), name, INK, _font(chosen))
    pen.text((middle * unit, y * unit), f"{100 * share:.0f}%", INK, _font(chosen), anchor="ra")
    left = middle + GAP
    for length, colour in ((BAR, TRACK), (max(9, BAR * share), GOOD if chosen else BOARD)):
        bar = [part * unit for part in (left, y + 4, left + length, y + 13)]
        pen.rounded_rectangle(bar, 4 * unit, colour)


def _board(game: Game, state: States) -> Image.Image:
    written = game.text(state)
    return _written(written) if written is not None else _discs(stones_of(game, state))


def _discs(stones: NDArray[np.int64]) -> Image.Image:
    side = CELL * SCALE * FINE
    rows, columns = stones.shape
    image = Image.new("RGB", (columns * side, rows * side), PAPER)
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, *image.size), side / 4, BOARD)
    for (row, column), owner in np.ndenumerate(stones):
        centre = (column + 0.5) * side, (row + 0.5) * side
        pen.circle(centre, 0.42 * side, COLOURS[owner - 1] if owner else HOLE)
        if owner == 2:
            pen.circle(centre, 0.25 * side, outline=RING, width=round(0.06 * side))
    return image


def _written(text: str) -> Image.Image:
    lines = text.encode("latin-1", "replace").decode("latin-1").split("\n")
    columns = max(len(line) for line in lines)
    image = Image.new("RGB", (columns * LETTER[0], len(lines) * LETTER[1]), PAPER)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default_imagefont()
    for number, line in enumerate(lines):
        pen.text((0, number * LETTER[1]), line, INK, font)
    wide, high = (side * SCALE * FINE for side in image.size)
    return image.resize((wide, high), Image.Resampling.NEAREST)


@cache
def _font(bold: bool = False) -> ImageFont.FreeTypeFont:
    name = "Roboto-Medium.ttf" if bold else "Roboto-Regular.ttf"
    data = (files("rlhf_agents") / "assets" / "fonts" / name).read_bytes()
    return ImageFont.truetype(io.BytesIO(data), 13 * SCALE * FINE)


def _width(text: str) -> float:
    """Return the width of a line in points."""
    return _font(bold=True).getlength(text) / (SCALE * FINE)


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.reduce(FINE).save(stream, "PNG", optimize=True)
    return stream.getvalue()
