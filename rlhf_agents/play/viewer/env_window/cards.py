"""Pages over the window of an environment: who plays, the result of a match, and all keys."""

from __future__ import annotations

from collections.abc import Sequence

from rlhf_agents.play.rounds import Mode, Rounds
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.controls import env_help
from rlhf_agents.play.viewer.env_window.head import SCORES, draw_scores
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Theme
from rlhf_agents.words import readable_name

PAD = 20.0
ROW = 54.0
TITLE = 40.0
RESULT = 108.0
"""Height of the result above the choices."""


Choice = tuple[str, str, str]
"""What is chosen, its title and its explanation."""
AGAIN: tuple[Choice, ...] = (
    ("again", "Again", "another start"),
    ("same", "Same start", "try to do better"),
    ("new", "New", "play yourself, watch, or another match"),
)
"""The choices after a match."""
NUMBERS = "123"
"""The keys of choices; Enter is the first."""


def mode_choices(agent: str) -> tuple[Choice, ...]:
    """Return the ways to play; `agent` is the actor's name."""
    other = "a player of random moves" if agent == "random" else "the agent"
    return (
        (Mode.HAND, "Play yourself", "keys and buttons; the clock waits where nothing moves"),
        (Mode.MATCH, "Match", f"you, then {other}, from the same start"),
        (Mode.WATCH, "Watch", f"{other} plays"),
    )


def _card(window: Box, rows: int, head: float) -> Box:
    width = min(window.width - 12, 460)
    height = min(window.height - 12, 2 * PAD + head + rows * ROW)
    x, y = window.centre
    return Box(x - width / 2, y - height / 2, width, height)


def choice_boxes(window: Box, count: int, head: float = TITLE) -> list[Box]:
    """Return the boxes of the choices on a card."""
    body = _card(window, count, head).inset(PAD).top_part(head)[1]
    return body.grid(count, 1, 6)


def choice_at(window: Box, choices: Sequence[Choice], head: float, point: Point) -> str:
    """Return the choice under a point, or an empty string."""
    boxes = choice_boxes(window, len(choices), head)
    found = (choice[0] for box, choice in zip(boxes, choices, strict=True) if box.contains(point))
    return next(found, "")


def draw_modes(canvas: Canvas, window: Box, what: tuple[str, str, str], theme: Theme) -> None:
    """Draw the start card; `what` is the environment, the actor, and the choice pointed at."""
    name, agent, pointed = what
    choices = mode_choices(agent)
    _draw_card(canvas, window, (readable_name(name), len(choices), TITLE), theme)
    _draw_choices(canvas, choice_boxes(window, len(choices)), choices, pointed, theme)


def draw_result(canvas: Canvas, window: Box, rounds: Rounds, pointed: str, theme: Theme) -> None:
    """Draw the card at the end of a round of a match: the result, both scores, what to do next."""
    card = _draw_card(canvas, window, (rounds.verdict(), len(AGAIN), RESULT), theme)
    body = card.inset(PAD).top_part(TITLE - 8)[1]
    row, below = body.top_part(SCORES, 6)
    draw_scores(canvas, row, rounds, theme)
    line = below.top_part(18)[0]
    words = rounds.standing()
    canvas.text((line.x, line.centre[1]), words, 13, theme.muted, width=line.width)
    _draw_choices(canvas, choice_boxes(window, len(AGAIN), RESULT), AGAIN, pointed, theme)


def _draw_card(canvas: Canvas, window: Box, what: tuple[str, int, float], theme: Theme) -> Box:
    """Draw an empty card with a title; return its box."""
    title, rows, head = what
    with canvas.faded(0.72):
        canvas.box(window, theme.background)
    card = _card(window, rows, head)
    canvas.box(card, theme.surface, 14)
    canvas.outline(card, theme.track, 14, 1)
    place, room = (card.x + PAD, card.y + PAD + 10), card.width - 2 * PAD
    canvas.text(place, title, 21, theme.text, bold=True, width=room)
    return card


def _draw_choices(
    canvas: Canvas, boxes: list[Box], choices: Sequence[Choice], pointed: str, theme: Theme
) -> None:
    for number, (box, (name, title, text)) in enumerate(zip(boxes, choices, strict=True), 1):
        on = name == pointed
        canvas.box(box, theme.raised if on else theme.background, 9)
        if on:
            canvas.outline(box, theme.accent, 9, 2)
        canvas.text((box.x + 14, box.centre[1]), str(number), 13, theme.faint)
        left, room = box.x + 34, box.width - 44
        canvas.text((left, box.centre[1] - 9), title, 16, theme.text, bold=True, width=room)
        canvas.text((left, box.centre[1] + 11), text, 12, theme.muted, width=room)


def draw_env_help(canvas: Canvas, window: Box, theme: Theme) -> None:
    """Draw the page of all keys."""
    with canvas.faded(0.72):
        canvas.box(window, theme.background)
    page = Box(0, 0, min(window.width - 12, 560), min(window.height - 12, 500))
    page = page._replace(x=window.centre[0] - page.width / 2, y=window.centre[1] - page.height / 2)
    canvas.box(page, theme.surface, 14)
    canvas.outline(page, theme.track, 14, 1)
    canvas.text((page.x + PAD, page.y + 24), "Keys", 20, theme.text, bold=True)
    canvas.text((page.right - PAD, page.y + 24), "esc closes", 12, theme.faint, anchor="rm")
    body = page.inset(PAD).top_part(24)[1]
    lines = env_help()
    pitch = body.height / len(lines)
    size = min(14.0, pitch * 0.7)
    for number, (keys, meaning) in enumerate(lines):
        y, share = body.y + (number + 0.5) * pitch, 0.36 * body.width
        canvas.text((body.x, y), keys, size, theme.text, bold=True, width=share - 6)
        room = body.width - share
        canvas.text((body.x + share, y), meaning, size, theme.muted, width=room)
