"""Hive: the game is written as its moves, each next to a piece that lies there already."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rlhf_agents.play.pictures.base import Cell, MisreadError, Move, Picture

HEAD = re.compile(r"Base\S*;\w+;(?:White|Black)\[\d+\];")
MOVED = re.compile(r"([wb][A-Z]\d?)(?: ([-/\\]?)([wb][A-Z]\d?)([-/\\]?))?")
SIDES = {
    ("", "-"): (0, 2),
    ("-", ""): (0, -2),
    ("", "/"): (-1, 1),
    ("\\", ""): (-1, -1),
    ("/", ""): (1, -1),
    ("", "\\"): (1, 1),
    ("", ""): (0, 0),
}
"""Rows down and half cells to the right, by the marks before and behind the other piece."""
PIECES = ("Q", "A1", "A2", "A3", "B1", "B2", "G1", "G2", "G3", "S1", "S2", "L", "M", "P")
"""The columns of a hand."""
MIDDLE = 28
SHAPE = (2 * MIDDLE + 1, 4 * MIDDLE + 1)


@dataclass(eq=False)
class HiveReader:
    """Reads hive: two columns of the lattice are one cell, so that rows can be half a cell apart.

    A symbol is the name of the highest piece of a stack; the notes say where every piece is.
    """

    style: str = "hive"
    shape: tuple[int, int] = SHAPE

    def learn(self, moves: Sequence[Move]) -> bool:
        """Return True: there is nothing to learn."""
        del moves
        return True

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells, see `Reader`."""
        rows, columns = self.shape
        return tuple((r, c) for r in range(rows) for c in range(columns) if (r + c) % 2 == 0)

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        head = HEAD.match(text)
        if head is None:
            msg = "this is not a game of hive"
            raise MisreadError(msg)
        stacks: dict[Cell, list[str]] = {}
        where: dict[str, Cell] = {}
        for move in filter(None, text[head.end() :].split(";")):
            if move == "pass":
                continue
            piece, cell = _landing(move, where)
            if piece in where:
                stacks[where[piece]].remove(piece)
            stacks.setdefault(cell, []).append(piece)
            where[piece] = cell
        owners = np.zeros(self.shape, np.int8)
        symbols = {}
        for cell, stack in stacks.items():
            if stack:
                owners[cell] = 1 + "wb".index(stack[-1][0])
                symbols[cell] = stack[-1][1:]
        for seat, colour in enumerate("wb"):
            held = (piece for piece in PIECES if colour + piece not in where)
            symbols |= {(self.shape[0] + seat, PIECES.index(piece)): piece for piece in held}
        notes = {piece: f"{cell[0]},{cell[1]}" for piece, cell in where.items()}
        return Picture(owners, symbols, notes=notes)

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the place of the piece, perhaps in the hand, and where it goes."""
        del action
        where = {
            piece: (int(row), int(column))
            for piece, (row, _, column) in (
                (piece, place.partition(",")) for piece, place in picture.notes.items()
            )
        }
        try:
            piece, cell = _landing(label, where)
        except MisreadError:
            return ()
        hand = (self.shape[0] + seat, PIECES.index(piece[1:])) if piece[1:] in PIECES else cell
        return where.get(piece, hand), cell

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether a piece has gone from one cell to another, see `Reader`."""
        if not path:
            return before.symbols == after.symbols
        origin, target = path
        changed = {
            cell
            for cell in {*before.symbols, *after.symbols}
            if before.symbols.get(cell) != after.symbols.get(cell)
        }
        held = origin[0] >= self.shape[0]
        owner = seat + 1 if held else before.owners[origin]  # a pillbug moves the other's, too
        moved = after.symbols.get(target) == before.symbols.get(origin)
        return moved and bool(after.owners[target] == owner) and changed <= {origin, target}


def _landing(move: str, where: dict[str, Cell]) -> tuple[str, Cell]:
    """Return the piece of a move and where it goes.

    Raises:
        MisreadError: it is not a move, or lies next to no known piece.
    """
    found = MOVED.fullmatch(move)
    if found is None or (found[3] is None and where):
        msg = f"{move!r} is not a move"
        raise MisreadError(msg)
    if found[3] is None:
        return found[1], (MIDDLE, 2 * MIDDLE)
    if found[3] not in where or (found[2], found[4]) not in SIDES:
        msg = f"{move!r} lies nowhere"
        raise MisreadError(msg)
    row, column = where[found[3]]
    down, across = SIDES[found[2], found[4]]
    return found[1], (row + down, column + across)


def hive_readers(text: str, labels: tuple[str, ...], n_actions: int) -> Iterator[HiveReader]:
    """Yield readers that may fit, see `squares_readers`."""
    del labels, n_actions
    if HEAD.match(text):
        yield HiveReader()
