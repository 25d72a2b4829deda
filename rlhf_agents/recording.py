"""Recordings of games: frames drawn with Pillow and written as a GIF.

A frame shows the board (`board_image`) and beside it who plays for what, what the mover's goals
are worth, and the moves that it expects.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rlhf_agents.board_image import (
    BRIGHT,
    FAINT,
    MARGIN,
    MUTED,
    ON_SEATS,
    SEATS,
    SIZE,
    SURFACE,
    TRACK,
    Canvas,
    blend,
    board_width,
    draw_board,
    draw_stone,
    draw_values,
)
from rlhf_agents.model_files import write_atomically
from rlhf_agents.records import Explanation
from rlhf_games.base import Game, Outcome

LAST_SECONDS = 4.0
COLOURS = 64
RARITY = 0.75
PROVEN = (52, 168, 112)
WHITE = (255, 255, 255)
CARD = 52
GOAL = 28
FOOT = 66
LINE_ROW = 22

Names = tuple[str, str]


@dataclass(frozen=True)
class Frame:
    """One picture of a game.

    Attributes:
        state: uint64 `[W]`, the position shown.
        action: the move that led to it; None at the start.
        explanation: what `mover` thought when it chose `action`, or, without an action, what it
            thinks of `state`; None if it does not say.
        mover: the seat that played `action`, or, without an action, is to move.
        text: the result, shown as a banner; empty while the game goes on.
    """

    state: NDArray[np.uint64]
    action: int | None
    explanation: Explanation | None
    mover: int
    text: str = ""


def draw_frame(
    game: Game, frame: Frame, captions: Names, size: tuple[int, int] = SIZE
) -> Image.Image:
    """Draw a frame.

    Args:
        game: the rules.
        frame: what to show.
        captions: the names of the first and the second player.
        size: width and height in pixels.
    """
    return _draw(game, frame, captions, _goals_known([frame])[0], size)


def write_gif(
    path: str | os.PathLike[str], game: Game, frames: Sequence[Frame], captions: Names,
    seconds: float = 0.9,
) -> None:  # fmt: skip
    """Write frames as an endless GIF that rests on results and on the last one.

    Args:
        path: the file to write.
        game: the rules.
        frames: at least one.
        captions: the names of the first and the second player.
        seconds: how long each other frame is shown.

    Raises:
        ValueError: there is no frame.
        OutputError: the path cannot be written.
    """
    if not frames:
        msg = "a recording needs at least one frame"
        raise ValueError(msg)
    goals = _goals_known(frames)
    images = [_draw(game, frame, captions, goals[i], SIZE) for i, frame in enumerate(frames)]
    first, *others = _with_one_palette(images)
    rests = [bool(frame.text) or frame is frames[-1] for frame in frames]
    durations = [round(1000 * (LAST_SECONDS if rest else seconds)) for rest in rests]
    buffer = io.BytesIO()
    first.save(
        buffer, "GIF", save_all=True, append_images=others, duration=durations, loop=0,
        optimize=True, palette=bytes(first.getpalette() or ()),
    )  # fmt: skip
    write_atomically(path, buffer.getvalue())


def _with_one_palette(images: list[Image.Image]) -> list[Image.Image]:
    """Return the images in the same `COLOURS` colours.

    They are chosen for all images together; large areas count less than in proportion to their
    size, so that a small badge keeps its colour.
    """
    counts: Counter[tuple[int, ...] | float] = Counter()
    for image in images:
        for count, colour in image.getcolors(image.width * image.height) or ():
            counts[colour] += count
    weights = np.ceil(np.array(list(counts.values())) ** RARITY).astype(np.int64)
    swatches = np.repeat(np.array(list(counts), np.uint8), weights, axis=0)
    album = Image.fromarray(swatches[None])
    palette = album.quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=3)
    return [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]


def _goals_known(frames: Sequence[Frame]) -> list[Names]:
    """Return for each frame both players' goals: the latest named, else the first to come."""
    known = ["", ""]
    for frame in reversed(frames):
        if frame.explanation is not None:
            known[frame.mover] = _goal_text(frame.explanation)
    result: list[Names] = []
    for frame in frames:
        if frame.explanation is not None:
            known[frame.mover] = _goal_text(frame.explanation)
        result.append((known[0], known[1]))
    return result


def _goal_text(thought: Explanation) -> str:
    lost = thought.pursued != thought.goal
    return f"{thought.goal}, now for {thought.pursued}" if lost else thought.goal


# ---- drawing -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Panel:
    """The right part of a picture."""

    canvas: Canvas
    left: float
    width: float

    @property
    def right(self) -> float:
        """Return the right edge."""
        return self.left + self.width

    @property
    def foot(self) -> float:
        """Return the top of the lowest part: the expected moves or the result."""
        return self.canvas.size[1] - MARGIN - FOOT


def _draw(
    game: Game, frame: Frame, captions: Names, goals: Names, size: tuple[int, int]
) -> Image.Image:
    canvas = Canvas(size)
    draw_board(canvas, game, frame.state, frame.action)
    left = board_width(canvas.size)
    panel = _Panel(canvas, left, canvas.size[0] - left - MARGIN)
    top = _draw_title(panel, game, frame)
    for seat in (0, 1):
        _draw_player(panel, top, seat, (captions[seat], goals[seat]), active=seat == frame.mover)
        top += CARD + 8
    if frame.explanation is not None:
        draw_values(canvas, game, frame.explanation, frame.action, frame.mover)
        _draw_goals(panel, frame, frame.explanation, (top + 4, panel.foot - 8))
        if not frame.text:
            _draw_line(panel, game, frame, frame.explanation)
    if frame.text:
        _draw_banner(panel, game, frame)
    return canvas.finish()


