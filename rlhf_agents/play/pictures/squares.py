"""Boards that are written as rows of characters: most games on squares and on lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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

EMPTY = ".-+"
"""Characters of empty cells: if a board has several of these, the first."""
KINGS = ("K", "k")
LETTERS = "abcdefghijklmnopqrstuvwxyz"

PAIR = re.compile(r"([a-z])(\d+)[-x]?([a-z])(\d+)(?:=?[a-z]|[+*])?", re.IGNORECASE)
NUMBERS = re.compile(r"[A-Za-z]?\((\d+),(\d+)\)-\((\d+),(\d+)\)")
SQUARE = re.compile(r"(?:[a-z] )?([a-z])(\d+)", re.IGNORECASE)
PLACE = re.compile(r"(?:[xo]|[XO] (?:From|To|Shoot:) )?\(?(\d+), ?(\d+)\)?")
CURSOR = re.compile(r"Cursor: ([a-z])(\d+)")
COLUMN = re.compile(r"[xo](\d+)")


@dataclass(frozen=True)
class Block:
    """The lines of a text that are rows: `height` lines from line `top`."""

    top: int
    height: int

    def rows(self, text: str) -> tuple[list[str], bool]:
        """Return the rows, one character per cell, and whether the last of them is number 1.

        Raises:
            MisreadError: the lines are not rows of one length.
        """
        lines = text.split("\n")[self.top : self.top + self.height]
        if len(lines) < self.height:
            msg = "the text is too short"
            raise MisreadError(msg)
        lines, falling = _without_numbers(lines)
        rows = [line.strip(" ") for line in lines]
        if all(re.fullmatch(r"\S(?: \S)+", row) for row in rows):
            rows = [row.replace(" ", "") for row in rows]
        if len({len(row) for row in rows}) != 1 or any(" " in row for row in rows):
            msg = "the rows differ in length"
            raise MisreadError(msg)
        return rows, falling


def _without_numbers(lines: list[str]) -> tuple[list[str], bool]:
    """Return lines without the numbers of the rows, and whether these fall."""
    count = len(lines)
    for falling, numbers in ((True, range(count, 0, -1)), (False, range(1, count + 1))):
        pairs = list(zip(lines, map(str, numbers), strict=True))
        if all(line.lstrip().startswith(number) for line, number in pairs):
            bare = [line.lstrip()[len(number) :] for line, number in pairs]
            if all(line.rstrip().endswith(number) for line, number in pairs):
                bare = [
                    line.rstrip()[: -len(number)]
                    for line, (_, number) in zip(bare, pairs, strict=True)
                ]
            return bare, falling
    return lines, True


def find_block(text: str) -> Block | None:
    """Return the largest block of rows in a text, None if there is none."""
    lines, best = text.split("\n"), None
    for top in range(min(4, len(lines))):
        for height in range(len(lines) - top, 1, -1):
            block = Block(top, height)
            try:
                rows, _ = block.rows(text)
            except MisreadError:
                continue
            if len(rows[0]) > 1 and not any(_names_columns(row) for row in rows):
                best = block if best is None or height > best.height else best
                break
    return best


def _names_columns(row: str) -> bool:
    return len(row) > 2 and row.isalpha() and list(row) == sorted(set(row))


@dataclass(eq=False)
class SquaresReader:
    """Reads boards of squares.

    Args:
        style: see `Reader`.
        shape: see `Reader`.
        block: where the rows are.
        bottom_up: whether row 1 is the last.
        letters: the names of the columns.
        base: the number of the first row and column where moves are pairs of numbers.
        by_column: whether moves are columns into which a stone falls.
        empty: the character of empty cells.
        owners: the seats of characters, or `NEUTRAL - 1`.
        by_case: whether capital letters are one player's and small ones the other's.
        crowned: the characters that the first position does not have.
    """

    style: str
    shape: tuple[int, int]
    block: Block
    bottom_up: bool = True
    letters: str = LETTERS
    base: int = 0
    by_column: bool = False
    empty: str = "."
    owners: dict[str, int] = field(default_factory=dict)
    by_case: bool = False
    crowned: frozenset[str] = frozenset()

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells, see `Reader`."""
        return tuple(product(range(self.shape[0]), range(self.shape[1])))

    # ---- positions

    def rows(self, text: str) -> list[str]:
        """Return the rows of a text, one character per cell.

        Raises:
            MisreadError: it is not a text of this game.
        """
        rows, _ = self.block.rows(text)
        if (len(rows), len(rows[0])) != self.shape:
            msg = "the board has changed its size"
            raise MisreadError(msg)
        return rows

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        owners = np.zeros(self.shape, np.int8)
        symbols: dict[Cell, str] = {}
        for row, line in enumerate(self.rows(text)):
            for column, character in enumerate(line):
                if character != self.empty:
                    owners[row, column] = self._owner(character) + 1
                    symbols[row, column] = character
        return Picture(owners, symbols | self.hands(text), notes=self.notes(text))

    def hands(self, text: str) -> dict[Cell, str]:
        """Return the pieces in hands by their cells below the lattice."""
        del text
        return {}

    def notes(self, text: str) -> Mapping[str, str]:
        """Return other facts of a text."""
        del text
        return {}

    def _owner(self, character: str) -> int:
        if self.by_case and character.isalpha():
            character = "A" if character.isupper() else "a"
        if character not in self.owners:
            msg = f"the owner of {character!r} is unknown"
            raise MisreadError(msg)
        return self.owners[character]

    def learn(self, moves: Sequence[Move]) -> bool:
        """Learn whose the characters are, see `Reader`."""
        for move in moves:
            before, after = self.rows(move.before), self.rows(move.after)
            path = self.path(
                move.labels[move.action], move.action, move.seat, self._plain(before, move.before)
            )
            if not path:
                continue
            row, column = path[-1]
            if not (0 <= row < self.shape[0] and 0 <= column < self.shape[1]):
                return False
            character = after[row][column]
            if character == self.empty:
                if self.style != "amazons":
                    return False
            elif self.owners.setdefault(character, move.seat) != move.seat:
                self.owners[character] = NEUTRAL - 1
        self.crowned = frozenset(self.owners) - set("".join(self.rows(moves[0].before)))
        return self._both_play()

    def _plain(self, rows: list[str], text: str) -> Picture:
        """Return which cells are empty, before the owners are known."""
        full = [[int(character != self.empty) for character in row] for row in rows]
        symbols = {(r, c): rows[r][c] for r, c in self.cells() if rows[r][c] != self.empty}
        return Picture(np.array(full, np.int8), symbols, notes=self.notes(text))

    def _both_play(self) -> bool:
        """Return whether both players have characters; note whether their case tells whose."""
        mine, theirs = ("".join(c for c in self.owners if self.owners[c] == s) for s in (0, 1))
        for upper, lower, seat in ((mine, theirs, 0), (theirs, mine, 1)):
            if upper.isalpha() and upper.isupper() and lower.isalpha() and lower.islower():
                self.by_case = True
                self.owners |= {"A": seat, "a": 1 - seat}
        return bool(mine and theirs)

    # ---- moves

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cells of a move, see `Reader`."""
        del action, seat
        if found := PAIR.fullmatch(label):
            return self._square(found[1], found[2]), self._square(found[3], found[4])
        if found := NUMBERS.fullmatch(label):
            r0, c0, r1, c1 = (int(number) - self.base for number in found.groups())
            return (r0, c0), (r1, c1)
        if self.by_column and (found := COLUMN.fullmatch(label)):
            empty = np.flatnonzero(picture.owners[:, int(found[1])] == 0)
            return ((int(empty[-1]), int(found[1])),) if len(empty) else ()
        if found := SQUARE.fullmatch(label):
            return (self._square(found[1], found[2]),)
        if found := PLACE.fullmatch(label):
            return ((int(found[1]) - self.base, int(found[2]) - self.base),)
        return ()

    def _square(self, letter: str, number: str) -> Cell:
        row = self.shape[0] - int(number) if self.bottom_up else int(number) - 1
        return row, self.letters.find(letter.lower())

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether a move leads from one picture to the other, see `Reader`."""
        if self.style == "amazons":  # a step may lift an amazon
            return len(path) <= 1
        king = self.style == "chess" and before.symbols.get(path[0] if path else (-1, -1)) in KINGS
        castles = king and abs(path[0][1] - path[1][1]) == 2
        return explains_stones(before, path, after, seat, spare=int(castles))


