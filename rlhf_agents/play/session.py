"""One game between two seats, without drawing, input or search.

The terminal and the window ask it whose turn it is, let a player search, and call `play`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import SettingError
from rlhf_agents.play.records.record import RECORD_FORMAT
from rlhf_agents.search.explanation import Explanation
from rlhf_games.base import Game, GameError, Outcome, States

if TYPE_CHECKING:
    from rlhf_agents.players.players import Player

SavedSession = dict[str, Any]
"""A saved game as JSON has it."""


def third_person(name: str, verb: str) -> str:
    """Return a name with a verb: "minimax:4 wins", but "you win"."""
    return f"{name} {verb}" if name == "you" else f"{name} {verb}s"


def opposite_goal(game: Game, goal: str) -> str:
    """Return the opposite of a goal, e.g. `lose_by_24` of `win_by_24`; "win" if it has none."""
    names = {known.name for known in game.goals}
    for one, other in (("win", "lose"), ("lose", "win")):
        opposite = other + goal.removeprefix(one)
        if goal.startswith(one) and opposite in names:
            return opposite
    return "win"


@dataclass
class Session:
    """The moves of a game and the goals of its two seats.

    Attributes:
        game: the rules.
        goals: the goal of the first and of the second player, by name.
        moves: the actions so far.
        opening: how many of the first moves were random; they are never taken back.
        undone: actions taken back, the latest last; `redo` plays them again.
        asked: the goal of its player at that time, for each action of the line.

    Raises:
        SettingError: there are not two goals, or the opening is longer than the game.
        rlhf_games.base.GameError: a goal is unknown or a move is illegal.
    """

    game: Game
    goals: list[str] = field(default_factory=lambda: ["win", "win"])
    moves: list[int] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)
    opening: int = 0
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.goals) != 2 or not 0 <= self.opening <= len(self.moves):
            msg = "a session needs two goals, and its opening cannot be longer than its moves"
            raise SettingError(msg)
        for goal in (*self.goals, *self.asked):
            self.game.goal_index(goal)
        self._states = [self.game.initial(1)]
        moves, undone, asked = self.moves, self.undone, self.asked
        self.moves, self.undone, self.asked = [], [], []
        for move in [*moves, *reversed(undone)]:
            self.play(move)
        self.asked[: len(asked)] = asked[: len(self.asked)]
        self.undo(len(undone))

    def __repr__(self) -> str:
        from rlhf_agents.play.board_text import board  # noqa: PLC0415 - takes a moment

        moves = " ".join(self.game.names_of(self._mover_at(p))[a] for p, a in enumerate(self.moves))
        result = self.result_text(("the first player", "the second player"))
        return f"{self.game.title}, {result}: {moves}\n{board(self.game, self.state).plain}"

    def _repr_html_(self) -> str:
        from rlhf_agents.players.notebook import board_svg  # noqa: PLC0415 - takes a moment

        return board_svg(self.game, self.state)

    def _repr_png_(self) -> bytes:
        from rlhf_agents.players.board_images import board_png  # noqa: PLC0415 - takes a moment

        return board_png(self.game, self.state)

    @property
    def state(self) -> States:
        """The position, uint64 `[W]`."""
        state: States = self._states[-1][0]
        return state

    @property
    def history(self) -> list[States]:
        """The positions from the end of the opening to now, each uint64 `[W]`."""
        return [states[0] for states in self._states[self.opening :]]

    @property
    def seat(self) -> int:
        """The seat to move: 0 for the first player, 1 for the second."""
        return int(self.game.mover(self._states[-1])[0])

    @property
    def over(self) -> bool:
        """Whether the game has ended."""
        return bool(self.game.outcome(self._states[-1])[0] != Outcome.ONGOING)

    @property
    def winner(self) -> int | None:
        """The seat that has won; None during the game and after a draw."""
        outcome = int(self.game.outcome(self._states[-1])[0])
        if outcome == Outcome.WIN:
            return self.seat
        return 1 - self.seat if outcome == Outcome.LOSS else None

    @property
    def line(self) -> list[int]:
        """The whole game: the actions so far, then those that were taken back."""
        return [*self.moves, *reversed(self.undone)]

    @property
    def last_move(self) -> int | None:
        """The latest action."""
        return self.moves[-1] if self.moves else None

    @property
    def last_seat(self) -> int:
        """The seat that made the latest move, or the one to move if there is none."""
        return self._mover_at(len(self.moves) - 1) if self.moves else self.seat

    def legal(self) -> list[int]:
        """Return the legal actions."""
        return [int(a) for a in np.flatnonzero(self.game.legal(self._states[-1])[0])]

    def play(self, action: int) -> None:
        """Play an action for the player to move, and forget what was undone.

        Raises:
            SettingError: the game is over.
            rlhf_games.base.IllegalMoveError: the rules forbid it.
        """
        if self.over:
            msg = "the game is over"
            raise SettingError(msg)
        goal = self.goals[self.seat]
        self._advance(action)
        self.undone.clear()
        self.asked[len(self.moves) - 1 :] = [goal]

    def _advance(self, action: int) -> None:
        self._states.append(self.game.step(self._states[-1], np.array([action])))
        self.moves.append(int(action))

    @property
    def has_own_moves(self) -> bool:
        """Whether a move was played after the opening, also if it was taken back."""
        return len(self.line) > self.opening

    def restarted(self) -> Session:
        """Return a new game with the same opening and goals."""
        opening = self.moves[: self.opening]
        return Session(self.game, list(self.goals), opening, opening=self.opening)

    def undo(self, plies: int = 1) -> int:
        """Take back up to `plies` actions, but none of the opening; return their number."""
        count = min(plies, len(self.moves) - self.opening)
        for _ in range(count):
            self._states.pop()
            self.undone.append(self.moves.pop())
        return count

    def redo(self, plies: int = 1) -> int:
        """Play up to `plies` undone actions again; return their number."""
        count = min(plies, len(self.undone))
        for _ in range(count):
            self._advance(self.undone.pop())
        return count

    def go_to(self, ply: int) -> None:
        """Take back actions or play them again until `ply` are played, as far as possible."""
        if ply < len(self.moves):
            self.undo(len(self.moves) - ply)
        else:
            self.redo(ply - len(self.moves))

    def take_back(self, seat: int) -> int:
        """Take back the last action of a seat and all later ones; return their number.

        Against a computer that is what a person means by undo: the move and the reply.
        """
        own = [ply for ply in range(self.opening, len(self.moves)) if self._mover_at(ply) == seat]
        return self.undo(len(self.moves) - own[-1]) if own else 0

    def play_again(self, seat: int) -> int:
        """Play undone actions again until it is the turn of a seat; return their number."""
        count = self.redo()
        while count and self.undone and self.seat != seat:
            count += self.redo()
        return count

    def _mover_at(self, ply: int) -> int:
        return int(self.game.mover(self._states[ply])[0])

    def hint(self, player: Player) -> Explanation:
        """Return what a player would play for the seat to move, with that seat's goal.

        Raises:
            ValueError: the game is over.
        """
        return player.explain(self.state, self.goals[self.seat])

    def set_goal(self, seat: int, goal: str) -> None:
        """Change what a seat plays for.

        Raises:
            rlhf_games.base.UnknownGoalError: the game has no such goal.
        """
        self.game.goal_index(goal)
        self.goals[seat] = goal

    def achieved(self) -> tuple[list[str], list[str]]:
        """Return the names of the goals that the first and the second player achieved."""
        table: NDArray[np.bool_] = self.game.achieved(self._states[-1])[0]
        by_seat = table if self.seat == 0 else table[::-1]
        names = [goal.name for goal in self.game.goals]
        first, second = (
            [name for name, hit in zip(names, row, strict=True) if hit] for row in by_seat
        )
        return first, second

    def telling_goals(self, seat: int) -> list[str]:
        """Return the names of the goals that a player achieved and that say more than the result.

        Goals that another of them implies are left out, and so is losing, early or late.
        """
        achieved = self.achieved()[seat]
        implied = {goal.implies for goal in self.game.goals if goal.name in achieved}
        return [
            name
            for name in achieved
            if name not in ("win", "draw", *implied) and not name.startswith(("lose", "deficit"))
        ]

    def result_text(self, names: Sequence[str]) -> str:
        """Return the result in words, e.g. "minimax:4 wins after 27 moves"."""
        if not self.over:
            return "the game is not over"
        if self.winner is None:
            return f"a draw after {self._count}"
        return f"{third_person(names[self.winner], 'win')} after {self._count}"

    @property
    def _count(self) -> str:
        return "1 move" if len(self.moves) == 1 else f"{len(self.moves)} moves"

    def to_record(self) -> SavedSession:
        """Return the game as plain data for JSON."""
        return {
            "format": RECORD_FORMAT,
            "game": self.game.name,
            "goals": list(self.goals),
            "moves": list(self.moves),
            "undone": list(self.undone),
            "asked": list(self.asked),
            "opening": self.opening,
        }

    @classmethod
    def from_record(cls, game: Game, record: SavedSession) -> Session:
        """Replay a record.

        Raises:
            SettingError: it is not a record of this game.
        """
        try:
            if record["format"] > RECORD_FORMAT:
                msg = "it comes from a newer version"
                raise SettingError(msg)
            if record["game"] != game.name:
                msg = f"it is of {record['game']!r}, not of {game.name!r}"
                raise SettingError(msg)
            return cls(
                game,
                [str(goal) for goal in record["goals"]],
                [int(move) for move in record["moves"]],
                [int(move) for move in record.get("undone", ())],
                opening=int(record.get("opening", 0)),
                asked=[str(goal) for goal in record.get("asked", ())],
            )
        except (KeyError, TypeError, ValueError, ArithmeticError, GameError, SettingError) as error:
            msg = f"not a readable game record ({error})"
            raise SettingError(msg) from error
