"""Boards of heaps: the pits of mancala and oware, the piles of nim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rlhf_agents.play.pictures.base import Cell, MisreadError, Move, Picture

MANCALA = re.compile(r"((?:-\d+)+)-\n(\d+)-+(\d+)\n((?:-\d+)+)-\n[\s\S]*")
OWARE = re.compile(
    r"[\s\S]*?Player 1 score = (\d+).*\n[ a-z]+\n([ \d]+)\n([ \d]+)\n[ A-Z]+\n"
    r"Player 0 score = (\d+)[\s\S]*"
)
PILES = re.compile(r"\([01]\): (\d+(?: \d+)*)")
TAKEN = re.compile(r"pile:(\d+), take:(\d+);?")


@dataclass(eq=False)
class PitsReader:
    """Reads pits in two rows, the second player's above, with a store at each side.

    The stores are the first and the last column of the lattice: on the left the second player's.
    """

    shape: tuple[int, int]
    form: re.Pattern[str]
    style: str = "pits"

    def learn(self, moves: Sequence[Move]) -> bool:
        """Return True: there is nothing to learn."""
        del moves
        return True

    def cells(self) -> tuple[Cell, ...]:
        """Return the pits, and the stores in the row of their player, see `Reader`."""
        last = self.shape[1] - 1
        pits = [(row, column) for row in (0, 1) for column in range(1, last)]
        return (*pits, (0, 0), (1, last))

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        found = self.form.fullmatch(text)
        if found is None:
            msg = "this is not a board of pits"
            raise MisreadError(msg)
        above, below, stores = _pit_numbers(self.form, found)
        if len(above) != self.shape[1] - 2 or len(below) != len(above):
            msg = "the number of pits has changed"
            raise MisreadError(msg)
        symbols = {(0, 0): stores[1], (1, self.shape[1] - 1): stores[0]}
        symbols |= {(0, i + 1): number for i, number in enumerate(above)}
        symbols |= {(1, i + 1): number for i, number in enumerate(below)}
        owners = np.zeros(self.shape, np.int8)
        owners[0], owners[1] = 2, 1
        owners[0, -1] = owners[1, 0] = 0
        return Picture(owners, symbols)

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the pit of a move, see `Reader`."""
        del picture
        count = self.shape[1] - 2
        if self.form is OWARE and label.isalpha() and len(label) == 1:
            place = ord(label.lower()) - ord("a")
            return ((0, count - place),) if seat else ((1, 1 + place),)
        if label.isdecimal() and self.form is MANCALA:
            if 1 <= action <= count:
                return ((1, action),)
            return ((0, 2 * count + 2 - action),)
        return ()

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether the seeds are sown; pits may be captured at the end, see `Reader`."""
        wanted = {cell: int(count) for cell, count in before.symbols.items()}
        found = {cell: int(count) for cell, count in after.symbols.items()}
        if path:
            self._sow(wanted, path[0], seat)
        stores = ((0, 0), (1, self.shape[1] - 1))
        pits = [cell for cell in wanted if cell not in stores]
        kept = all(found[cell] in (wanted[cell], 0) for cell in pits)
        won = all(found[store] >= wanted[store] for store in stores)
        return kept and won and sum(found.values()) == sum(wanted.values())

    def _sow(self, seeds: dict[Cell, int], pit: Cell, seat: int) -> None:
        """Sow the seeds of a pit counter-clockwise, in mancala into the own store, too."""
        count = self.shape[1] - 2
        loop = [(1, column) for column in range(1, count + 1)]
        loop += [(1, count + 1)] if self.form is MANCALA and seat == 0 else []
        loop += [(0, column) for column in range(count, 0, -1)]
        loop += [(0, 0)] if self.form is MANCALA and seat == 1 else []
        held, seeds[pit], place = seeds[pit], 0, loop.index(pit)
        while held:
            place = (place + 1) % len(loop)
            if self.form is OWARE and loop[place] == pit:
                continue  # the pit itself stays empty
            seeds[loop[place]] += 1
            held -= 1


def _pit_numbers(
    form: re.Pattern[str], found: re.Match[str]
) -> tuple[list[str], list[str], tuple[str, str]]:
    """Return the upper pits, the lower pits, and the stores of the first and second player."""
    if form is OWARE:
        return found[2].split(), found[3].split(), (found[4], found[1])
    above, below = (found[i].strip("-").split("-") for i in (1, 4))
    return above, below, (found[3], found[2])


def pits_readers(text: str, labels: tuple[str, ...], n_actions: int) -> Iterator[PitsReader]:
    """Yield readers that may fit, see `squares_readers`."""
    del labels, n_actions
    for form in (MANCALA, OWARE):
        if found := form.fullmatch(text):
            above, _, _ = _pit_numbers(form, found)
            yield PitsReader((2, len(above) + 2), form)


@dataclass(eq=False)
class NimReader:
    """Reads piles: the objects of a pile stand in a column; all from the clicked one are taken."""

    shape: tuple[int, int]
    style: str = "nim"

    def learn(self, moves: Sequence[Move]) -> bool:
        """Return True: there is nothing to learn."""
        del moves
        return True

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells, see `Reader`."""
        return tuple((r, c) for r in range(self.shape[0]) for c in range(self.shape[1]))

    def read(self, text: str) -> Picture:
        """Return the position of a text, see `Reader`."""
        found = PILES.fullmatch(text)
        piles = [int(number) for number in found[1].split()] if found else []
        if len(piles) != self.shape[0] or max(piles) > self.shape[1]:
            msg = "these are not the piles"
            raise MisreadError(msg)
        owners = np.zeros(self.shape, np.int8)
        symbols = {(row, i): "|" for row, pile in enumerate(piles) for i in range(pile)}
        for cell in symbols:
            owners[cell] = 3
        return Picture(owners, symbols)

    def path(self, label: str, action: int, seat: int, picture: Picture) -> tuple[Cell, ...]:
        """Return the last object of a pile that stays or is taken, see `Reader`."""
        del action, seat
        found = TAKEN.fullmatch(label)
        if found is None:
            return ()
        row = int(found[1]) - 1
        held = int((picture.owners[row] > 0).sum()) if row < self.shape[0] else 0
        return ((row, held - int(found[2])),)

    def explains(self, before: Picture, path: tuple[Cell, ...], after: Picture, seat: int) -> bool:
        """Return whether only the end of a pile is gone, see `Reader`."""
        del seat
        wanted = before.owners.copy()
        if path:
            wanted[path[0][0], path[0][1] :] = 0
        return bool((wanted == after.owners).all())


def nim_readers(text: str, labels: tuple[str, ...], n_actions: int) -> Iterator[NimReader]:
    """Yield readers that may fit, see `squares_readers`."""
    del n_actions
    found = PILES.fullmatch(text)
    if found and all(TAKEN.fullmatch(label) for label in labels):
        piles = [int(number) for number in found[1].split()]
        yield NimReader((len(piles), max(piles)))
