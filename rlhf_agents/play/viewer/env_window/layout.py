"""The layout of the screen: picture, strip, agents and panel."""

from __future__ import annotations

from dataclasses import dataclass

from rlhf_agents.play.viewer.geometry import Box

MARGIN, SMALL_MARGIN = 18.0, 10.0
SMALL = 520.0
PANEL, LEAST_PANEL, MOST_PANEL = 0.27, 150.0, 300.0
"""Width of the panel: a share of the screen, within limits."""
HEAD = 116.0
"""Height of the lines about who plays, and the score."""
COLUMN = 200.0
STRIP = 42.0
KEYS = 28.0
MESSAGE = 18.0
NARROW = 760.0
"""Narrower screens show only the followed agent, without the column of agents."""
LEAST_PANEL_HEIGHT = 270.0
"""Of a panel below the picture."""
WORTH = 1.15
"""How much larger a picture must be for agents and panel to share a column."""
SHARED = 0.45
"""The most of a shared column that is for the agents."""
TITLE = 26.0
LOWEST, HIGHEST = 22.0, 50.0
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
        head: who plays, and the score.
        panel: the goals and actions of the followed agent, or the buttons of a person.
        keys: the buttons; without height if there are none.
        message: the line below them.
    """

    picture: Box
    strip: Box
    agents: Box
    head: Box
    panel: Box
    keys: Box
    message: Box


def arrange_env(
    size: tuple[float, float], agents: int, keys: bool, aspect: float = 1.0
) -> EnvLayout:
    """Return the layout of a screen.

    Args:
        size: width and height of the screen in points.
        agents: the number of agents.
        keys: whether there are buttons.
        aspect: of the picture, width / height; wide pictures have agents and panel in one column.
    """
    width, height = size
    margin = MARGIN if min(size) >= SMALL else SMALL_MARGIN
    inside = Box(0, 0, width, height).inset(margin)
    line = message = Box(inside.x, inside.bottom, inside.width, 0)
    shown = agents if width >= NARROW else 1
    panel_width = min(MOST_PANEL, max(LEAST_PANEL, PANEL * width), inside.width / 2)
    whole = (message, line, inside)
    if keys:
        whole = _below(inside)
    if keys and width < NARROW:
        message, line, inside = whole
    rest, panel = _right_part(inside, panel_width, margin)
    upright = _upright(whole[2], shown, aspect, (whole[1], whole[0]))
    if upright.picture.width > _picture_width(rest, aspect):
        return upright
    if keys and width >= NARROW:
        message, line, rest = _below(rest)
    column = Box(panel.x, panel.y, 0, 0)
    if shown > 1:
        left, own = _right_part(rest, COLUMN, margin)
        wider = _picture_width(rest, aspect) > WORTH * _picture_width(left, aspect)
        if wider:
            column, panel = _shared(panel, agents)
        else:
            rest, column = left, own
    strip, picture = rest.bottom_part(STRIP, 8)
    return EnvLayout(picture, strip, column, *panel.top_part(HEAD), line, message)


def _upright(inside: Box, agents: int, aspect: float, below: tuple[Box, Box]) -> EnvLayout:
    """Return the layout of a tall screen: the picture above the panel."""
    height = max(1.0, inside.height - LEAST_PANEL_HEIGHT - STRIP - 18)
    picture, rest = inside.top_part(min(inside.width / aspect, height), 6)
    picture = picture.fitted(aspect)
    strip, rest = rest.top_part(STRIP, 12)
    column = Box(rest.x, rest.y, 0, 0)
    if agents > 1:
        rest, column = _right_part(rest, COLUMN, MARGIN)
    head, panel = rest.top_part(HEAD)
    if rest.width > 2 * MOST_PANEL:
        head, panel = rest.columns(2, MARGIN)
    return EnvLayout(picture, strip, column, head, panel, *below)


def _below(box: Box) -> tuple[Box, Box, Box]:
    """Cut the line of messages and the buttons off the bottom: return both, and the rest."""
    message, rest = box.bottom_part(MESSAGE, 2)
    return message, *rest.bottom_part(KEYS, 8)


def _picture_width(box: Box, aspect: float) -> float:
    return box.bottom_part(STRIP, 8)[1].fitted(aspect).width


def _shared(panel: Box, agents: int) -> tuple[Box, Box]:
    """Divide a column: return the boxes of all agents and of the panel."""
    height = min(TITLE + agents * HIGHEST, SHARED * panel.height)
    column, panel = panel.bottom_part(height, 10)
    return column, panel


def _right_part(box: Box, width: float, gap: float) -> tuple[Box, Box]:
    """Cut off the right part: return the rest and the part."""
    left = Box(box.x, box.y, max(0.0, box.width - width - gap), box.height)
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
