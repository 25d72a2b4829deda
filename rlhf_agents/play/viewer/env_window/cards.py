"""Pages over the window of an environment: who plays, and all keys."""

from __future__ import annotations

from rlhf_agents.play.rounds import Mode
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.controls import env_help
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Theme
from rlhf_agents.words import readable_name

PAD = 20.0
ROW = 54.0


def mode_words(agent: str) -> dict[Mode, tuple[str, str]]:
    """Return the title and the explanation of every mode; `agent` is the actor's name."""
    other = "a player of random moves" if agent == "random" else "the agent"
    return {
        Mode.HAND: ("Play yourself", "keys and buttons; the clock waits where nothing moves"),
        Mode.MATCH: ("Match", f"you, then {other}, from the same start"),
        Mode.WATCH: ("Watch", f"{other} plays"),
    }


def _card(window: Box, rows: int) -> Box:
    width = min(window.width - 12, 460)
    height = min(window.height - 12, 2 * PAD + 40 + rows * ROW)
    x, y = window.centre
    return Box(x - width / 2, y - height / 2, width, height)


def mode_boxes(window: Box) -> list[tuple[Box, Mode]]:
    """Return the boxes of the modes."""
    modes = list(mode_words(""))
    body = _card(window, len(modes)).inset(PAD).top_part(40)[1]
    return list(zip(body.grid(len(modes), 1, 6), modes, strict=True))


def mode_at(window: Box, point: Point) -> Mode | None:
    """Return the mode under a point."""
    return next((mode for box, mode in mode_boxes(window) if box.contains(point)), None)


def draw_modes(
    canvas: Canvas, window: Box, what: tuple[str, str, Mode | None], theme: Theme
) -> None:
    """Draw the start card; `what` is the environment, the actor, and the mode pointed at."""
    name, agent, pointed = what
    with canvas.faded(0.72):
        canvas.box(window, theme.background)
    words = mode_words(agent)
    card = _card(window, len(words))
    canvas.box(card, theme.surface, 14)
    canvas.outline(card, theme.track, 14, 1)
    place, room = (card.x + PAD, card.y + PAD + 10), card.width - 2 * PAD
    canvas.text(place, readable_name(name), 21, theme.text, bold=True, width=room)
    for number, (box, mode) in enumerate(mode_boxes(window), 1):
        on = mode is pointed
        canvas.box(box, theme.raised if on else theme.background, 9)
        if on:
            canvas.outline(box, theme.accent, 9, 2)
        title, text = words[mode]
        canvas.text((box.x + 14, box.centre[1]), str(number), 13, theme.faint)
        left, room = box.x + 34, box.width - 44
        canvas.text((left, box.centre[1] - 9), title, 16, theme.text, bold=True, width=room)
        canvas.text((left, box.centre[1] + 11), text, 12, theme.muted, width=room)


def draw_env_help(canvas: Canvas, window: Box, theme: Theme) -> None:
    """Draw the page of all keys."""
    with canvas.faded(0.72):
        canvas.box(window, theme.background)
    page = Box(0, 0, min(window.width - 12, 560), min(window.height - 12, 460))
    page = page._replace(x=window.centre[0] - page.width / 2, y=window.centre[1] - page.height / 2)
    canvas.box(page, theme.surface, 14)
    canvas.outline(page, theme.track, 14, 1)
    canvas.text((page.x + PAD, page.y + 24), "Keys", 20, theme.text, bold=True)
    body = page.inset(PAD).top_part(24)[1]
    lines = env_help()
    pitch = body.height / len(lines)
    size = min(14.0, pitch * 0.7)
    for number, (keys, meaning) in enumerate(lines):
        y, share = body.y + (number + 0.5) * pitch, 0.36 * body.width
        canvas.text((body.x, y), keys, size, theme.text, bold=True, width=share - 6)
        room = body.width - share
        canvas.text((body.x + share, y), meaning, size, theme.muted, width=room)
