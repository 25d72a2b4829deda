"""The results of a league: a table of its players, and a cross table."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.league import LeagueGame
from rlhf_agents.evaluation.ratings import SAMPLES, Ratings, Results, rate, warnings_of
from rlhf_agents.plots import Chart, available, html_table, league_picture, text_table
from rlhf_agents.words import league_names, readable_name

ANCHOR = "random"
"""The player whose rating is 0 if it takes part."""


@dataclass(frozen=True)
class Row:
    """A player of a league.

    Attributes:
        player: its name.
        elo: its rating; random play is 0 if it takes part, else the mean.
        low: the lower end of the 95 % interval, see `ratings.Ratings`.
        high: its upper end.
        superiority: how likely it is stronger than the next player in the table; None for the last.
        games: its number of games.
        wins: games won.
        draws: games drawn.
        losses: games lost.
        score: wins and half the draws per game, in [0, 1].
        score_first: the same in games in which it moved first; None if there are none.
        score_second: the same in the others.
        cpu_ms: CPU milliseconds per move.
    """

    player: str
    elo: float
    low: float
    high: float
    superiority: float | None
    games: int
    wins: int
    draws: int
    losses: int
    score: float
    score_first: float | None
    score_second: float | None
    cpu_ms: float


@dataclass(frozen=True)
class HeadToHead:
    """The results of a player against another.

    Attributes:
        player: its name.
        opponent: the other's.
        games: their number of games.
        wins: games won by the player.
        draws: games drawn.
        losses: games lost by the player.
        score: wins and half the draws per game, in [0, 1].
        expected: the score predicted by the ratings.
        superiority: how likely the player is the stronger of the two, in [0, 1].
        distinct: different games among them; fewer than games means repetitions.
    """

    player: str
    opponent: str
    games: int
    wins: int
    draws: int
    losses: int
    score: float
    expected: float
    superiority: float
    distinct: int


@dataclass(frozen=True, repr=False)
class Table:
    """The result of a league.

    Attributes:
        game: the name of the game.
        rows: the players, the strongest first.
        cells: of all pairs that met, in the order of the rows.
        anchored: random play is 0; otherwise the mean is.
        advantage: the value of the first move, in Elo.
        draws: share of draws between equals.
        games: number of games.
        distinct: different games among them.
        warnings: sentences that a reader should know.
    """

    game: str
    rows: tuple[Row, ...]
    cells: tuple[HeadToHead, ...]
    anchored: bool
    advantage: float
    draws: float
    games: int
    distinct: int
    warnings: tuple[str, ...]

    @property
    def said(self) -> dict[str, str]:
        """The readable names of the players, by their names."""
        return league_names([row.player for row in self.rows], self.game)

    @property
    def _title(self) -> str:
        return f"{readable_name(self.game)}: a league of {self.games} games"

    @property
    def _cells(self) -> list[list[str]]:
        said = self.said
        return [
            ["player", "Elo", "95 % interval", "games", "score", "CPU ms a move"],
            *(
                [
                    said[row.player],
                    f"{row.elo:.0f}",
                    f"{row.low:.0f} .. {row.high:.0f}",
                    str(row.games),
                    f"{row.score:.1%}",
                    f"{row.cpu_ms:.3g}",
                ]
                for row in self.rows
            ),
        ]

    def __repr__(self) -> str:
        return text_table(self._title, self._cells)

    def _repr_html_(self) -> str:
        return html_table(self._title, self._cells)

    def _repr_png_(self) -> bytes | None:
        return self.plot().png() if available() else None

    def plot(self, theme: str = "light") -> Chart:
        """Return a picture: the ladder, the cross table, strength and time.

        Raises:
            SettingError: matplotlib is missing, or there is no such theme.
        """
        return league_picture(self, theme)


def tabulate(
    game: str, names: Sequence[str], games: Sequence[LeagueGame], *, seed: int = 0
) -> Table:
    """Return the table of some games.

    Args:
        game: the name of the game.
        names: the players; those without a game are left out.
        games: their games.
        seed: of the bootstrap.

    Raises:
        SettingError: there is no game.
    """
    present = {name for one in games for name in one.players}
    names = [name for name in names if name in present]
    results = _results(names, games)
    anchor = names.index(ANCHOR) if ANCHOR in names else None
    ratings = rate(results, len(names), anchor=anchor, samples=SAMPLES, seed=seed)
    order = np.argsort(-ratings.elo, kind="stable").tolist()
    distinct = len({(one.players, one.moves) for one in games})
    said = league_names(names, game)
    warnings = warnings_of(ratings, [said[name] for name in names])
    if distinct < len(games):
        warnings.append(
            f"only {distinct} of {len(games)} games differ: more games need longer openings"
        )
    return Table(
        game=game,
        rows=_rows(names, games, results, ratings, order),
        cells=_cells(names, games, results, ratings, order),
        anchored=anchor is not None,
        advantage=ratings.advantage,
        draws=ratings.draws,
        games=len(games),
        distinct=distinct,
        warnings=tuple(warnings),
    )


def _results(names: Sequence[str], games: Sequence[LeagueGame]) -> Results:
    """Return games as arrays; openings are distinguished by their moves."""
    index = {name: player for player, name in enumerate(names)}
    openings: dict[tuple[int, ...], int] = {}
    return Results(
        first=np.array([index[one.players[0]] for one in games], np.int64),
        second=np.array([index[one.players[1]] for one in games], np.int64),
        result=np.array([one.result for one in games], np.int64),
        opening=np.array(
            [openings.setdefault(one.moves[: one.opening_plies], len(openings)) for one in games],
            np.int64,
        ),
    )


def _rows(
    names: Sequence[str],
    games: Sequence[LeagueGame],
    results: Results,
    ratings: Ratings,
    order: Sequence[int],
) -> tuple[Row, ...]:
    ms = np.array([one.ms for one in games])
    rows = []
    for place, player in enumerate(order):
        first, second = results.first == player, results.second == player
        own = np.concatenate([results.result[first], -results.result[second]])
        wins, draws, losses, score = _tally(own)
        after = order[place + 1] if place + 1 < len(order) else None
        rows.append(
            Row(
                player=names[player],
                elo=float(ratings.elo[player]),
                low=float(ratings.low[player]),
                high=float(ratings.high[player]),
                superiority=None if after is None else float(ratings.superiority[player, after]),
                games=len(own),
                wins=wins,
                draws=draws,
                losses=losses,
                score=score,
                score_first=_tally(results.result[first])[3] if first.any() else None,
                score_second=_tally(-results.result[second])[3] if second.any() else None,
                cpu_ms=float(np.concatenate([ms[first, 0], ms[second, 1]]).mean()),
            )
        )
    return tuple(rows)


def _cells(
    names: Sequence[str],
    games: Sequence[LeagueGame],
    results: Results,
    ratings: Ratings,
    order: Sequence[int],
) -> tuple[HeadToHead, ...]:
    cells = []
    for player in order:
        for other in order:
            first = (results.first == player) & (results.second == other)
            second = (results.second == player) & (results.first == other)
            own = np.concatenate([results.result[first], -results.result[second]])
            if len(own):
                rows = np.flatnonzero(first | second)
                wins, draws, losses, score = _tally(own)
                cell = HeadToHead(
                    player=names[player],
                    opponent=names[other],
                    games=len(own),
                    wins=wins,
                    draws=draws,
                    losses=losses,
                    score=score,
                    expected=float(ratings.expected[player, other]),
                    superiority=float(ratings.superiority[player, other]),
                    distinct=len({(games[row].players, games[row].moves) for row in rows.tolist()}),
                )
                cells.append(cell)
    return tuple(cells)


def _tally(own: NDArray[np.int64]) -> tuple[int, int, int, float]:
    """Return wins, draws, losses and the score of a player's results."""
    wins, draws, losses = (int((own == value).sum()) for value in (1, 0, -1))
    return wins, draws, losses, (wins + draws / 2) / max(len(own), 1)


