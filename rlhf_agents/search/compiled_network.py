"""The pattern network inside compiled code: one position at a time, no torch, no batch.

The weights are views of the torch parameters of `rlhf_agents.selfplay.networks.GoalQNetwork`, so
that a copy is never out of date. The arithmetic equals the torch module's to float32 rounding
(tested).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_games.base import CLOCK
from rlhf_games.compiled import Real, inner_fast, inner_fast_views
from rlhf_games.rules import Rules, State, fill_symbols, plies

NORM_EPSILON = 1e-5

Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]

N_SYMBOLS = 4
CLOCK_SYMBOLS = 4
"""The number of digits of the plies, to base 4 with the lowest first, that follow the cells."""


def line_windows(
    shape: tuple[int, int], length: int, visible_cells: int | None = None
) -> NDArray[np.int64]:
    """Return the cells of all straight lines of `length` on a board, int64 `[P, length]`.

    Lines through cells from `visible_cells` on (none by default) are left out.
    """
    height, width = shape
    directions = ((0, 1), (1, 0), (1, 1), (1, -1))
    lines = [
        [(row + k * down) * width + column + k * right for k in range(length)]
        for down, right in (directions if length > 1 else directions[:1])
        for row in range(height)
        for column in range(width)
        if 0 <= row + (length - 1) * down < height and 0 <= column + (length - 1) * right < width
    ]
    windows = np.array(lines, np.int64)
    return windows if visible_cells is None else windows[(windows < visible_cells).all(axis=1)]


def windows_of(
    shape: tuple[int, ...], length: int, visible_cells: int | None = None
) -> NDArray[np.int64]:
    """Return the windows of a network on observations `(planes, H, W)`, int64 `[P, length]`.

    They are all straight lines of visible cells and, if there is a clock, its highest digits.
    """
    planes, height, width = shape
    lines = line_windows((height, width), length, visible_cells)
    if planes <= CLOCK:
        return lines
    digits = [height * width + max(CLOCK_SYMBOLS - 1 - k, 0) for k in range(length)]
    return np.concatenate([lines, np.array([digits], np.int64)])


class PatternWeights(NamedTuple):
    """A pattern network; D its width, P windows of L cells, G goals, A actions.

    Attributes:
        windows: int64 `[P, L]`, the cells of every window.
        table: float32 `[P * 4**L, D]`, one row per window and content.
        scale: float32 `[depth + 1, D]`, layer-norm gains.
        shift: float32 `[depth + 1, D]`, layer-norm offsets.
        dense: float32 `[depth, D, D]`, `[layer, input, output]`.
        bias: float32 `[depth, D]`.
        heads: float32 `[2 * G * A, D]`, rows ordered by seat, goal, action.
        head_bias: float32 `[2 * G * A]`.
        parents: int64 `[G]`, the goal whose value bounds this goal's, or -1.
    """

    windows: NDArray[np.int64]
    table: NDArray[np.float32]
    scale: NDArray[np.float32]
    shift: NDArray[np.float32]
    dense: NDArray[np.float32]
    bias: NDArray[np.float32]
    heads: NDArray[np.float32]
    head_bias: NDArray[np.float32]
    parents: NDArray[np.int64]


@inner_fast_views
def normalise(values: Vector, scale: Vector, shift: Vector) -> None:
    """Apply layer normalisation and ReLU in place to `values` `[D]`."""
    width = values.shape[0]
    total = np.float32(0.0)
    for d in range(width):
        total += values[d]
    mean = total / np.float32(width)
    squares = np.float32(0.0)
    for d in range(width):
        squares += (values[d] - mean) * (values[d] - mean)
    factor = np.float32(1.0) / np.sqrt(squares / np.float32(width) + np.float32(NORM_EPSILON))
    for d in range(width):
        values[d] = max((values[d] - mean) * factor * scale[d] + shift[d], np.float32(0.0))


@inner_fast
def embed(rules: Rules, weights: PatternWeights, state: State, out: Vector) -> None:
    """Sum the table rows of all windows of a position into `out` `[D]`."""
    symbols = np.empty(rules.n_cells + CLOCK_SYMBOLS, np.int64)
    fill_symbols(rules, state, symbols[: rules.n_cells])
    clock = plies(rules, state)
    for digit in range(CLOCK_SYMBOLS):
        symbols[rules.n_cells + digit] = (clock >> (2 * digit)) & 3
    width = out.shape[0]
    for d in range(width):
        out[d] = 0.0
    n_windows = weights.windows.shape[0]
    whole = n_windows - n_windows % 4
    for window in range(0, whole, 4):  # four rows per sweep: fewer loads and stores of `out`
        row0 = table_row(weights, symbols, window)
        row1 = table_row(weights, symbols, window + 1)
        row2 = table_row(weights, symbols, window + 2)
        row3 = table_row(weights, symbols, window + 3)
        for d in range(width):
            out[d] += (weights.table[row0, d] + weights.table[row1, d]) + (
                weights.table[row2, d] + weights.table[row3, d]
            )
    for window in range(whole, n_windows):
        row = table_row(weights, symbols, window)
        for d in range(width):
            out[d] += weights.table[row, d]


@inner_fast_views
def table_row(weights: PatternWeights, symbols: NDArray[np.int64], window: int) -> int:
    """Return the table row for the content of a window."""
    row = window
    for k in range(weights.windows.shape[1]):
        row = 4 * row + symbols[weights.windows[window, k]]
    return row


@inner_fast
def hidden(rules: Rules, weights: PatternWeights, state: State, out: Vector) -> None:
    """Compute the last hidden layer of a position into `out` `[D]`."""
    embed(rules, weights, state, out)
    normalise(out, weights.scale[0], weights.shift[0])
    before = np.empty(out.shape[0], np.float32)
    active = np.empty(out.shape[0], np.int64)
    for layer in range(weights.dense.shape[0]):
        count = active_inputs(out, before, active)
        add_products(weights.dense[layer], weights.bias[layer], before, active[:count], out)
        normalise(out, weights.scale[layer + 1], weights.shift[layer + 1])


@inner_fast_views
def active_inputs(values: Vector, copy: Vector, active: NDArray[np.int64]) -> int:
    """Copy `values` and list the positive ones: after a ReLU half of the products are 0."""
    count = 0
    for d in range(values.shape[0]):
        copy[d] = values[d]
        active[count] = d
        count += values[d] > 0.0
    return count


@inner_fast_views
def add_products(
    matrix: Matrix, bias: Vector, inputs: Vector, active: NDArray[np.int64], out: Vector
) -> None:
    """Set `out` `[D]` to bias + inputs @ matrix, reading only the active rows, four per sweep."""
    width = out.shape[0]
    for d in range(width):
        out[d] = bias[d]
    whole = active.shape[0] - active.shape[0] % 4
    for k in range(0, whole, 4):
        i0, i1, i2, i3 = active[k], active[k + 1], active[k + 2], active[k + 3]
        x0, x1, x2, x3 = inputs[i0], inputs[i1], inputs[i2], inputs[i3]
        for d in range(width):
            out[d] += (x0 * matrix[i0, d] + x1 * matrix[i1, d]) + (
                x2 * matrix[i2, d] + x3 * matrix[i3, d]
            )
    for k in range(whole, active.shape[0]):
        for d in range(width):
            out[d] += inputs[active[k]] * matrix[active[k], d]


@inner_fast_views
def dot(matrix: Matrix, row: int, vector: Vector) -> Real:
    """Return the inner product of one row of `matrix` with `vector`."""
    total = np.float32(0.0)
    for d in range(vector.shape[0]):
        total += matrix[row, d] * vector[d]
    return total


@inner_fast_views
def goal_value(
    weights: PatternWeights, features: Vector, seat: int, goal: int, action: int
) -> Real:
    """Return the network's probability that a seat reaches `goal` after `action`.

    A goal with a parent is the parent's value times a conditional, so it never exceeds it.
    """
    n_goals = weights.parents.shape[0]
    n_actions = weights.heads.shape[0] // (2 * n_goals)
    value = np.float32(1.0)
    while goal >= 0:
        row = (seat * n_goals + goal) * n_actions + action
        logit = dot(weights.heads, row, features) + weights.head_bias[row]
        value *= np.float32(1.0) / (np.float32(1.0) + np.exp(-logit))
        goal = weights.parents[goal]
    return value
