"""PGN: tags, then the moves by their names.

The tags are those of the standard's "seven tag roster"; `Variant` holds the name of the game, and
`OpeningPlies` the number of opening moves that the players did not choose.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from rlhf_agents.errors import SettingError
from rlhf_agents.play.records.record import SHOWN, GameRecord, Replay, check_game_name, replay
from rlhf_games.base import Game

UNKNOWN = "?"
UNKNOWN_DATE = "????.??.??"
RESULTS: dict[str, int | None] = {"1-0": 1, "0-1": -1, "1/2-1/2": 0, "*": None}
WORDS = {value: word for word, value in RESULTS.items()}
WIDTH = 79

_TAG = re.compile(r'\[\s*(\w+)\s*"((?:\\.|[^"\\\n])*)"\s*\]')
_TOKEN = re.compile(
    r"""(?P<space>\s+|^%[^\n]*|;[^\n]*|\{[^}]*\}|\$\d+|\d+\.+|[!?]+)
    |(?P<result>(?:1-0|0-1|1/2-1/2|\*)(?=[\s\[]|\Z))
    |(?P<open>\()|(?P<close>\))|(?P<tag>\[)
    |(?P<move>[^\s(){}\[\];!?]+)""",
    re.VERBOSE | re.MULTILINE,
)
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+#=:_/*-]*")


def read(text: str, game: Game) -> Iterator[GameRecord]:
    """Yield the games of a text.

    Raises:
        SettingError: something is not PGN, or not a legal game.
    """
    at, end = 0, len(text.rstrip())
    while at < end:
        tags, at = _tags(text, at)
        if "Variant" in tags:
            check_game_name(game, tags["Variant"])
        if "FEN" in tags:
            msg = "it starts from another position (FEN), which is not supported"
            raise SettingError(msg)
        played = Replay(game)
        result, at = _moves(text, at, played)
        if not tags and not played.moves and result is None:
            continue  # a comment after the last game
        stated = RESULTS.get(tags.get("Result", "*"))
        yield played.record(
            players=[_known(tags.get(seat, "")) for seat in ("White", "Black")],
            result=stated if result is None else result,
            opening=_number(tags.get("OpeningPlies", "0")),
            date=_iso(tags.get("Date", "")),
        )


def _tags(text: str, at: int) -> tuple[dict[str, str], int]:
    """Return the tags from a place on, and the place of their end."""
    tags: dict[str, str] = {}
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        found = _TAG.match(text, at)
        if found is None:
            return tags, at
        tags[found[1]] = re.sub(r"\\(.)", r"\1", found[2])
        at = found.end()


def _moves(text: str, at: int, played: Replay) -> tuple[int | None, int]:
    """Play the moves from a place on; return the result after them, and the place of its end.

    Variations, in round brackets, are skipped.
    """
    depth = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            msg = f"it is not PGN from {text[at : at + SHOWN]!r} on"
            raise SettingError(msg)
        kind = found.lastgroup
        if kind == "tag" and not depth:
            if _TAG.match(text, at) is None:
                msg = f"it is not PGN from {text[at : at + SHOWN]!r} on"
                raise SettingError(msg)
            break
        at = found.end()
        depth += (kind == "open") - (kind == "close")
        if depth < 0:
            msg = "a variation ends that did not begin"
            raise SettingError(msg)
        if kind == "result" and not depth:
            return RESULTS[found[0]], at
        if kind == "move" and not depth:
            played.play_word(found[0])
    if depth:
        msg = "a variation does not end"
        raise SettingError(msg)
    return None, at


def write(records: Sequence[GameRecord], game: Game) -> str:
    """Return records as a text.

    Raises:
        SettingError: a move is not legal, or has no name that PGN can hold.
    """
    return "\n".join(_game(record, game, number) for number, record in enumerate(records, 1))


def _game(record: GameRecord, game: Game, number: int) -> str:
    result = WORDS[replay(game, record).result if record.result is None else record.result]
    tags = {
        "Event": game.title,
        "Site": UNKNOWN,
        "Date": record.date[:10].replace("-", ".") or UNKNOWN_DATE,
        "Round": str(number),
        "White": record.players[0] or UNKNOWN,
        "Black": record.players[1] or UNKNOWN,
        "Result": result,
        "Variant": game.name,
    }
    if record.opening:
        tags["OpeningPlies"] = str(record.opening)
    head = "".join(f'[{name} "{_escaped(value)}"]\n' for name, value in tags.items())
    body = " ".join([*_numbered(record, game), result])
    return f"{head}\n{textwrap.fill(body, WIDTH, break_long_words=False, break_on_hyphens=False)}\n"


def _numbered(record: GameRecord, game: Game) -> Iterator[str]:
    played = Replay(game)
    for ply, move in enumerate(record.moves):
        if move not in played.legal():
            raise played.illegal(move)
        names = (played.name(move), game.names_of(played.seat)[move])
        name = next((one for one in names if _SAFE.fullmatch(one) and one not in RESULTS), None)
        if name is None:
            msg = f"PGN cannot hold the name of a move, {names[0]!r}; use json"
            raise SettingError(msg)
        yield f"{ply // 2 + 1}. {name}" if ply % 2 == 0 else name
        played.play(move)


def _escaped(value: str) -> str:
    return " ".join(value.split()).replace("\\", "\\\\").replace('"', '\\"')


def _known(name: str) -> str:
    return "" if name == UNKNOWN else name


def _iso(date: str) -> str:
    return date.replace(".", "-") if re.fullmatch(r"\d{4}\.\d{2}\.\d{2}", date) else ""


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        msg = f"OpeningPlies must be a whole number, not {text[:SHOWN]!r}"
        raise SettingError(msg)
    return int(text)
