"""The cells of a board: their stones, the stone of a move, the winning line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.pictures import MisreadError, Reader, reader_of
from rlhf_agents.play.pictures.names import plain_name
from rlhf_games.base import Game, Outcome, States

Cell = tuple[int, int]
Path = tuple[Cell, Cell]
"""The origin and the target of a piece's move."""
Stones = NDArray[np.int8]

DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def has_board(game: Game) -> bool:
    """Return whether the planes are a board of stones; if not, `Game.text` shows positions."""
    _, rows, columns = game.observation_shape
    return game.visible_cells == rows * columns


def plays_columns(game: Game) -> bool:
    """Return whether an action is a column into which a stone falls."""
    return game.gravity and game.n_actions == game.observation_shape[2]


def plays_cells(game: Game) -> bool:
    """Return whether an action is a cell, row by row; one more action may be a pass."""
    _, rows, columns = game.observation_shape
    is_cell = rows * columns <= game.n_actions <= rows * columns + 1
    return has_board(game) and not game.gravity and is_cell


@lru_cache(maxsize=8)  # called whenever the mouse moves, always for the same names
def paths_of(names: tuple[str, ...], rows: int) -> tuple[Path, ...]:
    """Return the cells between which pieces move; empty unless all moves have names such as a2b3.

    Args:
        names: of all actions; row 1 is at the bottom of the board.
        rows: of the board.
    """
    found = [re.fullmatch(r"([a-z])(\d+)([a-z])(\d+)", name) for name in names]
    return tuple(
        ((rows - int(m[2]), ord(m[1]) - ord("a")), (rows - int(m[4]), ord(m[3]) - ord("a")))
        for m in found
        if m is not None and all(found)
    )


def shown_name(game: Game, state: States, action: int) -> str:
    """Return the name that a person reads for a move in a position uint64 `[W]`.

    In games without a board of stones, it may depend on the position, see `Game.label`, and is
    put in the convention of `pictures.names`.
    """
    if has_board(game):
        return game.names_of(int(game.mover(np.ascontiguousarray(state)[None])[0]))[action]
    label, reader = game.label(state, action), reader_of(game)
    return label if reader is None else plain_name(label, reader)


def line_labels(game: Game, state: States, line: Sequence[int]) -> list[str]:
    """Return the names that a person reads for a line of moves from a position uint64 `[W]`."""
    states = np.ascontiguousarray(state)[None]
    labels = []
    for action in line:
        labels.append(shown_name(game, states[0], action))
        states = game.step(states, np.array([action]))
    return labels


def stones_of(game: Game, state: States) -> Stones:
    """Return int8 `[H, W]`: 0 an empty cell, 1 a stone of the first player, 2 of the second.

    Args:
        game: the rules.
        state: uint64 `[W]`.

    Games that write their positions are read, if there is a reader that understands them.
    """
    written = None if has_board(game) else game.text(state)
    reader = None if written is None else reader_of(game)
    if written is not None and reader is not None:
        return read_stones(reader, written)
    states = np.ascontiguousarray(state)[None]
    planes = game.observe(states)[0] > 0.5
    mover = int(game.mover(states)[0])
    if game.turned and mover == 1:
        planes = planes[:, ::-1, ::-1]
    stones: Stones = (planes[mover] + 2 * planes[1 - mover]).astype(np.int8)
    return stones


@lru_cache(maxsize=512)  # the window asks for the same positions again and again
def read_stones(reader: Reader, text: str) -> Stones:
    """Return the stones that a reader sees in a text; none if it misreads it."""
    try:
        owners = reader.read(text).owners
    except MisreadError:
        return np.zeros(reader.shape, np.int8)
    return np.where(owners <= 2, owners, 0).astype(np.int8)


def placed_cell(before: Stones, after: Stones) -> Cell | None:
    """Return the cell that a move has filled, or None.

    Other stones may have changed their owner, or a piece may have captured another.
    """
    changed = (before != after) & (after > 0)
    fresh = changed & (before == 0)
    cells = np.argwhere(fresh if fresh.any() else changed)
    return (int(cells[0][0]), int(cells[0][1])) if len(cells) else None


def landing_cell(game: Game, stones: Stones, action: int) -> Cell | None:
    """Return the cell of the stone that an action places, or None if it is unknown."""
    if plays_columns(game):
        empty = np.flatnonzero(stones[:, action] == 0)
        return (int(empty[-1]), action) if len(empty) else None
    if plays_cells(game) and action < stones.size:
        row, column = divmod(action, stones.shape[1])
        return (row, column) if not stones[row, column] else None
    return None


def line_cells(game: Game, state: States, line: Sequence[int]) -> list[tuple[Cell | None, int]]:
    """Return for each move of a line the cell of its stone and the seat of its owner (0 or 1)."""
    states, stones = np.ascontiguousarray(state)[None], stones_of(game, state)
    cells: list[tuple[Cell | None, int]] = []
    for action in line:
        seat = int(game.mover(states)[0])
        states = game.step(states, np.array([action]))
        after = stones_of(game, states[0])
        cells.append((placed_cell(stones, after), seat))
        stones = after
    return cells


def winning_cells(game: Game, state: States, cell: Cell | None) -> set[Cell]:
    """Return the cells of all full lines through the last stone; empty if no player has won."""
    outcome = game.outcome(np.ascontiguousarray(state)[None])[0]
    if not game.lines_win or cell is None or outcome not in (Outcome.LOSS, Outcome.WIN):
        return set()
    stones = stones_of(game, state)
    cells: set[Cell] = set()
    for step in DIRECTIONS:
        run = {cell, *_reach(stones, cell, step), *_reach(stones, cell, (-step[0], -step[1]))}
        if len(run) >= game.line_length:
            cells |= run
    return cells


def _reach(stones: Stones, cell: Cell, step: Cell) -> list[Cell]:
    """Return the cells next to `cell` in a direction that hold the same stone."""
    reached = []
    row, column = cell[0] + step[0], cell[1] + step[1]
    while 0 <= row < stones.shape[0] and 0 <= column < stones.shape[1]:
        if stones[row, column] != stones[cell]:
            break
        reached.append((row, column))
        row, column = row + step[0], column + step[1]
    return reached
