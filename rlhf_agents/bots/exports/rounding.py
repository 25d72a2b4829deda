"""A network in few bytes: rounded so that the values of moves change least."""

from __future__ import annotations

from operator import itemgetter

import numpy as np

from rlhf_agents.bots.exports.error_feedback import (
    PRICE,
    Metric,
    Occurrences,
    column_steps,
    nearest,
    prices,
    round_rows,
    sweep,
    triangle,
)
from rlhf_agents.bots.exports.grid import Floats, Grid, steps_near
from rlhf_agents.bots.exports.packing import matrices_of, pack, pack_grids, with_matrices
from rlhf_agents.bots.exports.registry import ExportError
from rlhf_agents.bots.exports.sensitivity import Sensitivity, embedded, measure, played_positions
from rlhf_agents.players.agent import Agent
from rlhf_agents.progress import progress_bar
from rlhf_agents.search.compiled_network import PatternWeights

DOUBT = 20.0
"""How many positions the error of a table row counts beside those in which it occurs."""
RAREST = 1e-3
"""The least frequency for which a table row has a finer step, in those of usual rows."""
LEAST_SLOPE = 1e-6
"""Of heads, some of which are never asked."""
FIRST_STEP, FINEST_STEP = 3.4e-4, 3e-5
"""Errors of the values of moves: the first to try, and one that is none."""
TRIES = 6
ENOUGH = 0.97
"""The share of the bytes that a network fills at least."""
STEEPNESS = 1.6
"""By which power of the size the step changes."""
FIRST_SWEEPS, SWEEPS = 2, 8
"""How often table rows are rounded: to see how large they get, and once that is settled."""
SHRINKS = 1.02
"""By how much they get smaller between."""
COARSER = 1.05


class Rounding:
    """The rounding of a network, as finely as asked.

    Args:
        weights: the network.
        measured: what its errors do.
    """

    def __init__(self, weights: PatternWeights, measured: Sensitivity) -> None:
        self.weights, self.rows = weights, measured.rows
        count, per_position = measured.rows.shape
        shares = measured.weights / np.float32(count)
        flat = measured.rows.ravel()
        share = np.bincount(flat, np.repeat(shares, per_position), len(weights.table))
        self.share = share.astype(np.float32)
        order = np.argsort(self.share, kind="stable")
        first = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=len(self.share)))])
        positions = (np.argsort(flat, kind="stable") // per_position).astype(np.int32)
        order = order[self.share[order] > 0]
        self.where = Occurrences(order, first, positions, shares, DOUBT / count)
        gradients = [triangle(one) for one in measured.gradients]
        inputs = [triangle(one) for one in measured.inputs]
        self.factor = gradients[0]
        heads = np.square(np.maximum(measured.heads, LEAST_SLOPE)).astype(np.float32)
        outputs = [np.square(one).sum(axis=1) for one in gradients[1:]]
        self.metrics = [Metric(*pair) for pair in zip([*outputs, heads], inputs, strict=True)]

    def rounded(self, step: float, sweeps: int) -> tuple[PatternWeights, bytes]:
        """Return the rounded network, and its bytes.

        Args:
            step: the error of the values of moves by which a weight may be off.
            sweeps: how often every row of the table is rounded.
        """
        table, *others = matrices_of(self.weights)
        pairs = zip(others, self.metrics, strict=True)
        rounded = [round_rows(one, grid_for(met, step), met, PRICE * step**2) for one, met in pairs]
        grids = [self._table(table, step, sweeps), *rounded]
        weights = with_matrices(self.weights, (grid.values() for grid in grids))
        return weights, pack_grids(weights, grids)

    def _table(self, table: Floats, step: float, sweeps: int) -> Grid:
        """Return the table; rows that occur in no position are zero."""
        occurs = self.share > 0
        frequency = np.maximum(self.share, RAREST * np.median(self.share[occurs]))
        grid = nearest(table, grid_for(Metric(frequency, self.factor), step))
        grid.codes[~occurs] = 0
        errors = np.where(occurs[:, None], table - grid.values(), np.float32(0))
        missing = embedded(errors, self.rows)
        for _ in range(sweeps):
            cost = prices(grid.codes, PRICE * step**2)
            sweep(
                table,
                grid.rows,
                column_steps(grid),
                self.factor,
                self.where,
                cost,
                grid.codes,
                missing,
            )
        return grid


def grid_for(metric: Metric, step: float) -> Grid:
    """Return the steps with which all errors of a matrix matter alike."""
    columns = np.clip(np.rint(-np.log2(metric.columns.diagonal())), -60, 60).astype(np.int8)
    rows = steps_near(step / np.sqrt(metric.rows))
    return Grid(np.zeros((len(rows), len(columns)), np.int64), rows, columns)


def compact(agent: Agent, most_bytes: int) -> tuple[PatternWeights, bytes]:
    """Return an agent's network in a limited number of bytes, rounded if it does not fit as it is.

    Returns:
        the network that the bytes hold, and the bytes, see `packing`.

    Raises:
        ExportError: it does not fit even with coarse steps.
    """
    if packed := pack(agent.weights, most_bytes):
        return agent.weights, packed
    with progress_bar("rounding the network", 2 * TRIES) as show:
        rounding = Rounding(agent.weights, measure(agent, played_positions(agent)))
        tried: list[tuple[float, int]] = []
        for number in range(TRIES):
            step = next_step(tried, (1 + ENOUGH) / 2 * most_bytes)
            size = len(rounding.rounded(step, FIRST_SWEEPS)[1]) / SHRINKS
            tried.append((step, int(size)))
            show(number + 1)
            if ENOUGH * most_bytes < size <= most_bytes or step <= FINEST_STEP:
                break
        for number in range(TRIES):
            weights, packed = rounding.rounded(step, SWEEPS)
            if len(packed) <= most_bytes:
                return weights, packed
            step *= COARSER
            show(TRIES + number + 1)
    msg = f"the network of {agent.name} is too large: it does not fit {most_bytes // 1000} kB"
    raise ExportError(msg)


def next_step(tried: list[tuple[float, int]], aim: float) -> float:
    """Return the step that may lead to a size, given the sizes that some steps led to.

    Sizes change about as a power of steps; both sides of the aim show which, if they are known.
    """
    if not tried:
        return FIRST_STEP
    coarse = max((one for one in tried if one[1] <= aim), key=itemgetter(1), default=None)
    fine = min((one for one in tried if one[1] > aim), key=itemgetter(1), default=None)
    step, size = coarse or fine or tried[-1]
    slope = STEEPNESS
    if coarse is not None and fine is not None:
        slope = np.log(coarse[0] / fine[0]) / np.log(fine[1] / coarse[1])
    return max(float(step * (size / aim) ** slope), FINEST_STEP)
