"""SGF, FF[4]: games in which stones are placed on the points of a board.

The first player is black. `RU` holds the name of the game, as SGF has numbers (`GM`) for some games
only: Go and Othello have their own; games won by a line of stones use Gomoku's, whose boards are
similar. The main line is read; variations, comments and markup are skipped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import rlhf_games
from rlhf_agents.errors import SettingError
from rlhf_agents.play.board_cells import plays_cells, plays_columns
from rlhf_agents.play.records.record import SHOWN, GameRecord, Replay, check_game_name, replay
from rlhf_games.base import Game

GO, OTHELLO, GOMOKU = 1, 2, 4
GO_NAMES = "openspiel:go"
COLOURS = ("B", "W")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
PASSES_AS_TT = 19
"""The largest board on which `tt` is also a pass."""
SETUP = ("AB", "AW", "AE", "PL")
OPENING = "opening: "

Node = dict[str, list[str]]

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<node>;)|(?P<name>[A-Za-z]+)"
    r"|\[(?P<value>(?:\\.|[^\]\\])*)\]",
    re.DOTALL,
)


@dataclass(frozen=True)
class Points:
    """The points of a game's board.

    Attributes:
        kind: SGF's number of the game.
        columns: of the board.
        rows: of the board.
        falls: an action is a column, and the stone falls in it.
        upwards: actions count the rows from the bottom.
    """

    kind: int
    columns: int
    rows: int
    falls: bool = False
    upwards: bool = False

    def write(self, action: int, heights: list[int]) -> str:
        """Return the point of an action, "" if it is a pass.

        Args:
            action: the action.
            heights: of the columns, in stones; used where stones fall.
        """
        if self.falls:
            column, row = action, self.rows - 1 - heights[action]
        elif action == self.columns * self.rows:
            return ""
        else:
            row, column = divmod(action, self.columns)
            row = self.rows - 1 - row if self.upwards else row
        return LETTERS[column] + LETTERS[row]

    def read(self, point: str, heights: list[int]) -> int | None:
        """Return the action of a point, None if there is no such point."""
        if point == "" or (point == "tt" and max(self.columns, self.rows) <= PASSES_AS_TT):
            return None if self.falls else self.columns * self.rows
        column, row = (LETTERS.find(letter) for letter in point) if len(point) == 2 else (-1, -1)
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return None
        if self.falls:
            return column if row == self.rows - 1 - heights[column] else None
        return (self.rows - 1 - row if self.upwards else row) * self.columns + column

    @property
    def size(self) -> str:
        """The board's size, in the form of the property `SZ`."""
        return str(self.columns) if self.columns == self.rows else f"{self.columns}:{self.rows}"


def points_of(game: Game) -> Points:
    """Return the points of a game's board.

    Raises:
        SettingError: its moves do not place stones on a board.
    """
    if game.name.partition("(")[0] == GO_NAMES:
        side = math.isqrt(game.n_actions)
        return Points(GO, side, side, upwards=True)
    _, rows, columns = game.observation_shape
    kind = OTHELLO if game.name.startswith("othello") else GOMOKU
    if plays_columns(game):
        return Points(kind, columns, rows, falls=True)
    if plays_cells(game):
        return Points(kind, columns, rows)
    msg = f"SGF is for games that place stones, which {game.title} does not; use pgn, txt or json"
    raise SettingError(msg)


# ---- reading ---------------------------------------------------------------------------------


def read(text: str, game: Game) -> Iterator[GameRecord]:
    """Yield the games of a text.

    Raises:
        SettingError: something is not SGF, or not a legal game on the board of this game.
    """
    points = points_of(game)
    for nodes in _main_lines(text):
        root = nodes[0]
        _check_root(root, game, points)
        played, heights = Replay(game), [0] * points.columns
        for node in nodes:
            _play_node(node, played, points, heights)
        opening = _text(root, "ON").removeprefix(OPENING)
        yield played.record(
            players=[_text(root, name) for name in ("PB", "PW")],
            result=_result(_text(root, "RE")),
            opening=int(opening) if re.fullmatch(r"[0-9]{1,6}", opening) else 0,
            date=_text(root, "DT"),
        )


def _check_root(root: Node, game: Game, points: Points) -> None:
    if _text(root, "RU") in rlhf_games.names():
        check_game_name(game, _text(root, "RU"))
    kind, size = _text(root, "GM") or str(GO), _text(root, "SZ") or "19"
    if kind.strip() != str(points.kind):
        msg = f"it is of another game, GM[{kind[:SHOWN]}] instead of GM[{points.kind}]"
        raise SettingError(msg)
    if size.strip() not in (points.size, f"{points.columns}:{points.rows}"):
        msg = f"its board is SZ[{size[:SHOWN]}], but that of {game.name} is SZ[{points.size}]"
        raise SettingError(msg)


