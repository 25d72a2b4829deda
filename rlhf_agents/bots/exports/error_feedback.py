"""Rounding with error feedback: what one weight loses, those rounded after it make good.

Inputs of a layer depend on each other, and so do its outputs' effects, so that an error in one
weight can be undone by others: nearest-plane rounding (Babai 1986), known for networks as OBQ and
GPTQ (Frantar et al., arXiv 2210.17323). The step of a weight is inverse to that part of its effect
that the weights rounded later cannot have.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.bots.exports.grid import Bytes, Floats, Grid, Whole
from rlhf_games.compiled import compiled_fast

BLOCK = 128
RIDGE = 0.03
"""Added to a metric's diagonal, in means of it."""

Doubles = NDArray[np.float64]


def triangle(metric: Doubles) -> Floats:
    """Return the lower Cholesky factor float32 of a metric `[N, N]`."""
    ridge = RIDGE * max(float(metric.diagonal().mean()), 1e-12)
    return np.linalg.cholesky(metric + ridge * np.eye(len(metric))).astype(np.float32)


def fed_back(
    matrix: Floats, rows: Floats, columns: Bytes, row_factor: Floats, column_factor: Floats
) -> Grid:
    """Round a matrix `[N, M]` to a grid, the last row and column first.

    The error that it makes small is the norm of `row_factor.T @ error @ column_factor`.

    Args:
        matrix: the weights.
        rows: float32 `[N]`, steps.
        columns: int8 `[M]`, binary logarithms of steps.
        row_factor: `[N, N]`, lower triangle; or `[N]` where rows do not depend on each other.
        column_factor: `[M, M]`, lower triangle.
    """
    codes = np.zeros(matrix.shape, np.int64)
    column_steps = np.ldexp(np.float32(1), columns.astype(np.int32))
    owed = np.zeros(matrix.shape, np.float32)
    apart = row_factor.ndim == 1
    for end in range(len(matrix), 0, -BLOCK):
        part = slice(max(0, end - BLOCK), end)
        factor = np.diag(row_factor[part]) if apart else row_factor[part, part]
        errors = np.zeros_like(matrix[part])
        _round_block(
            matrix[part],
            np.ascontiguousarray(factor),
            column_factor,
            rows[part],
            column_steps,
            owed[part],
            errors,
            codes[part],
        )
        if not apart:
            owed[: part.start] += row_factor[part, : part.start].T @ errors
    return Grid(codes, rows, columns)


@compiled_fast
def _round_block(
    matrix: Floats,
    row_factor: Floats,
    column_factor: Floats,
    row_steps: Floats,
    column_steps: Floats,
    owed: Floats,
    errors: Floats,
    codes: Whole,
) -> None:
    """Round some rows, given what is `owed` to them; write their errors and codes."""
    count, width = matrix.shape
    wanted, target = np.empty((2, width), np.float32)
    for row in range(count - 1, -1, -1):
        for later in range(row + 1, count):
            for column in range(width):
                owed[row, column] += row_factor[later, row] * errors[later, column]
        for column in range(width):
            wanted[column] = matrix[row, column] + owed[row, column] / row_factor[row, row]
            target[column] = wanted[column]
        for column in range(width - 1, -1, -1):
            step = row_steps[row] * column_steps[column]
            code = np.rint(target[column] / step)
            codes[row, column] = int(code)
            errors[row, column] = matrix[row, column] - code * step
            lost = wanted[column] - code * step
            for before in range(column):
                target[before] += (
                    column_factor[column, before] * lost / column_factor[before, before]
                )
