"""A network in few bytes: rounded so that the values of moves change least."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.bots.exports.error_feedback import fed_back, triangle
from rlhf_agents.bots.exports.grid import Bytes, Floats, Grid, steps_near
from rlhf_agents.bots.exports.packing import pack, pack_grids, with_matrices
from rlhf_agents.bots.exports.registry import ExportError
from rlhf_agents.bots.exports.sensitivity import (
    Sensitivity,
    embedded,
    measure,
    played_positions,
)
from rlhf_agents.players.agent import Agent
from rlhf_agents.progress import progress_bar
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_games.compiled import compiled

MOST_ROWS = 2048
"""Table rows whose errors are fed back to each other: the most frequent ones."""
SMOOTH = 20.0
"""Added to the number of positions that a row occurs in."""
FIRST_STEP, FINEST_STEP = 5e-4, 3e-5
"""Errors of the values of moves: the first to try, and one that is none."""
LEAST_SLOPE = 1e-6
"""Of heads, some of which are never asked."""
TRIES = 6
ENOUGH = 0.97
"""The share of the bytes that a network fills at least."""
STEEPNESS = 1.6
"""By which power of the size the step changes."""


@dataclass(frozen=True)
class RoundingTask:
    """A matrix to round, and what its errors do.

    Attributes:
        matrix: float32 `[N, M]`.
        row_factor: float32 `[N, N]` or `[N]`, see `error_feedback.fed_back`.
        column_factor: float32 `[M, M]`, likewise.
    """

    matrix: Floats
    row_factor: Floats
    column_factor: Floats

    def grid(self, step: float) -> tuple[Floats, Bytes]:
        """Return the steps of its rows and columns for a size of errors."""
        own = self.row_factor if self.row_factor.ndim == 1 else self.row_factor.diagonal()
        columns = np.rint(-np.log2(self.column_factor.diagonal()))
        columns = np.clip(columns, -60, 60)
        return steps_near(step / own), columns.astype(np.int8)

    def rounded(self, step: float) -> Grid:
        """Round the matrix with error feedback."""
        return fed_back(self.matrix, *self.grid(step), self.row_factor, self.column_factor)


class Rounding:
    """The rounding of a network, as finely as asked.

    Args:
        weights: the network.
        measured: what its errors do.
        most_rows: see MOST_ROWS.
    """

    def __init__(
        self, weights: PatternWeights, measured: Sensitivity, most_rows: int = MOST_ROWS
    ) -> None:
        self.weights, self.measured = weights, measured
        shares = np.repeat(measured.weights, measured.rows.shape[1]) / len(measured.rows)
        self.share = np.bincount(measured.rows.ravel(), shares, minlength=len(weights.table))
        order = np.argsort(-self.share, kind="stable")
        seen = int((self.share > 0).sum())
        self.often, self.rarely = order[: min(most_rows, seen)], order[most_rows:seen]
        self.metric = self._occur_together()
        self.row_factor = np.linalg.cholesky(self.metric)
        self.column_factor = triangle(measured.gradients[0])
        self.layers = [
            RoundingTask(
                np.ascontiguousarray(dense.T),
                triangle(measured.gradients[layer + 1]),
                triangle(measured.inputs[layer]),
            )
            for layer, dense in enumerate(weights.dense)
        ]
        slopes = np.maximum(measured.heads, LEAST_SLOPE).astype(np.float32)
        self.heads = RoundingTask(weights.heads, slopes, triangle(measured.inputs[-1]))

    def _occur_together(self) -> Floats:
        """Return how often the frequent rows occur together, float32 `[K, K]`."""
        places = np.full(len(self.share), -1, np.int32)
        places[self.often] = np.arange(len(self.often))
        count, total = len(self.often), len(self.measured.rows)
        metric = np.zeros((count, count), np.float32)
        gram(places[self.measured.rows], self.measured.weights / np.float32(total), metric)
        metric[np.arange(count), np.arange(count)] += np.float32(SMOOTH / total)
        metric += np.tril(metric, -1).T
        return metric

    def _alone(self) -> Floats:
        """Return the factors of the rare rows, whose errors are not fed back."""
        total = len(self.measured.rows)
        return np.asarray(np.sqrt(self.share[self.rarely] + SMOOTH / total), np.float32)

    def packed(self, step: float) -> tuple[PatternWeights, bytes]:
        """Return the rounded network, and its bytes."""
        grids = self.rounded(step)
        weights = with_matrices(self.weights, (grid.values() for grid in grids))
        return weights, pack_grids(weights, grids)

    def rounded(self, step: float) -> list[Grid]:
        """Return the table, dense layers and heads."""
        table = self.weights.table
        rare = RoundingTask(table[self.rarely], self._alone(), self.column_factor).rounded(step)
        often = table[self.often]
        if len(self.rarely):
            often = often + self._made_good(table[self.rarely] - rare.values())
        frequent = RoundingTask(often, self.row_factor, self.column_factor).rounded(step)
        codes = np.concatenate([frequent.codes, rare.codes])
        rows = np.concatenate([frequent.rows, rare.rows])
        both = Grid(codes, rows, frequent.columns)
        seen = np.concatenate([self.often, self.rarely])
        return [
            self._whole(both, seen),
            *(one.rounded(step) for one in (*self.layers, self.heads)),
        ]

    def _made_good(self, errors: Floats) -> Floats:
        """Return the changes of the frequent rows that make good most of the errors of the rare."""
        full, wanted = np.zeros((2, *self.weights.table.shape), np.float32)
        full[self.rarely] = errors
        rows, share = (
            self.measured.rows,
            self.measured.weights / np.float32(len(self.measured.rows)),
        )
        spread(rows, embedded(full, rows) * share[:, None], wanted)
        changes: Floats = np.linalg.solve(self.metric, wanted[self.often])
        return changes

    def _whole(self, grid: Grid, seen: NDArray[np.int64]) -> Grid:
        """Return the table with these rows; others are zero, for they occur in no position."""
        codes = np.zeros(self.weights.table.shape, np.int64)
        rows = np.ones(len(codes), np.float32)
        codes[seen], rows[seen] = grid.codes, grid.rows
        return Grid(codes, rows, grid.columns)


@compiled
def gram(rows: NDArray[np.int32], weights: Floats, out: Floats) -> None:
    """Add up, in the lower half of `out` `[N, N]`, how often rows occur together.

    Args:
        rows: `[B, P]`, -1 for none, no row twice in a position.
        weights: `[B]`, how much each position counts.
        out: receives the sums.
    """
    for position in range(rows.shape[0]):
        for first in range(rows.shape[1]):
            one = rows[position, first]
            for second in range(rows.shape[1] if one >= 0 else 0):
                other = rows[position, second]
                if 0 <= other <= one:
                    out[one, other] += weights[position]


@compiled
def spread(rows: NDArray[np.int64], values: Floats, out: Floats) -> None:
    """Add `values[b]` to the rows `rows[b, :]` of `out`."""
    for position in range(rows.shape[0]):
        for window in range(rows.shape[1]):
            for column in range(values.shape[1]):
                out[rows[position, window], column] += values[position, column]


def compact(agent: Agent, most_bytes: int) -> tuple[PatternWeights, bytes]:
    """Return an agent's network in a limited number of bytes, rounded if it does not fit as it is.

    Returns:
        the network that the bytes hold, and the bytes, see `packing`.

    Raises:
        ExportError: it does not fit even with coarse steps.
    """
    if packed := pack(agent.weights, most_bytes):
        return agent.weights, packed
    with progress_bar("rounding the network", TRIES + 1) as show:
        rounding = Rounding(agent.weights, measure(agent, played_positions(agent)))
        found, tried, step = None, [], FIRST_STEP
        for number in range(TRIES):
            show(number + 1)
            weights, packed = rounding.packed(step)
            tried.append((step, len(packed)))
            if len(packed) <= most_bytes and (found is None or len(packed) > len(found[1])):
                found = weights, packed
                if len(packed) > ENOUGH * most_bytes or step <= FINEST_STEP:
                    break
            step = max(next_step(tried, (1 + ENOUGH) / 2 * most_bytes), FINEST_STEP)
    if found is None:
        msg = f"the network of {agent.name} is too large: it does not fit {most_bytes // 1000} kB"
        raise ExportError(msg)
    return found


def next_step(tried: list[tuple[float, int]], aim: float) -> float:
    """Return the step that may lead to a size, given the sizes that some steps led to.

    Sizes change about as a power of steps; both sides of the aim show which, if they are known.
    """
    coarse = max((one for one in tried if one[1] <= aim), key=itemgetter(1), default=None)
    fine = min((one for one in tried if one[1] > aim), key=itemgetter(1), default=None)
    step, size = coarse or fine or tried[-1]
    slope = STEEPNESS
    if coarse is not None and fine is not None:
        slope = np.log(coarse[0] / fine[0]) / np.log(fine[1] / coarse[1])
    return float(step * (size / aim) ** slope)
