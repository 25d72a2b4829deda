"""Rounding with error feedback: what one weight loses, others make good.

Inputs of a layer depend on each other, and so do the effects of its outputs, so that others can
undo an error in one weight. Within a row, every weight takes over what those rounded before it lost
(nearest-plane rounding, Babai 1986; for networks OBQ and GPTQ, Frantar et al., arXiv 2210.17323).
Rows of the table are rounded again and again, given all the others (coordinate descent). A number
is chosen for its error and for the bits that it takes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.bots.exports.grid import Floats, Grid, Whole
from rlhf_agents.bots.exports.packing import classes_of, number_classes
from rlhf_agents.bots.exports.range_coding import CLASSES, ESCAPE, MOST
from rlhf_games.compiled import Real, compiled_fast, inner_fast

RIDGE = 0.03
"""Added to a metric's diagonal, in means of it."""
PRICE = 0.1
"""Of a bit, in squares of the step: the slope of error over bits (Gish & Pierce 1968)."""
RARE_BITS = 12.0
ESCAPE_BITS = 32.0
PRIOR = 0.02
"""Added to histograms, as a share of their total."""

Doubles = NDArray[np.float64]


class Prices(NamedTuple):
    """What numbers cost.

    Attributes:
        rows: int64 `[N]`, classes.
        columns: int64 `[M]`, what is added to them.
        bits: float32 `[CLASSES, ESCAPE + 1]`, by class and symbol, times the price of a bit.
    """

    rows: Whole
    columns: Whole
    bits: Floats


class Metric(NamedTuple):
    """How much errors of a matrix `[N, M]` matter.

    Attributes:
        rows: float32 `[N]`, how much a row counts.
        columns: float32 `[M, M]`, the lower Cholesky factor of the metric within a row.
    """

    rows: Floats
    columns: Floats


def triangle(metric: Doubles) -> Floats:
    """Return the lower Cholesky factor float32 of a metric `[M, M]`."""
    ridge = RIDGE * max(float(metric.diagonal().mean()), 1e-12)
    return np.linalg.cholesky(metric + ridge * np.eye(len(metric))).astype(np.float32)


def nearest(matrix: Floats, grid: Grid) -> Grid:
    """Return a matrix on the steps of a grid, each weight rounded by itself."""
    steps = grid.rows[:, None] * column_steps(grid)
    return Grid(np.rint(matrix / steps).astype(np.int64), grid.rows, grid.columns)


def column_steps(grid: Grid) -> Floats:
    """Return the steps of columns, float32 `[M]`."""
    return np.ldexp(np.float32(1), grid.columns.astype(np.int32))


def prices(codes: Whole, price: float) -> Prices:
    """Return what numbers cost that are distributed like these `[N, M]`."""
    rows, columns = classes_of(codes)
    rows = np.maximum(rows, 1)
    symbols = np.where(np.abs(codes) > MOST, ESCAPE, codes + MOST)
    places = number_classes(rows, columns).astype(np.int64) * (ESCAPE + 1) + symbols
    counts = np.bincount(places.ravel(), minlength=CLASSES * (ESCAPE + 1)).astype(np.float64)
    counts = counts.reshape(CLASSES, -1)
    total = counts.sum(axis=1, keepdims=True)
    counts += np.maximum(PRIOR * total, 1e-9) / counts.shape[1]
    bits = np.minimum(-np.log2(counts / counts.sum(axis=1, keepdims=True)), RARE_BITS)
    bits[:, ESCAPE] += ESCAPE_BITS
    priced = (price * bits).astype(np.float32)
    return Prices(rows.astype(np.int64), columns.astype(np.int64), priced)


def round_rows(matrix: Floats, grid: Grid, metric: Metric, price: float) -> Grid:
    """Return a matrix `[N, M]` on the steps of a grid; its rows do not depend on each other."""
    codes = nearest(matrix, grid).codes
    _round_rows(matrix, grid.rows, column_steps(grid), metric, prices(codes, price), codes)
    return Grid(codes, grid.rows, grid.columns)


