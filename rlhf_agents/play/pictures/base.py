"""Positions that games write as text, read back: who has what on which cell, and what to click.

A `Reader` understands the texts of one kind of game. Every board has cells `(row, column)` in a
lattice, whatever it looks like: hexagons, pits and the edges between dots are cells, too. A hand
is a row below the lattice.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Cell = tuple[int, int]
Stones = NDArray[np.int8]

NEUTRAL = 3
"""The owner of what belongs to no player, such as a wall."""


class MisreadError(ValueError):
    """A text is not one that the reader understands."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A position.

    Attributes:
        owners: int8 `[H, W]`: 0 an empty cell, 1 the first player, 2 the second, or `NEUTRAL`.
        symbols: the characters of occupied cells, numbers of seeds, and the pieces in hands.
        links: pairs of cells that are connected, and the seat of the owner.
        notes: other facts by name, such as the number of walls left.
    """

    owners: Stones
    symbols: Mapping[Cell, str]
    links: tuple[tuple[Cell, Cell, int], ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """A move of a random game.

    Attributes:
        before: the text of the position before it.
        labels: of all legal moves, or at least of this one.
        action: the move.
        seat: of the player who moved.
        after: the text of the position after it.
    """

    before: str
    labels: dict[int, str]
    action: int
    seat: int
    after: str


class Reader(Hashable, Protocol):
    """Reads the positions and the moves of one game."""

    @property
    def style(self) -> str:
        """The kind of board: "chess", "go", ..."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """The rows and the columns of the lattice."""
        ...

    def read(self, text: str) -> Picture:
        """Return the position that a text shows.

        Raises:
            MisreadError: it is not a text of this game.
        """
        ...

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the cells to click for a legal move, in order; none if it is a button."""
        ...

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether a move of a seat leads from one picture to the other."""
        ...

    def learn(self, moves: Sequence[Move]) -> bool:
        """Learn whose the characters are from random moves; return False if that fails.

        Raises:
            MisreadError: a text is not one of this game.
        """
        ...

    def cells(self) -> tuple[Cell, ...]:
        """Return the cells that exist: a board may not fill its lattice."""
        ...


def changed_cells(before: Stones, after: Stones) -> list[Cell]:
    """Return the cells whose owner has changed."""
    return [(int(row), int(column)) for row, column in np.argwhere(before != after)]


def explains_stones(
    before: Picture, path: tuple[Cell, ...], after: Picture, seat: int, *, spare: int = 0
) -> bool:
    """Return whether a move puts a stone of `seat` where its path ends.

    Others may be captured, but new ones appear nowhere else. A stone that is placed, not moved,
    may turn others.

    Args:
        before: the position before the move.
        path: the cells of the move: a target, perhaps after an origin.
        after: the position after it.
        seat: of the player who moved.
        spare: how many more cells may be filled (a castled rook).
    """
    if not path:
        return not changed_cells(before.owners, after.owners)
    target, mine = path[-1], seat + 1
    landed = after.owners[target] in (mine, NEUTRAL)
    if len(path) == 1:
        landed = landed and before.owners[target] == 0
    elif path[0][0] < len(before.owners):
        left = before.owners[path[0]] == mine and after.owners[path[0]] != mine
        landed = landed and bool(left)
    filled = (before.owners == 0) & (after.owners != 0)
    others = int(filled.sum()) - int(filled[target])
    turned = (before.owners != after.owners) & (before.owners != 0) & (after.owners != 0)
    turned[target] = False
    return bool(landed) and others <= spare and not (len(path) > 1 and turned.any())
