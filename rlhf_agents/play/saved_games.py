"""Saved games: small JSON files whose moves are replayed, or SGF, PGN and lists of moves."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rlhf_agents.errors import OutputError, SettingError
from rlhf_agents.files.atomic import write_atomically
from rlhf_agents.play.board_cells import Stones, stones_of
from rlhf_agents.play.records import GameRecord, read_record, to_text
from rlhf_agents.play.session import SavedSession, Session
from rlhf_agents.play.setup import file_stem
from rlhf_games.base import Game

OTHER_FORMATS = (".sgf", ".pgn", ".txt")
"""Suffixes of files that `play.records` reads; all others hold JSON."""
LARGEST = 1_000_000
"""The most bytes; a game of a few hundred moves has a few thousand."""


FORMAT_NAMES = {
    ".json": "JSON: goals and everything else",
    ".sgf": "SGF: for editors of Go-like games",
    ".pgn": "PGN: a list of named moves",
    ".txt": "text: the moves only",
}
"""The formats of saved games by the ending of their files, in words."""


@dataclass(frozen=True)
class SavedGame:
    """A saved game, as a list shows it.

    Attributes:
        path: of the file.
        date: ISO 8601, when it was played or written.
        players: the short names of both, "" if unknown.
        result: in words.
        stones: of its last position, int8 `[H, W]`.
        text: that position as text, None if its stones are all there is.
        seat: the seat to move in it.
    """

    path: Path
    date: str
    players: tuple[str, str]
    result: str
    stones: Stones
    text: str | None
    seat: int


def record_of(session: Session, players: Sequence[str] = ("", "")) -> GameRecord:
    """Return a game so far, for any format of `play.records`.

    Args:
        session: the game.
        players: the names of both.
    """
    today = datetime.datetime.now().astimezone().date().isoformat()
    moves, names = tuple(session.moves), (players[0], players[1])
    return GameRecord(session.game.name, moves, names, _result(session), session.opening, today)


def save_session(path: Path, session: Session, players: Sequence[str] = ("", "")) -> None:
    """Write a game in the format that the ending of the path names; the file is then complete.

    Args:
        path: the file.
        session: the game.
        players: the names of both.

    Raises:
        SettingError: the format cannot hold this game.
        OutputError: the path cannot be written.
    """
    record = record_of(session, players)
    if path.suffix in OTHER_FORMATS:
        text = to_text([record], session.game, path.suffix[1:])
    else:
        facts = {"players": list(record.players), "result": record.result, "date": record.date}
        text = json.dumps({**session.to_record(), **facts}) + "\n"
    write_atomically(path, text.encode())


def _result(session: Session) -> int | None:
    """Return the result for the first player, None while the game goes on."""
    if not session.over:
        return None
    return {0: 1, 1: -1, None: 0}[session.winner]


def formats_for(session: Session) -> list[str]:
    """Return the endings of files that can hold a game."""
    record = GameRecord(session.game.name, tuple(session.moves), opening=session.opening)
    fitting = []
    for ending in OTHER_FORMATS:
        try:
            to_text([record], session.game, ending[1:])
        except SettingError:
            continue
        fitting.append(ending)
    return [".json", *fitting]


def load_session(path: Path, game: Game) -> Session:
    """Read a game.

    Raises:
        SettingError: the file is missing, unreadable, or a record of another game.
    """
    if path.suffix in OTHER_FORMATS:
        found = read_record(path, game)
        return Session(game, moves=list(found.moves), opening=found.opening)
    record = check_game(path, game.name)
    try:
        return Session.from_record(game, record)
    except SettingError as error:
        msg = f"{path} is {error}"
        raise SettingError(msg) from error


def check_game(path: Path, game: str) -> SavedSession:
    """Return the content of a file if it is a record of the game with that name.

    Raises:
        SettingError: the file is missing, unreadable, or a record of another game.
    """
    if path.suffix in OTHER_FORMATS:
        return {}  # only the rules of the game can tell
    record = _read(path)
    if record["game"] != game:
        cure = f"rlhf-play --game {record['game']} --load {path}"
        msg = f"{path} is a record of {record['game']}, not of {game}; open it with: {cure}"
        raise SettingError(msg)
    return record


def _read(path: Path) -> SavedSession:
    try:
        if path.stat().st_size > LARGEST:
            msg = f"{path} is too large to be a game record"
            raise SettingError(msg)
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"cannot read the game record {path}: {error.strerror or error}"
        raise SettingError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{path} is not a readable game record (it is not JSON: {error})"
        raise SettingError(msg) from error
    if not isinstance(record, dict) or not isinstance(record.get("game"), str):
        msg = f"{path} is not a game record: it does not name its game"
        raise SettingError(msg)
    return record


def new_path(folder: Path, game: str, ending: str) -> Path:
    """Return the path of a new file for a game, such as `connect_four-2.json`.

    Raises:
        OutputError: the folder does not exist.
    """
    if not folder.is_dir():
        msg = f"there is no folder {folder}"
        raise OutputError(msg)
    number = 1
    while (path := folder / f"{file_stem(game)}-{number}{ending}").exists():
        number += 1
    return path


def saved_games_in(folder: Path, game: Game, most: int = 12) -> list[SavedGame]:
    """Return up to `most` readable games of a kind in a folder, the newest first."""
    stem = file_stem(game.name)
    found = [
        path
        for ending in (".json", *OTHER_FORMATS)
        for path in folder.glob(f"{stem}-*{ending}")
        if path.is_file()
    ]
    games: list[SavedGame] = []
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            games.append(_summary(path, game))
        except SettingError:
            continue
        if len(games) == most:
            break
    return games


def _summary(path: Path, game: Game) -> SavedGame:
    session, record = load_session(path, game), read_record(path, game)
    shown = len(session.moves)
    session.redo(len(session.undone))
    if not session.over:  # else it was saved during its review
        session.go_to(shown)
    written = datetime.datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    players = _short(record.players[0], game), _short(record.players[1], game)
    names = [name or word for name, word in zip(players, ("first", "second"), strict=True)]
    result = session.result_text(names) if session.over else f"{len(session.moves)} moves"
    return SavedGame(
        path,
        record.date or written.date().isoformat(),
        players,
        result,
        stones_of(game, session.state),
        game.text(session.state),
        session.seat,
    )


def _short(name: str, game: Game) -> str:
    """Return the name of a player without that of the game: in a list, all games are the same."""
    return name.removeprefix(f"{game.title} ")
