"""Drawing the card beside the board, and finding its buttons."""

from __future__ import annotations

from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.panels import draw_button
from rlhf_agents.play.viewer.scene import SideCard
from rlhf_agents.play.viewer.theme import Theme

PAD = 12.0
TITLE, LINE = 30.0, 19.0
SMALL_TITLE, SMALL_LINE = 22.0, 15.0
BUTTON = 30.0
GAP = 5.0
LOW = 200.0
"""Lower cards have smaller text and buttons, so that the sentences fit."""
NARROW = 230.0
"""Narrower cards have one button in a row, or two if there is little height."""


def side_card_buttons(box: Box, card: SideCard) -> list[tuple[Box, str]]:
    """Return the boxes of the buttons at the bottom of the card, and their commands."""
    inner = box.inset(PAD * 0.8)
    count = len(card.buttons)
    columns = count if inner.width >= 95 * count else 2
    if inner.width < NARROW and inner.height > 90 + count * (BUTTON + GAP):
        columns = 1
    rows = -(-count // columns)
    share = 0.36 if box.height < LOW and rows > 1 else 0.5
    height = min(BUTTON, max(18.0, inner.height * share / rows - GAP))
    area = inner.bottom_part(rows * (height + GAP) - GAP)[0]
    boxes = area.grid(count, columns, GAP)
    return [(place, name) for place, (name, _) in zip(boxes, card.buttons, strict=True)]


def draw_side_card(canvas: Canvas, box: Box, card: SideCard, pointed: object, theme: Theme) -> None:
    """Draw the title, the sentences that fit, and the buttons."""
    canvas.box(box, theme.surface, 10)
    ink = theme.text if card.winner is None else theme.seat_text[card.winner]
    low = box.height < LOW
    inner = box.inset(PAD * 0.7 if low else PAD)
    size = 21.0 if box.width > NARROW else 17.0
    title, below = inner.top_part(SMALL_TITLE if low else TITLE)
    size = canvas.fitting(card.title, size, title.width, 12, bold=True)
    place = (title.x, title.y + title.height * 0.4)
    canvas.text(place, card.title, size, ink, bold=True, width=title.width)
    buttons = side_card_buttons(box, card)
    for (button, name), (_, label) in zip(buttons, card.buttons, strict=True):
        draw_button(canvas, button, label, (pointed == name, False, 13), theme, on_card=True)
    y, floor = below.y, buttons[0][0].y - 2 if buttons else below.bottom
    size, step = (12.0, SMALL_LINE) if low else (14.0, LINE)
    for text in card.lines:
        for line in canvas.wrapped(text, size, below.width):
            if y + step > floor:
                return
            canvas.text((below.x, y + step / 2), line, size, theme.text, width=below.width)
            y += step
        y += step - size - 2
