"""The parts of the window that follow the game: expected moves, achieved goals, the graph."""

from __future__ import annotations

import math

from rlhf_agents.play.viewer.boards.grid import STONE
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.panels import SMALL
from rlhf_agents.play.viewer.scene import LineMove, Mistake, Scene
from rlhf_agents.play.viewer.theme import Theme, blend

ROW = 23.0
FEWEST_PLIES = 12
DOT = 4.0


def line_boxes(canvas: Canvas, box: Box, steps: tuple[LineMove, ...]) -> list[Box]:
    """Return the boxes of the expected moves that fit."""
    boxes, x, y = [], box.x, box.y + 17
    for step in steps:
        width = 26 + canvas.text_width(step.name, 13)
        width += canvas.text_width(f"{step.ply}.", 11)
        if x + width > box.right:
            x, y = box.x, y + ROW + 2
        if y + ROW > box.bottom + 1:
            break
        boxes.append(Box(x, y, width, ROW))
        x += width + 4
    return boxes


def draw_line(canvas: Canvas, box: Box, scene: Scene, pointed: object, theme: Theme) -> None:
    """Write the expected moves, each with its ply and its player's colour."""
    canvas.text((box.x, box.y + 7), "expected moves", SMALL, theme.faint)
    boxes = line_boxes(canvas, box, scene.line)
    for i, (step, chip) in enumerate(zip(scene.line, boxes, strict=False)):
        reached = isinstance(pointed, int) and i <= pointed
        canvas.box(chip, theme.raised if reached else theme.surface, 6)
        middle = chip.centre[1]
        canvas.disc((chip.x + 10, middle), 4.5, theme.seats[step.seat])
        number = f"{step.ply}."
        canvas.text((chip.x + 18, middle), number, 11, theme.faint)
        left = chip.x + 20 + canvas.text_width(number, 11)
        canvas.text((left, middle), step.name, 13, theme.text)


def draw_hindsight(canvas: Canvas, box: Box, scene: Scene, theme: Theme) -> None:
    """Write the goals that each side achieved, and the worst mistakes."""
    assert scene.achieved is not None
    rows = max(1, int(box.height // ROW))
    for seat, texts in list(enumerate(scene.achieved))[:rows]:
        y = box.y + seat * ROW + ROW / 2
        if scene.board is not None:
            scene.board.draw_stone(canvas, (box.x + 8, y), 7 / STONE, seat, theme)
        room = box.width - 22
        fitting = (text for text in texts if canvas.text_width(text, 13) <= room)
        text = next(fitting, texts[-1])
        size = canvas.fitting(text, 13, room, 10)
        canvas.text((box.x + 22, y), text, size, theme.text, width=room)
    if rows >= 3:
        _draw_worst(canvas, box.x, box.y + 2.5 * ROW, box.width, scene, theme)


def _draw_worst(
    canvas: Canvas, x: float, y: float, width: float, scene: Scene, theme: Theme
) -> None:
    worst = sorted(scene.mistakes, key=lambda mistake: -mistake.drop)[:3]
    if not worst:
        return
    parts = [
        f"move {m.ply + 1}: {m.names[0]}, better {m.names[1]} (-{100 * m.drop:.0f})"
        for m in sorted(worst, key=lambda mistake: mistake.ply)
    ]
    canvas.text((x, y), "mistakes: " + "; ".join(parts), SMALL, theme.muted, width=width)


def graph_x(box: Box, ply: int, count: int) -> float:
    """Return the place of a ply in the graph of `count` positions."""
    span = max(count - 1, FEWEST_PLIES)
    inner = box.inset(8, 0)
    return inner.x + inner.width * ply / span


def ply_at(box: Box, x: float, count: int) -> int:
    """Return the ply nearest to a place in the graph."""
    span = max(count - 1, FEWEST_PLIES)
    inner = box.inset(8, 0)
    ply = round((x - inner.x) / max(1.0, inner.width) * span)
    return min(max(ply, 0), max(count - 1, 0))


def mistake_at(box: Box, point: Point, scene: Scene) -> int | None:
    """Return the number of plies before the mistake whose dot is under a point, or None."""
    for mistake in scene.mistakes:
        place = _dot_place(box, scene, mistake)
        if place is not None and math.dist(place, point) <= DOT + 4:
            return mistake.ply
    return None


def _dot_place(box: Box, scene: Scene, mistake: Mistake) -> Point | None:
    """Return the place of a mistake in the graph, None if its value is unknown."""
    if mistake.ply + 1 >= len(scene.standing):
        return None
    value, inner = scene.standing[mistake.ply + 1], box.inset(8, 9)
    if value is None:
        return None
    x = graph_x(box, mistake.ply + 1, len(scene.standing))
    return x, inner.bottom - value * inner.height


def draw_graph(canvas: Canvas, box: Box, scene: Scene, pointed: object, theme: Theme) -> None:
    """Draw the value of every position; the upper half belongs to the first player."""
    canvas.box(box, theme.surface, 9)
    if scene.unknown:
        lines = canvas.wrapped(scene.unknown, SMALL, box.width - 16)
        for number, line in enumerate(lines):
            spot = (box.centre[0], box.y + 14 + 15 * number)
            canvas.text(spot, line, SMALL, theme.muted, anchor="mm")
    if not scene.standing:
        return
    inner = box.inset(8, 9)
    middle = inner.y + inner.height / 2
    count = len(scene.standing)
    canvas.box(Box(inner.x, middle - 0.5, inner.width, 1), theme.track)
    points = [
        (graph_x(box, ply, count), inner.bottom - value * inner.height)
        for ply, value in enumerate(scene.standing)
        if value is not None
    ]
    width = max(2.0, inner.width / max(count - 1, FEWEST_PLIES) - 1.5)
    with canvas.clipped(box.inset(3, 0)):
        for x, y in points:
            seat = 0 if y < middle else 1
            bar = Box(x - width / 2, min(y, middle), width, abs(y - middle))
            canvas.box(bar, blend(theme.seats[seat], theme.surface, 0.45))
    if len(points) > 1:
        canvas.line(points, 2, theme.text)
    for mistake in scene.mistakes:
        place = _dot_place(box, scene, mistake)
        if place is not None:
            _draw_mistake(canvas, place, mistake.seat, theme)
    _draw_cursor(canvas, box, scene.ply, count, theme.accent)
    if isinstance(pointed, int):
        _draw_cursor(canvas, box, pointed, count, theme.faint)


def _draw_mistake(canvas: Canvas, place: Point, seat: int, theme: Theme) -> None:
    """Mark a mistake: the first player's with a disc, the second's with a diamond."""
    for radius, colour in ((DOT + 3, theme.surface), (DOT + 1.5, theme.bad), (DOT - 0.5, None)):
        fill = theme.seats[seat] if colour is None else colour
        if seat:
            x, y = place
            side = radius * 1.25
            canvas.polygon([(x, y - side), (x + side, y), (x, y + side), (x - side, y)], fill)
        else:
            canvas.disc(place, radius, fill)


def _draw_cursor(
    canvas: Canvas, box: Box, ply: int, count: int, colour: tuple[int, int, int]
) -> None:
    x = graph_x(box, ply, count)
    canvas.box(Box(x - 0.75, box.y + 4, 1.5, box.height - 8), colour)
