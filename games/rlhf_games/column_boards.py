"""Bitboards of Connect Four: constants, lines, threats; see its rules for the layout.

Smaller boards are the lower left corner of the largest.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_games.compiled import inner
from rlhf_games.solver_rules import NO, UNKNOWN

State = tuple[int, int]

HEIGHT, WIDTH = 6, 7
COLUMN_BITS = HEIGHT + 1
N_CELLS = HEIGHT * WIDTH

BOTTOM = numba.uint64(sum(1 << (COLUMN_BITS * column) for column in range(WIDTH)))
BOARD = numba.uint64(int(BOTTOM) * ((1 << HEIGHT) - 1))
PADDING = numba.uint64(int(BOTTOM) << HEIGHT)
LAST_COLUMN = numba.uint64(COLUMN_BITS * (WIDTH - 1))
ONE = numba.uint64(1)
EMPTY = numba.uint64(0)


def _tables() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the bits of cells = row * columns + column, and the boards, by columns and rows."""
    bits = np.zeros((WIDTH + 1, HEIGHT + 1, N_CELLS), np.uint64)
    boards = np.zeros((WIDTH + 1, HEIGHT + 1), np.uint64)
    for columns in range(WIDTH + 1):
        for rows in range(HEIGHT + 1):
            cells = [c * COLUMN_BITS + r for r in reversed(range(rows)) for c in range(columns)]
            bits[columns, rows, : len(cells)] = cells
            boards[columns, rows] = sum(1 << cell for cell in cells)
    return bits, boards


BITS, BOARDS = _tables()


VERTICAL, HORIZONTAL, DIAGONAL_UP, DIAGONAL_DOWN = 1, 7, 8, 6

# For the solver: one, two and three steps along a line, columns, rows counted from 1, and the order
# of the columns.
VERTICAL_BITS, HORIZONTAL_BITS, UP_BITS, DOWN_BITS = (
    (numba.uint64(step), numba.uint64(2 * step), numba.uint64(3 * step))
    for step in (VERTICAL, HORIZONTAL, DIAGONAL_UP, DIAGONAL_DOWN)
)
COLUMN = numba.uint64((1 << HEIGHT) - 1)
NARROW = numba.uint64((1 << COLUMN_BITS) - 1)
ODD_ROWS = numba.uint64(int(BOTTOM) * 0b010101)
EVEN_ROWS = numba.uint64(int(BOTTOM) * 0b101010)
MIRRORED_PLIES = 10
"""Up to this number of plies mirror images share proofs; later both rarely occur."""


@inner
def lines_of(stones: int, step: int) -> int:
    """Return a non-zero word iff `stones` hold four in a row `step` bits apart."""
    pairs = stones & (stones >> numba.uint64(step))
    return pairs & (pairs >> numba.uint64(2 * step))


@inner
def has_line(stones: int) -> bool:
    """Return whether `stones` hold four in a row in any direction."""
    return (
        lines_of(stones, VERTICAL)
        | lines_of(stones, HORIZONTAL)
        | lines_of(stones, DIAGONAL_UP)
        | lines_of(stones, DIAGONAL_DOWN)
    ) != EMPTY


@inner
def winning_cells(board: int, own: int, stones: int) -> int:
    """Return the empty cells, playable or not, that complete a line of the owner of `own`."""
    found = (own << VERTICAL_BITS[0]) & (own << VERTICAL_BITS[1]) & (own << VERTICAL_BITS[2])
    for steps in (HORIZONTAL_BITS, UP_BITS, DOWN_BITS):
        above = (own << steps[0]) & (own << steps[1])
        below = (own >> steps[0]) & (own >> steps[1])
        found |= above & ((own << steps[2]) | (own >> steps[0]))
        found |= below & ((own >> steps[2]) | (own << steps[0]))
    return found & (board ^ stones)


@inner
def safe_cells(board: int, state: State) -> int:
    """Return the playable cells after which the other player has no line at once."""
    mine, stones = state
    cells = (stones + BOTTOM) & board
    threats = winning_cells(board, mine ^ stones, stones)
    forced = cells & threats
    if forced != EMPTY:
        cells = forced if (forced & (forced - ONE)) == EMPTY else EMPTY
    return cells & ~(threats >> ONE)


@inner
def follow_up_answer(board: int, rows: int, state: State, question: int) -> int:
    """Return NO if answering in pairs of cells refutes the question, else UNKNOWN.

    With an even number of empty cells the other player can pair them: it answers on top of the
    mover's stone, and in columns with an odd number of empty cells by the landing cell of another
    such column. So the mover gets at most the lower cells of pairs (of six rows the 1st, 3rd and
    5th) and those landing cells; the other gets the rest of the upper cells for certain.
    """
    mine, stones = state
    lower = ODD_ROWS if rows % 2 == 0 else EVEN_ROWS
    empty = board ^ stones
    odd = (stones + BOTTOM) & board & ~lower
    if has_line(mine | (empty & lower) | odd):
        return UNKNOWN
    if question == 1:
        return NO
    return NO if has_line((mine ^ stones) | (empty & ~lower & ~odd)) else UNKNOWN


@inner
def mirrored(columns: int, stones: int) -> int:
    """Return stones with left and right exchanged."""
    turned = EMPTY
    for _ in range(columns):
        turned = (turned << numba.uint64(COLUMN_BITS)) | (stones & NARROW)
        stones >>= numba.uint64(COLUMN_BITS)
    return turned
