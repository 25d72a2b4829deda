"""Chess that begins from a position in Forsyth-Edwards notation (FEN)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rlhf_adapters.foreign_games.spiel_types import KeepsSpielStates
from rlhf_agents.errors import SettingError
from rlhf_games.base import Game

CHESS = "openspiel:chess"
RANK = re.compile(r"[pnbrqkPNBRQK1-8]+")
FEN_REST = re.compile(
    r"(?P<side>[wb]) (?P<castling>-|K?Q?k?q?) (?P<passant>-|[a-h][36])"
    r" (?P<half>\d{1,3}) (?P<number>\d{1,4})"
)
MISSING = ("w", "-", "-", "0", "1")
"""Defaults for the fields that a FEN leaves out."""
MOST_MEN = dict(zip("pnbrqPNBRQ", (8, 10, 10, 10, 9) * 2, strict=True))


class FinishedError(SettingError):
    """The game is over in a position, so no game can begin there."""


def from_fen(game: Game, fields: Sequence[str]) -> Game:
    """Return chess that begins from a position in Forsyth-Edwards notation.

    Args:
        game: chess; other games cannot begin from a FEN.
        fields: of the notation; missing ones after the board get defaults.

    Raises:
        FinishedError: the game is over in that position.
        SettingError: it is another game, or the position is impossible.
    """
    if game.name.partition("(")[0] != CHESS:
        msg = f"{game.title} cannot begin from a FEN, only from startpos"
        raise SettingError(msg)
    fen = " ".join([*fields, *MISSING[max(0, len(fields) - 1) :]])
    for mistake in _mistakes(fen):
        msg = f"{fen[:90]!r} is not a position of chess: {mistake}"
        raise SettingError(msg)
    return _starting_at(game, fen)


def _mistakes(fen: str) -> Iterator[str]:
    """Yield mistakes in a FEN, on which OpenSpiel would crash; only the first is certain."""
    board, _, rest = fen.partition(" ")
    ranks = board.split("/")
    if len(ranks) != 8 or not all(map(RANK.fullmatch, ranks)):
        yield "it needs eight ranks of pieces and numbers"
    squares = _squares(board)
    if any(len(rank) != 8 for rank in squares):
        yield "every rank needs eight squares"
    found = FEN_REST.fullmatch(rest)
    if found is None:
        yield "after the board come w or b, castling, en passant, and two numbers"
        return
    if board.count("k") != 1 or board.count("K") != 1:
        yield "each side needs one king"
    if re.search("[pP]", ranks[0] + ranks[7]):
        yield "no pawn may stand on the first or the last rank"
    if any(board.count(man) > most for man, most in MOST_MEN.items()):
        yield "a side has too many pieces"
    yield from _wrong_castling(squares, found["castling"])
    yield from _wrong_passant(squares, found["passant"], found["side"])


def _squares(board: str) -> list[str]:
    """Return the ranks 8 to 1, a dot for an empty square."""
    return re.sub(r"\d", lambda empty: "." * int(empty[0]), board).split("/")


def _wrong_castling(squares: list[str], castling: str) -> Iterator[str]:
    homes = {"K": (7, 7, "R"), "Q": (7, 0, "R"), "k": (0, 7, "r"), "q": (0, 0, "r")}
    for right in castling.strip("-"):
        rank, file, rook = homes[right]
        king = "K" if right.isupper() else "k"
        if squares[rank][file] != rook or squares[rank][4] != king:
            yield f"castling {right} needs king and rook at home"


def _wrong_passant(squares: list[str], passant: str, side: str) -> Iterator[str]:
    if passant == "-":
        return
    file = "abcdefgh".index(passant[0])
    number, skipped, landed, pawn = ("6", 2, 3, "p") if side == "w" else ("3", 5, 4, "P")
    if passant[1] != number or squares[skipped][file] != "." or squares[landed][file] != pawn:
        yield f"there is no pawn to capture on {passant}"


def _square_of(man: str, fen: str) -> str:
    """Return the name of the square of a unique piece."""
    rows = _squares(fen.split(maxsplit=1)[0])
    rank = next(place for place, row in enumerate(rows) if man in row)
    return f"{'abcdefgh'[rows[rank].index(man)]}{8 - rank}"


def _starting_at(game: Game, fen: str) -> Game:
    from pyspiel import SpielError, chess  # noqa: PLC0415 - OpenSpiel is there, as it made the game

    assert isinstance(game, KeepsSpielStates)
    theirs = game.foreign(game.initial(1)[0]).get_game()
    try:
        start = theirs.new_initial_state(fen)
        playable = not start.is_terminal() and start.legal_actions()
    except SpielError as error:
        msg = f"{fen!r} is not a playable chess position"
        raise SettingError(msg) from error
    side, enemy = ("w", "k") if fen.split()[1] == "w" else ("b", "K")
    position: Any = start  # only chess states have a board
    targets = [chess.action_to_move(a, position.board()).to_lan()[2:4] for a in playable or ()]
    if _square_of(enemy, fen) in targets:
        msg = f"{fen!r} is not a position of chess: {side} is to move and could take the king"
        raise SettingError(msg)
    if not playable:
        msg = f"the game is over in {fen!r}"
        raise FinishedError(msg)
    return game.starting_at(start)
