"""Boards drawn with lines: quoridor's walls, dots and boxes, nine men's morris."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from rlhf_agents.play.pictures.base import (
    NEUTRAL,
    Cell,
    MisreadError,
    Move,
    Picture,
    explains_stones,
)

WALLS_LEFT = re.compile(r"Board size: (\d+), walls: (\d+), (\d+)")
WALL = re.compile(r"([a-z])(\d+)([hv])?")
EDGE = re.compile(r"P([12])\(([hv]),(\d+),(\d+)\)")
POINT = re.compile(r"Point (\d+)|Capture (\d+)|Move (\d+) -> (\d+)")
MEN_LEFT = re.compile(r"Men to deploy: (\d+) (\d+)")
PAWNS = {"0": 0, "@": 1}
MORRIS_ROWS = 13
MORRIS_COLUMNS = (0, 2, 4, 7, 10, 12, 14)


@dataclass(eq=False)
class _WholeBoard:
    """What readers share whose boards have no missing cells."""

    shape: tuple[int, int]

    def learn(self, moves: Sequence[Move]) -> bool:
        """Return True: there is nothing to learn."""
        del moves
        return True

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells, see `Reader`."""
        return tuple(product(range(self.shape[0]), range(self.shape[1])))


@dataclass(eq=False)
class QuoridorReader(_WholeBoard):
    """Reads quoridor: pawns on even cells of the lattice, walls on the odd ones between.

    A wall covers three cells and is clicked at the middle one; the direction is chosen by clicking
    one of its ends.
    """

    style: str = "quoridor"

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        lines = text.split("\n")
        head = WALLS_LEFT.fullmatch(lines[0])
        if head is None or len(lines) < self.shape[0] + 3:
            msg = "this is not a board of quoridor"
            raise MisreadError(msg)
        owners = np.zeros(self.shape, np.int8)
        symbols = {}
        for row, column in self.cells():
            character = (lines[row + 2].ljust(3 + 2 * self.shape[1]))[3 + 2 * column]
            if character in PAWNS:
                owners[row, column], symbols[row, column] = PAWNS[character] + 1, character
        walls = _quoridor_walls([line.ljust(3 + 2 * self.shape[1]) for line in lines[2:]], self)
        for cell in walls:
            owners[cell], symbols[cell] = NEUTRAL, "#"
        if sorted(symbols[c] for c in symbols if owners[c] != NEUTRAL) != ["0", "@"]:
            msg = "there must be two pawns"
            raise MisreadError(msg)
        return Picture(owners, symbols, notes={"0": f"{head[2]} walls", "1": f"{head[3]} walls"})

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cells of a move, see `Reader`."""
        del action, seat, picture
        found = WALL.fullmatch(label)
        if found is None:
            return ()
        row, column = 2 * int(found[2]) - 2, 2 * (ord(found[1]) - ord("a"))
        if found[3] == "h":
            return ((row + 1, column), (row + 1, column + 2))
        if found[3] == "v":
            return ((row, column + 1), (row + 2, column + 1))
        return ((row, column),)

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether a move leads from one picture to the other, see `Reader`."""
        changed = before.owners != after.owners
        if len(path) == 2:
            (top, left), (bottom, right) = path
            fresh = after.owners[top : bottom + 1, left : right + 1] == NEUTRAL
            return bool(fresh.all()) and int(changed.sum()) == 3
        if not path:
            return not changed.any()
        return after.owners[path[0]] == seat + 1 and int(changed.sum()) == 2


def _quoridor_walls(lines: list[str], reader: QuoridorReader) -> list[Cell]:
    """Return the cells of the lattice that are walls."""
    rows, columns = reader.shape
    walls = []
    for row, column in product(range(rows), range(columns)):
        place = 3 + 2 * column
        if row % 2 == 0 and column % 2 == 1:
            character = lines[row][place]
            if character == "|":
                walls.append((row, column))
        elif row % 2 == 1 and column % 2 == 0:
            if lines[row][place - 1 : place + 2] == "---":
                walls.append((row, column))
        elif row % 2 == 1 and lines[row][place] == "+":
            walls.append((row, column))
    return walls


def quoridor_readers(
    text: str, labels: tuple[str, ...], n_actions: int
) -> Iterator[QuoridorReader]:
    """Yield readers that may fit, see `squares_readers`."""
    del labels, n_actions
    head = WALLS_LEFT.match(text)
    if head is not None:
        side = 2 * int(head[1]) - 1
        yield QuoridorReader((side, side))


