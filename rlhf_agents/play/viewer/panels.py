"""The parts of the window beside the board, one function each."""

from __future__ import annotations

from rlhf_agents.play.viewer.boards.base import Board
from rlhf_agents.play.viewer.boards.grid import STONE, percent
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.scene import Card, GoalRow, Scene
from rlhf_agents.play.viewer.theme import Colour, Theme, blend

SMALL = 12.0
PLAIN = 14.0
SMALLEST = 11.0
LARGE = 20.0
LEGEND = ("if it is the goal", "as both play now")
"""The meanings of the bar of a goal, and of the mark on it."""


def draw_title(canvas: Canvas, box: Box, scene: Scene, theme: Theme) -> None:
    """Write the name of the game, the move number and the status."""
    ply = f"move {scene.ply}" if scene.ply else ""
    room = box.width - canvas.text_width(ply, SMALL) - 10
    size = canvas.fitting(scene.title, LARGE, room, SMALL, bold=True)
    canvas.text((box.x, box.y + 11), scene.title, size, theme.text, bold=True, width=room)
    canvas.text((box.right, box.y + 12), ply, SMALL, theme.faint, anchor="rm")
    _draw_status(canvas, box, scene.status, theme)


def _draw_status(canvas: Canvas, box: Box, text: str, theme: Theme) -> None:
    """Write the status in one line, or in two smaller ones; what is in brackets may be left out."""
    left, middle = box.x, box.y + 33
    size = canvas.fitting(text, PLAIN, box.width, SMALLEST)
    lines = canvas.wrapped(text, SMALLEST, box.width)
    if len(lines) > 2:
        text = text.partition(" (")[0]
        lines = canvas.wrapped(text, SMALLEST, box.width)
    if len(lines) < 2 or canvas.text_width(text, size) <= box.width:
        canvas.text((left, middle), text, size, theme.muted, width=box.width)
        return
    rest = " ".join(lines[1:])
    canvas.text((left, middle - 6), lines[0], SMALLEST, theme.muted, width=box.width)
    canvas.text((left, middle + 7), rest, SMALLEST, theme.muted, width=box.width)


def draw_card(
    canvas: Canvas, box: Box, card: Card, who: tuple[int, Board | None], theme: Theme
) -> None:
    """Draw a player: stone, name, goal, effort; `who` is the seat and the board of its stones."""
    seat, painter = who
    canvas.box(box, theme.surface, 9)
    if card.steered:
        canvas.outline(box, theme.accent, 9, 1.5)
    if card.to_move:
        bar = Box(box.x + 3, box.y + 9, 4, box.height - 18)
        canvas.box(bar, theme.seats[seat], 2)
    radius = min(13.0, box.height * 0.29)
    if painter is not None:
        centre = (box.x + 14 + radius, box.centre[1])
        painter.draw_stone(canvas, centre, radius / STONE, seat, theme)
    left, right = box.x + 22 + 2 * radius, box.right - 9
    upper, lower = box.y + box.height * 0.32, box.y + box.height * 0.70
    wide = box.width > 240
    if wide and card.proven:
        right = _badge(canvas, (right, upper), card.proven, theme) - 6
    room = right - left
    fits = canvas.text_width(card.name, PLAIN, bold=True) <= room
    name = card.name if fits else card.short
    size = canvas.fitting(name, PLAIN, room, SMALLEST, bold=True)
    canvas.text((left, upper), name, size, theme.text, bold=True, width=room)
    right = box.right - 9
    if wide and card.note:
        canvas.text((right, lower), card.note, SMALL, theme.faint, anchor="rm")
        right -= canvas.text_width(card.note, SMALL) + 8
    goal = f"wants to {card.goal}" if wide else card.goal
    size = canvas.fitting(goal, SMALL, right - left, 10)
    canvas.text((left, lower), goal, size, theme.muted, width=right - left)


def _badge(canvas: Canvas, right_middle: tuple[float, float], text: str, theme: Theme) -> float:
    """Draw a word on a coloured background; return its left edge."""
    width = canvas.text_width(text, SMALL) + 14
    box = Box(right_middle[0] - width, right_middle[1] - 8, width, 16)
    canvas.box(box, theme.good, 8)
    canvas.text(box.centre, text, SMALL, theme.background, anchor="mm", bold=True)
    return box.x


