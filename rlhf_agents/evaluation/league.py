"""Leagues: every pair of players, or one against all others, each opening from both seats.

Games are played in small batches and stored in a folder, one JSON line per game: a league that was
interrupted, or gets more players or games, resumes where it stopped. A game depends neither on the
process that plays it nor on earlier games.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from rlhf_agents.errors import OutputError, SettingError
from rlhf_agents.evaluation.entrants import Entrant
from rlhf_agents.evaluation.openings import Openings, draw_openings
from rlhf_agents.files.atomic import write_atomically
from rlhf_games.base import Game
from rlhf_games.json_types import JSON

GAMES_FILE, PLAN_FILE = "games.jsonl", "league.json"
FORMAT = 1
"""The format version of game records, see `play.records`, and of the plan."""
BATCH = 5
"""Openings whose games are played and saved together."""
MAX_GAMES = 100_000


@dataclass(frozen=True)
class LeagueSettings:
    """The settings of a league.

    Attributes:
        games: per pair of players; even, as every opening is played from both seats.
        gauntlet: only the first player meets the others.
        opening_plies: length of the random openings; None: the shortest even one that yields
            enough.
        seed: of openings and players.
    """

    games: int = 100
    gauntlet: bool = False
    opening_plies: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class LeagueGame:
    """A game of a league.

    Attributes:
        players: the names of the first and of the second player.
        opening: the number of its opening.
        opening_plies: its length.
        moves: all actions, including those of the opening.
        result: for the first player: 1 won, 0 drawn, -1 lost.
        ms: CPU milliseconds per move of the first and of the second player.
    """

    players: tuple[str, str]
    opening: int
    opening_plies: int
    moves: tuple[int, ...]
    result: int
    ms: tuple[float, float]

    @property
    def key(self) -> tuple[tuple[str, str], int]:
        """The key that identifies it in its league."""
        return self.players, self.opening


@dataclass(frozen=True)
class Batch:
    """Games to play together: both seats of some openings.

    Attributes:
        pair: the two entrants.
        openings: the numbers of the openings.
    """

    pair: tuple[Entrant, Entrant]
    openings: range

    @property
    def keys(self) -> list[tuple[tuple[str, str], int]]:
        """Return the keys of its games."""
        one, other = (entrant.name for entrant in self.pair)
        return [(seats, k) for k in self.openings for seats in ((one, other), (other, one))]

    def seeds(self, seed: int) -> tuple[int, int]:
        """Return the seeds of both players; they do not depend on other games."""
        names = [zlib.crc32(entrant.name.encode()) for entrant in self.pair]
        drawn = np.random.SeedSequence([seed, self.openings.start, *names]).generate_state(2)
        return int(drawn[0] >> 1), int(drawn[1] >> 1)


class League:
    """The plan of a league, and its finished games.

    Args:
        game: the rules.
        entrants: the players, with different names.
        settings: the settings.
        folder: where the games are saved; None keeps them in memory.

    Attributes:
        openings: all openings; fewer than `settings.games / 2` if the game has no more.
        games: the finished games, by key.

    Raises:
        SettingError: a setting is invalid, or the folder has another league or a damaged one.
        OutputError: the folder cannot be written.
    """

    def __init__(
        self,
        game: Game,
        entrants: Sequence[Entrant],
        settings: LeagueSettings,
        folder: Path | None = None,
    ) -> None:
        if not 2 <= settings.games <= MAX_GAMES or settings.games % 2:
            msg = f"games of a matchup must be an even number from 2 to {MAX_GAMES}, not "
            raise SettingError(msg + str(settings.games))
        self.game, self.entrants, self.settings = game, list(entrants), settings
        self.folder = folder
        plan = {} if folder is None else _read_plan(folder / PLAN_FILE)
        plies = settings.opening_plies
        self.openings = _openings(
            game, settings, plan.get("opening_plies") if plies is None else plies
        )
        self._plan = self._checked(plan)
        self.games: dict[tuple[tuple[str, str], int], LeagueGame] = {}
        if folder is not None:
            for one in read_games(folder / GAMES_FILE, game.name):
                self.games.setdefault(one.key, one)

    def _checked(self, old: dict[str, Any]) -> dict[str, JSON]:
        """Return the plan to save, which must agree with a saved one."""
        fixed: dict[str, JSON] = {
            "format": FORMAT,
            "game": self.game.name,
            "seed": self.settings.seed,
            "opening_plies": int(self.openings.moves.shape[1]),
        }
        for name, value in fixed.items():
            if old and old[name] != value:
                msg = (
                    f"{self.folder} holds a league with {name} {old[name]}, not {value}; "
                    "choose another folder, or resume with the same"
                )
                raise SettingError(msg)
        files = dict(old.get("files", {}))
        for entrant in self.entrants:
            if entrant.digest and files.setdefault(entrant.name, entrant.digest) != entrant.digest:
                msg = (
                    f"{entrant.word} has changed since it played in {self.folder}; "
                    "choose another folder, or another name for the file"
                )
                raise SettingError(msg)
        return {**fixed, "files": files}

    @property
    def names(self) -> list[str]:
        """The names of the entrants."""
        return [entrant.name for entrant in self.entrants]

    def pairs(self) -> list[tuple[Entrant, Entrant]]:
        """Return who meets."""
        if self.settings.gauntlet:
            return [(self.entrants[0], other) for other in self.entrants[1:]]
        return list(combinations(self.entrants, 2))

    def wanted(self) -> list[tuple[tuple[str, str], int]]:
        """Return the keys of all games of the plan."""
        return [key for batch in self._batches() for key in batch.keys]

    def missing(self) -> list[Batch]:
        """Return the batches in which games are missing.

        The matchups take turns, so that an interrupted league has results for all players.
        """
        batches = [
            batch for batch in self._batches() if any(key not in self.games for key in batch.keys)
        ]
        return sorted(batches, key=lambda batch: batch.openings.start)

    def _batches(self) -> Iterator[Batch]:
        count = self.settings.games // 2
        for one, other in self.pairs():
            # The order of names does not matter: the same two players always make the same batch.
            pair = (one, other) if one.name <= other.name else (other, one)
            for start in range(0, count, BATCH):
                yield Batch(pair, range(start, min(start + BATCH, count)))

    def played(self) -> list[LeagueGame]:
        """Return the finished games of the plan, in the plan's order."""
        return [self.games[key] for key in self.wanted() if key in self.games]

    def prepare(self) -> None:
        """Make the folder, and write the plan to it.

        Raises:
            OutputError: this is not possible.
        """
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"cannot write {self.folder}: {error.strerror or error}"
            raise OutputError(msg) from error
        write_atomically(
            self.folder / PLAN_FILE, (json.dumps(self._plan, indent=1) + "\n").encode()
        )
        cut_last_line(self.folder / GAMES_FILE)

    def add(self, games: Sequence[LeagueGame]) -> int:
        """Store games that were missing, also on disk; return their number.

        Raises:
            OutputError: they cannot be written.
        """
        new = [game for game in games if game.key not in self.games]
        self.games.update({game.key: game for game in new})
        if self.folder is None:
            return len(new)
        text = "".join(json.dumps(_plain(game, self.game.name)) + "\n" for game in new)
        try:
            with (self.folder / GAMES_FILE).open("ab") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            msg = f"cannot write {self.folder / GAMES_FILE}: {error.strerror or error}"
            raise OutputError(msg) from error
        return len(new)


