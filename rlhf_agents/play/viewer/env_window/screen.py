"""The screen of an environment: its own picture, and beside it values, goals and returns."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.episode_frames import Picture
from rlhf_agents.play.hand_keys import HandKeys
from rlhf_agents.play.rounds import Rounds
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.agents import paint_agents
from rlhf_agents.play.viewer.env_window.controls import env_buttons
from rlhf_agents.play.viewer.env_window.event_strip import paint_strip
from rlhf_agents.play.viewer.env_window.hand_panel import paint_buttons
from rlhf_agents.play.viewer.env_window.head import paint_head
from rlhf_agents.play.viewer.env_window.layout import MARGIN, EnvLayout, arrange_env
from rlhf_agents.play.viewer.env_window.panel import paint_goals, paint_panel
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.panels import draw_button
from rlhf_agents.play.viewer.theme import Theme

LINE = 26.0


@dataclass(frozen=True)
class EnvUi:
    """The settings of the screen.

    Attributes:
        theme: the colours.
        keys: whether there are buttons; files have none.
        paused: whether time stands still.
        speed: in words.
        message: below the buttons.
        hand: the keys and the action of a person who plays, and whether the agent's values are
            shown, too; else None.
        rounds: who plays, if a person can.
        pointed: the command under the mouse.
        lit: the commands that are switched on.
    """

    theme: Theme
    keys: bool = False
    paused: bool = False
    speed: str = ""
    message: str = ""
    hand: tuple[HandKeys, int | None, bool] | None = None
    rounds: Rounds | None = None
    pointed: str = ""
    lit: frozenset[str] = frozenset()


def layout_of(canvas: Canvas, episode: EpisodePlayer, ui: EnvUi) -> EnvLayout:
    """Return the layout of the screen."""
    picture = episode.frame.picture
    aspect = 1.0 if picture is None else picture.shape[1] / picture.shape[0]
    return arrange_env(canvas.size, len(episode.frame.agents), ui.keys, aspect)


def paint_env(canvas: Canvas, episode: EpisodePlayer, ui: EnvUi) -> None:
    """Draw the current frame of an episode."""
    layout, theme = layout_of(canvas, episode, ui), ui.theme
    canvas.fill(theme.background)
    for box, command in env_buttons(layout.keys):
        look = (ui.pointed == command.name, command.name in ui.lit, 13)
        draw_button(canvas, box, command.label, look, theme)
    message = layout.message
    place = (message.x, message.centre[1])
    canvas.text(place, ui.message, 12, theme.faint, width=message.width)
    _paint_picture(canvas, layout.picture, episode, theme)
    paint_strip(canvas, layout.strip, episode.frame, theme)
    paint_agents(canvas, layout.agents, episode, theme)
    who, state = (episode, ui.rounds), (ui.paused, ui.speed)
    paint_head(canvas, layout.head, who, state, theme)
    if ui.hand is not None:
        below = paint_buttons(canvas, layout.panel, episode, ui.hand, theme)
        if ui.hand[2]:
            paint_goals(canvas, below, episode, theme)
    else:
        paint_panel(canvas, layout.panel, episode, theme)


def _paint_picture(canvas: Canvas, box: Box, episode: EpisodePlayer, theme: Theme) -> None:
    picture = episode.frame.picture
    if picture is None:
        canvas.box(box, theme.surface, 10)
        lines = canvas.wrapped(episode.trouble, 15, box.width - 2 * MARGIN)
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
    """Return a picture in another size: smooth if smaller, with clear pixels if larger."""
    surface = pygame.image.frombuffer(picture.tobytes(), picture.shape[1::-1], "RGB")
    grows = size[0] >= picture.shape[1]
    return (pygame.transform.scale if grows else pygame.transform.smoothscale)(surface, size)
