"""Othello once more, by walking over the board: slow, batched by numpy, and nothing of the game's.

Boards are int8 `[B, side + 2, side + 2]` with an empty rim: 1 the mover's discs, -1 the other's.
"""

from __future__ import annotations

import numpy as np

STEPS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]


def start(count: int, side: int) -> np.ndarray:
    boards = np.zeros((count, side + 2, side + 2), np.int8)
    middle = side // 2
    boards[:, middle, middle + 1] = boards[:, middle + 1, middle] = 1
    boards[:, middle, middle] = boards[:, middle + 1, middle + 1] = -1
    return boards


def runs(boards: np.ndarray, row: int, column: int) -> list[tuple[tuple[int, int], np.ndarray]]:
    """For each direction, how many discs int64 `[B]` a disc at a cell would turn over."""
    side, found = boards.shape[1] - 2, []
    for down, right in STEPS:
        length = np.zeros(len(boards), np.int64)
        walking = boards[:, row, column] == 0
        for steps in range(1, side):
            r, c = row + steps * down, column + steps * right
            if not (1 <= r <= side and 1 <= c <= side):
                break
            length[walking & (boards[:, r, c] == 1)] = steps - 1
            walking = walking & (boards[:, r, c] == -1)
        found.append(((down, right), length))
    return found


def legal_cells(boards: np.ndarray) -> np.ndarray:
    """Where the mover can play, bool `[B, side * side]`."""
    side = boards.shape[1] - 2
    cells = [
        np.any([length > 0 for _, length in runs(boards, row, column)], axis=0)
        for row in range(1, side + 1)
        for column in range(1, side + 1)
    ]
    return np.stack(cells, axis=1)


def legal(boards: np.ndarray) -> np.ndarray:
    """bool `[B, side * side + 1]`; the last is to pass."""
    mine, theirs = legal_cells(boards), legal_cells(-boards)
    passing = ~mine.any(axis=1) & theirs.any(axis=1)
    return np.concatenate([mine, passing[:, None]], axis=1)


def play(boards: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """The boards after one legal action each, for the next mover."""
    side, after = boards.shape[1] - 2, boards.copy()
    for action in np.unique(actions[actions < side * side]):
        row, column = divmod(int(action), side)
        which = np.flatnonzero(actions == action)
        for (down, right), length in runs(boards[which], row + 1, column + 1):
            for steps in range(1, int(length.max()) + 1):
                turned = which[length >= steps]
                after[turned, row + 1 + steps * down, column + 1 + steps * right] = 1
        after[which, row + 1, column + 1] = 1
    return -after
