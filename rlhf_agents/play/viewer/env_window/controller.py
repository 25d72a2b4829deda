"""Time, keys, clicks and commands of the window of an environment, without the window itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from rlhf_agents.errors import OutputError
from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.episode_events import EventKind
from rlhf_agents.play.hand_keys import DIGITS, HandKeys
from rlhf_agents.play.rounds import Mode, Rounds
from rlhf_agents.play.saved_games import new_path
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window.cards import (
    AGAIN,
    NUMBERS,
    RESULT,
    TITLE,
    Choice,
    choice_at,
    mode_choices,
)
from rlhf_agents.play.viewer.env_window.controls import env_buttons, env_command_of
from rlhf_agents.play.viewer.env_window.event_strip import concerns
from rlhf_agents.play.viewer.env_window.hand_panel import action_buttons
from rlhf_agents.play.viewer.env_window.layout import EnvLayout, agent_at
from rlhf_agents.play.viewer.env_window.panel import goal_at
from rlhf_agents.play.viewer.env_window.recording import END_SECONDS, Film
from rlhf_agents.play.viewer.env_window.screen import EnvUi, layout_of
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import DARK, LIGHT, Theme
from rlhf_agents.words import speed_words

HAND_PACE = 8.0
"""Steps per second that a person can follow; they can be changed."""
TOAST_SECONDS = 4.0
ARROWS = ("left", "right", "up", "down")
KEYS = "F1 all keys   N play or watch   P pause   A analyse   Esc twice: leave"
SOUNDS = {
    EventKind.GOAL: "win",
    EventKind.LIFE_LOST: "loss",
    EventKind.MISSED: "loss",
    EventKind.REWARD: "move",
}
VERDICT_SOUNDS = {"You win": "win", "You lose": "loss", "A draw": "draw"}
SMALLEST_ZOOM, LARGEST_ZOOM = 0.7, 2.0


class EnvController(ABC):
    """Plays or shows an environment.

    Args:
        episode: the environment and its actor.
        theme: the colours.
        mode: who plays; None asks.
        folder: where recordings and pictures are saved.
        seed: of the first round of a match.

    Attributes:
        rounds: who plays.
        keys: of the actions of the followed agent.
        page: that is open: "modes", "result" (of a match), "help", or empty.
        sounds: the names of sounds to be played, see `sounds.TONES`.
        zoom: the size of everything, as the person wants it.
    """

    def __init__(
        self, episode: EpisodePlayer, theme: Theme, mode: Mode | None, folder: Path, seed: int
    ) -> None:
        self.episode, self.theme, self.folder = episode, theme, folder
        self.rounds = Rounds(episode, seed=seed)
        self.keys = HandKeys.of(episode.action_names)
        self.paused = self.leaving = self.analysing = False
        self.sound = True
        self.sounds: list[str] = []
        self.speed = self.zoom = 1.0
        self.page = "modes" if mode is None and self.playable else ""
        self._held: set[str] = set()
        self._touched: int | None = None
        self._tapped: int | None = None
        self._pointer: Point = (-1.0, -1.0)
        self._film: Film | None = None
        self._shot = self._escaped = False
        self._message, self._until, self._now = "", 0.0, 0.0
        self._due = 1 / episode.pace
        self._commands = self._all_commands()

    def _all_commands(self) -> dict[str, Callable[[], object]]:
        return {
            "new": self._ask_mode,
            "help": self._help,
            "pause": self._pause,
            "step": self._step,
            "next": self._next,
            "follow": lambda: self._follow(self.episode.frame.followed + 1),
            "faster": lambda: self._change_speed(2),
            "slower": lambda: self._change_speed(0.5),
            "hint": self._hint,
            "analyse": self._analyse,
            "theme": self._theme,
            "sound": self._sound,
            "picture": self._picture,
            "record": self._record,
            "larger": lambda: self._change_zoom(1.1),
            "smaller": lambda: self._change_zoom(1 / 1.1),
            "quit": self._leave,
        }

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

    # ---- time

    def tick(self, now: float) -> None:
        """Take the next step if it is due."""
        self._now = now
        if self.paused or self.page or self.rounds.done or now < self._due:
            return
        if self.episode.frame.over:
            self._next()
            self._due = now + 1 / (self.episode.pace * self.speed)
            return
        action = self._action() if self.rounds.by_hand else None
        if self.rounds.by_hand and (action is None or not self.episode.legal(action)):
            return  # time stands still until a person moves
        self._tapped = None
        self._advance(action)
        pause = 1 / (self.episode.pace * self.speed)
        over = self.episode.frame.over
        self._due = max(now, self._due) + END_SECONDS if over else now + pause

    def _advance(self, action: int | None) -> None:
        frame = self.episode.advance(action)
        if self._film is not None:
            self._film.keep(self.episode, self.theme, self.episode.pace * self.speed)
            if self._film.full:
                self.do("record")
        if self.rounds.by_hand and self.sound:
            mine = frame.followed_agent.name
            new = {
                event.kind
                for event in frame.events[-9:]
                if event.step == frame.step and concerns(event, mine)
            }
            self.sounds += [sound for kind, sound in SOUNDS.items() if kind in new][:1]

    def _next(self) -> None:
        """Begin the next episode, or show the result of a round of a match."""
        self.rounds.next()
        if self.rounds.done:
            self.page = "result"
            if self.sound:
                self.sounds.append(VERDICT_SOUNDS[self.rounds.verdict()])

    def _action(self) -> int | None:
        """Return the action of the person: the touched button, the keys held, or a short tap."""
        if self._touched is not None:
            return self._touched
        held = self.keys.action(self._held)
        return self._tapped if held in (None, self.keys.idle) and self._tapped is not None else held

    # ---- keys and mouse

    def key(self, name: str) -> None:
        """React to a key that goes down, e.g. "n", "ctrl+n"."""
        if name == "escape":
            self._escape()
            return
        self._escaped = False
        number = 0 if name in ("return", "enter") else NUMBERS.find(name)
        if self._choices and number >= 0:
            self._choose(self._choices[number][0])
        elif self.rounds.by_hand and not self.page and self.keys.uses(name):
            self._held.add(name)
            self._tapped = self.keys.action(self._held)
        elif name in ARROWS and self.rounds.mode is not Mode.WATCH:
            return  # held from the person's round
        elif name in DIGITS and not self.rounds.by_hand and not self.page:
            goals = self.episode.frame.goals[DIGITS.index(name) :]
            if goals:
                self.episode.ask(goals[0].name)
        elif (command := env_command_of(name)) is not None:
            self.do(command)

    def release(self, name: str) -> None:
        """React to a key that comes up."""
        self._held.discard(name)

    def _escape(self) -> None:
        if self.page == "modes":
            self.begin(self.rounds.mode)
        elif self.page:
            self.page = ""
        elif self._escaped:
            self.leaving = True
        else:
            self.say("press esc again to leave")
            self._escaped = True

    @property
    def _choices(self) -> tuple[Choice, ...]:
        """The choices of the page that is open, none without one."""
        if self.page == "modes":
            return mode_choices(self.episode.actor.name)
        return AGAIN if self.page == "result" else ()

    def _choose(self, choice: str) -> None:
        if choice in ("again", "same"):
            self.page = ""
            self.rounds.again(same=choice == "same")
        elif choice == "new":
            self.page = "modes"
        else:
            self.begin(Mode(choice))

    def do(self, command: str) -> None:
        """Carry out a command of `controls.ENV_COMMANDS`."""
        self._commands[command]()

    def _help(self) -> None:
        self.page = "" if self.page == "help" else "help"

    def _pause(self) -> None:
        self.paused = not self.paused

    def _leave(self) -> None:
        self.leaving = True

    def _step(self) -> None:
        self.paused = True
        action = self._action() if self.rounds.by_hand else None
        if self.rounds.by_hand and action is None and not self.episode.frame.over:
            self.say("press the key of an action: time waits for you")
        elif self.episode.frame.over:
            self._next()
        else:
            self._advance(action)

    def _follow(self, agent: int) -> None:
        self.episode.follow(agent)
        self.keys = HandKeys.of(self.episode.action_names)

    def _change_speed(self, factor: float) -> None:
        self.speed = min(16.0, max(1 / 16, self.speed * factor))
        self.say(speed_words(self.speed) or "usual speed")

    def _change_zoom(self, factor: float) -> None:
        self.zoom = min(LARGEST_ZOOM, max(SMALLEST_ZOOM, self.zoom * factor))

    def _hint(self) -> None:
        frame = self.episode.frame
        action = frame.next_action
        if action is not None:
            name = self.episode.action_name(frame.followed, action).replace("_", " ")
            self.say(f"the agent would choose: {name}")

    def _analyse(self) -> None:
        self.analysing = not self.analysing

    def _theme(self) -> None:
        self.theme = LIGHT if self.theme is DARK else DARK

    def _sound(self) -> None:
        self.sound = not self.sound
        self.say("sound on" if self.sound else "sound off")

    def _picture(self) -> None:
        self._shot = True

    def _ask_mode(self) -> None:
        if self.playable:
            self.page = "" if self.page == "modes" else "modes"
        else:
            self.say("only environments with a list of actions can be played by hand")

    def _record(self) -> None:
        if self._film is None:
            self._film = Film()
            self.say("recording; F10 ends it")
            return
        film, self._film = self._film, None
        if film.images:
            self._save(".gif", film.save)
        else:
            self.say("nothing was recorded")

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
        if self._choices:
            if self._pointed_choice:
                self._choose(self._pointed_choice)
            return
        if self.page:
            self.page = ""
            return
        layout = self._layout()
        command = self._command_at(point)
        if command:
            self.do(command)
            return
        if self.rounds.by_hand:
            for box, action in action_buttons(layout.panel, self.keys):
                if box.contains(point):
                    self._touched = self._tapped = action
        frame = self.episode.frame
        agent = agent_at(layout, len(frame.agents), frame.followed, point)
        if agent >= 0:
            self._follow(agent)
        elif not self.rounds.by_hand and (goal := goal_at(layout.panel, self.episode, point)):
            self.episode.ask(goal, adds)

    def lift(self) -> None:
        """React to the release of the mouse button."""
        self._touched = None

    @property
    def _pointed_choice(self) -> str:
        """The choice under the mouse, or an empty string."""
        head = RESULT if self.page == "result" else TITLE
        return choice_at(Box(0, 0, *self._canvas().size), self._choices, head, self._pointer)

    def _command_at(self, point: Point) -> str:
        boxes = env_buttons(self._layout().keys)
        found = (command.name for box, command in boxes if box.contains(point))
        return next(found, "")

    # ---- the screen

    @abstractmethod
    def _canvas(self) -> Canvas:
        """Return the window to draw on."""

    def _layout(self) -> EnvLayout:
        return layout_of(self._canvas(), self.episode, EnvUi(self.theme, keys=True))

    def _ui(self) -> EnvUi:
        switches = {
            "pause": self.paused,
            "record": self._film is not None,
            "analyse": self.analysing,
            "sound": self.sound,
        }
        by_hand = self.rounds.by_hand
        return EnvUi(
            self.theme,
            keys=True,
            paused=self.paused,
            speed=speed_words(self.speed),
            message=self._message if self._now < self._until else KEYS,
            hand=(self.keys, self._action(), self.analysing) if by_hand else None,
            rounds=self.rounds,
            pointed=self._command_at(self._pointer),
            lit=frozenset(name for name, on in switches.items() if on),
        )
