"""Marks on boards: arrows, ghosts of the expected line, values, and lists of choices."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from rlhf_agents.play.viewer.boards.base import BoardView
from rlhf_agents.play.viewer.boards.clicks import Clicks
from rlhf_agents.play.viewer.boards.grid import FRAME, VALUES, draw_stone, percent
from rlhf_agents.play.viewer.boards.places import Places
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Colour, Theme, blend

SMALLEST = 26
"""Cells below this size have no values and numbers."""
CHOICE = 46.0


def draw_arrow(canvas: Canvas, ends: tuple[Point, Point], cell: float, colour: Colour) -> None:
    """Draw an arrow whose head ends before the middle of the target, where a value may stand."""
    (x0, y0), (x1, y1) = ends
    length = math.dist(*ends)
    if not length:
        return
    across, down = (x1 - x0) / length, (y1 - y0) / length
    head, tip = cell * 0.2, length - cell * 0.36
    start = min(cell * 0.3, tip / 2)
    neck = max(start, tip - head)
    with canvas.faded(0.8):
        canvas.line(
            [(x0 + across * start, y0 + down * start), (x0 + across * neck, y0 + down * neck)],
            max(2.0, cell * 0.09),
            colour,
        )
        canvas.polygon(
            [
                (x0 + across * tip, y0 + down * tip),
                (x0 + across * neck - down * head * 0.7, y0 + down * neck + across * head * 0.7),
                (x0 + across * neck + down * head * 0.7, y0 + down * neck - across * head * 0.7),
            ],
            colour,
        )


def draw_ghosts(canvas: Canvas, places: Places, view: BoardView, theme: Theme) -> None:
    """Draw the stones of the expected line, with their numbers in the upper half of the cell."""
    for ghost in view.ghosts:
        if ghost.cell not in places.centres:
            continue
        centre, colour = places.centres[ghost.cell], theme.seats[ghost.seat]
        with canvas.faded(0.28):
            canvas.disc(centre, places.size * 0.4, colour)
        canvas.ring(centre, places.size * 0.4, max(1.5, places.size * 0.03), colour)
        place = (centre[0], centre[1] - places.size * 0.15)
        size = max(8.0, places.size * 0.26)
        pill(canvas, place, (str(ghost.number), size), (theme.text, theme.surface), bold=True)


def pill(
    canvas: Canvas,
    centre: Point,
    what: tuple[str, float],
    colours: tuple[Colour, Colour],
    *,
    bold: bool = False,
) -> None:
    """Write a word of some size on a small ground; the colours are of the ink and the ground."""
    text, size = what
    width = canvas.text_width(text, size, bold=bold) + size * 0.6
    box = Box(centre[0] - width / 2, centre[1] - size * 0.6, width, size * 1.2)
    with canvas.faded(0.72):
        canvas.box(box, colours[1], size * 0.5)
    canvas.text(centre, text, size, colours[0], anchor="mm", bold=bold)


def draw_values(
    canvas: Canvas, places: Places, view: BoardView, clicks: Clicks, theme: Theme
) -> None:
    """Write the best value of the moves that go on with each cell in its lower half."""
    if view.values is None or places.size < SMALLEST:
        return
    best: dict[tuple[int, int], float] = {}
    for cell, actions in clicks.nexts().items():
        known = [float(view.values[a]) for a in actions if not np.isnan(view.values[a])]
        if known and cell in places.centres:
            best[cell] = max(known)
    top = max(best.values(), default=0.0)
    size = max(9.0, min(16.0, places.size * 0.24))
    for cell, share in best.items():
        x, y = places.centres[cell]
        place = (x, y + places.size * 0.24)
        pill(canvas, place, (percent(share), size), (theme.text, theme.surface), bold=share == top)


def draw_notes(canvas: Canvas, box: Box, notes: Mapping[str, str], theme: Theme) -> None:
    """Write what a position says of each player, such as the walls left, above the board."""
    band = box.inset(FRAME).top_part(VALUES)[0]
    x, y = band.x + 10, band.centre[1]
    for seat in (0, 1):
        note = notes.get(str(seat))
        if note is None:
            continue
        draw_stone(canvas, (x, y), 8, seat, theme)
        canvas.text((x + 14, y), note, 13, theme.text)
        x += 34 + canvas.text_width(note, 13)


def chooser_boxes(box: Box, at: Point, count: int, wide: float) -> list[Box]:
    """Return the boxes of choices, `wide` each, near a point and inside `box`."""
    per_row = min(count, 4)
    rows = -(-count // per_row)
    width, height = min(wide * per_row, box.width - 10), min(CHOICE * rows, box.height)
    x = min(max(at[0] - width / 2, box.x + 5), box.right - width - 5)
    below = at[1] + CHOICE * 0.6
    y = below if below + height < box.bottom else at[1] - CHOICE * 0.6 - height
    y = min(max(y, box.y), box.bottom - height)
    return Box(x, y, width, height).grid(count, per_row, 2)


def draw_chooser(
    canvas: Canvas,
    chips: list[tuple[int, Box]],
    draw_choice: Callable[[Canvas, Box, str, int, Theme], None],
    view: BoardView,
    theme: Theme,
) -> None:
    """Draw the list from which the rest of a move is chosen."""
    left, top = min(chip.x for _, chip in chips), min(chip.y for _, chip in chips)
    right, bottom = max(chip.right for _, chip in chips), max(chip.bottom for _, chip in chips)
    canvas.box(Box(left - 5, top - 5, right - left + 10, bottom - top + 10), theme.text, 9)
    canvas.box(Box(left - 3, top - 3, right - left + 6, bottom - top + 6), theme.surface, 8)
    for action, chip in chips:
        fill = theme.raised
        if action == view.hover:
            fill = blend(theme.raised, theme.accent, 0.35)
        canvas.box(chip, fill, 6)
        draw_choice(canvas, chip, view.names[action], view.seat, theme)
        if view.values is not None and not np.isnan(view.values[action]):
            place = (chip.centre[0], chip.bottom - 7)
            value = percent(float(view.values[action]))
            canvas.text(place, value, 9, theme.text, anchor="mm", bold=action == view.chosen)


def draw_buttons(
    canvas: Canvas, chips: list[tuple[int, Box]], view: BoardView, theme: Theme
) -> None:
    """Draw the moves that have no cells, such as a pass, as buttons."""
    for action, chip in chips:
        canvas.box(chip, theme.raised, chip.height / 3)
        if action in (view.hover, view.hint):
            rim = theme.good if action == view.hint else theme.text
            canvas.outline(chip, rim, chip.height / 3, 2)
        name = view.names[action]
        name = name.partition(" ")[2] if name[1:2] == " " else name  # "B PASS" of Go
        if view.values is not None and not np.isnan(view.values[action]):
            name = f"{name} {percent(float(view.values[action]))}"
        canvas.text(
            chip.centre,
            name.capitalize(),
            min(13.0, chip.height * 0.5),
            theme.text,
            anchor="mm",
            width=chip.width - 6,
        )
