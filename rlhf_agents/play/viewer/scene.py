"""What there is to show at a moment, as plain data: everything that the painter needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rlhf_agents.play.viewer.boards.base import Board, BoardView
from rlhf_agents.play.viewer.commands import OVERLAYS
from rlhf_agents.play.viewer.theme import DARK, Theme


@dataclass(frozen=True)
class Target:
    """Something under the mouse.

    Attributes:
        kind: move, goal, command, overlay, graph, slider, card, line, file or page.
        value: which one: a number, or a name.
    """

    kind: str
    value: int | str


@dataclass
class Ui:
    """What the person has switched and points at.

    Attributes:
        theme: the colours.
        shown: names of the overlays that are on.
        hover: what is under the mouse.
        since: when the mouse came there.
        cursor: the move that the arrow keys have chosen.
        picked: the piece that was clicked and will be moved, see `BoardView`.
        scroll: rows of goals scrolled away.
        toast: a message, shown until `toast_until`.
        page: "help" or "open" while such a page covers the window.
        files: the saved games that the page "open" lists.
    """

    theme: Theme = DARK
    shown: set[str] = field(default_factory=lambda: set(OVERLAYS))
    hover: Target | None = None
    since: float = 0.0
    cursor: int | None = None
    picked: int | None = None
    scroll: int = 0
    toast: str = ""
    toast_until: float = 0.0
    page: str = ""
    files: list[Path] = field(default_factory=list)

    def pointed(self, kind: str) -> int | str | None:
        """Return which thing of a kind is under the mouse."""
        return self.hover.value if self.hover is not None and self.hover.kind == kind else None


@dataclass(frozen=True)
class Card:
    """A player.

    Attributes:
        name: of the player.
        goal: what it plays for.
        note: what it has done to decide.
        to_move: it is the player's turn.
        steered: the list of goals changes this player's.
        proven: what it says follows from the rules.
    """

    name: str
    goal: str
    note: str = ""
    to_move: bool = False
    steered: bool = False
    proven: bool = False


@dataclass(frozen=True)
class GoalRow:
    """A goal of the list.

    Attributes:
        name: of the goal.
        share: how likely it is if it is asked for, in [0, 1]; None if unknown.
        expected: how often imagined games reach it as things are, in [0, 1]; None if unknown.
        chosen: it is what the steered seat plays for.
        reached: after the game, whether it was achieved.
    """

    name: str
    share: float | None = None
    expected: float | None = None
    chosen: bool = False
    reached: bool | None = None


@dataclass(frozen=True)
class LineMove:
    """A move of the expected line: its ply from 1, its name and who plays it."""

    ply: int
    name: str
    seat: int


@dataclass(frozen=True)
class Mistake:
    """A move that gave something away.

    Attributes:
        ply: how many moves were played before it.
        seat: whose.
        action: what was played.
        better: what should have been.
        drop: in value of the player's goal at that time, in (0, 1].
        goal: that goal.
    """

    ply: int
    seat: int
    action: int
    better: int
    drop: float
    goal: str


@dataclass(frozen=True)
class Scene:
    """Everything that the window shows.

    Attributes:
        title: the name of the game.
        status: whose turn it is, or what has happened.
        board: draws the board; None while nothing is known of the game.
        view: what the board shows.
        cards: the two players.
        forecast: shares of games that the first player wins, that are drawn, that the second wins.
        goals: the list of goals, for the steered seat.
        line: the expected moves.
        standing: what winning is worth to the first player after each move, None if unknown.
        ply: how many moves are played.
        mistakes: moves that gave something away; shown after the game.
        achieved: after the game, the goals of the first and of the second player.
        banner: the result.
        winner: whose colours the banner has.
        nodes: the budget of agents; None if nobody has one.
        paused: computers wait.
        speed: of watched games.
        names: of the moves of the first and of the second player.
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
    banner: str = ""
    winner: int | None = None
    nodes: int | None = None
    paused: bool = False
    speed: float = 1.0
    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def waiting_scene(title: str, board: Board | None, status: str) -> Scene:
    """Return what is shown while rules and players are being loaded."""
    return Scene(title, status, board)