def _play_node(node: Node, played: Replay, points: Points, heights: list[int]) -> None:
    setup = [name for name in SETUP if name in node]
    if setup:
        msg = f"it sets up a position ({setup[0]}), which is not supported"
        raise SettingError(msg)
    for colour in COLOURS:
        for point in node.get(colour, []):
            action = points.read(point.strip(), heights)
            if COLOURS[played.seat] != colour and not played.pass_if_forced():
                raise played.illegal(f"{colour}[{point}]")
            if action is None:
                raise played.illegal(f"{colour}[{point}]")
            played.play(action, f"{colour}[{point}]")
            if points.falls:
                heights[action] += 1


def _main_lines(text: str) -> Iterator[list[Node]]:
    """Yield the nodes of the main line of every game."""
    nodes: list[Node] = []
    name = ""
    for kind, word in _main_tokens(text):
        if kind == "node":
            nodes.append({})
            continue
        if not nodes:
            msg = "it is not SGF: a game without a node"
            raise SettingError(msg)
        if kind == "close":
            yield nodes
            nodes = []
        elif kind == "name":
            name = "".join(letter for letter in word if letter.isupper())
            nodes[-1].setdefault(name, [])
        else:
            nodes[-1].setdefault(name, []).append(word)


def _main_tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield kind and content of the parts of main lines; "close" ends a game."""
    branches = [0]  # the number of variations so far, at every depth
    skipped = 0  # the depth of the variation being skipped, 0 in the main line
    for kind, word in _tokens(text):
        depth = len(branches)
        if kind == "open":
            branches[-1] += 1
            if branches[-1] > 1 and depth > 1 and not skipped:
                skipped = depth
            branches.append(0)
        elif depth == 1:
            msg = f"it is not SGF: {word[:SHOWN]!r} is outside a game"
            raise SettingError(msg)
        elif kind == "close":
            branches.pop()
            skipped = 0 if skipped == depth - 1 else skipped
            if depth == 2:
                yield kind, word
        elif not skipped:
            yield kind, word
    if len(branches) > 1 or branches[0] == 0:
        msg = "it is not SGF: it ends too early"
        raise SettingError(msg)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            msg = f"it is not SGF from {text[at : at + SHOWN]!r} on"
            raise SettingError(msg)
        kind = str(found.lastgroup)
        if kind != "space":
            yield kind, found[kind]
        at = found.end()


def _text(node: Node, name: str) -> str:
    """Return a one-line text property, "" if there is none."""
    written = next(iter(node.get(name, [])), "")
    return " ".join(re.sub(r"\\(\n|.)", r"\1", written, flags=re.DOTALL).split())


def _result(text: str) -> int | None:
    """Return the first player's result from `RE`."""
    return {"B": 1, "W": -1, "0": 0, "D": 0}.get(text[:1].upper())


# ---- writing ---------------------------------------------------------------------------------


def write(records: Sequence[GameRecord], game: Game) -> str:
    """Return records as a text: a collection.

    Raises:
        SettingError: SGF does not support the game, or a move is not legal.
    """
    points = points_of(game)
    return "".join(_game(record, game, points) for record in records)


def _game(record: GameRecord, game: Game, points: Points) -> str:
    result = record.result
    properties = {
        "FF": "4",
        "CA": "UTF-8",
        "GM": str(points.kind),
        "SZ": points.size,
        "AP": "rlhf_agents",
        "RU": game.name,
        "PB": record.players[0],
        "PW": record.players[1],
        "DT": record.date[:10],
        "RE": "?" if result is None else ("W+", "0", "B+")[result + 1],
        "ON": f"{OPENING}{record.opening}" if record.opening else "",
    }
    head = "".join(f"{name}[{_escaped(value)}]" for name, value in properties.items() if value)
    replayed, heights, lines = Replay(game), [0] * points.columns, [""]
    replay(game, record)
    for move in record.moves:
        node = f";{COLOURS[replayed.seat]}[{points.write(move, heights)}]"
        if points.falls:
            heights[move] += 1
        replayed.play(move)
        lines[-1:] = [lines[-1] + node] if len(lines[-1]) < 66 else [lines[-1], node]
    return f"(;{head}\n" + "\n".join(lines) + ")\n"


def _escaped(value: str) -> str:
    return " ".join(value.split()).replace("\\", "\\\\").replace("]", "\\]")
