"""A column with all agents of an environment: their goals, probabilities and actions."""

from __future__ import annotations

import numpy as np

from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.episode_events import EventKind
from rlhf_agents.play.episode_frames import AgentFrame, Frame
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.event_strip import colour_of, concerns, draw_marks
from rlhf_agents.play.viewer.env_window.layout import agent_rows
from rlhf_agents.play.viewer.env_window.panel import bar_shares
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import Colour, Theme
from rlhf_agents.words import number_text, spelled_out

TALL = 38.0
"""Rows of this height have a second line, and marks for the agent's events."""
PAD = 10.0
BARS = 60.0
BAR = 7.0
"""The widest bar of an action."""
MARKS = 5.0
LINE = 18.0


def paint_agents(canvas: Canvas, box: Box, episode: EpisodePlayer, theme: Theme) -> None:
    """Draw a row for every agent, or for those that fit around the followed one."""
    frame = episode.frame
    if box.empty:
        return
    place = agent_rows(box, len(frame.agents), frame.followed)
    playing = sum(agent.playing for agent in frame.agents)
    title = f"{len(frame.agents)} agents"
    if playing < len(frame.agents):
        title += f", {playing} still in the game"
    canvas.text((box.x + PAD, box.y + 10), title, 13, theme.faint, width=box.width - PAD)
    for number, row in place.rows.items():
        if number == frame.followed:
            canvas.box(row.inset(0, 1), theme.raised, 8)
        _paint_agent(canvas, row.inset(PAD, _rim(row)), episode, number, theme)
    if place.more:
        text = f"and {place.more} more"
        canvas.text((box.x + PAD, place.rest.y + 11), text, 13, theme.faint)


def _paint_agent(
    canvas: Canvas, row: Box, episode: EpisodePlayer, number: int, theme: Theme
) -> None:
    frame = episode.frame
    agent = frame.agents[number]
    followed = number == frame.followed
    tall = row.height >= TALL - 4
    line = row.top_part(LINE)[0] if tall else row
    y = line.centre[1]
    word, colour = state_of(agent, frame, theme)
    canvas.text((row.right, y), word, 13, colour, anchor="rm")
    width = row.width - canvas.text_width(word, 13) - 8
    if not tall:
        _paint_bars(canvas, Box(row.right - 44 - BARS, y - 7, BARS, 14), episode, agent, theme)
        width = row.width - 52 - BARS
    strong = theme.text if agent.playing else theme.faint
    canvas.text(
        (row.x, y),
        agent.words,
        14,
        theme.accent if followed else strong,
        bold=followed,
        width=max(0.0, width),
    )
    if not tall:
        return
    rest = row.top_part(LINE)[1]
    marks, second = rest.bottom_part(MARKS, 1)
    second = second.top_part(LINE)[0]
    _paint_bars(
        canvas, Box(row.right - BARS, second.y, BARS, second.height - 2), episode, agent, theme
    )
    text = doing(episode, number)
    canvas.text((row.x, second.centre[1]), text, 12, theme.muted, width=row.width - BARS - 8)
    own = [event for event in frame.events if event.who and concerns(event, agent.name)]
    colours = {kind: colour_of(kind, theme) for kind in EventKind}
    draw_marks(canvas, marks, own, frame.step, colours)


def _rim(row: Box) -> float:
    """Return the space above and below two lines and the marks."""
    return max(2.0, (row.height - 2 * LINE - MARKS) / 2)


def doing(episode: EpisodePlayer, number: int) -> str:
    """Return the goal and the next action of an agent in words."""
    agent = episode.frame.agents[number]
    goal = spelled_out(agent.goal)
    action = "" if agent.next_action is None else episode.action_name(number, agent.next_action)
    return ": ".join(word for word in (goal, action) if word)


def state_of(agent: AgentFrame, frame: Frame, theme: Theme) -> tuple[str, Colour]:
    """Return the state of an agent in a word, and its colour.

    It is its result, else the probability of its goal, else its score.
    """
    if agent.success is not None and (frame.over or not agent.playing):
        return ("reached", theme.good) if agent.success else ("missed", theme.bad)
    if not agent.playing:
        return "out", theme.faint
    if agent.chance is not None:
        return f"{agent.chance:.0%}", theme.text
    return number_text(agent.total), theme.muted


def _paint_bars(
    canvas: Canvas, box: Box, episode: EpisodePlayer, agent: AgentFrame, theme: Theme
) -> None:
    """Draw a small upright bar per action, the chosen one in another colour."""
    if agent.values is None or not agent.playing:
        return
    shares = bar_shares(agent.values, episode.floor)
    step = min(BAR + 2, box.width / len(shares))
    left = box.right - step * len(shares)
    chosen = agent.action if agent.next_action is None else agent.next_action
    for action, share in enumerate(shares):
        track = Box(left + action * step, box.y, max(1.0, step - 2), box.height)
        if np.isnan(agent.values[action]):
            continue
        canvas.box(track, theme.track, 1)
        height = max(1.0, box.height * float(share))
        bar = track._replace(y=track.bottom - height, height=height)
        canvas.box(bar, theme.accent if action == chosen else theme.muted, 1)
