"""Any world on a screen: its own picture, and beside it what its actor thinks and has earned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pygame
from numpy.typing import NDArray

from rlhf_agents.viewer.canvas import Canvas
from rlhf_agents.viewer.geometry import Box
from rlhf_agents.viewer.theme import Theme
from rlhf_agents.viewer.world_strip import STRIP, paint_goals, paint_strip
from rlhf_agents.world_play import Moment, Picture, WorldShow

MARGIN = 20.0
PANEL = 250.0
LINE = 26.0
MOST_ROWS = 18
"""More actions than that are not all listed: the best are."""


@dataclass(frozen=True)
class WorldUi:
    """How it is shown.

    Attributes:
        theme: the colours.
        keys: a line that says what can be pressed, nothing in files.
        state: e.g. "paused", nothing while all goes on.
    """

    theme: Theme
    keys: str = ""
    state: str = ""


def paint_world(canvas: Canvas, show: WorldShow, ui: WorldUi) -> None:
    """Draw the present moment of a show."""
    canvas.fill(ui.theme.background)
    width, height = canvas.size
    inside = Box(0, 0, width, height).inset(MARGIN)
    if ui.keys:
        keys, inside = inside.bottom_part(18, 8)
        canvas.text((keys.x, keys.centre[1]), ui.keys, 13, ui.theme.faint, width=keys.width)
    panel_width = min(PANEL, inside.width / 2)
    left = Box(inside.x, inside.y, inside.width - panel_width - MARGIN, inside.height)
    strip, picture = left.bottom_part(STRIP, 10)
    _paint_picture(canvas, picture, show, ui.theme)
    paint_strip(canvas, strip, show.now, ui.theme)
    panel = Box(left.right + MARGIN, inside.y, panel_width, inside.height)
    below = paint_goals(canvas, _paint_facts(canvas, panel, show, ui), show.now.goals, ui.theme)
    _paint_actions(canvas, below, show, ui.theme)


# ---- the picture -----------------------------------------------------------------------------


def _paint_picture(canvas: Canvas, box: Box, show: WorldShow, theme: Theme) -> None:
    picture = show.now.picture
    if picture is None:
        canvas.box(box, theme.surface, 10)
        lines = _wrapped(canvas, show.trouble, 15, box.width - 2 * MARGIN)
        top = box.centre[1] - LINE * (len(lines) - 1) / 2
        for number, line in enumerate(lines):
            place = (box.centre[0], top + number * LINE)
            canvas.text(place, line, 15, theme.muted, anchor="mm")
        return
    height, width = picture.shape[:2]
    fitted = box.fitted(width / height)
    target = (
        max(1, round(fitted.width * canvas.scale)),
        max(1, round(fitted.height * canvas.scale)),
    )
    corner = (round(fitted.x * canvas.scale), round(fitted.y * canvas.scale))
    canvas.paste(scaled(picture, target), corner)


def scaled(picture: Picture, size: tuple[int, int]) -> pygame.Surface:
    """Return a picture in another size: smaller ones smoothly, larger ones with clear pixels."""
    surface = pygame.image.frombuffer(picture.tobytes(), picture.shape[1::-1], "RGB")
    grows = size[0] >= picture.shape[1]
    return (pygame.transform.scale if grows else pygame.transform.smoothscale)(surface, size)


def _wrapped(canvas: Canvas, text: str, size: float, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and canvas.text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(canvas.fitted(word, size, width))
    return lines


# ---- the panel -------------------------------------------------------------------------------


def _paint_facts(canvas: Canvas, box: Box, show: WorldShow, ui: WorldUi) -> Box:
    """Write who plays what, and what it has earned; return the room below."""
    theme, now = ui.theme, show.now
    y = box.y + 10
    fits = canvas.text_width(show.name, 17, bold=True) <= box.width
    size = 17 if fits else 13
    canvas.text((box.x, y), show.name, size, theme.text, bold=True, width=box.width)
    y += LINE
    canvas.text((box.x, y), _players(show), 14, theme.muted, width=box.width)
    y += LINE * 1.4
    canvas.text((box.x, y), number_text(now.total), 34, theme.text, bold=True, width=box.width)
    y += LINE * 1.2
    canvas.text((box.x, y), "return", 13, theme.faint)
    y += LINE
    steps = f"episode {now.episode}, step {now.step}"
    canvas.text((box.x, y), steps, 14, theme.muted, width=box.width)
    y += LINE
    ending, colour = _ending(now, theme)
    if ending or ui.state:
        canvas.text((box.x, y), ending or ui.state, 15, colour, bold=True, width=box.width)
    y += LINE
    return Box(box.x, y, box.width, max(0.0, box.bottom - y))


def _players(show: WorldShow) -> str:
    against = f" against {show.opponent}" if show.opponent else ""
    asked = f", asked for {show.goal}" if show.goal else ""
    return f"{show.actor.name}{against}{asked}"


def _ending(now: Moment, theme: Theme) -> tuple[str, tuple[int, int, int]]:
    """Return what to say at the end of an episode, and its colour."""
    if not now.over:
        return "", theme.muted
    if now.success is None:
        return "the episode is over", theme.text
    return ("goal reached", theme.good) if now.success else ("goal missed", theme.bad)


def _paint_actions(canvas: Canvas, box: Box, show: WorldShow, theme: Theme) -> None:
    now = show.now
    title, box = box.top_part(LINE)
    thought = "what each action is worth" if now.values is not None else "actions"
    canvas.text((title.x, title.centre[1]), thought, 13, theme.faint, width=title.width)
    rows = min(MOST_ROWS, int(box.height // LINE))
    listed = listed_actions(now, len(show.action_names), rows)
    shares = bar_shares(now.values)
    for number, action in enumerate(listed):
        y = box.y + (number + 0.5) * LINE
        chosen = (now.action if now.over else now.next_action) == action
        colour = theme.accent if chosen else theme.muted
        name = canvas.fitted(show.action_names[action], 14, 84)
        canvas.text((box.x, y), name, 14, colour, bold=chosen)
        if now.values is None or np.isnan(now.values[action]):
            continue
        value = number_text(float(now.values[action]))
        canvas.text((box.right, y), value, 13, theme.muted, anchor="rm")
        track = Box(box.x + 92, y - 5, max(0.0, box.width - 92 - 64), 10)
        canvas.box(track, theme.track, 5)
        bar = track._replace(width=track.width * float(shares[action]))
        canvas.box(bar, theme.accent if chosen else theme.board_edge, 5)


def listed_actions(now: Moment, count: int, rows: int) -> list[int]:
    """Return which of `count` actions fit into some rows: all, or those that are worth most."""
    if count <= rows:
        return list(range(count))
    worth = np.zeros(count) if now.values is None else np.nan_to_num(now.values, nan=-np.inf)
    worth = worth.astype(np.float64)
    if isinstance(now.next_action, int):
        worth[now.next_action] = np.inf
    return sorted(np.argsort(-worth, kind="stable")[:rows].tolist())


def bar_shares(values: NDArray[np.float32] | None) -> NDArray[np.float64]:
    """Return how long bars are, in [0, 1]; the least of zero and all values `[A]` has none."""
    if values is None or np.isnan(values).all():
        return np.zeros(0)
    low, high = min(0.0, float(np.nanmin(values))), float(np.nanmax(values))
    if high <= low:
        return np.ones(len(values))
    return np.asarray(np.nan_to_num((values - low) / (high - low)).clip(0.0, 1.0))


def number_text(number: float) -> str:
    """Return a number as it is written: whole ones without decimals."""
    return f"{number:.0f}" if number == int(number) else f"{number:.2f}"
