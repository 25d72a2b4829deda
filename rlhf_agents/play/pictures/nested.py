"""Boards with parts: ultimate tic-tac-toe, pentago; and twixt with its links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from rlhf_agents.play.pictures.base import (
    Cell,
    MisreadError,
    Move,
    Picture,
    Stones,
    changed_cells,
    explains_stones,
)

LOCAL = re.compile(r"Local board (\d): [xo]\((\d),(\d)\)")
CHOSEN = re.compile(r"Choose local board (\d)")
FORCED = re.compile(r"Forced board: (\d|any)")
TURNED = re.compile(r"([a-f])(\d)([s-z])")
PEG = re.compile(r"[xo]([a-z])(\d+)")
COLOURS = re.compile("\x1b" + r"\[\d*m")
TWIXT_ROW = re.compile(r"\s*\d+ ")
LINKS: dict[Cell, tuple[tuple[int, int, str], ...]] = {
    (1, 2): ((0, 1, "_"), (1, 2, "\\"), (1, 3, "_"), (2, 4, "\\"), (2, 5, "_")),
    (2, 1): ((1, 0, "|"), (2, 1, "\\"), (3, 1, "|"), (4, 2, "\\"), (5, 3, "|")),
    (1, -2): ((0, -1, "_"), (1, -3, "_"), (1, -2, "/"), (2, -5, "_"), (2, -4, "/")),
    (2, -1): ((1, 0, "|"), (2, -1, "/"), (3, -1, "|"), (4, -2, "/"), (5, -3, "|")),
}
"""By the step between two pegs: the characters of their link, from the place of the upper one."""


@dataclass(eq=False)
class UltimateReader:
    """Reads ultimate tic-tac-toe: nine boards in one lattice of 9 x 9."""

    style: str = "ultimate"
    shape: tuple[int, int] = (9, 9)

    def learn(self, moves: Sequence[Move]) -> bool:
        """Return True: there is nothing to learn."""
        del moves
        return True

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells, see `Reader`."""
        return tuple(product(range(9), range(9)))

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        rows = [line.replace(" ", "") for line in text.split("\n")[:11] if line]
        forced = FORCED.search(text)
        if len(rows) != 9 or any(not re.fullmatch(r"[.xo]{9}", row) for row in rows):
            msg = "these are not nine boards"
            raise MisreadError(msg)
        owners = np.array([[".xo".index(c) for c in row] for row in rows], np.int8)
        symbols = {(r, c): rows[r][c] for r, c in self.cells() if rows[r][c] != "."}
        return Picture(owners, symbols, notes={"forced": forced[1] if forced else ""})

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cell of a move, the middle of a chosen board, see `Reader`."""
        del action, seat, picture
        if found := CHOSEN.fullmatch(label):
            row, column = divmod(int(found[1]), 3)
            return ((3 * row + 1, 3 * column + 1),)
        if found := LOCAL.fullmatch(label):
            row, column = divmod(int(found[1]), 3)
            return ((3 * row + int(found[2]), 3 * column + int(found[3])),)
        return ()

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether a move leads from one picture to the other, see `Reader`."""
        changed = changed_cells(before.owners, after.owners)
        if before.notes["forced"] == "any" or not path:
            return not changed
        return changed == [path[0]] and after.owners[path[0]] == seat + 1


def ultimate_readers(
    text: str, labels: tuple[str, ...], n_actions: int
) -> Iterator[UltimateReader]:
    """Yield readers that may fit, see `squares_readers`."""
    del n_actions
    if FORCED.search(text) and all(CHOSEN.fullmatch(label) for label in labels):
        yield UltimateReader()


