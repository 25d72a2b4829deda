"""The content of a frame as plain data: everything that the painter needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from rlhf_agents.play.saved_games import SavedGame
from rlhf_agents.play.viewer.boards.base import Board, BoardView
from rlhf_agents.play.viewer.commands import OVERLAYS
from rlhf_agents.play.viewer.theme import DARK, Theme


@dataclass(frozen=True)
class Target:
    """Something under the mouse.

    Attributes:
        kind: move, piece, goal, command, overlay, graph, mistake, slider, card, line, start, file,
            format or page.
        value: its number or name.
    """

    kind: str
    value: int | str


@dataclass
class StartChoice:
    """What a person has chosen on the start card.

    Attributes:
        side: the person's side: "first", "second" or "random".
        strength: its place in the list of strengths; None: as it is.
        goal: what the agent plays for, by name.
        row: the row that the arrow keys change.
    """

    side: str = "first"
    strength: int | None = None
    goal: str = "win"
    row: int = 0


@dataclass
class Ui:
    """The state of the user interface.

    Attributes:
        theme: the colours.
        analysing: whether the search is shown; otherwise the window is for playing only.
        shown: the names of the overlays that are on while analysing.
        hover: the target under the mouse.
        since: the time when the mouse came there.
        cursor: the move chosen by the arrow keys.
        picked: the clicked piece that will move, see `BoardView`.
        scroll: the number of rows of goals that are scrolled away.
        page_scroll: the number of rows of a page that are scrolled away.
        toast: a message, shown until `toast_until`.
        page: "start", "help", "open" or "save" while that page covers the window, else empty.
        files: the saved games on the page "open".
        formats: the endings of files on the page "save".
        start: the choices on the page "start".
        review: the number of the mistake that is reviewed, from 0; None if none is.
        sound: whether moves can be heard.
        flipped: whether the second player's side is at the bottom.
    """

    theme: Theme = DARK
    analysing: bool = False
    shown: set[str] = field(default_factory=lambda: set(OVERLAYS))
    hover: Target | None = None
    since: float = 0.0
    cursor: int | None = None
    picked: int | None = None
    scroll: int = 0
    page_scroll: int = 0
    toast: str = ""
    toast_until: float = 0.0
    page: str = ""
    files: list[SavedGame] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    start: StartChoice = field(default_factory=StartChoice)
    review: int | None = None
    sound: bool = True
    flipped: bool = False

    def shows(self, overlay: str) -> bool:
        """Return whether an overlay is on."""
        return self.analysing and overlay in self.shown

    def pointed(self, kind: str) -> int | str | None:
        """Return the value of the target under the mouse if it is of a kind, else None."""
        return self.hover.value if self.hover is not None and self.hover.kind == kind else None


@dataclass(frozen=True)
class Card:
    """A player.

    Attributes:
        name: of the player.
        short: a name for small cards.
        goal: of the player.
        note: the effort of its search.
        to_move: whether it is the player's turn.
        steered: whether the list of goals sets this player's goal.
        proven: its result in words, such as "wins in 3", if the rules prove it, else empty.
    """

    name: str
    short: str
    goal: str
    note: str = ""
    to_move: bool = False
    steered: bool = False
    proven: str = ""


@dataclass(frozen=True)
class SideCard:
    """The card beside the board: the result of the game, or a mistake that is reviewed.

    Attributes:
        title: the result, or the number of the mistake.
        lines: sentences.
        buttons: the name of a command and its label, for each button.
        winner: the seat whose colours the title has.
    """

    title: str
    lines: tuple[str, ...]
    buttons: tuple[tuple[str, str], ...]
    winner: int | None = None


@dataclass(frozen=True)
class GoalRow:
    """A goal of the list.

    Attributes:
        name: of the goal.
        words: what people call it.
        share: its probability if it is the goal, in [0, 1]; None if unknown.
        expected: its probability with the present goals, in [0, 1]; None if unknown.
        chosen: whether the steered seat plays for it.
        reached: after the game, whether it was achieved.
    """

    name: str
    words: str = ""
    share: float | None = None
    expected: float | None = None
    chosen: bool = False
    reached: bool | None = None


@dataclass(frozen=True)
class LineMove:
    """A move of the expected line: its ply from 1, its name and the seat of its player."""

    ply: int
    name: str
    seat: int


@dataclass(frozen=True)
class Mistake:
    """A mistake.

    Attributes:
        ply: the number of moves before it.
        seat: of its player.
        action: the move that was played.
        better: the best move.
        drop: the loss in value of the player's goal at that time, in (0, 1].
        goal: that goal.
        names: of the move that was played and of the best one, as a person reads them.
        before: the value of the best move, in [0, 1].
    """

    ply: int
    seat: int
    action: int
    better: int
    drop: float
    goal: str
    names: tuple[str, str]
    before: float = 1.0


@dataclass(frozen=True)
class StrengthRow:
    """The strengths to choose from.

    Attributes:
        names: of the strengths, from weak to strong; empty if they are fixed or not known yet.
        details: what the names do not say, such as "level 7, 1,240 Elo".
        place: the present one; None if it is not in the list.
        given: the present one in words if it is not in the list.
    """

    names: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    place: int | None = None
    given: str = ""

    def detail(self, place: int | None) -> str:
        """Return what the name of a strength does not say; of none, the present one in words."""
        if place is None:
            return self.given
        return self.details[place] if self.details else ""

    def words(self) -> str:
        """Return the present strength in words."""
        detail = self.detail(self.place)
        if self.place is None:
            return detail
        return f"{self.names[self.place]} ({detail})" if detail else self.names[self.place]


@dataclass(frozen=True)
class Scene:
    """Everything that the window shows.

    Attributes:
        title: the name of the game.
        status: whose turn it is, or what has happened.
        board: draws the game; None while the game is unknown.
        view: what the board shows.
        cards: the two players.
        forecast: probabilities that the first player wins, of a draw, that the second player wins.
        goals: the list of goals, for the steered seat.
        line: the expected moves.
        standing: the first player's value of winning after each move, None if unknown.
        ply: the number of moves played.
        mistakes: shown after the game.
        achieved: after the game, what became of the goals of the first and the second player:
            sentences for more or less space, the longest first.
        goals_of: whose goals the list has, in words.
        banner: the result.
        winner: the seat whose colours the banner has.
        strengths: those to choose from.
        paused: whether computers wait.
        speed: of watched games.
        side_card: the result or a mistake, beside the board.
        unknown: why results and values are not known, empty if they are.
        goal_texts: all goals of the game: the name of each, and what people call it.
    """

    title: str
    status: str
    board: Board | None
    view: BoardView = field(default_factory=BoardView)
    cards: tuple[Card, ...] = ()
    forecast: tuple[float, float, float] | None = None
    goals: tuple[GoalRow, ...] = ()
    line: tuple[LineMove, ...] = ()
    standing: tuple[float | None, ...] = ()
    ply: int = 0
    mistakes: tuple[Mistake, ...] = ()
    achieved: tuple[list[str], list[str]] | None = None
    goals_of: str = ""
    banner: str = ""
    winner: int | None = None
    strengths: StrengthRow = field(default_factory=StrengthRow)
    paused: bool = False
    speed: float = 1.0
    side_card: SideCard | None = None
    unknown: str = ""
    goal_texts: tuple[tuple[str, str], ...] = ()


def waiting_scene(title: str, board: Board | None, status: str, strengths: StrengthRow) -> Scene:
    """Return the scene while rules and players are being loaded."""
    return Scene(title, status, board, strengths=strengths)
