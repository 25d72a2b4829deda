"""Choosing a move by clicking its cells, one after the other.

`BoardView.picked` holds the cells clicked so far as one number, see `code`.
"""

from __future__ import annotations

from collections.abc import Mapping

from rlhf_agents.play.board_cells import Cell

Paths = Mapping[int, tuple[Cell, ...]]
"""The cells of every legal action; none if it is a button."""


class Clicks:
    """The legal moves that begin with the cells clicked so far.

    Args:
        paths: of all legal actions.
        picked: the cells clicked so far.
    """

    def __init__(self, paths: Paths, picked: tuple[Cell, ...]) -> None:
        self.picked = (
            picked if any(path[: len(picked)] == picked for path in paths.values()) else ()
        )
        self.buttons = [action for action, path in paths.items() if not path]
        self.begun = {
            action: path[len(self.picked) :]
            for action, path in paths.items()
            if path and path[: len(self.picked)] == self.picked
        }
        self.firsts = {path[0] for path in paths.values() if path}

    @property
    def choices(self) -> list[int]:
        """The actions whose cells are all clicked: one of them must be chosen."""
        return [action for action, rest in self.begun.items() if not rest] if self.picked else []

    def nexts(self) -> dict[Cell, list[int]]:
        """Return the cells that can be clicked next, and the actions that go on with each."""
        cells: dict[Cell, list[int]] = {}
        for action, rest in self.begun.items():
            if rest:
                cells.setdefault(rest[0], []).append(action)
        return cells

    def action(self, cell: Cell) -> int | None:
        """Return the action that a click on a cell plays, None if it does not decide."""
        actions = self.nexts().get(cell, [])
        return actions[0] if len(actions) == 1 and len(self.begun[actions[0]]) == 1 else None


def code(cells: tuple[Cell, ...], shape: tuple[int, int]) -> int:
    """Return clicked cells as a number: of one cell row * W + column."""
    number, base = -1, (shape[0] + 2) * shape[1]
    for row, column in cells:
        number = (number + 1) * base + row * shape[1] + column
    return number


def decode(number: int | None, shape: tuple[int, int]) -> tuple[Cell, ...]:
    """Return the clicked cells behind a number, none of None."""
    base = (shape[0] + 2) * shape[1]
    cells: list[Cell] = []
    left = -1 if number is None else number
    while left >= 0:
        row, column = divmod(left % base, shape[1])
        cells.insert(0, (row, column))
        left = left // base - 1
    return tuple(cells)
