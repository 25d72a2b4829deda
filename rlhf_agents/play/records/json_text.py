"""JSON: the format of the window (see `Session.to_record`) and the arena, one game per line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from rlhf_agents.errors import SettingError
from rlhf_agents.play.records.record import RECORD_FORMAT, GameRecord, Replay, check_game_name
from rlhf_games.base import Game
from rlhf_games.json_types import JSON


def read(text: str, game: Game) -> Iterator[GameRecord]:
    """Yield the games of a text: one object, or one in each line.

    Raises:
        SettingError: something is not JSON, not a record, or not a legal game.
    """
    for record in _objects(text):
        yield _game(record, game)


def _objects(text: str) -> list[JSON]:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        pass  # one object may span several lines
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError) as error:
        msg = f"it is not JSON ({error})"
        raise SettingError(msg) from error


def _game(record: JSON, game: Game) -> GameRecord:
    if not isinstance(record, dict) or not isinstance(record.get("game"), str):
        msg = "it does not name its game"
        raise SettingError(msg)
    check_game_name(game, record["game"])
    number = record.get("format")
    if not _is_whole(number) or number > RECORD_FORMAT:
        msg = f"its format is {str(number)[:8]}, this version reads up to {RECORD_FORMAT}"
        raise SettingError(msg)
    moves, opening = record.get("moves"), record.get("opening", 0)
    if not isinstance(moves, list) or not all(map(_is_whole, moves)) or not _is_whole(opening):
        msg = "its moves are not a list of whole numbers"
        raise SettingError(msg)
    played = Replay(game)
    for move in moves:
        played.play(move)
    result = record.get("result")
    if result is not None and (not _is_whole(result) or result not in (-1, 0, 1)):
        msg = "its result is not 1, 0, -1 or null"
        raise SettingError(msg)
    players, date = record.get("players", ["", ""]), record.get("date", "")
    named = isinstance(players, list) and len(players) == 2
    if not named or not all(isinstance(text, str) for text in (*players, date)):
        msg = "its players are not two names, or its date is not a text"
        raise SettingError(msg)
    return played.record(players, result, opening, date)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def write(records: Sequence[GameRecord], game: Game) -> str:
    """Return records as a text, one in each line.

    Raises:
        SettingError: a move is not legal.
    """
    return "".join(
        json.dumps(_plain(record, game), ensure_ascii=False) + "\n" for record in records
    )


def _plain(record: GameRecord, game: Game) -> dict[str, JSON]:
    played = Replay(game)
    for move in record.moves:
        played.play(move)
    return {
        "format": RECORD_FORMAT,
        "game": game.name,
        "goals": ["win", "win"],
        "moves": list(record.moves),
        "opening": record.opening,
        "players": list(record.players),
        "result": record.result,
        "date": record.date,
    }