def squares_readers(text: str, labels: tuple[str, ...], n_actions: int) -> Iterator[SquaresReader]:
    """Yield readers that may fit; their rows are numbered and their columns named differently."""
    del n_actions
    block = find_block(text)
    if block is None:
        return
    rows, falling = block.rows(text)
    shape = (len(rows), len(rows[0]))
    style = _style(rows, labels)
    by_column = all(COLUMN.fullmatch(label) for label in labels)
    empty = next((character for character in EMPTY if character in "".join(rows)), ".")
    without_i = LETTERS.replace("i", "")
    for base, letters, bottom_up in product((0, 1), (LETTERS, without_i), (falling, not falling)):
        kind = "go" if letters is without_i and style == "cells" else style
        reader = CursorReader if CURSOR.search(text) else SquaresReader
        yield reader(kind, shape, block, bottom_up, letters, base, by_column, empty)


@dataclass(eq=False)
class CursorReader(SquaresReader):
    """Reads boards with a cursor: a click on it puts a stone there, buttons move it."""

    def notes(self, text: str) -> Mapping[str, str]:
        """Return the name of the cursor's point."""
        found = CURSOR.search(text)
        return {"cursor": found[1] + found[2]} if found else {}

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the point of the cursor for a stone, none for its movements, see `Reader`."""
        here = picture.notes.get("cursor", "")
        return super().path(here, action, seat, picture) if label == "Place Stone" else ()


def _style(rows: list[str], labels: tuple[str, ...]) -> str:
    """Return the style of a board by its first position and its first moves."""
    characters = set("".join(rows)) - set(EMPTY)
    if {"k", "q", "r", "b", "n", "p"} <= {c.lower() for c in characters}:
        return "chess"
    if len(characters) > 8 and all(NUMBERS.fullmatch(label) for label in labels):
        return "xiangqi"
    if any(" From " in label for label in labels):
        return "amazons"
    if any(PAIR.fullmatch(label) for label in labels):
        return "pieces"
    if "+" in rows[0] or (len(rows) > 8 and all("," in label for label in labels)):
        return "go"
    return "cells"
