"""Recordings of games: frames drawn with Pillow, written as a GIF.

    write_gif("game.gif", game, frames, ("agent", "minimax:4"))
"""

from __future__ import annotations

import io
import os
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

SIZE = (960, 600)
LAST_SECONDS = 4.0
COLOURS = 128
PROVEN = (52, 168, 112)
CARD = 56
BANNER = 50
MAIN_GOALS = 3
LINE_ROWS = 2

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
    """Write frames as an endless GIF that rests on the last one.

    Args:
        path: the file to write.
        game: the rules.
        frames: at least one.
        captions: the names of the first and the second player.
        seconds: how long each frame but the last is shown.

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
    durations = [round(1000 * seconds)] * len(others) + [round(1000 * LAST_SECONDS)]
    buffer = io.BytesIO()
    first.save(
        buffer, "GIF", save_all=True, append_images=others, duration=durations, loop=0,
        optimize=True,
    )  # fmt: skip
    write_atomically(path, buffer.getvalue())


def _with_one_palette(images: list[Image.Image]) -> list[Image.Image]:
    """Return the images in the same `COLOURS` colours."""
    width, height = images[0].size
    album = Image.new("RGB", (width, height * len(images)))
    for i, image in enumerate(images):
        album.paste(image, (0, i * height))
    palette = album.quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=1)
    return [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]


def _goals_known(frames: Sequence[Frame]) -> list[Names]:
    """Return for each frame both players' goals: the latest named, else the first to come."""
    known = ["", ""]
    for frame in reversed(frames):
        if frame.explanation is not None:
            known[frame.mover] = frame.explanation.goal
    result: list[Names] = []
    for frame in frames:
        if frame.explanation is not None:
            known[frame.mover] = frame.explanation.goal
        result.append((known[0], known[1]))
    return result


# ---- drawing -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Panel:
    """The right part of a picture."""

    canvas: Canvas
    left: float
    width: float

    @property
    def right(self) -> float:
        return self.left + self.width


def _draw(
    game: Game, frame: Frame, captions: Names, goals: Names, size: tuple[int, int]
) -> Image.Image:
    canvas = Canvas(size)
    draw_board(canvas, game, frame.state, frame.action)
    left = board_width(size)
    panel = _Panel(canvas, left, size[0] - left - MARGIN)
    top = _draw_title(panel, game, frame)
    for seat in (0, 1):
        _draw_player(panel, top, seat, (captions[seat], goals[seat]), active=seat == frame.mover)
        top += CARD + 8
    thought = frame.explanation
    if thought is not None:
        chosen = thought.action if frame.action is None else frame.action
        draw_values(canvas, game, thought.values, chosen, frame.mover)
        bottom = size[1] - MARGIN - (BANNER + 14 if frame.text else 0)
        _draw_thought(panel, game, frame, thought, (top + 10, bottom))
    if frame.text:
        _draw_banner(panel, game, frame)
    return canvas.finish()


def _draw_title(panel: _Panel, game: Game, frame: Frame) -> float:
    ply = f"ply {int(game.plies(frame.state[None])[0])}"
    middle = MARGIN + 10
    panel.canvas.text((panel.left, middle), game.title, 20, BRIGHT, bold=True)
    panel.canvas.text((panel.right, middle), ply, 15, MUTED, anchor="rm")
    return MARGIN + 32


def _draw_player(
    panel: _Panel, top: float, seat: int, texts: tuple[str, str], *, active: bool
) -> None:
    canvas, (name, goal) = panel.canvas, texts
    canvas.box((panel.left, top), (panel.width, CARD), SURFACE, 10)
    if active:
        canvas.box((panel.left, top + 10), (4, CARD - 20), SEATS[seat], 2)
    draw_stone(canvas, (panel.left + 32, top + CARD / 2), 15, seat)
    room = panel.width - 60 - 12
    colour = BRIGHT if active else MUTED
    name_middle = top + (CARD * 0.34 if goal else CARD / 2)
    canvas.text((panel.left + 60, name_middle), canvas.fitted(name, 16, room), 16, colour)
    if goal:
        text = canvas.fitted(f"plays for {goal}", 13, room)
        canvas.text((panel.left + 60, top + CARD * 0.69), text, 13, MUTED)


