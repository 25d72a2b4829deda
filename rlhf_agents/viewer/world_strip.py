"""The goals of a world and what happened in it: bars in the panel, a strip below the picture."""

from __future__ import annotations

from rlhf_agents.viewer.canvas import Canvas
from rlhf_agents.viewer.geometry import Box
from rlhf_agents.viewer.theme import Theme
from rlhf_agents.world_events import GoalChance, Happening, Kind
from rlhf_agents.world_play import Moment

LINE = 24.0
STRIP = 46.0
MOST_GOALS = 8
MARK = 3.0
STATES = {1: "reached", -1: "lost"}


def paint_goals(canvas: Canvas, box: Box, goals: tuple[GoalChance, ...], theme: Theme) -> Box:
    """List the goals, each with its probability or what became of it; return the room below."""
    if not goals:
        return box
    title, box = box.top_part(LINE)
    known = any(goal.chance is not None for goal in goals)
    said = "probability of each goal" if known else "goals"
    canvas.text((title.x, title.centre[1]), said, 13, theme.faint, width=title.width)
    for goal in listed_goals(goals):
        row, box = box.top_part(LINE)
        y = row.centre[1]
        colour = theme.accent if goal.asked else theme.muted
        name = canvas.fitted(goal.name.replace("_", " "), 14, row.width * 0.5)
        canvas.text((row.x, y), name, 14, colour, bold=goal.asked)
        if goal.flag:
            ending = theme.good if goal.flag > 0 else theme.bad
            canvas.text((row.right, y), STATES[goal.flag], 13, ending, anchor="rm")
        elif goal.chance is not None:
            canvas.text((row.right, y), f"{goal.chance:.0%}", 13, theme.muted, anchor="rm")
            track = Box(row.x + row.width * 0.54, y - 5, row.width * 0.28, 10)
            canvas.box(track, theme.track, 5)
            canvas.box(track._replace(width=track.width * goal.chance), colour, 5)
    return box.top_part(LINE / 2)[1]


def listed_goals(goals: tuple[GoalChance, ...]) -> list[GoalChance]:
    """Return at most `MOST_GOALS`, what is asked among them, in the order of the table."""
    asked = [place for place, goal in enumerate(goals) if goal.asked]
    others = [place for place, goal in enumerate(goals) if not goal.asked]
    return [goals[place] for place in sorted((asked + others)[:MOST_GOALS])]


def paint_strip(canvas: Canvas, box: Box, now: Moment, theme: Theme) -> None:
    """Draw the episode as a line with a mark per event, and name the last one above it."""
    top, below = box.top_part(20)
    if now.events:
        last = now.events[-1]
        text = f"step {last.step}: {last.text}"
        canvas.text((top.x, top.centre[1]), text, 13, _colour(last, theme), width=top.width)
    canvas.box(Box(below.x, below.bottom - 5, below.width, 3), theme.track, 1)
    length = max(1, now.step)
    for event in now.events:
        left = below.x + (below.width - MARK) * event.step / length
        height = below.height * (0.45 if event.kind in (Kind.REWARD, Kind.PENALTY) else 0.9)
        mark = Box(left, below.bottom - 2 - height, MARK, height)
        canvas.box(mark, _colour(event, theme), 1)


def _colour(event: Happening, theme: Theme) -> tuple[int, int, int]:
    if event.kind in (Kind.GOAL, Kind.REWARD):
        return theme.good
    return theme.muted if event.kind is Kind.END else theme.bad
