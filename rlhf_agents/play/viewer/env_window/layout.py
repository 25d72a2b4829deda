"""The layout of the screen: picture, strip, agents and panel."""

from __future__ import annotations

from dataclasses import dataclass

from rlhf_agents.play.viewer.geometry import Box

MARGIN = 20.0
PANEL = 250.0
COLUMN = 210.0
STRIP = 46.0
KEYS = 28.0
MESSAGE = 18.0
USUAL_WIDTH = 960.0
MOST_GROWTH = 1.4
NARROW = 760.0
"""Narrower screens show only the followed agent, without the column of agents."""
TITLE = 26.0
LOWEST, HIGHEST = 22.0, 54.0
"""Heights of the row of an agent."""
LEAST_LINE, LINE = 20.0, 26.0
"""Heights of a line in the panel; long lists have smaller lines."""
GAP = 0.5
"""Between two lists, in lines."""


@dataclass(frozen=True)
class EnvLayout:
    """The parts of the screen.

    Attributes:
        picture: of the environment.
        strip: the events.
        agents: all agents; without width if there is only one, or too little space.
        panel: the followed agent.
        keys: the buttons; without height if there are none.
        message: the line below them.
    """

    picture: Box
    strip: Box
    agents: Box
    panel: Box
    keys: Box
    message: Box


def arrange_env(size: tuple[float, float], agents: int, keys: bool) -> EnvLayout:
    """Return the layout of a screen.

    Args:
        size: width and height of the screen in points.
        agents: the number of agents.
        keys: whether there are buttons.
    """
    width, height = size
    inside = Box(0, 0, width, height).inset(MARGIN)
    growth = min(MOST_GROWTH, max(1.0, width / USUAL_WIDTH))
    panel_width, wide = min(PANEL * growth, inside.width / 2), width >= NARROW
    line = message = Box(inside.x, inside.bottom, inside.width, 0)
    rest, panel = _right_part(inside, panel_width)
    if keys:
        below = rest if wide else inside
        message, below = below.bottom_part(MESSAGE, 2)
        line, below = below.bottom_part(KEYS, 8)
        rest, panel = (below, panel) if wide else _right_part(below, panel_width)
    column = Box(rest.right, rest.y, 0, rest.height)
    if agents > 1 and width >= NARROW:
        rest, column = _right_part(rest, COLUMN * growth)
    strip, picture = rest.bottom_part(STRIP, 10)
    return EnvLayout(picture, strip, column, panel, line, message)


def _right_part(box: Box, width: float) -> tuple[Box, Box]:
    """Cut off the right part: return the rest and the part."""
    left = Box(box.x, box.y, max(0.0, box.width - width - MARGIN), box.height)
    return left, Box(box.right - width, box.y, width, box.height)


@dataclass(frozen=True)
class AgentRows:
    """The rows of the agents in their column.

    Attributes:
        rows: of the agents that fit, by index.
        more: the number of agents that do not fit.
        rest: the box of the note about them.
    """

    rows: dict[int, Box]
    more: int
    rest: Box


def agent_rows(box: Box, count: int, followed: int) -> AgentRows:
    """Return the rows of all agents, or of those around the followed one."""
    below = box.top_part(TITLE)[1]
    shown = min(count, int(below.height // LOWEST))
    if shown < count:
        shown = max(0, shown - 1)
    if not shown or box.empty:
        return AgentRows({}, count, below)
    first = min(max(0, followed - shown // 2), count - shown)
    height = min(HIGHEST, below.height / (shown + (shown < count)))
    rows = {}
    for agent in range(first, first + shown):
        rows[agent], below = below.top_part(height)
    return AgentRows(rows, count - shown, below.top_part(height)[0])


def agent_at(layout: EnvLayout, count: int, followed: int, point: tuple[float, float]) -> int:
    """Return the index of the agent whose row is under a point, or -1."""
    rows = agent_rows(layout.agents, count, followed).rows
    return next((agent for agent, row in rows.items() if row.contains(point)), -1)


@dataclass(frozen=True)
class ListSpace:
    """The lines of two lists that share a height.

    Attributes:
        line: the height of a line.
        goals: lines of the first list.
        actions: lines of the second.
    """

    line: float
    goals: int
    actions: int


def share_lines(height: float, goals: int, actions: int) -> ListSpace:
    """Divide a height between two lists: each gets all its lines, or at least half the height.

    Args:
        height: of both, including a title for each list with lines, and a gap.
        goals: the lines that the first list needs; with none it has no title.
        actions: the lines that the second list needs.
    """
    around = 1.0 + (1.0 + GAP if goals else 0.0)
    line = min(LINE, max(LEAST_LINE, height / (goals + actions + around)))
    room = max(0, int(height / line - around + 1e-9))
    if goals + actions <= room:
        return ListSpace(line, goals, actions)
    half = room // 2
    if goals <= half:
        return ListSpace(line, goals, room - goals)
    if actions <= room - half:
        return ListSpace(line, room - actions, actions)
    return ListSpace(line, half, room - half)
