"""The events of an episode: a strip below the picture with a mark for each."""

from __future__ import annotations

from collections.abc import Iterable

from rlhf_agents.play.episode_events import EpisodeEvent, EventKind
from rlhf_agents.play.episode_frames import Frame
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import Colour, Theme, blend

MARK = 3.0
FADED = 0.65
"""The share of the background colour in marks of agents that are not followed."""
SMALL = (EventKind.REWARD, EventKind.PENALTY)


def paint_strip(canvas: Canvas, box: Box, frame: Frame, theme: Theme) -> None:
    """Draw the episode as a line with a mark per event, and the last events in words above it.

    The marks of other agents than the followed one are pale.
    """
    top, below = box.top_part(20)
    if frame.events:
        _name_last(canvas, top, frame, theme)
    canvas.box(Box(below.x, below.bottom - 5, below.width, 3), theme.track, 1)
    others = [event for event in frame.events if not concerns(event, frame.followed_agent.name)]
    mine = [event for event in frame.events if concerns(event, frame.followed_agent.name)]
    draw_marks(canvas, below, others, frame.step, {k: _pale(k, theme) for k in EventKind})
    draw_marks(canvas, below, mine, frame.step, {k: colour_of(k, theme) for k in EventKind})


def concerns(event: EpisodeEvent, agent: str) -> bool:
    """Return whether an event happened to an agent."""
    return not event.who or agent in event.who


def draw_marks(
    canvas: Canvas,
    box: Box,
    events: Iterable[EpisodeEvent],
    steps: int,
    colours: dict[EventKind, Colour],
) -> None:
    """Draw a mark for every event; where several coincide, for the most important.

    Args:
        canvas: to draw on.
        box: the episode from left to right.
        events: of one episode.
        steps: its length so far.
        colours: of the marks.
    """
    marks: dict[int, EventKind] = {}
    for event in events:
        place = round((box.width - MARK) * event.step / max(1, steps))
        if place not in marks or marks[place] in SMALL:
            marks[place] = event.kind
    for place, kind in marks.items():
        height = box.height * (0.45 if kind in SMALL else 0.9)
        bottom = box.bottom - min(2.0, box.height / 4)
        mark = Box(box.x + place, bottom - height, MARK, height)
        canvas.box(mark, colours[kind], 1)


def colour_of(kind: EventKind, theme: Theme) -> Colour:
    """Return the colour of a kind of event."""
    if kind in (EventKind.GOAL, EventKind.REWARD):
        return theme.good
    return theme.muted if kind in (EventKind.END, EventKind.OUT) else theme.bad


def _pale(kind: EventKind, theme: Theme) -> Colour:
    return blend(colour_of(kind, theme), theme.background, FADED)


def _name_last(canvas: Canvas, box: Box, frame: Frame, theme: Theme) -> None:
    """Write the events of the latest step that had any, those of the followed agent first."""
    step = frame.events[-1].step
    last = [event for event in frame.events[-3 * len(frame.agents) - 3 :] if event.step == step]
    last.sort(key=lambda event: not concerns(event, frame.followed_agent.name))
    x, y = box.x, box.centre[1]
    for number, event in enumerate(last):
        text = f"step {step}: {event.sentence}" if number == 0 else event.sentence
        left = box.right - x
        if left < 24 or (number and canvas.text_width(text, 13) > left):
            break
        canvas.text((x, y), text, 13, colour_of(event.kind, theme), width=left)
        x += canvas.text_width(text, 13) + 12