@dataclass(eq=False)
class BoxesReader(_WholeBoard):
    """Reads dots and boxes: edges lie between even and odd cells, boxes on odd ones."""

    style: str = "boxes"

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        lines = text.split("\n")
        if len(lines) < self.shape[0] or {len(row) for row in lines[: self.shape[0]]} != {
            2 * self.shape[1] - 1
        }:
            msg = "this is not a board of dots and boxes"
            raise MisreadError(msg)
        owners = np.zeros(self.shape, np.int8)
        symbols = {}
        for row, column in self.cells():
            place, inside = 2 * column, (row % 2, column % 2)
            character = lines[row][place]
            if inside == (1, 1) and character in "12":
                owners[row, column], symbols[row, column] = int(character), character
            elif sum(inside) == 1 and character in "\u2500\u2502":
                owners[row, column], symbols[row, column] = NEUTRAL, character
        score = {str(seat): str(int((owners == seat + 1).sum())) for seat in (0, 1)}
        return Picture(owners, symbols, notes=score)

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cells of a move, see `Reader`."""
        del action, seat, picture
        found = EDGE.fullmatch(label)
        if found is None:
            return ()
        row, column = 2 * int(found[3]), 2 * int(found[4])
        return ((row, column + 1),) if found[2] == "h" else ((row + 1, column),)

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether a move leads from one picture to the other, see `Reader`."""
        changed = (before.owners != after.owners) | (before.owners != 0)
        changed &= before.owners != after.owners
        if not path:
            return not changed.any()
        boxes = changed[1::2, 1::2]
        mine = after.owners[1::2, 1::2][boxes] == seat + 1
        return bool(changed[path[0]]) and bool(mine.all()) and changed.sum() == 1 + boxes.sum()


def boxes_readers(text: str, labels: tuple[str, ...], n_actions: int) -> Iterator[BoxesReader]:
    """Yield readers that may fit, see `squares_readers`."""
    del n_actions
    lines = text.split("\n")
    if all(EDGE.fullmatch(label) for label in labels):
        yield BoxesReader((len(lines), (len(lines[0]) + 1) // 2))


@dataclass(eq=False)
class MorrisReader:
    """Reads nine men's morris, on a lattice of 7 x 7 cells of which 24 are points."""

    style: str = "morris"
    shape: tuple[int, int] = (7, 7)

    def learn(self, moves: Sequence[Move]) -> bool:
        """Return True: there is nothing to learn."""
        del moves
        return True

    def cells(self) -> tuple[Cell, ...]:
        """Return the 24 points, row by row, see `Reader`."""
        rows = ((0, 3, 6), (1, 3, 5), (2, 3, 4), (0, 1, 2, 4, 5, 6))
        above = [(r, c) for r, columns in enumerate(rows) for c in columns]
        return (*above, *((6 - r, c) for r in (2, 1, 0) for c in rows[r]))

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        lines = text.split("\n")
        left = MEN_LEFT.search(text)
        if len(lines) < MORRIS_ROWS or left is None:
            msg = "this is not a board of nine men's morris"
            raise MisreadError(msg)
        owners = np.zeros(self.shape, np.int8)
        symbols = {}
        for row, column in self.cells():
            character = lines[2 * row][MORRIS_COLUMNS[column]]
            if character not in ".WB":
                msg = f"{character!r} is not a man"
                raise MisreadError(msg)
            if character != ".":
                owners[row, column] = 1 + "WB".index(character)
                symbols[row, column] = character
        return Picture(
            owners, symbols, notes={"0": f"{left[1]} in hand", "1": f"{left[2]} in hand"}
        )

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cells of a move, see `Reader`."""
        del action, seat, picture
        found = POINT.fullmatch(label)
        if found is None:
            return ()
        points = self.cells()
        return tuple(points[int(number)] for number in found.groups() if number is not None)

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether a move leads from one picture to the other, see `Reader`."""
        if len(path) == 1 and before.owners[path[0]] == 2 - seat:  # a capture
            changed = before.owners != after.owners
            return int(changed.sum()) == 1 and after.owners[path[0]] == 0
        return explains_stones(before, path, after, seat)


def morris_readers(text: str, labels: tuple[str, ...], n_actions: int) -> Iterator[MorrisReader]:
    """Yield readers that may fit, see `squares_readers`."""
    del n_actions
    if MEN_LEFT.search(text) and all(POINT.fullmatch(label) for label in labels):
        yield MorrisReader()
