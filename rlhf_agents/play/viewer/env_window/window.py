"""A window in which a person or an agent plays in any environment."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pygame
from PIL import Image

from rlhf_agents.errors import OutputError, UserError
from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.hand_keys import HandKeys
from rlhf_agents.play.rounds import Mode, Rounds
from rlhf_agents.play.saved_games import new_path
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.cards import (
    draw_env_help,
    draw_modes,
    mode_at,
    mode_boxes,
)
from rlhf_agents.play.viewer.env_window.controls import env_buttons, env_command_of
from rlhf_agents.play.viewer.env_window.hand_panel import action_buttons
from rlhf_agents.play.viewer.env_window.layout import agent_at
from rlhf_agents.play.viewer.env_window.panel import goal_at
from rlhf_agents.play.viewer.env_window.recording import END_SECONDS, FILM_PACE
from rlhf_agents.play.viewer.env_window.screen import EnvUi, layout_of, paint_env
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.icon import window_icon
from rlhf_agents.play.viewer.image_files import image_of, save_gif, save_png
from rlhf_agents.play.viewer.layout import growth
from rlhf_agents.play.viewer.theme import DARK, LIGHT, Theme
from rlhf_agents.words import readable_name

SIZE = (960, 560)
SMALLEST = (320, 320)
FRAMES_PER_SECOND = 60
HAND_PACE = 8.0
"""Steps per second that a person can follow; they can be changed."""
TOAST_SECONDS = 4.0
MOST_FRAMES = 900
"""Of a recording, which then ends by itself."""
LEFT_BUTTON = 1
ARROWS = ("left", "right", "up", "down")
KEYS = "F1 all keys   M play or watch   P pause   N next episode   Esc leave"

OnFrame = Callable[["EnvWindow", float], None]


class EnvWindow:
    """Shows an environment until the person leaves.

    Args:
        episode: the environment and its actor.
        theme: the colours.
        size: in points.
        mode: who plays; None asks.
        folder: where recordings and pictures are saved.
        seed: of the first round of a match.

    Raises:
        UserError: no window can be opened.
    """

    def __init__(
        self,
        episode: EpisodePlayer,
        theme: Theme,
        size: tuple[int, int] = SIZE,
        *,
        mode: Mode | None = Mode.WATCH,
        folder: Path | None = None,
        seed: int = 0,
    ) -> None:
        self.episode, self.theme = episode, theme
        self.rounds = Rounds(episode, seed=seed)
        self.keys = HandKeys.of(episode.action_names)
        self.folder = folder or Path.cwd()
        self.paused = self.leaving = self.analysing = False
        self.speed = 1.0
        self.page = "modes" if mode is None and self.playable else ""
        self._held: set[str] = set()
        self._touched: int | None = None
        self._tapped: int | None = None
        self._pointer: Point = (-1.0, -1.0)
        self._film: list[Image.Image] | None = None
        self._shot = False
        self._commands: dict[str, Callable[[], object]] = {
            "mode": self._ask_mode,
            "help": self._help,
            "pause": self._pause,
            "step": self._step,
            "next": self.rounds.next,
            "follow": lambda: self._follow(self.episode.frame.followed + 1),
            "faster": lambda: self._change_speed(2),
            "slower": lambda: self._change_speed(0.5),
            "analyse": self._analyse,
            "theme": self._theme,
            "picture": self._picture,
            "record": self._record,
        }
        self._message, self._until, self._now = "", 0.0, time.perf_counter()
        self._due = self._now + 1 / episode.pace
        try:
            pygame.display.init()
            title = f"{readable_name(episode.name)} - rlhf-play"
            self._window = pygame.Window(title, size, resizable=True, allow_high_dpi=True)
            self._window.minimum_size = SMALLEST
            self._window.set_icon(window_icon())
        except pygame.error as error:
            msg = f"no window can be opened ({error}); --terminal shows it in the terminal"
            raise UserError(msg) from error
        if mode is not None:
            self.begin(mode)

    @property
    def playable(self) -> bool:
        """Whether a person can play: the actions are a list."""
        return bool(self.keys.names)

    def begin(self, mode: Mode) -> None:
        """Begin to play or to watch."""
        self.page, self.paused = "", False
        self.rounds.begin(mode)
        steps = self.episode.pace
        self.speed = 1.0
        while mode is not Mode.WATCH and steps * self.speed > HAND_PACE:
            self.speed /= 2
        self._due = self._now + 1 / steps

    def run(self, watch: OnFrame | None = None) -> None:
        """Show frames until the person leaves; call `watch` after each with the time in seconds."""
        clock = pygame.time.Clock()
        while not self.leaving:
            for event in pygame.event.get():
                self._take(event)
            now = time.perf_counter()
            self.tick(now)
            self._paint()
            if watch is not None:
                watch(self, now)
            clock.tick(FRAMES_PER_SECOND)

    # ---- time

    def tick(self, now: float) -> None:
        """Take the next step if it is due."""
        self._now = now
        if self.paused or self.page or now < self._due:
            return
        if self.episode.frame.over:
            self.rounds.next()
            self._due = now + 1 / (self.episode.pace * self.speed)
            return
        action = self._action() if self.rounds.by_hand else None
        if self.rounds.by_hand and (action is None or not self.episode.legal(action)):
            return  # time stands still until a person moves
        self._tapped = None
        frame = self.episode.advance(action)
        self._keep_frame()
        pause = END_SECONDS if frame.over else 1 / (self.episode.pace * self.speed)
        self._due = max(now, self._due) + pause if frame.over else now + pause

    def _action(self) -> int | None:
        """Return the action of the person: the touched button, the keys held, or a short tap."""
        if self._touched is not None:
            return self._touched
        held = self.keys.action(self._held)
        return self._tapped if held in (None, self.keys.idle) and self._tapped is not None else held

    def _keep_frame(self) -> None:
        if self._film is None:
            return
        every = max(1, round(self.episode.pace * self.speed / FILM_PACE))
        if self.episode.frame.step % every == 0 or self.episode.frame.over:
            canvas = Canvas(pygame.Surface(SIZE))
            paint_env(canvas, self.episode, EnvUi(self.theme))
            self._film.append(image_of(canvas.surface))
        if len(self._film) >= MOST_FRAMES:
            self.do("record")

    # ---- keys and mouse

    def key(self, name: str) -> None:
        """React to a key that goes down."""
        if self.page == "modes" and name in ("1", "2", "3", "return"):
            self.begin(mode_boxes(Box(0, 0, 1, 1))[max(0, "123".find(name))][1])
        elif name == "escape" and self.page:
            self._close_page()
        elif name in ("escape", "q"):
            self.leaving = True
        elif self.rounds.by_hand and not self.page and self.keys.uses(name):
            self._held.add(name)
            self._tapped = self.keys.action(self._held)
        elif name in ARROWS and self.rounds.mode is not Mode.WATCH:
            return  # held from the person's round
        else:
            command = env_command_of(name)
            if command is not None:
                self.do(command)

    def release(self, name: str) -> None:
        """React to a key that comes up."""
        self._held.discard(name)

    def _close_page(self) -> None:
        if self.page == "modes":
            self.begin(self.rounds.mode)
        self.page = ""

    def do(self, command: str) -> None:
        """Carry out a command of `controls.ENV_COMMANDS`."""
        self._commands[command]()

    def _help(self) -> None:
        self.page = "" if self.page == "help" else "help"

    def _pause(self) -> None:
        self.paused = not self.paused

    def _step(self) -> None:
        self.paused = True
        self.episode.advance()

    def _follow(self, agent: int) -> None:
        self.episode.follow(agent)
        self.keys = HandKeys.of(self.episode.action_names)

    def _change_speed(self, factor: float) -> None:
        self.speed = min(16.0, max(1 / 16, self.speed * factor))

    def _analyse(self) -> None:
        self.analysing = not self.analysing

    def _theme(self) -> None:
        self.theme = LIGHT if self.theme is DARK else DARK

    def _picture(self) -> None:
        self._shot = True

    def _ask_mode(self) -> None:
        if self.playable:
            self.page = "" if self.page == "modes" else "modes"
        else:
            self.say("only environments with a list of actions can be played by hand")

    def _record(self) -> None:
        if self._film is None:
            self._film = []
            self.say("recording; R ends it")
            return
        film, self._film = self._film, None
        if not film:
            self.say("nothing was recorded")
            return
        seconds = [1 / FILM_PACE] * (len(film) - 1) + [END_SECONDS]
        self._save(".gif", lambda path: save_gif(path, film, seconds))

    def _save(self, ending: str, write: Callable[[Path], None]) -> None:
        try:
            path = new_path(self.folder, self.episode.name, ending)
            write(path)
        except OutputError as error:
            self.say(str(error))
        else:
            self.say(f"saved as {path}")

    def say(self, text: str) -> None:
        """Show a message for a while."""
        self._message, self._until = text, self._now + TOAST_SECONDS

    def point(self, point: Point) -> None:
        """React to a movement of the mouse, in points."""
        self._pointer = point

    def click(self, point: Point, adds: bool = False) -> None:
        """React to a press of the mouse, in points: a button, an agent, or a goal (`adds` one)."""
        self._pointer = point
        canvas = self._canvas()
        if self.page == "modes":
            mode = mode_at(Box(0, 0, *canvas.size), point)
            if mode is not None:
                self.begin(mode)
            return
        if self.page:
            self.page = ""
            return
        layout = layout_of(canvas, self.episode, self._ui())
        command = self._command_at(point)
        if command:
            self.do(command)
            return
        if self._by_hand_now:
            for box, action in action_buttons(layout.panel, self.keys):
                if box.contains(point):
                    self._touched = self._tapped = action
        frame = self.episode.frame
        agent = agent_at(layout, len(frame.agents), frame.followed, point)
        if agent >= 0:
            self._follow(agent)
        elif not self._by_hand_now and (goal := goal_at(layout.panel, self.episode, point)):
            self.episode.ask(goal, adds)

    def lift(self) -> None:
        """React to the release of the mouse button."""
        self._touched = None

    def _command_at(self, point: Point) -> str:
        layout = layout_of(self._canvas(), self.episode, EnvUi(self.theme, keys=True))
        found = (command.name for box, command in env_buttons(layout.keys) if box.contains(point))
        return next(found, "")

    # ---- the screen

    def close(self) -> None:
        """Close the window, then the environment, which may quit pygame."""
        self._window.destroy()
        pygame.display.quit()
        self.episode.close()

    @property
    def state(self) -> str:
        """The speed in words, for the panel."""
        if self.paused:
            return "paused"
        return "" if self.speed == 1 else f"{self.speed:g} times as fast"

    @property
    def _by_hand_now(self) -> bool:
        """Whether the panel has the person's buttons instead of the agent's values."""
        return self.rounds.by_hand and not self.analysing

    def _canvas(self) -> Canvas:
        surface = self._window.get_surface()
        return Canvas(surface, surface.get_width() / max(1, self._window.size[0]) * self._zoom)

    @property
    def _zoom(self) -> float:
        """The size of everything: more in large windows."""
        return growth(self._window.size)

    def _ui(self) -> EnvUi:
        message = self._message if self._now < self._until else self.rounds.standing() or KEYS
        lit = {name for name, on in self._switches() if on}
        hand = (self.keys, self._action()) if self._by_hand_now else None
        return EnvUi(
            self.theme,
            keys=True,
            state=self.state,
            message=message,
            hand=hand,
            rounds=self.rounds,
            pointed=self._command_at(self._pointer),
            lit=frozenset(lit),
        )

    def _switches(self) -> list[tuple[str, bool]]:
        return [
            ("pause", self.paused),
            ("record", self._film is not None),
            ("analyse", self.analysing),
        ]

    def _paint(self) -> None:
        canvas = self._canvas()
        paint_env(canvas, self.episode, self._ui())
        window = Box(0, 0, *canvas.size)
        if self.page == "modes":
            pointed = mode_at(window, self._pointer)
            what = (self.episode.name, self.episode.actor.name, pointed)
            draw_modes(canvas, window, what, self.theme)
        elif self.page == "help":
            draw_env_help(canvas, window, self.theme)
        self._window.flip()
        if self._shot:
            self._shot = False
            self._save(".png", lambda path: save_png(path, canvas.surface))

    def _take(self, event: pygame.Event) -> None:
        if event.type in (pygame.QUIT, pygame.WINDOWCLOSE):
            self.leaving = True
        elif event.type == pygame.KEYDOWN:
            typed = event.unicode if event.unicode in ("+", "-", "=", "?") else ""
            self.key(typed or pygame.key.name(event.key))
        elif event.type == pygame.KEYUP:
            self.release(pygame.key.name(event.key))
        elif event.type == pygame.MOUSEMOTION:
            self.point(self._place(event.pos))
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == LEFT_BUTTON:
            self.click(self._place(event.pos), bool(pygame.key.get_mods() & pygame.KMOD_SHIFT))
        elif event.type == pygame.MOUSEBUTTONUP and event.button == LEFT_BUTTON:
            self.lift()
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._held.clear()
            self._touched = None

    def _place(self, position: tuple[float, float]) -> Point:
        return position[0] / self._zoom, position[1] / self._zoom
