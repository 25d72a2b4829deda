"""Square boards of side 6 or 8 on one bitboard of 8 x 8, with the smaller one in the middle.

Bit = row * 8 + column of the bitboard, row 0 at the top. So a step is the same shift on both, a
turn by 180 degrees reverses the bits, and the cells around the smaller board stay empty.
"""

from __future__ import annotations

import numba
import numpy as np

from rlhf_games.compiled import inner, lowest_bit_index

STRIDE = 8
SMALL, LARGE = 6, 8
EMPTY = numba.uint64(0)
ONE = numba.uint64(1)
LARGE_BOARD = numba.uint64(0xFFFFFFFFFFFFFFFF)
SMALL_BOARD = numba.uint64(0x007E7E7E7E7E7E00)
LEFT_COLUMN = numba.uint64(0x0101010101010101)
RIGHT_COLUMN = numba.uint64(0x8080808080808080)

# For the smaller board; a look-up is faster than a division.
SMALL_BITS = np.array([(row + 1) * STRIDE + c + 1 for row in range(SMALL) for c in range(SMALL)])


@inner
def board_of(side: int) -> int:
    """Return the cells of the board."""
    return LARGE_BOARD if side == LARGE else SMALL_BOARD


@inner
def bit_of(side: int, cell: int) -> int:
    """Return the bit index of cell = row * side + column."""
    return cell if side == LARGE else SMALL_BITS[cell]


@inner
def cell_of(side: int, bit: int) -> int:
    """Return the cell of a bit index on the board."""
    if side == LARGE:
        return bit
    return bit - 2 * (bit // STRIDE) - SMALL - 1


@inner
def nth_bit(bits: int, n: int) -> int:
    """Return the index of the n-th lowest one bit, `0 <= n < count_bits(bits)`."""
    for _ in range(n):
        bits &= bits - ONE
    return lowest_bit_index(bits)


def column_letters(side: int) -> str:
    """Return the names of the columns from left to right."""
    return "abcdefgh"[:side]