@compiled_fast
def _round_rows(
    matrix: Floats, steps: Floats, columns: Floats, metric: Metric, cost: Prices, codes: Whole
) -> None:
    """Write the numbers of a matrix into `codes`."""
    wanted = np.empty(matrix.shape[1], np.float32)
    for row in range(matrix.shape[0]):
        wanted[:] = matrix[row]
        sizes = steps[row] * columns
        round_row(wanted, row, metric.rows[row], metric.columns, sizes, cost, codes[row])


@inner_fast
def round_row(
    wanted: Floats, row: int, weight: Real, factor: Floats, steps: Floats, cost: Prices, out: Whole
) -> None:
    """Choose the numbers of a row, the last first.

    Args:
        wanted: `[M]`, the values.
        row: of the matrix, for the classes of its numbers.
        weight: how much the row counts.
        factor: `[M, M]`, the lower triangle of the metric.
        steps: `[M]`.
        cost: of numbers.
        out: receives the numbers `[M]`.
    """
    target = wanted.copy()
    for column in range(len(wanted) - 1, -1, -1):
        step = steps[column]
        place = target[column] / step
        scale = weight * (factor[column, column] * step) ** 2
        kind = min(max(cost.rows[row] + cost.columns[column], 1), CLASSES - 1)
        low = int(np.floor(place))
        best = np.inf
        chosen = low
        # The two next to it, and the next one towards zero.
        for choice in range(3):
            number = low - 1 if choice == 2 and place > 0 else low + choice
            symbol = ESCAPE if abs(number) > MOST else number + MOST
            loss = scale * (place - number) ** 2 + cost.bits[kind, symbol]
            if loss < best:
                best = loss
                chosen = number
        out[column] = chosen
        lost = wanted[column] - chosen * step
        for before in range(column):
            target[before] += factor[column, before] * lost / factor[before, before]


class Occurrences(NamedTuple):
    """In which positions the rows of a table occur.

    Attributes:
        order: int64, the rows that occur, the rarest first.
        first: int64 `[R + 1]`, where a row's part of `positions` begins.
        positions: int32.
        weights: float32 `[B]`, how much positions count.
        doubt: how much an error counts that no position shows.
    """

    order: Whole
    first: Whole
    positions: NDArray[np.int32]
    weights: Floats
    doubt: float


@compiled_fast
def sweep(
    table: Floats,
    steps: Floats,
    columns: Floats,
    factor: Floats,
    where: Occurrences,
    cost: Prices,
    codes: Whole,
    missing: Floats,
) -> None:
    """Round every row of a table once more, given the errors of all the others.

    Args:
        table: float32 `[R, M]`.
        steps: of its rows.
        columns: steps of its columns.
        factor: `[M, M]`, the lower triangle of the metric.
        where: rows occur.
        cost: of numbers.
        codes: int64 `[R, M]`, updated.
        missing: float32 `[B, M]`, the errors of the sums of rows in positions, updated.
    """
    width = table.shape[1]
    wanted, error, rest = np.empty((3, width), np.float32)
    for row in where.order:
        weight = np.float32(0)
        rest[:] = 0
        for place in range(where.first[row], where.first[row + 1]):
            position = where.positions[place]
            share = where.weights[position]
            weight += share
            for column in range(width):
                rest[column] += share * missing[position, column]
        trust = np.float32(1 / (weight + where.doubt))
        for column in range(width):
            error[column] = table[row, column] - codes[row, column] * steps[row] * columns[column]
            wanted[column] = table[row, column] + (rest[column] - weight * error[column]) * trust
        round_row(wanted, row, weight + where.doubt, factor, steps[row] * columns, cost, codes[row])
        for column in range(width):
            now = table[row, column] - codes[row, column] * steps[row] * columns[column]
            error[column] = now - error[column]
        for place in range(where.first[row], where.first[row + 1]):
            position = where.positions[place]
            for column in range(width):
                missing[position, column] += error[column]