@dataclass(eq=False)
class PentagoReader:
    """Reads pentago: a stone, then a quarter of the board that is turned."""

    style: str = "pentago"
    shape: tuple[int, int] = (6, 6)
    bottom_up: bool = False

    def learn(self, moves: Sequence[Move]) -> bool:
        """Return True: there is nothing to learn."""
        del moves
        return True

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells, see `Reader`."""
        return tuple(product(range(6), range(6)))

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        lines = text.split("\n")[2:8]
        rows = [line[4:16:2] for line in lines]
        if len(rows) != 6 or any(not re.fullmatch(r"[.@O]{6}", row) for row in rows):
            msg = "this is not a board of pentago"
            raise MisreadError(msg)
        owners = np.array([[".O@".index(c) for c in row] for row in rows], np.int8)
        symbols = {(r, c): rows[r][c] for r, c in self.cells() if rows[r][c] != "."}
        return Picture(owners, symbols)

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cell of the stone; the turn is chosen from a list, see `Reader`."""
        del action, seat, picture
        found = TURNED.fullmatch(label)
        return ((int(found[2]) - 1, ord(found[1]) - ord("a")),) if found else ()

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether a stone and one turn lead from one picture to the other."""
        placed = before.owners.copy()
        placed[path[0]] = seat + 1
        for row, column, turns in product((0, 3), (0, 3), (1, 3)):
            turned = placed.copy()
            part = turned[row : row + 3, column : column + 3]
            turned[row : row + 3, column : column + 3] = np.rot90(part, turns)
            if (turned == after.owners).all():
                return bool(before.owners[path[0]] == 0)
        return bool((placed == after.owners).all())  # the game may end before the turn


def pentago_readers(text: str, labels: tuple[str, ...], n_actions: int) -> Iterator[PentagoReader]:
    """Yield readers that may fit, see `squares_readers`."""
    del text, n_actions
    if all(TURNED.fullmatch(label) for label in labels):
        yield PentagoReader()


@dataclass(eq=False)
class TwixtReader:
    """Reads twixt: pegs, and the links that are drawn between them.

    Links may share a place of the text, so one of a link's characters may be another's.
    """

    shape: tuple[int, int]
    style: str = "twixt"
    bottom_up: bool = False

    def learn(self, moves: Sequence[Move]) -> bool:
        """Return True: there is nothing to learn."""
        del moves
        return True

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells but the corners, see `Reader`."""
        last = self.shape[0] - 1
        cells = product(range(self.shape[0]), range(self.shape[1]))
        return tuple(cell for cell in cells if not (cell[0] in (0, last) and cell[1] in (0, last)))

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        rows = [line for line in COLOURS.sub("", text).split("\n") if TWIXT_ROW.match(line)]
        if len(rows) != self.shape[0]:
            msg = "this is not a board of twixt"
            raise MisreadError(msg)
        owners = np.zeros(self.shape, np.int8)
        symbols = {}
        for row, column in self.cells():
            character = rows[row].ljust(6 + 3 * self.shape[1])[5 + 3 * column]
            if character not in ".xo":
                msg = f"{character!r} is not a peg"
                raise MisreadError(msg)
            if character != ".":
                owners[row, column], symbols[row, column] = 1 + "xo".index(character), character
        return Picture(owners, symbols, _links(COLOURS.sub("", text).split("\n"), owners))

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cell of a move, see `Reader`."""
        del action, seat, picture
        found = PEG.fullmatch(label)
        return ((int(found[2]) - 1, ord(found[1]) - ord("a")),) if found else ()

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether a move leads from one picture to the other, see `Reader`."""
        if path and before.owners[path[0]]:  # the second player takes the first peg over
            pegs = after.owners[after.owners > 0].tolist()
            return int((before.owners > 0).sum()) == 1 and pegs == [seat + 1]
        return explains_stones(before, path, after, seat)


def _links(lines: list[str], owners: Stones) -> tuple[tuple[Cell, Cell, int], ...]:
    """Return the pairs of pegs between which a link is drawn, and their seats."""
    tops = [number for number, line in enumerate(lines) if TWIXT_ROW.match(line)]
    links = []
    for row, column in np.argwhere(owners > 0).tolist():
        for (down, across), drawn in LINKS.items():
            other = (row + down, column + across)
            inside = other[0] < owners.shape[0] and 0 <= other[1] < owners.shape[1]
            if not inside or owners[other] != owners[row, column]:
                continue
            place = tops[row], 5 + 3 * column
            hits = [lines[place[0] + y][place[1] + x :][:1] == mark for y, x, mark in drawn]
            if sum(hits) >= len(hits) - 1:
                links.append(((row, column), other, int(owners[other]) - 1))
    return tuple(links)


def twixt_readers(text: str, labels: tuple[str, ...], n_actions: int) -> Iterator[TwixtReader]:
    """Yield readers that may fit, see `squares_readers`."""
    del n_actions
    rows = [line for line in COLOURS.sub("", text).split("\n") if TWIXT_ROW.match(line)]
    if "\x1b" in text and all(PEG.fullmatch(label) for label in labels):
        yield TwixtReader((len(rows), len(rows)))
