"""Saved games: small JSON files whose moves are replayed; other formats are read too."""

from __future__ import annotations

import json
from pathlib import Path

from rlhf_agents.errors import OutputError, SettingError
from rlhf_agents.files.atomic import write_atomically
from rlhf_agents.play.records import read_record
from rlhf_agents.play.session import SavedSession, Session
from rlhf_agents.play.setup import file_stem
from rlhf_games.base import Game

OTHER_FORMATS = (".sgf", ".pgn", ".txt")
"""Suffixes of files that `play.records` reads; all others hold JSON."""
LARGEST = 1_000_000
"""The most bytes; a game of a few hundred moves has a few thousand."""


def save_session(path: Path, session: Session) -> None:
    """Write a game; the file is complete or does not exist.

    Raises:
        OutputError: the path cannot be written.
    """
    write_atomically(path, (json.dumps(session.to_record()) + "\n").encode())


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


def records_in(folder: Path, game: str, most: int = 12) -> list[Path]:
    """Return up to `most` records of a game in a folder, the newest first."""
    found = [path for path in folder.glob(f"{file_stem(game)}-*.json") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[:most]