def to_csv(records: Sequence[Row] | Sequence[HeadToHead]) -> str:
    """Return rows or cells as CSV with a header; numbers are rounded to four digits."""
    text = io.StringIO()
    kind = type(records[0])
    writer = csv.DictWriter(text, list(kind.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    for record in records:
        values = {name: getattr(record, name) for name in kind.__dataclass_fields__}
        writer.writerow(
            {
                name: round(value, 4) if isinstance(value, float) else value
                for name, value in values.items()
            }
        )
    return text.getvalue()


def read_rows(path: str | os.PathLike[str]) -> list[Row]:
    """Return the players in a file `ratings.csv` from `rlhf-arena --out`.

    Raises:
        SettingError: there is no such file, or it is not a table of ratings.
    """
    types = {name: kind.type for name, kind in Row.__dataclass_fields__.items()}
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            records = list(csv.DictReader(file))
        return [
            Row(**{name: _read(record[name], types[name]) for name in types}) for record in records
        ]
    except (KeyError, OSError, TypeError, ValueError) as error:
        msg = f"{path} is not a table of ratings: rlhf-arena --out DIR writes such files"
        raise SettingError(msg) from error


def _read(text: str, kind: object) -> Any:
    """Return a value of a column; `kind` is its annotation, a text in this module."""
    if kind == "str":
        return text
    if kind == "int":
        return int(text)
    return None if text == "" and "None" in str(kind) else float(text)
