"""The commands of the window and what they do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rlhf_agents.errors import UserError
from rlhf_agents.play.saved_games import formats_for, saved_games_in
from rlhf_agents.play.viewer.commands import OVERLAYS
from rlhf_agents.play.viewer.scene import Ui
from rlhf_agents.play.viewer.theme import DARK, LIGHT
from rlhf_agents.words import goal_words
from rlhf_games.base import GameError

if TYPE_CHECKING:
    from rlhf_agents.play.viewer.game.match import Match
    from rlhf_agents.play.viewer.scene_builder import SceneBuilder

TOAST_SECONDS = 3.0


class AppCommands:
    """The state of the window, and the commands that change it.

    Args:
        folder: where games and pictures are saved.
        ui: what is shown.
        now: the time in seconds.

    Attributes:
        builder: the game, None while it is being loaded.
        zoom: the size of everything, 1 is normal.
        leaving: whether the person wants to quit.
        picture: whether a picture of the window is to be saved.
    """

    def __init__(self, folder: Path, ui: Ui, now: float) -> None:
        self.folder, self.ui = folder, ui
        self.builder: SceneBuilder | None = None
        self.zoom = 1.0
        self.leaving = self.picture = False
        self._now = now
        self._fresh = self._escaped = False
        self._below = ""
        self._commands: dict[str, Callable[[Match], object]] = {
            "new": self._new,
            "rematch": lambda match: self._replay(match, match.seat),
            "undo": self._undo,
            "redo": self._redo,
            "hint": self._hint,
            "swap": self._swap,
            "turn": self._turn,
            "flip": lambda match: self._steer(match, match.flip_goal()),
            "pause": self._pause,
            "step": lambda match: match.step(),
            "back": lambda match: match.go_to(max(0, len(match.session.moves) - 1)),
            "start": lambda match: match.go_to(0),
            "end": lambda match: match.go_to(len(match.session.line)),
            "faster": lambda match: match.faster(1),
            "slower": lambda match: match.faster(-1),
            "review": lambda match: self._review(match, 1),
            "previous": lambda match: self._review(match, -1),
            "leave review": self._leave_review,
            "retry": self._retry,
            "save": self._choose_format,
            "open": self._open,
            "stronger": lambda match: self._set_strength(match, match.beside(1)),
            "weaker": lambda match: self._set_strength(match, match.beside(-1)),
        }

    def say(self, text: str) -> None:
        """Show a message for a while."""
        self.ui.toast, self.ui.toast_until = text, self._now + TOAST_SECONDS
        self._fresh = False

    def do(self, name: str) -> None:
        """Carry out a command of `commands.COMMANDS`."""
        self._fresh = False
        if name == "quit":
            self.leaving = True
        elif name == "help":
            self._show_help()
        elif name == "theme":
            self.ui.theme = LIGHT if self.ui.theme is DARK else DARK
        elif name == "picture":
            self.picture = True
        elif name == "sound":
            self.ui.sound = not self.ui.sound
            self.say("sound on" if self.ui.sound else "sound off")
        elif name == "analyse":
            self.ui.analysing = not self.ui.analysing
        elif name in ("larger", "smaller"):
            step = 0.1 if name == "larger" else -0.1
            self.zoom = min(3.0, max(0.5, round(self.zoom + step, 1)))
        elif self.builder is not None:
            self.ui.page = ""
            self._safely(self._commands[name])

    def _show_help(self) -> None:
        """Open the page of all keys, or close it; the start card below it stays."""
        if self.ui.page == "help":
            self._close_page()
        else:
            self._below = self.ui.page if self.ui.page == "start" else ""
            self._open_page("help")

    def _open_page(self, page: str) -> None:
        self.ui.page, self.ui.page_scroll = page, 0

    def _close_page(self) -> None:
        self.ui.page = self._below if self.ui.page == "help" else ""
        self._below = ""

    def open_file(self, path: Path) -> None:
        """Continue a saved game."""
        self.ui.page, self.ui.review = "", None
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

    # ---- playing

    def _play(self, match: Match, action: int) -> None:
        if match.session.over:
            return
        if match.computer and not match.paused:
            self.say("it is not your turn; pause the game to play for both sides")
        elif match.play(action):
            self.ui.picked = self.ui.review = None
        else:
            self.say(f"{match.game.names_of(match.session.seat)[action]} is not possible here")

    def _steer(self, match: Match, goal: str) -> None:
        match.steer(goal)
        who = match.names[match.steered]
        verb = "want" if who == "you" else "wants"
        self.say(f"{who} now {verb} to {goal_words(match.game, goal)}")

    def _switch(self, name: str) -> None:
        self._fresh = False
        if not self.ui.analysing:
            self.ui.analysing = True
            self.ui.shown |= {name}
        else:
            self.ui.shown ^= {name}
        state = "on" if name in self.ui.shown else "off"
        self.say(f"{name}: {state} ({OVERLAYS[name][1]})")

    def _new(self, match: Match) -> None:
        if match.watching:
            self._replay(match, None)
            return
        start = self.ui.start
        start.side = "first" if match.person == 0 else "second"
        start.strength, start.goal = None, match.session.goals[match.seat]
        self.ui.page = "start"

    def _begin(self) -> None:
        """Begin the game of the start card."""
        start = self.ui.start
        self.ui.page, self.ui.review = "", None
        self._safely(
            lambda match: self._say_undoable(match.begin(start.side, start.strength, start.goal))
        )

    def _replay(self, match: Match, seat: int | None) -> None:
        self.ui.review = None
        self._say_undoable(match.new(seat))

    def _say_undoable(self, undoable: bool) -> None:
        if undoable:
            self.say("a new game; undo returns to the one before")

    def _swap(self, match: Match) -> None:
        if match.ended and not match.watching:
            self._replay(match, 1 - match.seat)
        else:
            match.swap()

    def _undo(self, match: Match) -> None:
        self.ui.review = None
        if not match.undo():
            self.say("there is nothing to take back")

    def _redo(self, match: Match) -> None:
        if not match.redo():
            self.say("there is nothing to play again")

    def _hint(self, match: Match) -> None:
        match.hinted = not match.hinted and not match.session.over

    def _pause(self, match: Match) -> None:
        match.paused = not match.paused

    def _turn(self, _match: Match) -> None:
        assert self.builder is not None
        if self.builder.turnable:
            self.ui.flipped = not self.ui.flipped
        else:
            self.say("this board cannot be turned around")

    # ---- after the game

    def _review(self, match: Match, by: int) -> None:
        """Go to the next mistake, or the one before."""
        assert self.builder is not None
        mistakes = self.builder.mistakes()
        if not match.ended:
            self.say("the review begins when the game is over")
        elif not mistakes:
            found = match.review.complete
            self.say("no mistake was found" if found else "mistakes are still being looked for")
        else:
            before = self.ui.review
            number = 0 if before is None else (before + by) % len(mistakes)
            self._show_mistake(match, number)

    def _show_mistake(self, match: Match, number: int) -> None:
        """Show the position in which a mistake was made, by its number."""
        assert self.builder is not None
        self.ui.review = number
        match.go_to(self.builder.mistakes()[number].ply)

    def _go_to_mistake(self, match: Match, ply: int) -> None:
        """Review the mistake after a number of plies, or show it if reviews leave it out."""
        assert self.builder is not None
        plies = [mistake.ply for mistake in self.builder.mistakes()]
        if ply in plies:
            self._show_mistake(match, plies.index(ply))
        else:
            match.go_to(ply)

    def _leave_review(self, match: Match) -> None:
        self.ui.review = None
        match.go_to(len(match.session.line))

    def _retry(self, match: Match) -> None:
        """Play on from the position that is shown; undo returns to the game that was reviewed."""
        if not match.session.undone:
            self.say("there is no earlier position to play on from")
            return
        self.ui.review = None
        match.retry()
        self.say("play on from here; undo returns to the finished game")

    # ---- strength and files

    def _set_strength(self, match: Match, place: int) -> None:
        if not match.strengths:
            self.say("these players have a fixed strength")
        elif place != match.strength:
            match.set_strength(place)
            self.say(f"strength: {match.strengths[place]}")

    def _choose_format(self, match: Match) -> None:
        self.ui.formats = formats_for(match.session)
        self._open_page("save")

    def _save(self, number: int) -> None:
        """Save the game in a format of the page "save", by its index."""
        self.ui.page = ""
        ending = self.ui.formats[number]
        self._safely(lambda match: self.say(f"saved as {match.save(self.folder, ending)}"))

    def _open(self, match: Match) -> None:
        self.ui.files = saved_games_in(self.folder, match.game)
        self._open_page("open")