def _draw_title(panel: _Panel, game: Game, frame: Frame) -> float:
    """Write the name of the game and the ply; return where the next part begins."""
    ply = f"ply {int(game.plies(frame.state[None])[0])}"
    middle = MARGIN + 8
    panel.canvas.text((panel.left, middle), game.title, 20, BRIGHT, bold=True)
    panel.canvas.text((panel.right, middle), ply, 15, MUTED, anchor="rm")
    return MARGIN + 30


def _draw_player(panel: _Panel, top: float, seat: int, texts: Names, *, active: bool) -> None:
    """Draw a card with a player's stone, name and goal."""
    canvas, (name, goal) = panel.canvas, texts
    canvas.box((panel.left, top), (panel.width, CARD), SURFACE, 10)
    if active:
        canvas.box((panel.left, top + 10), (4, CARD - 20), SEATS[seat], 2)
    draw_stone(canvas, (panel.left + 32, top + CARD / 2), 15, seat)
    left, room = panel.left + 60, panel.width - 72
    middle = top + CARD * (0.34 if goal else 0.5)
    ink = BRIGHT if active else MUTED
    canvas.text((left, middle), canvas.fitted(name, 16, room), 16, ink)
    if goal:
        text = canvas.fitted(f"plays for {goal}", 13, room)
        canvas.text((left, top + CARD * 0.7), text, 13, MUTED)


def _draw_goals(
    panel: _Panel, frame: Frame, thought: Explanation, extent: tuple[float, float]
) -> None:
    """Draw how much was searched and a bar for every goal, the pursued one highlighted."""
    canvas, (top, bottom) = panel.canvas, extent
    _draw_effort(panel, top + 11, thought)
    if not thought.goal_values:
        return
    top += 28
    row = min(GOAL, (bottom - top) / len(thought.goal_values))
    size = min(15.0, row * 0.8)
    names = max(canvas.text_width(name, size) for name in thought.goal_values)
    names = min(names, panel.width * 0.45) + 12
    track = panel.width - names - canvas.text_width("100%", size) - 8
    for i, (name, value) in enumerate(thought.goal_values.items()):
        middle, thick = top + (i + 0.5) * row, row * 0.42
        asked = name == thought.pursued
        colour = SEATS[frame.mover] if asked else blend(SEATS[frame.mover], SURFACE, 0.45)
        ink = BRIGHT if asked else MUTED
        canvas.text((panel.left, middle), canvas.fitted(name, size, names - 12), size, ink)
        corner = (panel.left + names, middle - thick / 2)
        canvas.box(corner, (track, thick), TRACK, thick / 2)
        canvas.box(corner, (track * min(1.0, value), thick), colour, thick / 2)
        canvas.text((panel.right, middle), f"{100 * value:.0f}%", size, ink, anchor="rm")


def _draw_effort(panel: _Panel, middle: float, thought: Explanation) -> None:
    """Write the number of nodes, and a badge if the value is proven."""
    canvas = panel.canvas
    left = "value of each goal" if thought.goal_values else ""
    canvas.text((panel.left, middle), left, 13, FAINT)
    right = panel.right
    if thought.proven:
        canvas.box((right - 62, middle - 10), (62, 20), PROVEN, 10)
        canvas.text((right - 31, middle), "proven", 13, WHITE, anchor="mm")
        right -= 72
    text = f"{thought.nodes:,} node{'' if thought.nodes == 1 else 's'}"
    canvas.text((right, middle), text, 13, FAINT, anchor="rm")


def _draw_line(panel: _Panel, game: Game, frame: Frame, thought: Explanation) -> None:
    """Write the moves that the mover expects, each with its ply, in two rows."""
    if not thought.line:
        return
    canvas = panel.canvas
    x, y = panel.left, panel.foot + 8
    canvas.text((x, y), "expected moves", 13, FAINT)
    y += LINE_ROW
    ply = int(game.plies(frame.state[None])[0]) + (frame.action is None)
    for i, action in enumerate(thought.line):
        number, name = f"{ply + i}.", game.action_names[action]
        start = 16 + canvas.text_width(number, 13)
        width = start + canvas.text_width(name, 13)
        if x + width > panel.right:
            x, y = panel.left, y + LINE_ROW
        if y > canvas.size[1] - MARGIN:
            break
        canvas.disc((x + 4.5, y), 4.5, SEATS[(frame.mover + i) % 2])
        canvas.text((x + 13, y), number, 13, FAINT)
        canvas.text((x + start, y), name, 13, BRIGHT)
        x += width + 12


def _draw_banner(panel: _Panel, game: Game, frame: Frame) -> None:
    """Write the result in the colours of the winner."""
    canvas = panel.canvas
    outcome = int(game.outcome(frame.state[None])[0])
    to_move = int(game.mover(frame.state[None])[0])
    fill, ink = TRACK, BRIGHT
    if outcome in (Outcome.WIN, Outcome.LOSS):
        winner = to_move if outcome == Outcome.WIN else 1 - to_move
        fill, ink = SEATS[winner], ON_SEATS[winner]
    canvas.box((panel.left, panel.foot + 10), (panel.width, FOOT - 10), fill, 10)
    room = panel.width - 28
    size = max(12.0, min(18.0, 18 * room / canvas.text_width(frame.text, 18)))
    place = (panel.left + panel.width / 2, panel.foot + 5 + FOOT / 2)
    text = canvas.fitted(frame.text, size, room)
    canvas.text(place, text, size, ink, anchor="mm", bold=True)
