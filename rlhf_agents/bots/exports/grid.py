"""Weights on a grid: whole numbers times a step for each row and each column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.int8]
Floats = NDArray[np.float32]
Whole = NDArray[np.int64]

HALF = np.log2(1.25)
"""Steps are 1 or 1.5 times a power of two; this is where they meet, in binary logarithms."""
FRACTION = 40
"""Binary digits after the point of the numbers whose common divisor is a row's step."""


@dataclass(frozen=True)
class Grid:
    """A matrix `[N, M]`: `codes * rows[:, None] * columns`.

    Attributes:
        codes: int64 `[N, M]`.
        rows: float32 `[N]`, steps; small multiples of powers of two, so that sums of rows are
            exact in any order.
        columns: int8 `[M]`, binary logarithms of steps.
    """

    codes: Whole
    rows: Floats
    columns: Bytes

    def values(self) -> Floats:
        """Return the matrix float32."""
        values = self.codes * self.rows[:, None].astype(np.float64)
        return np.ldexp(values, self.columns.astype(np.int32)).astype(np.float32)


def grid_of(matrix: Floats) -> Grid:
    """Return the coarsest grid on which a matrix `[N, M]` lies exactly."""
    columns = _column_exponents(matrix)
    even = np.ldexp(matrix.astype(np.float64), FRACTION - columns)
    whole = np.rint(even).astype(np.int64)
    divisors = np.gcd.reduce(whole, axis=1)
    divisors[divisors == 0] = 1 << FRACTION
    powers = divisors & -divisors
    # A divisor's other factors are left to the codes: steps are 1 or 1.5 times powers of two.
    thirds = divisors // powers % 3 == 0
    steps = np.where(thirds, 3 * powers, powers)
    rows = np.ldexp(steps.astype(np.float32), -FRACTION)
    return Grid(whole // steps[:, None], rows, columns.astype(np.int8))


def _column_exponents(matrix: Floats) -> Whole:
    """Return int64 `[M]` by which powers of two the lowest digits of columns differ, usually."""
    mantissa, exponents = np.frexp(matrix)
    whole = np.ldexp(mantissa, 24).astype(np.int64)
    found = whole != 0
    lowest = exponents - 24 + np.rint(np.log2(np.maximum(whole & -whole, 1))).astype(np.int64)
    columns = np.zeros(matrix.shape[1], np.int64)
    first = found.sum(axis=0).argmax()
    for column in range(len(columns)):
        both = found[:, column] & found[:, first]
        apart = np.clip(lowest[both, column] - lowest[both, first], -8, 8)
        columns[column] = np.bincount(apart + 8, minlength=17).argmax() - 8 if both.any() else 0
    return columns


def steps_near(wanted: NDArray[np.floating]) -> Floats:
    """Return the steps of rows nearest to those wanted: 1 or 1.5 times powers of two."""
    logarithm = np.log2(np.maximum(wanted, 1e-12))
    whole = np.floor(logarithm + 1 - np.log2(1.75))
    rest = logarithm - whole
    steps = np.ldexp(np.where(rest > HALF, 1.5, 1.0), whole.astype(np.int32))
    return np.asarray(steps, np.float32)
