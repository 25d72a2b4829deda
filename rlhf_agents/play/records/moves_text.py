"""Move strings: one game per line, such as "4453" or "f5d6c3", with only the moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rlhf_agents.play.records.record import GameRecord, Replay
from rlhf_games.base import Game

COMMENT = "#"


def read(text: str, game: Game) -> Iterator[GameRecord]:
    """Yield the games of a text; spaces and commas between moves may be left out.

    Raises:
        SettingError: a move is not legal.
    """
    for line in text.splitlines():
        words = line.partition(COMMENT)[0].replace(",", " ").split()
        if words:
            yield _game(words, game)


def _game(words: list[str], game: Game) -> GameRecord:
    played = Replay(game)
    for word in words:
        rest = word
        while rest:
            rest = rest[_play_start(rest, played) :]
    return played.record()


def _play_start(text: str, played: Replay) -> int:
    """Play the longest move that a text begins with; return its length."""
    longest = max(map(len, played.names()), default=1)
    for length in range(min(longest, len(text)), 0, -1):
        action = played.find(text[:length])
        if action is not None:
            played.play(action)
            return length
    raise played.illegal(text[:longest])


def write(records: Sequence[GameRecord], game: Game) -> str:
    """Return records as a text, without spaces where every move is one character.

    Raises:
        SettingError: a move is not legal.
    """
    space = "" if all(len(name) == 1 for name in game.action_names) else " "
    lines = []
    for record in records:
        played, names = Replay(game), []
        for move in record.moves:
            if move not in played.legal():
                raise played.illegal(move)
            names.append(played.name(move))
            played.play(move)
        lines.append(space.join(names))
    return "".join(f"{line}\n" for line in lines)
