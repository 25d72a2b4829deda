"""The behaviour of the window, without a window: reactions to mouse, keys and time.

`window` passes events on to it; tests and recordings drive it with their own clock.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlhf_agents.play.setup import FIRST_LEVEL, Setup
from rlhf_agents.play.viewer.app_commands import AppCommands
from rlhf_agents.play.viewer.boards import known_board
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.cards import start_card
from rlhf_agents.play.viewer.cards.pages import page_scroll_limit
from rlhf_agents.play.viewer.commands import command_of, overlay_of
from rlhf_agents.play.viewer.geometry import Point
from rlhf_agents.play.viewer.layout import Layout, arrange
from rlhf_agents.play.viewer.loading import Loader
from rlhf_agents.play.viewer.painter import paint, slider_value, target_at
from rlhf_agents.play.viewer.scene import Scene, StrengthRow, Target, Ui, waiting_scene
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.words import LEVEL_NAMES, readable_name

if TYPE_CHECKING:
    from rlhf_agents.play.viewer.cues import Cues
    from rlhf_agents.play.viewer.game.match import Match

PATIENCE_SECONDS = 3.0
ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
SCROLLS = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8, "home": -1000, "end": 1000}
DIGITS = "1234567890"


class App(AppCommands):
    """A game on the screen.

    Args:
        setup: the settings of the game.
        folder: where games and pictures are saved.
        record: a saved game to begin with.
        ui: what is shown; None for the defaults.
        now: the time in seconds.

    Attributes:
        sounds: the names of sounds to be played, see `sounds.TONES`.
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
        super().__init__(folder, Ui() if ui is None else ui, now)
        self.setup = setup
        self.ui.start.side = setup.side or "first"
        self.ui.start.goal = setup.goal
        self.sounds: list[str] = []
        self._loader = Loader(setup, record, now)
        self._board = known_board(setup.game)
        self._begun = now
        self.layout: Layout = arrange(0, 0)
        self._canvas: Canvas | None = None
        self._pointer: Point | None = None
        self._sliding = self._chosen = False
        self._kept: int | None = None
        self._cues: Cues | None = None
        self._version = -1
        self._scene: Scene = self._waiting_scene()

    # ---- time

    def tick(self, now: float) -> None:
        """Let time pass.

        Raises:
            UserError: the game or its players could not be loaded.
            rlhf_games.base.GameError: there is no such game or goal.
        """
        self._now = now
        if self.builder is None:
            self._take_game()
        if self.ui.toast and now >= self.ui.toast_until:
            self.ui.toast = ""
            self._escaped = self._fresh = False
        if self.builder is None:
            return
        match = self.builder.match
        match.analysing = self.ui.analysing
        match.held = self.ui.page == "start"
        previewed = self.ui.pointed("goal")
        if match.tick(now, previewed if isinstance(previewed, str) else None):
            self._fresh = False
        if match.searches.failure:
            self.say(match.searches.failure)
        sound = self._cues.next(match) if self._cues is not None else ""
        if sound and self.ui.sound:
            self.sounds.append(sound)

    def _take_game(self) -> None:
        """Take the game when it has been loaded, and do what was clicked meanwhile."""
        self.builder = self._loader.take()
        if self.builder is None:
            return
        from rlhf_agents.play.viewer.cues import Cues  # noqa: PLC0415 - loads the rules

        self._fresh, self._cues = False, Cues()
        if not self.setup.names_strength:
            self.builder.match.use_first_level()
        if self._chosen:
            self._begin()
        if self._kept is not None:
            self._play(self.builder.match, self._kept)

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
        self.layout = arrange(*canvas.size, analysing=self.ui.analysing)
        self._limit_scroll()
        self._scroll_page(0)
        if self.builder is not None:
            match = self.builder.match
            self.builder.turn(flipped=self.ui.flipped)
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
        if self._chosen or self._kept is not None:
            status = "your choice is kept; " + status
        strengths = _likely_strengths(self.setup)
        return waiting_scene(readable_name(self.setup.game), self._board, status, strengths)

    def touch(self) -> None:
        """Request another frame."""
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
            self._set_strength(self.builder.match, slider_value(self.layout, self._scene, place[0]))
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
        """Scroll the goals, or the page that is open."""
        if self.ui.page:
            self._scroll_page(-notches)
        else:
            self.ui.scroll -= notches
            self._limit_scroll()
        self._fresh = False
        if self._pointer is not None:
            self.point(self._pointer)

    def _scroll_page(self, rows: int) -> None:
        limit = page_scroll_limit(self.layout.window, self.ui)
        self.ui.page_scroll = min(max(self.ui.page_scroll + rows, 0), limit)

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
        elif target.kind == "page" and value == "outside" and self.ui.page != "start":
            self._close_page()
        elif target.kind == "file":
            self.open_file(self.ui.files[int(value)].path)
        elif target.kind == "format":
            self._save(int(value))
        elif target.kind == "start":
            self._choose_start(str(value))
        elif match is None and target.kind == "move":
            self._kept = int(value)
        elif match is not None:
            self._choose_in_game(match, target)

    def _choose_start(self, value: str) -> None:
        """React to a click on the start card."""
        if value != "begin":
            start_card.choose(self.ui.start, value, self._scene)
        elif self.builder is not None:
            self._begin()
        else:
            self.ui.page, self._chosen = "", True

    def _choose_in_game(self, match: Match, target: Target) -> None:
        value = target.value
        if target.kind == "move":
            self._play(match, int(value))
        elif target.kind == "piece":
            self.ui.picked = None if self.ui.picked == value else int(value)
        elif target.kind == "goal":
            self._steer(match, str(value))
        elif target.kind == "graph":
            self.ui.review = None
            match.go_to(int(value))
        elif target.kind == "mistake":
            self._go_to_mistake(match, int(value))
        elif target.kind == "card":
            match.steered = int(value)
        elif target.kind == "slider":
            self._sliding = True
            self._set_strength(match, int(value))

    # ---- the keyboard

    def key(self, key: str) -> None:
        """React to a key, e.g. "n", "ctrl+z", "shift+1"."""
        self._fresh = False
        if key == "escape":
            self._escape()
        elif self.ui.page and self._page_key(key):
            return
        elif (command := command_of(key)) is not None:
            self.do(command)
        elif (overlay := overlay_of(key)) is not None:
            self._switch(overlay)
        elif self.builder is not None and not self.ui.page:
            self._game_key(self.builder.match, key)

    def _page_key(self, key: str) -> bool:
        """React to a key on the page that is open; return whether the page has that key."""
        enter = key in ("return", "enter")
        if self.ui.page != "start" and key in SCROLLS:
            self._scroll_page(SCROLLS[key])
            return True
        if self.ui.page == "start":
            if enter:
                self._choose_start("begin")
            elif key in ARROWS:
                start_card.move(self.ui.start, *ARROWS[key], self._scene)
            return enter or key in ARROWS
        number = 0 if enter else DIGITS.find(key)
        if self.ui.page == "save" and 0 <= number < len(self.ui.formats):
            self._save(number)
            return True
        return False

    def _game_key(self, match: Match, key: str) -> None:
        if key in ("left", "right") and self.ui.review is not None:
            self.do("review" if key == "right" else "previous")
        elif key in ARROWS:
            self._arrow(match, *ARROWS[key])
        elif key in ("return", "enter"):
            if self.ui.cursor is not None:
                self._play(match, self.ui.cursor)
        elif key == "tab":
            match.steered = 1 - match.steered
        elif key.removeprefix("shift+") in DIGITS and self.ui.analysing:
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
            self._close_page()
        elif self.ui.review is not None:
            self.do("leave review")
        elif self._escaped:
            self.leaving = True
        else:
            self.say("press esc again to leave")
            self._escaped = True


def _likely_strengths(setup: Setup) -> StrengthRow:
    """Return the strengths to choose from while the agent is being loaded, if they are known."""
    own = (setup.agent or "agent").partition("@")[0] in ("agent", setup.game)
    if not own or setup.game not in bundled_agents():
        return StrengthRow()
    place = None if setup.names_strength else FIRST_LEVEL - 1
    return StrengthRow(LEVEL_NAMES, place=place)  # bundled agents have levels
