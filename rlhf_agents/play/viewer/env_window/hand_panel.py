"""The buttons of a person who plays: an action with its keys, and what the agent makes of it."""

from __future__ import annotations

import numpy as np

from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.hand_keys import HandKeys
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.panel import bar_shares, value_text
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import Theme

TALLEST = 46.0
TOUCHABLE = 27.0
"""The least height of buttons in one column; more of them stand in two."""
MOST = 24
"""Environments with more actions show the first ones only; the others have no keys either."""
CAP = 20.0
"""Height of the picture of a key."""
BAR = 3.0
ARROWS = {"up": (0.0, -1.0), "down": (0.0, 1.0), "left": (-1.0, 0.0), "right": (1.0, 0.0)}


def action_buttons(box: Box, keys: HandKeys) -> list[tuple[Box, int]]:
    """Return a button for every action."""
    count = min(MOST, len(keys.names))
    columns = 1 if count * TOUCHABLE <= box.height else 2
    rows = -(-count // columns)
    height = min(rows * TALLEST, box.height)
    boxes = box.top_part(height)[0].grid(count, columns, 4)
    return [(place, action) for action, place in enumerate(boxes)]


def paint_buttons(
    canvas: Canvas,
    box: Box,
    episode: EpisodePlayer,
    hand: tuple[HandKeys, int | None, bool],
    theme: Theme,
) -> Box:
    """Draw the buttons; return the space below them.

    Args:
        canvas: to draw on.
        box: of the panel.
        episode: that is played.
        hand: the keys, the action that is taken now, and whether to show the agent's values.
        theme: the colours.
    """
    keys, chosen, analysing = hand
    buttons = action_buttons(box, keys)
    for button, action in buttons:
        on = action == chosen
        canvas.box(button, theme.raised if on else theme.surface, 8)
        if on:
            canvas.outline(button, theme.accent, 8, 2)
        right = _paint_caps(canvas, (button.right - 8, button.centre[1]), keys, action, theme)
        best = analysing and action == episode.frame.next_action
        if analysing:
            right = _paint_value(canvas, button, right, (episode, action), theme)
        name, room = keys.names[action].replace("_", " "), right - button.x - 12
        size = 14 if canvas.text_width(name, 14, bold=best) <= room else 12
        place = (button.x + 10, button.centre[1])
        ink = theme.accent if best else theme.text
        canvas.text(place, name, size, ink, bold=best, width=room)
    return box.top_part(buttons[-1][0].bottom - box.y, 10)[1]


def _paint_value(
    canvas: Canvas, button: Box, right: float, what: tuple[EpisodePlayer, int], theme: Theme
) -> float:
    """Draw the agent's value of an action as a number and a bar; return where it begins."""
    episode, action = what
    mine = episode.frame.followed_agent
    if mine.values is None or np.isnan(mine.values[action]):
        return right
    text = value_text(mine, action, episode.floor)
    canvas.text((right, button.centre[1]), text, 12, theme.muted, anchor="rm")
    track = Box(button.x + 10, button.bottom - BAR - 3, button.width - 20, BAR)
    canvas.box(track, theme.track, 1)
    share = float(bar_shares(mine.values, episode.floor)[action])
    best = action == mine.next_action
    filled = track._replace(width=track.width * share)
    canvas.box(filled, theme.accent if best else theme.muted, 1)
    return right - canvas.text_width(text, 12) - 6


def _paint_caps(
    canvas: Canvas, place: tuple[float, float], keys: HandKeys, action: int, theme: Theme
) -> float:
    """Draw the keys of an action side by side, up to a place; return where they begin."""
    right, middle = place
    if action == keys.idle:
        canvas.text(place, keys.label(action), 12, theme.faint, anchor="rm")
        return right - canvas.text_width(keys.label(action), 12) - 6
    for cap in reversed(keys.caps(action)):
        width = CAP if cap in ARROWS else max(CAP, canvas.text_width(cap, 11) + 10)
        key = Box(right - width, middle - CAP / 2, width, CAP)
        canvas.box(key, theme.track, 5)
        if cap in ARROWS:
            (x, y), (across, down) = key.centre, ARROWS[cap]
            tip = (x + 4.5 * across, y + 4.5 * down)
            tail = (x - 3.5 * across, y - 3.5 * down)
            sides = [
                (tail[0] + 4.5 * side * down, tail[1] + 4.5 * side * across) for side in (1, -1)
            ]
            canvas.polygon([tip, *sides], theme.text)
        else:
            canvas.text(key.centre, cap, 11, theme.text, anchor="mm")
        right = key.x - 4
    return right - 2