def _openings(game: Game, settings: LeagueSettings, plies: int | None) -> Openings:
    """Return the openings; a larger number begins with the same ones."""
    count = settings.games // 2
    if plies is None:
        plies = _even(game, count, settings.seed)
    if not 0 <= plies <= game.max_plies:
        msg = f"openings must have 0 to {game.max_plies} plies, not {plies}"
        raise SettingError(msg)
    return draw_openings(game, count, settings.seed, plies)


def _even(game: Game, count: int, seed: int) -> int:
    """Return the length of the shortest openings that yield enough, if possible an even one.

    After an odd number of plies, the first player would have made one more random move.
    """
    shortest = draw_openings(game, count, seed)
    plies = int(shortest.moves.shape[1])
    if plies % 2 == 0 or plies >= game.max_plies:
        return plies
    try:
        longer = draw_openings(game, count, seed, plies + 1)
    except SettingError:
        return plies
    return plies + 1 if len(longer) >= len(shortest) else plies


# ---- on disk ---------------------------------------------------------------------------------


def _plain(game: LeagueGame, name: str) -> dict[str, JSON]:
    """Return a game as a record for `play.records`, with the league's additions."""
    return {
        "format": FORMAT,
        "game": name,
        "goals": ["win", "win"],
        "players": list(game.players),
        "result": game.result,
        "opening": game.opening_plies,
        "moves": list(game.moves),
        "start": game.opening,
        "ms": list(game.ms),
    }


def read_games(path: Path, game: str) -> Iterator[LeagueGame]:
    """Yield the games of a file; an incomplete last line is ignored.

    Raises:
        SettingError: the file cannot be read, or another line is not a game of this kind.
    """
    try:
        lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or error}"
        raise SettingError(msg) from error
    for number, line in enumerate(lines[:-1], 1):
        try:
            yield _parsed(json.loads(line), game)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            msg = (
                f"line {number} of {path} is not a game of {game} ({error}); "
                "remove the line to play that game again"
            )
            raise SettingError(msg) from error


def _parsed(line: Any, game: str) -> LeagueGame:
    if line["game"] != game:
        msg = f"it is of {line['game']}"
        raise ValueError(msg)
    first, second = line["players"]
    mine, theirs = line["ms"]
    moves, result = tuple(line["moves"]), line["result"]
    numbers = (line["start"], line["opening"], result, *moves)
    if not all(isinstance(number, int) for number in numbers) or result not in (-1, 0, 1):
        msg = "a number is not whole, or the result is not 1, 0 or -1"
        raise ValueError(msg)
    return LeagueGame(
        players=(str(first), str(second)),
        opening=line["start"],
        opening_plies=line["opening"],
        moves=moves,
        result=result,
        ms=(float(mine), float(theirs)),
    )


def cut_last_line(path: Path) -> None:
    """Remove an incomplete line that a killed process left at the end of a file.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        content = path.read_bytes() if path.exists() else b""
        if content and not content.endswith(b"\n"):
            with path.open("rb+") as file:
                file.truncate(content.rfind(b"\n") + 1)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or error}"
        raise OutputError(msg) from error


def _read_plan(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        whole = all(isinstance(plan[name], int) for name in ("format", "seed", "opening_plies"))
        if not whole or not isinstance(plan["game"], str) or not isinstance(plan["files"], dict):
            msg = "a value has the wrong type"
            raise ValueError(msg)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or error}"
        raise SettingError(msg) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        msg = f"{path} is not the plan of a league ({error}); choose another folder"
        raise SettingError(msg) from error
    if plan["format"] > FORMAT:
        msg = f"{path} comes from a newer version of rlhf_agents"
        raise SettingError(msg)
    result: dict[str, Any] = plan
    return result
