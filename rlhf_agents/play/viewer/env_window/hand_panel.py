"""The panel of a person who plays: the score, and a button with its key for every action."""

from __future__ import annotations

from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.hand_keys import HandKeys
from rlhf_agents.play.rounds import Rounds
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import Theme
from rlhf_agents.words import number_text, readable_name

HEAD = 132.0
TALLEST = 46.0
TOUCHABLE = 36.0
"""The least height of buttons in one column; more of them stand in two."""
MOST = 24
"""Environments with more actions show the first ones only; the others have no keys either."""


def action_buttons(box: Box, keys: HandKeys) -> list[tuple[Box, int]]:
    """Return a button for every action, below the score."""
    area = box.top_part(HEAD)[1]
    count = min(MOST, len(keys.names))
    columns = 1 if count <= 6 and count * TOUCHABLE <= area.height else 2
    rows = -(-count // columns)
    height = min(rows * TALLEST, area.height)
    boxes = area.top_part(height)[0].grid(count, columns, 4)
    return [(place, action) for action, place in enumerate(boxes)]


def paint_hand_panel(
    canvas: Canvas, box: Box, rounds: Rounds, what: tuple[HandKeys, int | None, str], theme: Theme
) -> None:
    """Write the score, and draw the buttons.

    Args:
        canvas: to draw on.
        box: of the panel.
        rounds: who plays.
        what: the keys, the action that is taken now, and a state such as "paused".
        theme: the colours.
    """
    keys, chosen, state = what
    episode = rounds.episode
    _paint_score(canvas, box, episode, theme)
    line = _ending(episode) or (state if state == "paused" else rounds.standing() or state)
    place = (box.x, box.y + 112)
    canvas.text(place, line, 14, theme.text, bold=True, width=box.width)
    for button, action in action_buttons(box, keys):
        on = action == chosen
        canvas.box(button, theme.raised if on else theme.surface, 8)
        if on:
            canvas.outline(button, theme.accent, 8, 2)
        middle, label = button.centre[1], keys.label(action)
        wide = canvas.text_width(label, 12)
        canvas.text((button.right - 10, middle), label, 12, theme.faint, anchor="rm")
        room = button.width - wide - 28
        name = keys.names[action].replace("_", " ")
        canvas.text((button.x + 10, middle), name, 14, theme.text, width=room)


def _paint_score(canvas: Canvas, box: Box, episode: EpisodePlayer, theme: Theme) -> None:
    frame = episode.frame
    name = readable_name(episode.name)
    canvas.text((box.x, box.y + 10), name, 17, theme.text, bold=True, width=box.width)
    who = f"you are {frame.followed_agent.name}" if frame.followed_agent.name else "you play"
    canvas.text((box.x, box.y + 34), who, 14, theme.muted, width=box.width)
    total = number_text(frame.followed_agent.total)
    canvas.text((box.x, box.y + 66), total, 30, theme.text, bold=True, width=box.width)
    x = box.x + canvas.text_width(total, 30, bold=True) + 10
    canvas.text((x, box.y + 72), "score", 13, theme.faint)
    words = f"episode {frame.episode}, step {frame.step}"
    canvas.text((box.x, box.y + 92), words, 13, theme.muted, width=box.width)


def _ending(episode: EpisodePlayer) -> str:
    frame = episode.frame
    if not frame.over:
        return ""
    if frame.success is not None:
        return "goal reached" if frame.success else "goal missed"
    return f"the episode is over: {number_text(frame.followed_agent.total)}"
