"""Boards of hexagons: hex, Y, havannah, and the star of Chinese checkers.

Rows are written with spaces between the cells; the column of the text at which a cell stands says
where it lies, so that neighbours in a row are two columns apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from rlhf_agents.play.pictures.base import (
    Cell,
    MisreadError,
    Move,
    Picture,
    explains_stones,
)

CELL = re.compile(r"[.@OXxo\d]")
NAMED = re.compile(r"([a-z])(\d+)")
STEPS = re.compile(r"(\d+)(?:->|=>)(\d+)")


@dataclass(eq=False)
class HexReader:
    """Reads boards of hexagons.

    Args:
        style: see `Reader`.
        places: for each line of the text that is a row, the columns of its cells.
        top: the first of these lines.
        sheared: whether letters name the diagonals of the lower half, too.
        owners: the seats of characters.
    """

    style: str
    places: tuple[tuple[int, ...], ...]
    top: int
    sheared: bool
    owners: dict[str, int] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """The rows and the most columns."""
        return len(self.places), max(len(row) for row in self.places)

    @property
    def middle(self) -> int:
        """The row from which on letters name diagonals, if they do."""
        return (len(self.places) - 1) // 2

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells, row by row, see `Reader`."""
        return tuple((r, c) for r, row in enumerate(self.places) for c in range(len(row)))

    def learn(self, moves: Sequence[Move]) -> bool:
        """Learn whose the characters are, see `Reader`."""
        for move in moves:
            path = self.path(move.labels[move.action], move.action, move.seat, self._nothing())
            if not path:
                continue
            character = self._characters(move.after).get(path[-1], ".")
            if character == "." or self.owners.setdefault(character, move.seat) != move.seat:
                return False
        return len(set(self.owners.values())) == 2

    def _nothing(self) -> Picture:
        return Picture(np.zeros(self.shape, np.int8), {})

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        owners = np.zeros(self.shape, np.int8)
        symbols = {}
        for cell, character in self._characters(text).items():
            if character != ".":
                if character not in self.owners:
                    msg = f"the owner of {character!r} is unknown"
                    raise MisreadError(msg)
                owners[cell] = self.owners[character] + 1
                symbols[cell] = character
        return Picture(owners, symbols)

    def _characters(self, text: str) -> dict[Cell, str]:
        lines = text.split("\n")[self.top : self.top + len(self.places)]
        found = {}
        for row, columns in enumerate(self.places):
            line = lines[row] if row < len(lines) else ""
            if _places(line, numbered=self.style != "star") != columns:
                msg = "a row does not have its cells where it had them"
                raise MisreadError(msg)
            found.update({(row, i): line[place] for i, place in enumerate(columns)})
        return found

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cells of a move, see `Reader`."""
        del action, seat, picture
        if found := STEPS.fullmatch(label):
            cells = self.cells()
            first, last = int(found[1]), int(found[2])
            return (cells[first], cells[last]) if max(first, last) < len(cells) else ()
        if found := NAMED.fullmatch(label):
            row, letter = int(found[2]) - 1, ord(found[1]) - ord("a")
            return ((row, letter - max(0, row - self.middle) * self.sheared),)
        return ()

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether a move leads from one picture to the other, see `Reader`."""
        return explains_stones(before, path, after, seat)


def _places(line: str, *, numbered: bool) -> tuple[int, ...]:
    """Return the columns of the cells of a line; none if it is not a row."""
    number = re.match(r"\s*\d+(?=[ \[])", line) if numbered else None
    start = number.end() if number else 0
    rest = re.sub(r"[\[\]]", " ", line[start:])
    if number:  # a letter that names a column may follow
        rest = re.sub(r"\s+[a-z]\s*$", lambda name: " " * len(name[0]), rest)
    if not re.fullmatch(r"\s*[.@OXxo\d](?: [.@OXxo\d])*\s*", rest):
        return ()
    return tuple(start + found.start() for found in CELL.finditer(rest))


def hex_readers(text: str, labels: tuple[str, ...], n_actions: int) -> Iterator[HexReader]:
    """Yield readers that may fit, see `squares_readers`."""
    del n_actions
    star = all(STEPS.fullmatch(label) for label in labels)
    if not star and not all(NAMED.fullmatch(label) for label in labels):
        return
    places = [_places(line, numbered=not star) for line in text.split("\n")]
    top = next((i for i, row in enumerate(places) if row), len(places))
    count = next((i for i, row in enumerate(places[top:]) if not row), len(places) - top)
    rows = tuple(places[top : top + count])
    if count < 3 or len({row[0] for row in rows[:2]}) < 2:
        return  # rows that begin below each other are squares
    growing = [len(row) for row in rows]
    kind = "hex" if len(set(growing)) == 1 else "y" if growing[-1] == 1 else "havannah"
    for sheared in (False, True):
        yield HexReader("star" if star else kind, rows, top, sheared)