def draw_forecast(canvas: Canvas, box: Box, scene: Scene, theme: Theme) -> None:
    """Draw the likely results as a bar of three colours."""
    words = "result" if scene.achieved is not None else "likely result"
    canvas.text((box.x, box.y + 7), words, SMALL, theme.faint)
    bar = Box(box.x, box.y + 18, box.width, box.height - 20)
    if scene.forecast is None:
        canvas.box(bar, theme.track, 6)
        size = canvas.fitting(scene.unknown, SMALL, bar.width - 12, 9)
        canvas.text(bar.centre, scene.unknown, size, theme.text, anchor="mm", width=bar.width - 12)
        return
    fills = (theme.seats[0], theme.track, theme.seats[1])
    inks = (theme.on_seats[0], theme.text, theme.on_seats[1])
    labels = ("wins", "draw", "wins")
    x = bar.x
    with canvas.clipped(bar):
        for share, fill, ink, label in zip(scene.forecast, fills, inks, labels, strict=True):
            part = Box(x, bar.y, bar.width * share, bar.height)
            canvas.box(part, fill)
            text = f"{label} {percent(share)} %"
            if canvas.text_width(text, SMALL, bold=True) > part.width - 10:
                text = percent(share)
            if canvas.text_width(text, SMALL, bold=True) <= part.width - 4:
                canvas.text(part.centre, text, SMALL, ink, anchor="mm", bold=True)
            x += part.width


def draw_goal(
    canvas: Canvas, box: Box, row: GoalRow, what: tuple[int, int, bool], theme: Theme
) -> None:
    """Draw a line of the list: key, name, bar, percent.

    Args:
        canvas: to draw on.
        box: of the line.
        row: the goal.
        what: its index in the list, the steered seat, and whether the mouse points at it.
        theme: the colours.
    """
    number, seat, pointed = what
    inner = box.inset(0, 1.5)
    if row.chosen or pointed:
        canvas.box(inner, theme.raised if pointed else theme.surface, 6)
    if row.chosen:
        canvas.box(Box(inner.x, inner.y + 4, 3, inner.height - 8), theme.seats[seat], 1.5)
    middle = box.centre[1]
    key = "1234567890"[number] if number < 10 else ""
    canvas.text((box.x + 14, middle), key, 11, theme.faint, anchor="mm")
    valued = row.share is not None or row.reached is not None
    name_width = min(140.0, box.width * 0.46) if valued else box.width - 30
    ink = theme.text if row.chosen else theme.muted
    left = box.x + 25
    size = canvas.fitting(row.words, 13, name_width, SMALLEST, bold=row.chosen)
    canvas.text((left, middle), row.words, size, ink, bold=row.chosen, width=name_width)
    bar = Box(left + name_width + 6, middle - 4, box.right - 36 - left - name_width - 6, 8)
    if row.reached is not None:
        _draw_reached(canvas, (box.right - 14, middle), row.reached, theme)
    elif row.share is not None and bar.width > 12:
        canvas.box(bar, theme.track, 4)
        canvas.box(bar._replace(width=max(6.0, bar.width * row.share)), theme.seats[seat], 4)
        if row.expected is not None:
            x = bar.x + bar.width * row.expected
            canvas.box(Box(x - 1, bar.y - 3, 2.5, bar.height + 6), theme.text, 1)
        place = (box.right - 4, middle)
        canvas.text(place, percent(row.share), 12, ink, anchor="rm", bold=row.chosen)


def _draw_reached(canvas: Canvas, centre: tuple[float, float], reached: bool, theme: Theme) -> None:
    """Draw a tick, or a small dash."""
    x, y = centre
    if reached:
        canvas.line([(x - 6, y), (x - 2, y + 4), (x + 6, y - 5)], 2.5, theme.good)
    else:
        canvas.line([(x - 4, y), (x + 4, y)], 1.5, theme.faint)


