"""Positions in Forsyth-Edwards notation: chess and its kin, and shogi with hands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from rlhf_agents.play.pictures.base import Cell, MisreadError, Picture
from rlhf_agents.play.pictures.squares import SquaresReader, find_block

FEN_END = re.compile(r"[wb] \S+ \S+ \d+ \d+")
SHOGI_END = re.compile(r"[wb] (\S+) \d+")
CASTLED = re.compile(r"(O-O)(-O)?[+#]?")
LANDED = re.compile(r".*?([a-h])([1-8])(?:=?[QRBNK])?[+#]?")
DROPPED = re.compile(r"([A-Z])[@*]([a-h1-9])([1-9a-i])[+#]?")
SHOGI_MOVE = re.compile(r"(\d)([a-i])(\d)([a-i])\+?")
HANDS = "PLNSGBRQ"
"""The order of the pieces in a hand, and so their columns."""


class FenReader(SquaresReader):
    """Reads chess positions whose moves are written in algebraic notation.

    The square that a piece leaves is in the number of the action, `square * planes + plane`.
    """

    planes = 73
    mirrored = True

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        if not FEN_END.fullmatch(text.rsplit("\n", maxsplit=1)[-1]):
            msg = "this is not a chess position"
            raise MisreadError(msg)
        return super().read(_without_pocket(text))

    def rows(self, text: str) -> list[str]:
        """Return the rows of a text, without the pieces in hand."""
        return super().rows(_without_pocket(text))

    def hands(self, text: str) -> dict[Cell, str]:
        """Return the pieces in hands by their cells below the board."""
        del text
        return {}

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cells of a move, see `Reader`."""
        if found := DROPPED.fullmatch(label):
            return _hand(found[1], seat, self.shape), self._square(found[2], found[3])
        if found := CASTLED.fullmatch(label):
            king = _cell_of("k" if seat else "K", picture)
            return king, (king[0], 2 if found[2] else 6)
        if found := LANDED.fullmatch(label):
            return self._origin(action, seat), self._square(found[1], found[2])
        return ()

    @property
    def royal(self) -> bool:
        """Whether there is check: not in antichess, where pawns may become kings."""
        return self.planes == 73

    def _origin(self, action: int, seat: int) -> Cell:
        column, rank = divmod(action // self.planes, 8)
        return (rank if seat and self.mirrored else 7 - rank), column


class PocketReader(FenReader):
    """Reads crazyhouse: captured pieces are in hands and are dropped again."""

    def hands(self, text: str) -> dict[Cell, str]:
        """Return the pieces in hands by their cells below the board."""
        found = re.search(r"\[(\w*)\]", text)
        return _hands(found[1] if found else "", self.shape)

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        picture = super().read(text)
        return Picture(picture.owners, {**picture.symbols, **self.hands(text)})


class ShogiReader(SquaresReader):
    """Reads shogi: "+P" is a promoted piece, and the hands stand behind the position."""

    def rows(self, text: str) -> list[str]:
        """Return the rows of a text; promoted pieces become other letters."""
        lines = text.split("\n")
        pieces = [re.findall(r"\+?[A-Za-z]|\.", line) for line in lines[: self.shape[0]]]
        rows = ["".join(_promoted(piece) for piece in row) for row in pieces]
        if not SHOGI_END.fullmatch(lines[-1]) or {len(row) for row in rows} != {self.shape[1]}:
            msg = "this is not a position of shogi"
            raise MisreadError(msg)
        return rows

    def hands(self, text: str) -> dict[Cell, str]:
        """Return the pieces in hands by their cells below the board."""
        found = SHOGI_END.fullmatch(text.rsplit("\n", maxsplit=1)[-1])
        held = "" if found is None or found[1] == "-" else found[1]
        spelled = re.sub(r"(\d+)(\w)", lambda many: int(many[1]) * many[2], held)
        return _hands(spelled, self.shape)

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cells of a move, see `Reader`."""
        del action, picture
        if found := DROPPED.fullmatch(label):
            return _hand(found[1], seat, self.shape), self._point(found[2], found[3])
        if found := SHOGI_MOVE.fullmatch(label):
            return self._point(found[1], found[2]), self._point(found[3], found[4])
        return ()

    def _point(self, file: str, rank: str) -> Cell:
        return ord(rank) - ord("a"), self.shape[1] - int(file)


def _cell_of(piece: str, picture: Picture) -> Cell:
    return next((cell for cell, symbol in picture.symbols.items() if symbol == piece), (-1, -1))


DIAGONAL = ((1, 1), (1, -1), (-1, 1), (-1, -1))
STRAIGHT = ((0, 1), (1, 0), (0, -1), (-1, 0))
JUMPS = tuple((r, c) for r in (-2, -1, 1, 2) for c in (-2, -1, 1, 2) if abs(r) != abs(c))


def checked_king(picture: Picture, seat: int) -> Cell | None:
    """Return the cell of a seat's only king if it is attacked in chess; the first moves upwards."""
    kings = [
        cell
        for cell, symbol in picture.symbols.items()
        if symbol in ("K", "k") and _owner(picture, cell) == seat + 1
    ]
    if len(kings) != 1:
        return None
    row, column = kings[0]
    enemy = 2 - seat

    def has(cell: Cell, pieces: str) -> bool:
        return _owner(picture, cell) == enemy and picture.symbols.get(cell, " ").lower() in pieces

    near = [(row + r, column + c) for r, c in JUMPS]
    ahead = row + (1 if seat else -1)
    hit = any(has(cell, "n") for cell in near)
    hit = hit or has((ahead, column - 1), "p") or has((ahead, column + 1), "p")
    for steps, pieces in ((DIAGONAL, "bq"), (STRAIGHT, "rq")):
        for step in steps:
            hit = hit or has((row + step[0], column + step[1]), "k")
            hit = hit or has(_first_piece(picture, kings[0], step), pieces)
    return kings[0] if hit else None


def _owner(picture: Picture, cell: Cell) -> int:
    rows, columns = picture.owners.shape
    inside = 0 <= cell[0] < rows and 0 <= cell[1] < columns
    return int(picture.owners[cell]) if inside else 0


def _first_piece(picture: Picture, start: Cell, step: Cell) -> Cell:
    """Return the first occupied cell in a direction, or one off the board."""
    rows, columns = picture.owners.shape
    row, column = start[0] + step[0], start[1] + step[1]
    while 0 <= row < rows and 0 <= column < columns and not picture.owners[row, column]:
        row, column = row + step[0], column + step[1]
    return row, column


PROMOTED = dict(zip("PLNSBR", "TUVWHD", strict=True))
"""Letters for promoted pieces: T tokin, H horse, D dragon, ..."""


def _promoted(piece: str) -> str:
    if len(piece) == 1:
        return piece
    letter = PROMOTED[piece[1].upper()]
    return letter if piece[1].isupper() else letter.lower()


def _without_pocket(text: str) -> str:
    return re.sub(r"\[\w*\]", "", text)


def _hand(piece: str, seat: int, shape: tuple[int, int]) -> Cell:
    return shape[0] + seat, HANDS.index(piece.upper())


def _hands(held: str, shape: tuple[int, int]) -> dict[Cell, str]:
    """Return pieces with their number, such as P2, by cells; capitals are the first player's."""
    cells = {}
    for piece in sorted(set(held)):
        count = held.count(piece)
        cell = _hand(piece, int(piece.islower()), shape)
        cells[cell] = piece + (str(count) if count > 1 else "")
    return cells


def fen_readers(text: str, labels: tuple[str, ...], n_actions: int) -> Iterator[SquaresReader]:
    """Yield readers that may fit, see `squares_readers`."""
    lines = text.split("\n")
    if SHOGI_END.fullmatch(lines[-1]) and any(SHOGI_MOVE.fullmatch(label) for label in labels):
        block = find_block("\n".join(lines[:-1]))
        if block is not None:
            reader = ShogiReader("shogi", (len(lines) - 1, len(lines[0])), block)
            yield reader
    block = find_block(_without_pocket(text))
    if block is None or not FEN_END.fullmatch(lines[-1]) or block.height != 8:
        return
    kind = PocketReader if "[" in text or n_actions > 4900 else FenReader
    for planes, mirrored in product((73, 76), (True, False)):
        fen = kind("chess", (8, 8), block)
        fen.planes, fen.mirrored = planes, mirrored
        yield fen
