"""The behaviour of the window, without a window: reactions to mouse, keys and time.

`window` passes events on to it; tests and recordings drive it with their own clock.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rlhf_agents.errors import UserError
from rlhf_agents.play.saved_games import records_in
from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.boards import known_board
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.commands import BUDGETS, OVERLAYS, command_of, overlay_of
from rlhf_agents.play.viewer.geometry import Point
from rlhf_agents.play.viewer.layout import Layout, arrange
from rlhf_agents.play.viewer.loading import Loader
from rlhf_agents.play.viewer.painter import (
    budget_place,
    budget_text,
    paint,
    slider_value,
    target_at,
)
from rlhf_agents.play.viewer.scene import Scene, Target, Ui, waiting_scene
from rlhf_agents.play.viewer.theme import DARK, LIGHT
from rlhf_agents.words import readable_name
from rlhf_games.base import GameError

if TYPE_CHECKING:
    from rlhf_agents.play.viewer.match import Match
    from rlhf_agents.play.viewer.scene_builder import SceneBuilder

TOAST_SECONDS = 3.0
PATIENCE_SECONDS = 3.0
ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
DIGITS = "1234567890"


class App:
    """A game on the screen.

    Args:
        setup: the settings of the game.
        folder: where games and pictures are saved.
        record: a saved game to begin with.
        ui: what is shown; None for the defaults.
        now: the time in seconds.

    Attributes:
        builder: the game, None while it is being loaded.
        ui: what the person has switched on and points at.
        zoom: the size of everything, 1 is normal.
        leaving: whether the person wants to quit.
        picture: whether a picture of the window is to be saved.
    """

    def __init__(
        self,
        setup: Setup,
        folder: Path,
        *,
        record: Path | None = None,
        ui: Ui | None = None,
        now: float = 0.0,
    ) -> None:
        self.setup, self.folder = setup, folder
        self.ui = Ui() if ui is None else ui
        self.builder: SceneBuilder | None = None
        self.zoom = 1.0
        self.leaving = self.picture = False
        self._loader = Loader(setup, record, now)
        self._board = known_board(setup.game)
        self._begun = now
        self.layout: Layout = arrange(0, 0)
        self._canvas: Canvas | None = None
        self._now = now
        self._scene: Scene = self._waiting_scene()
        self._pointer: Point | None = None
        self._sliding = False
        self._escaped = False
        self._fresh = False
        self._version = -1
        self._commands: dict[str, Callable[[Match], object]] = {
            "new": self._new,
            "undo": self._undo,
            "redo": self._redo,
            "hint": self._hint,
            "swap": lambda match: match.swap(),
            "flip": lambda match: self.say(f"now for {match.flip_goal()}"),
            "pause": self._pause,
            "step": lambda match: match.step(),
            "back": lambda match: match.go_to(max(0, len(match.session.moves) - 1)),
            "start": lambda match: match.go_to(0),
            "end": lambda match: match.go_to(len(match.session.line)),
            "faster": lambda match: match.faster(1),
            "slower": lambda match: match.faster(-1),
            "save": self._save,
            "open": self._open,
            "stronger": lambda match: self._budget(match, 1),
            "weaker": lambda match: self._budget(match, -1),
        }

    # ---- time

    def tick(self, now: float) -> None:
        """Let time pass.

        Raises:
            UserError: the game or its players could not be loaded.
            rlhf_games.base.GameError: there is no such game or goal.
        """
        self._now = now
        if self.builder is None:
            self.builder = self._loader.take()
            self._fresh = self._fresh and self.builder is None
        if self.ui.toast and now >= self.ui.toast_until:
            self.ui.toast = ""
            self._escaped = self._fresh = False
        if self.builder is None:
            return
        match = self.builder.match
        previewed = self.ui.pointed("goal")
        if match.tick(now, previewed if isinstance(previewed, str) else None):
            self._fresh = False
        if match.searches.failure:
            self.say(match.searches.failure)

    @property
    def stale(self) -> bool:
        """Whether the window has to be drawn again."""
        if self.builder is None:
            return True
        match = self.builder.match
        animated = match.moving(self._now) < 1 or self.ui.pointed("line") is not None
        return not self._fresh or animated or match.searches.version != self._version

    def draw(self, canvas: Canvas) -> None:
        """Draw the current frame."""
        self._canvas = canvas
        if (self.layout.window.width, self.layout.window.height) != canvas.size:
            self.layout = arrange(*canvas.size)
        self._limit_scroll()
        if self.builder is not None:
            match = self.builder.match
            self._version = match.searches.version
            self._scene = self.builder.scene(self.ui, self._now)
        else:
            self._scene = self._waiting_scene()
        paint(canvas, self.layout, self._scene, self.ui)
        self._fresh = True
        self._loader.begin()  # not before the first frame is on the screen

    def _waiting_scene(self) -> Scene:
        seconds = self._now - self._begun
        long = " (the first time takes half a minute)" if seconds > PATIENCE_SECONDS else ""
        status = "loading the agent" + long + " " + "." * (1 + int(2 * seconds) % 3)
        return waiting_scene(readable_name(self.setup.game), self._board, status)

    def touch(self) -> None:
        """Request another frame."""
        self._fresh = False

    def say(self, text: str) -> None:
        """Show a message for a while."""
        self.ui.toast, self.ui.toast_until = text, self._now + TOAST_SECONDS
        self._fresh = False

    def close(self) -> bool:
        """Stop all searches; return whether their threads have ended."""
        ended = self._loader.close()
        return (self.builder is None or self.builder.match.close()) and ended

    # ---- the mouse

    def point(self, place: Point) -> None:
        """React to a movement of the mouse."""
        self._pointer = place
        if self._canvas is None:
            return
        if self._sliding and self.builder is not None:
            self._set_budget(self.builder.match, slider_value(self.layout, place[0]))
            return
        found = target_at(self._canvas, self.layout, self._scene, self.ui, place)
        if found != self.ui.hover:
            same_line = self.ui.pointed("line") is not None and found and found.kind == "line"
            if not same_line:
                self.ui.since = self._now
            self.ui.hover = found
            self.ui.cursor = None
            self._fresh = False

    def press(self, place: Point) -> None:
        """React to a press of the first mouse button."""
        self.point(place)
        if self.ui.hover is not None:
            self._fresh = False
            self._choose(self.ui.hover)

    def release(self) -> None:
        """React to the release of the mouse button."""
        self._sliding = False

    def leave(self) -> None:
        """React to the mouse leaving the window."""
        self.ui.hover, self._pointer = None, None
        self._fresh = False

    def wheel(self, notches: int) -> None:
        """Scroll the goals."""
        self.ui.scroll -= notches
        self._limit_scroll()
        self._fresh = False
        if self._pointer is not None:
            self.point(self._pointer)

    def _limit_scroll(self) -> None:
        limit = self.layout.scroll_limit(len(self._scene.goals))
        self.ui.scroll = min(max(self.ui.scroll, 0), limit)

    def _choose(self, target: Target) -> None:
        """Carry out a click."""
        value = target.value
        match = self.builder.match if self.builder is not None else None
        if target.kind == "command":
            self.do(str(value))
        elif target.kind == "overlay":
            self._switch(str(value))
        elif target.kind == "page" and value == "outside":
            self.ui.page = ""
        elif target.kind == "file":
            self.open_file(self.ui.files[int(value)])
        elif match is not None:
            self._choose_in_game(match, target)

    def _choose_in_game(self, match: Match, target: Target) -> None:
        value = target.value
        if target.kind == "move":
            self._play(match, int(value))
        elif target.kind == "piece":
            self.ui.picked = None if self.ui.picked == value else int(value)
        elif target.kind == "goal":
            self._steer(match, str(value))
        elif target.kind == "graph":
            match.go_to(int(value))
        elif target.kind == "card":
            match.steered = int(value)
        elif target.kind == "slider":
            self._sliding = True
            self._set_budget(match, int(value))

    # ---- the keyboard

    def key(self, key: str) -> None:
        """React to a key, e.g. "n", "ctrl+z", "shift+1"."""
        self._fresh = False
        if key == "escape":
            self._escape()
        elif (command := command_of(key)) is not None:
            self.do(command)
        elif (overlay := overlay_of(key)) is not None:
            self._switch(overlay)
        elif self.builder is not None and not self.ui.page:
            self._game_key(self.builder.match, key)

    def _game_key(self, match: Match, key: str) -> None:
        if key in ARROWS:
            self._arrow(match, *ARROWS[key])
        elif key in ("return", "enter"):
            if self.ui.cursor is not None:
                self._play(match, self.ui.cursor)
        elif key == "tab":
            match.steered = 1 - match.steered
        elif key.removeprefix("shift+") in DIGITS:
            number = DIGITS.index(key[-1]) + 10 * key.startswith("shift+")
            if number < len(match.game.goals):
                self._steer(match, match.game.goals[number].name)

    def _arrow(self, match: Match, across: int, down: int) -> None:
        assert self.builder is not None
        self.ui.hover = None
        if self.ui.cursor is None:
            legal = match.session.legal()
            self.ui.cursor = legal[len(legal) // 2] if legal else None
            return
        legal_moves = match.game.legal(match.session.state[None])[0]
        onward = self.builder.board.neighbour(self.ui.cursor, (across, down), legal_moves)
        if onward is None:
            self._play(match, self.ui.cursor)
        else:
            self.ui.cursor = onward

    def _escape(self) -> None:
        if self.ui.page:
            self.ui.page = ""
        elif self._escaped:
            self.leaving = True
        else:
            self.say("press esc again to leave")
            self._escaped = True

    # ---- commands

    def do(self, name: str) -> None:
        """Carry out a command of `commands.COMMANDS`."""
        self._fresh = False
        if name == "quit":
            self.leaving = True
        elif name == "help":
            self.ui.page = "" if self.ui.page == "help" else "help"
        elif name == "theme":
            self.ui.theme = LIGHT if self.ui.theme is DARK else DARK
        elif name == "picture":
            self.picture = True
        elif name in ("larger", "smaller"):
            step = 0.1 if name == "larger" else -0.1
            self.zoom = min(3.0, max(0.5, round(self.zoom + step, 1)))
        elif self.builder is not None:
            self.ui.page = ""
            self._safely(self._commands[name])

    def open_file(self, path: Path) -> None:
        """Continue a saved game."""
        self.ui.page = ""
        self._safely(lambda match: match.load(path))

    def _safely(self, work: Callable[[Match], object]) -> None:
        """Do something; show the message of an error."""
        if self.builder is None:
            return
        self._fresh = False
        try:
            work(self.builder.match)
        except (UserError, GameError) as error:
            self.say(str(error))

    def _play(self, match: Match, action: int) -> None:
        if match.session.over:
            return
        if match.computer and not match.paused:
            self.say("it is not your turn; pause the game to play for both sides")
        elif match.play(action):
            self.ui.picked = None
        else:
            self.say(f"{match.game.names_of(match.session.seat)[action]} is not possible here")

    def _steer(self, match: Match, goal: str) -> None:
        match.steer(goal)
        text = next(g.text for g in match.game.goals if g.name == goal)
        self.say(f"{match.names[match.steered]}: {goal}, {text[:1].lower()}{text[1:]}")

    def _switch(self, name: str) -> None:
        self.ui.shown ^= {name}
        self._fresh = False
        state = "on" if name in self.ui.shown else "off"
        self.say(f"{name}: {state} ({OVERLAYS[name][1]})")

    def _new(self, match: Match) -> None:
        if match.new():
            self.say("a new game; undo returns to the one before")

    def _undo(self, match: Match) -> None:
        if not match.undo():
            self.say("there is nothing to take back")

    def _redo(self, match: Match) -> None:
        if not match.redo():
            self.say("there is nothing to play again")

    def _hint(self, match: Match) -> None:
        match.hinted = not match.hinted and not match.session.over

    def _pause(self, match: Match) -> None:
        match.paused = not match.paused

    def _budget(self, match: Match, by: int) -> None:
        place = budget_place(match.nodes) + by
        self._set_budget(match, min(len(BUDGETS) - 1, max(0, place)))

    def _set_budget(self, match: Match, place: int) -> None:
        if not match.adjustable:
            self.say("these players have a fixed strength")
        elif BUDGETS[place] != match.nodes:
            match.set_nodes(BUDGETS[place])
            self.say(f"strength: {budget_text(match.nodes)}")

    def _save(self, match: Match) -> None:
        self.say(f"saved as {match.save(self.folder)}")

    def _open(self, match: Match) -> None:
        self.ui.files = records_in(self.folder, match.game.name)
        self.ui.page = "open"