def draw_goals(
    canvas: Canvas, boxes: list[tuple[int, Box]], scene: Scene, pointed: object, theme: Theme
) -> None:
    """Draw the visible goals of the steered seat."""
    seat = next((i for i, card in enumerate(scene.cards) if card.steered), 0)
    for number, box in boxes:
        row = scene.goals[number]
        draw_goal(canvas, box, row, (number, seat, pointed == row.name), theme)


def draw_goals_head(canvas: Canvas, box: Box, scene: Scene, theme: Theme) -> None:
    """Write whose goals these are, and what the bars and their marks say."""
    canvas.text((box.x, box.centre[1]), scene.goals_of, SMALL, theme.faint, width=box.width)
    if scene.achieved is None:
        seat = next((i for i, card in enumerate(scene.cards) if card.steered), 0)
        room = box.width - canvas.text_width(scene.goals_of, SMALL) - 12
        _draw_legend(canvas, (box.right, box.centre[1]), room, theme.seats[seat], theme)


def _draw_legend(
    canvas: Canvas, right_middle: Point, room: float, colour: Colour, theme: Theme
) -> None:
    """Draw a bar and a mark with their meanings, if there is room."""
    x, y = right_middle
    widths = [canvas.text_width(words, SMALLEST) for words in LEGEND]
    if sum(widths) + 42 > room:
        return
    canvas.text((x, y), LEGEND[1], SMALLEST, theme.faint, anchor="rm")
    x -= widths[1] + 7
    canvas.box(Box(x, y - 7, 2.5, 14), theme.text, 1)
    x -= 10
    canvas.text((x, y), LEGEND[0], SMALLEST, theme.faint, anchor="rm")
    x -= widths[0] + 4
    canvas.box(Box(x - 16, y - 4, 16, 8), colour, 4)


def draw_scrollbar(
    canvas: Canvas, area: Box, part: tuple[int, int, int], row: float, theme: Theme
) -> None:
    """Draw the visible part of rows of some height: the first, how many, of how many."""
    first, visible, total = part
    if visible >= total or visible <= 0:
        return
    height = row * visible
    track = Box(area.right + 2, area.y, 3, height)
    canvas.box(track, theme.surface, 1.5)
    thumb = Box(track.x, track.y + height * first / total, 3, height * visible / total)
    canvas.box(thumb, theme.faint, 1.5)


def draw_slider(canvas: Canvas, box: Box, place: float | None, text: str, theme: Theme) -> None:
    """Draw the strength: a track with a knob at `place` in [0, 1], and its words as far as fits.

    At a place below 0 there is no knob; None: there is nothing to choose, and no track.
    """
    canvas.text((box.x, box.y + 8), "strength", SMALL, theme.faint)
    room = box.width - canvas.text_width("strength", SMALL) - 10
    text = text if canvas.text_width(text, SMALL) <= room else text.partition(" (")[0]
    canvas.text((box.right, box.y + 8), text, SMALL, theme.muted, anchor="rm")
    track = slider_track(box)
    if place is None:
        return
    canvas.box(track, theme.track, 2)
    if place >= 0:
        x = track.x + place * track.width
        canvas.box(track._replace(width=x - track.x), theme.accent, 2)
        canvas.disc((x, track.centre[1]), 7.5, theme.accent)
        canvas.disc((x, track.centre[1]), 3, theme.background)


def slider_track(box: Box) -> Box:
    """Return the track of the knob."""
    return Box(box.x + 8, box.bottom - 12, box.width - 16, 4)


def draw_button(
    canvas: Canvas,
    box: Box,
    label: str,
    look: tuple[bool, bool, float],
    theme: Theme,
    *,
    on_card: bool = False,
) -> None:
    """Draw a button; `look` is: pointed at, switched on, the size of the text.

    Buttons on a card are of another colour than the card.
    """
    pointed, on, size = look
    fills = (theme.raised, theme.track) if on_card else (theme.surface, theme.raised)
    fill = fills[pointed]
    canvas.box(box, blend(fill, theme.accent, 0.25) if on else fill, 7)
    ink = theme.text if on or pointed or on_card else theme.muted
    size = canvas.fitting(label, size, box.width - 4, min(size, 9))
    canvas.text(box.centre, label, size, ink, anchor="mm", width=box.width - 4)
