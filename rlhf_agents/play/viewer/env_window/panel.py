"""The panel beside the picture: the followed agent, its goals and its actions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.episode_events import GoalChance, odds
from rlhf_agents.play.episode_frames import AgentFrame
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.layout import GAP, LEAST_LINE, ListSpace, share_lines
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Colour, Theme
from rlhf_agents.words import number_text, spelled_out

STATES = {1: "reached", -1: "lost"}
BAR = 10.0
NUMBER = 50.0
"""Width of the numbers on the right."""


def paint_panel(canvas: Canvas, box: Box, episode: EpisodePlayer, theme: Theme) -> None:
    """List goals and actions."""
    room, goals, actions = _lists(box, episode)
    rows = _Rows(canvas, theme, room.line)
    if episode.frame.goals:
        rows.goals(goals, episode.frame.followed_agent, room.goals)
    rows.actions(actions, episode, room.actions)


def paint_goals(canvas: Canvas, box: Box, episode: EpisodePlayer, theme: Theme) -> None:
    """List the goals of the followed agent, as many as fit."""
    lines = int(box.height // LEAST_LINE) - 1
    if episode.frame.goals and lines > 0:
        _Rows(canvas, theme, LEAST_LINE).goals(box, episode.frame.followed_agent, lines)


def goal_at(box: Box, episode: EpisodePlayer, point: Point) -> str:
    """Return the name of the goal in the panel under a point, or an empty string."""
    room, below, _ = _lists(box, episode)
    mine = episode.frame.followed_agent
    risk = shows_risk(mine, room.goals)
    below = below.top_part(room.line * (1 + risk))[1]
    for goal in listed_goals(mine.goals, room.goals - risk):
        row, below = below.top_part(room.line)
        if row.contains(point):
            return goal.name
    return ""


def _lists(box: Box, episode: EpisodePlayer) -> tuple[ListSpace, Box, Box]:
    """Return how goals and actions share the panel, and the boxes of both."""
    mine = episode.frame.followed_agent
    count = len(mine.goals) + (mine.risk is not None)
    room = share_lines(box.height, count, len(episode.action_names))
    used = room.line * (room.goals + 1 + GAP) if mine.goals else 0.0
    return room, *box.top_part(used)


# ---- goals and actions -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Rows:
    """The lines of the lists: a name, a bar, a number."""

    canvas: Canvas
    theme: Theme
    line: float

    def goals(self, box: Box, agent: AgentFrame, lines: int) -> None:
        """List the risk and the goals of an agent, each with its probability or its result."""
        goals, risk = agent.goals, agent.risk if shows_risk(agent, lines) else None
        lines -= risk is not None
        if lines < 1:
            return
        listed = listed_goals(goals, lines)
        width = self._names(box, [spelled_out(goal.name) for goal in listed])
        known = any(goal.chance is not None for goal in goals)
        box = self._title(box, "probability of each goal" if known else "goals")
        if risk is not None:
            row, box = box.top_part(self.line)
            self._name(row, risk[0], self.theme.bad, False, width)
            self._bar(row, risk[1], self.theme.bad, width)
            self._number(row, f"{risk[1]:.0%}", self.theme.bad)
        for goal in listed:
            row, box = box.top_part(self.line)
            colour = self.theme.accent if goal.asked else self.theme.muted
            self._name(row, spelled_out(goal.name), colour, goal.asked, width)
            if goal.flag:
                ending = self.theme.good if goal.flag > 0 else self.theme.bad
                self._number(row, STATES[goal.flag], ending)
            elif goal.chance is not None:
                self._bar(row, goal.chance, colour, width)
                self._number(row, f"{goal.chance:.0%}", self.theme.muted)
        self._more(box, len(goals), lines)

    def actions(self, box: Box, episode: EpisodePlayer, lines: int) -> None:
        """List actions, each with its value, a probability if the agent plays for a goal."""
        if lines < 1:
            return
        mine, count = episode.frame.followed_agent, len(episode.action_names)
        title = "actions" if mine.values is None else "value of each action"
        if mine.values is not None and episode.floor is not None:
            title = "probability of the goal by action"
        box = self._title(box, title)
        shares = bar_shares(mine.values, episode.floor)
        chosen = mine.action if mine.next_action is None else mine.next_action
        listed = listed_actions(mine, count, lines)
        width = self._names(box, [episode.action_names[action] for action in listed])
        for action in listed:
            row, box = box.top_part(self.line)
            mark = self.theme.accent if action == chosen else self.theme.muted
            self._name(row, episode.action_names[action], mark, action == chosen, width)
            if mine.values is not None and not np.isnan(mine.values[action]):
                self._bar(row, float(shares[action]), mark, width)
                text = value_text(mine, action, episode.floor)
                self._number(row, text, self.theme.muted)
        self._more(box, count, lines)

    def _title(self, box: Box, text: str) -> Box:
        title, below = box.top_part(self.line)
        place = (title.x, title.centre[1])
        self.canvas.text(place, text, 13, self.theme.faint, width=title.width)
        return below

    def _names(self, box: Box, names: list[str]) -> float:
        """Return the width of a column of names: what they need, within limits."""
        widths = [
            self.canvas.text_width(name.replace("_", " "), 14, bold=bold)
            for name in names
            for bold in (True, False)
        ]
        return min(max(0, box.width * 0.3, *widths), box.width * 0.58)

    def _name(self, row: Box, name: str, colour: Colour, bold: bool, width: float) -> None:
        name = self.canvas.fitted(name, 14, width, bold=bold)
        self.canvas.text((row.x, row.centre[1]), name, 14, colour, bold=bold)

    def _bar(self, row: Box, share: float, colour: Colour, names: float) -> None:
        left = row.x + names + 10
        track = Box(left, row.centre[1] - BAR / 2, max(0.0, row.right - NUMBER - left), BAR)
        self.canvas.box(track, self.theme.track, BAR / 2)
        filled = track._replace(width=track.width * share)
        self.canvas.box(filled, colour, BAR / 2)

    def _number(self, row: Box, text: str, colour: Colour) -> None:
        self.canvas.text((row.right, row.centre[1]), text, 13, colour, anchor="rm")

    def _more(self, box: Box, count: int, lines: int) -> None:
        if lines < count:
            row = box.top_part(self.line)[0]
            text = f"and {count - lines + 1} more"
            self.canvas.text((row.x, row.centre[1]), text, 13, self.theme.faint)


def shows_risk(agent: AgentFrame, lines: int) -> bool:
    """Return whether the first of the lines of goals is for the danger."""
    return agent.risk is not None and lines > 2


def listed_goals(goals: tuple[GoalChance, ...], lines: int) -> list[GoalChance]:
    """Return the goals that fit into a number of lines, in the order of the table.

    If not all fit, the last line gives the number of the others; the goals of the agent stay.
    """
    if len(goals) <= lines:
        return list(goals)
    asked = [place for place, goal in enumerate(goals) if goal.asked]
    others = [place for place, goal in enumerate(goals) if not goal.asked]
    return [goals[place] for place in sorted((asked + others)[: max(0, lines - 1)])]


def listed_actions(agent: AgentFrame, count: int, lines: int) -> list[int]:
    """Return the actions that fit into a number of lines: all `count`, or the most valuable.

    If not all fit, the last line gives the number of the others.
    """
    if count <= lines:
        return list(range(count))
    if agent.values is None:
        worth = np.zeros(count)
    else:
        worth = np.nan_to_num(agent.values, nan=-np.inf).astype(np.float64)
    if isinstance(agent.next_action, int):
        worth[agent.next_action] = np.inf
    return sorted(np.argsort(-worth, kind="stable")[: max(0, lines - 1)].tolist())


def bar_shares(
    values: NDArray[np.float32] | None, floor: float | None = None
) -> NDArray[np.float64]:
    """Return the lengths of bars, in [0, 1].

    Args:
        values: `[A]`, NaN for illegal actions, which have no bar; None for no bars.
        floor: what missing a goal pays, which makes bars probabilities; None if values are rewards:
            bars then range from zero, or a smaller value, to the largest value; where all are
            nearly the same, from one that gives the smallest three quarters of a bar.
    """
    if values is None or np.isnan(values).all():
        return np.zeros(0 if values is None else len(values))
    if floor is not None:
        return np.nan_to_num(np.asarray(odds(values, floor), np.float64))
    least, high = float(np.nanmin(values)), float(np.nanmax(values))
    low = max(min(0.0, least), high - 4 * (high - least))
    if high <= low:
        return np.where(np.isnan(values), 0.0, 1.0)
    return np.asarray(np.nan_to_num((values - low) / (high - low)).clip(0.0, 1.0), np.float64)


def value_text(agent: AgentFrame, action: int, floor: float | None) -> str:
    """Return the value of an action as text: a probability, or a number."""
    assert agent.values is not None
    value = float(agent.values[action])
    return number_text(value) if floor is None else f"{float(odds(value, floor)):.0%}"
