"""A recorded game, and the replay that checks it move by move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlhf_agents.errors import SettingError
from rlhf_games.base import Game, Outcome

RECORD_FORMAT = 1
"""The newest version of records in JSON."""
SHOWN = 40
"""The most characters of a word from a file in an error message."""


@dataclass(frozen=True)
class GameRecord:
    """A recorded game.

    Attributes:
        game: the name of the game.
        moves: the actions, from the starting position on.
        players: the names of the first and of the second player, "" if unknown.
        result: for the first player: 1 won, 0 drawn, -1 lost, None unknown. A game that has not
            ended on the board may also have a result, after a resignation or on time.
        opening: the number of opening moves that the players did not choose.
        date: ISO 8601, "" if unknown.
    """

    game: str
    moves: tuple[int, ...]
    players: tuple[str, str] = ("", "")
    result: int | None = None
    opening: int = 0
    date: str = ""


class Replay:
    """A game replayed from its record.

    Args:
        game: the rules.

    Attributes:
        moves: the actions so far.
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self.moves: list[int] = []
        self._states = game.initial(1)

    @property
    def seat(self) -> int:
        """The player to move: 0 the first, 1 the second."""
        return int(self.game.mover(self._states)[0])

    @property
    def result(self) -> int | None:
        """The result for the first player by the rules, None while the game goes on."""
        outcome = int(self.game.outcome(self._states)[0])
        if outcome == Outcome.ONGOING:
            return None
        return outcome if self.seat == 0 else -outcome

    def legal(self) -> list[int]:
        """Return the legal actions."""
        return [int(action) for action in np.flatnonzero(self.game.legal(self._states)[0])]

    def play(self, action: int, written: object = None) -> None:
        """Play an action.

        Args:
            action: the action.
            written: its name in the record, for the error message.

        Raises:
            SettingError: the rules forbid it.
        """
        if action not in self.legal():
            raise self.illegal(action if written is None else written)
        self._states = self.game.step(self._states, np.array([action]))
        self.moves.append(action)

    def illegal(self, written: object) -> SettingError:
        """Return the error that the next move of a record is illegal."""
        why = "comes after the end of the game" if self.result is not None else "is not legal"
        word = repr(written)
        word = word if len(word) <= SHOWN else f"{word[:SHOWN]}..."
        return SettingError(f"move {len(self.moves) + 1}, {word}, {why}")

    def name(self, action: int) -> str:
        """Return a word that identifies a legal action.

        It is the last word of the move's name in the game, or the name that players type.
        """
        wanted = self.game.names_of(self.seat)[action]
        word = _last_word(self.game.label(self._states[0], action))
        return word if word != wanted and self.names().get(word) == action else wanted

    def names(self) -> dict[str, int]:
        """Return the words for the legal actions; names that players type keep their meaning."""
        typed = self.game.names_of(self.seat)
        legal = self.legal()
        words: dict[str, int] = {}
        for action in legal:
            label = self.game.label(self._states[0], action)
            for word in (label, _last_word(label)):
                words[word] = -1 if words.get(word, action) != action else action
        words = {word: action for word, action in words.items() if action >= 0}
        return {**words, **{typed[action]: action for action in legal}}

    def play_word(self, word: str) -> None:
        """Play the action with a name; a record may leave out forced passes.

        Raises:
            SettingError: no legal action has that name.
        """
        action = self.find(word)
        if action is None:
            raise self.illegal(word)
        self.play(action)

    def find(self, word: str) -> int | None:
        """Return the legal action with a name, if necessary after a forced pass."""
        names = self.names()
        if word not in names and self.pass_if_forced():
            names = self.names()
        folded = {name.casefold(): action for name, action in names.items()}
        return names.get(word, folded.get(word.casefold()))

    def pass_if_forced(self) -> bool:
        """Pass if that is the mover's only action, and return whether it was."""
        legal = self.legal()
        forced = len(legal) == 1 and self.game.action_names[legal[0]] == "pass"
        if forced:
            self.play(legal[0])
        return forced

    def record(
        self,
        players: Sequence[str] = ("", ""),
        result: int | None = None,
        opening: int = 0,
        date: str = "",
    ) -> GameRecord:
        """Return the record of the game so far.

        Args:
            players: the names of both.
            result: from the record, None if it has none.
            opening: the number of opening moves that the players did not choose.
            date: of the game.

        Raises:
            SettingError: the result contradicts the rules, or the opening is longer than the game.
        """
        if self.result is not None and result is not None and result != self.result:
            msg = (
                f"its result is {result:+d} for the first player, but by the rules {self.result:+d}"
            )
            raise SettingError(msg)
        if not 0 <= opening <= len(self.moves):
            msg = f"an opening of {opening} moves does not fit a game of {len(self.moves)}"
            raise SettingError(msg)
        first, second = players
        ended = self.result if self.result is not None else result
        return GameRecord(self.game.name, tuple(self.moves), (first, second), ended, opening, date)


def _last_word(text: str) -> str:
    return text.rsplit(maxsplit=1)[-1] if text.strip() else text


def replay(game: Game, record: GameRecord) -> Replay:
    """Return a record played to its end.

    Raises:
        SettingError: it is of another game, or a move is not legal.
    """
    check_game_name(game, record.game)
    played = Replay(game)
    for move in record.moves:
        played.play(move)
    return played


def check_game_name(game: Game, name: str) -> None:
    """Check that a record is of the expected game.

    Raises:
        SettingError: it is of another game.
    """
    if name.casefold() not in (game.name.casefold(), game.title.casefold()):
        msg = f"it is a game of {name[:SHOWN]}, not of {game.name}"
        raise SettingError(msg)
