"""Reading and writing records, whatever their format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rlhf_agents.errors import OutputError, SettingError
from rlhf_agents.files.atomic import write_atomically
from rlhf_agents.play.records import json_text, moves_text, pgn, sgf
from rlhf_agents.play.records.record import GameRecord
from rlhf_games.base import Game

LARGEST = 64_000_000
"""The most bytes of a file; 100,000 games have less."""

Read = Callable[[str, Game], Iterator[GameRecord]]
Write = Callable[[Sequence[GameRecord], Game], str]


class _Format(NamedTuple):
    read: Read
    write: Write


FORMATS: dict[str, _Format] = {
    "sgf": _Format(sgf.read, sgf.write),
    "pgn": _Format(pgn.read, pgn.write),
    "txt": _Format(moves_text.read, moves_text.write),
    "json": _Format(json_text.read, json_text.write),
}
"""Formats by the suffix of their files; `jsonl` is the same as `json`."""


def read_records(source: str | Path, game: Game) -> list[GameRecord]:
    """Return all games of a file or of a text; the content determines the format.

    Args:
        source: the path of a file, or the text itself.
        game: the rules.

    Raises:
        SettingError: the file cannot be read, or is not a record of this game; the message names
            the wrong game and move.
    """
    path = _path(source)
    text, name = (str(source), "the text") if path is None else (_content(path), str(path))
    records: list[GameRecord] = []
    try:
        records.extend(FORMATS[format_of(text)].read(text, game))  # keeps those before an error
    except SettingError as error:
        which = f", game {len(records) + 1}" if records else ""
        msg = f"cannot read {name}{which}: {error}"
        raise SettingError(msg) from error
    if not records:
        msg = f"{name} contains no game"
        raise SettingError(msg)
    return records


def read_record(source: str | Path, game: Game, number: int = 1) -> GameRecord:
    """Return one game of a file or of a text, see `read_records`.

    Args:
        source: the path of a file, or the text itself.
        game: the rules.
        number: which game of a collection, from 1 on.

    Raises:
        SettingError: the file cannot be read, is not a record of this game, or has fewer games.
    """
    records = read_records(source, game)
    if not 1 <= number <= len(records):
        msg = f"there is no game {number}: the games are numbered 1 to {len(records)}"
        raise SettingError(msg)
    return records[number - 1]


def format_of(text: str) -> str:
    """Return the format that a text looks like: "sgf", "pgn", "json", else "txt"."""
    start = text.lstrip()
    if re.match(r"\(\s*;", start):
        return "sgf"
    if start.startswith("{"):
        return "json" if re.match(r"\{\s*[\"}]", start) else "pgn"
    if re.match(r"\[\s*\w+\s*\"", start) or re.match(r"1\.", start):
        return "pgn"
    return "txt"


def to_text(records: Sequence[GameRecord], game: Game, kind: str) -> str:
    """Return records as a text in a format.

    Raises:
        SettingError: there is no such format, or it cannot hold a game.
    """
    wanted = "json" if kind == "jsonl" else kind
    if wanted not in FORMATS:
        msg = f"unknown format of records {kind!r}; known: {', '.join(FORMATS)}"
        raise SettingError(msg)
    return FORMATS[wanted].write(records, game)


def write_records(
    path: str | Path, records: Sequence[GameRecord], game: Game, *, force: bool = False
) -> None:
    """Write games to a file in the format of its suffix; the file is complete or does not exist.

    Raises:
        SettingError: there is no such format, or it cannot hold a game.
        OutputError: the path cannot be written, or exists and `force` is not set.
    """
    target = Path(path)
    check_target(target, force=force)
    text = to_text(records, game, target.suffix.removeprefix(".").lower())
    write_atomically(target, text.encode())


def check_target(path: Path, *, force: bool = False) -> None:
    """Find out before a game whether its record could be written.

    Raises:
        SettingError: the ending of the file is not that of a format.
        OutputError: the file exists and `force` is not set, or there is no such folder.
    """
    kind = path.suffix.removeprefix(".").lower()
    if kind not in (*FORMATS, "jsonl"):
        endings = ", ".join(f".{name}" for name in FORMATS)
        msg = f"{path.name} is not the name of a game record: it must end in {endings}"
        raise SettingError(msg)
    if path.exists() and not force:
        msg = f"{path} exists; choose another name"
        raise OutputError(msg)
    if not path.parent.is_dir():
        msg = f"cannot write {path}: there is no folder {path.parent}"
        raise OutputError(msg)


def write_record(path: str | Path, record: GameRecord, game: Game, *, force: bool = False) -> None:
    """Write one game to a file, see `write_records`."""
    write_records(path, [record], game, force=force)


def _path(source: str | Path) -> Path | None:
    """Return the path that a source is, None if it is a text."""
    if isinstance(source, Path):
        return source
    if "\n" in source or "\0" in source or len(source) > 1000:
        return None
    looks_like_path = Path(source).suffix.removeprefix(".").lower() in (*FORMATS, "jsonl")
    try:
        return Path(source) if looks_like_path or Path(source).is_file() else None
    except OSError:
        return None


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            msg = f"{path} is too large for game records: {LARGEST // 1_000_000} MB are allowed"
            raise SettingError(msg)
        content = path.read_bytes()
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or error}"
        raise SettingError(msg) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # the encoding of older SGF and PGN
