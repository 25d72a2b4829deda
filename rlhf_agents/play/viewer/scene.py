"""The content of a frame as plain data: everything that the painter needs."""

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
        kind: move, piece, goal, command, overlay, graph, slider, card, line, file or page.
        value: its number or name.
    """

    kind: str
    value: int | str


@dataclass
class Ui:
    """The state of the user interface.

    Attributes:
        theme: the colours.
        shown: the names of the overlays that are on.
        hover: the target under the mouse.
        since: the time when the mouse came there.
        cursor: the move chosen by the arrow keys.
        picked: the clicked piece that will move, see `BoardView`.
        scroll: the number of rows of goals that are scrolled away.
        toast: a message, shown until `toast_until`.
        page: "help" or "open" while that page covers the window, else empty.
        files: the saved games on the page "open".
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
        """Return the value of the target under the mouse if it is of a kind, else None."""
        return self.hover.value if self.hover is not None and self.hover.kind == kind else None


@dataclass(frozen=True)
class Card:
    """A player.

    Attributes:
        name: of the player.
        goal: of the player.
        note: the effort of its search.
        to_move: whether it is the player's turn.
        steered: whether the list of goals sets this player's goal.
        proven: whether its value is proven by the rules.
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
        share: its probability if it is the goal, in [0, 1]; None if unknown.
        expected: its probability with the present goals, in [0, 1]; None if unknown.
        chosen: whether the steered seat plays for it.
        reached: after the game, whether it was achieved.
    """

    name: str
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
        board: draws the game; None while the game is unknown.
        view: what the board shows.
        cards: the two players.
        forecast: probabilities that the first player wins, of a draw, that the second player wins.
        goals: the list of goals, for the steered seat.
        line: the expected moves.
        standing: the first player's value of winning after each move, None if unknown.
        ply: the number of moves played.
        mistakes: shown after the game.
        achieved: after the game, the goals that the first and the second player achieved.
        banner: the result.
        winner: the seat whose colours the banner has.
        nodes: the budget of agents; None if no player has one.
        paused: whether computers wait.
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
    """Return the scene while rules and players are being loaded."""
    return Scene(title, status, board)