def _draw_thought(
    panel: _Panel, game: Game, frame: Frame, thought: Explanation, extent: tuple[float, float]
) -> None:
    """Draw what the mover expects between two heights: goals above, line and nodes below."""
    top, bottom = extent
    _draw_facts(panel, bottom - 10, thought)
    bottom -= 34
    if thought.line:
        bottom = _draw_line(panel, game, frame, thought, bottom)
    if thought.goal_values:
        _draw_goals(panel, thought, frame.mover, (top, bottom))


def _draw_goals(
    panel: _Panel, thought: Explanation, seat: int, extent: tuple[float, float]
) -> None:
    """Draw a bar for every goal, the first three larger if there is room."""
    canvas, (top, bottom) = panel.canvas, extent
    row = min(24.0, (bottom - top) / len(thought.goal_values))
    size = min(14.0, row * 0.78)
    label = max(canvas.text_width(name, size) for name in thought.goal_values)
    label = min(label + 12, panel.width * 0.45)
    number = canvas.text_width("100%", size) + 8
    track = panel.width - label - number
    for i, (name, value) in enumerate(thought.goal_values.items()):
        middle = top + (i + 0.5) * row
        asked = name == thought.pursued
        colour = SEATS[seat] if asked else blend(SEATS[seat], SURFACE, 0.45)
        ink = BRIGHT if asked else MUTED
        canvas.text((panel.left, middle), canvas.fitted(name, size, label - 8), size, ink)
        thick = row * 0.42
        place = (panel.left + label, middle - thick / 2)
        canvas.box(place, (track, thick), TRACK, thick / 2)
        canvas.box(place, (track * value, thick), colour, thick / 2)
        canvas.text((panel.right, middle), f"{100 * value:.0f}%", size, ink, anchor="rm")


def _draw_line(
    panel: _Panel, game: Game, frame: Frame, thought: Explanation, bottom: float
) -> float:
    """Write the expected moves, numbered, in the last rows above `bottom`; return their top."""
    canvas = panel.canvas
    ply = int(game.plies(frame.state[None])[0]) + (frame.action is None)
    height = 22
    top = bottom - LINE_ROWS * height
    x, y = panel.left, top + height / 2
    for i, action in enumerate(thought.line):
        number, name = f"{ply + i}", game.action_names[action]
        width = 22 + canvas.text_width(number + name, 13)
        if x + width > panel.right:
            x, y = panel.left, y + height
        if y > bottom:
            break
        canvas.disc((x + 4, y), 4, SEATS[(frame.mover + i) % 2])
        canvas.text((x + 12, y), number, 13, FAINT)
        canvas.text((x + 16 + canvas.text_width(number, 13), y), name, 13, BRIGHT)
        x += width + 8
    return top - 8


def _draw_facts(panel: _Panel, middle: float, thought: Explanation) -> None:
    noun = "node" if thought.nodes == 1 else "nodes"
    panel.canvas.text((panel.left, middle), f"{thought.nodes:,} {noun}", 13, MUTED)
    if thought.proven:
        panel.canvas.box((panel.right - 70, middle - 11), (70, 22), PROVEN, 11)
        panel.canvas.text((panel.right - 35, middle), "proven", 13, (255, 255, 255), anchor="mm")


def _draw_banner(panel: _Panel, game: Game, frame: Frame) -> None:
    """Write the result in the colours of the winner."""
    canvas = panel.canvas
    outcome = int(game.outcome(frame.state[None])[0])
    to_move = int(game.mover(frame.state[None])[0])
    fill, ink = TRACK, BRIGHT
    if outcome in (Outcome.WIN, Outcome.LOSS):
        winner = to_move if outcome == Outcome.WIN else 1 - to_move
        fill, ink = SEATS[winner], ON_SEATS[winner]
    top = canvas.size[1] - MARGIN - BANNER
    canvas.box((panel.left, top), (panel.width, BANNER), fill, 10)
    text = canvas.fitted(frame.text, 17, panel.width - 24)
    place = (panel.left + panel.width / 2, top + BANNER / 2)
    canvas.text(place, text, 17, ink, anchor="mm", bold=True)
