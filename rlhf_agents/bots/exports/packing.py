"""A pattern network in few bytes, without loss: the codes of its grids, entropy coded.

Python and JavaScript read it with a page of code each (`templates/python/network.py.txt`,
`templates/web/network.js`). In this order, compressed by zlib, little-endian:

* float16: scale, shift, bias, head_bias;
* uint32: how many numbers beyond `range_coding.MOST` there are;
* int8 per column of the table, of each dense layer `[output, input]`, and of the heads: the binary
  logarithm of its step; likewise the class of its numbers, relative to those of rows;
* int8 per row of each of them: twice the binary logarithm of its step, plus 1 for 1.5 times that;
  likewise the class of its numbers, 0 if all of them are zero, which are then not coded;
* the histograms, the numbers beyond, and the words of `range_coding.Coded`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.bots.exports.grid import Floats, Grid, grid_of
from rlhf_agents.bots.exports.range_coding import CLASSES, MOST, encode
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_games.base import Array

MOST_BYTES = 500_000
"""The most bytes of a file that holds a network and the program that plays with it."""
PER_BYTE = 1.25
"""Letters of base 85 per byte."""
VECTORS = ("scale", "shift", "bias", "head_bias")
LEAST_MEAN = 2.0**-6
"""The mean magnitude of numbers of class 1; it doubles every second class."""
WIDEST = 2**31
FEW = 0.01
"""A network with more numbers beyond MOST than this share is not meant to lie on a grid."""


def matrices_of(weights: PatternWeights) -> list[Floats]:
    """Return the table, the dense layers `[output, input]` and the heads."""
    dense = [np.ascontiguousarray(layer.T) for layer in weights.dense]
    return [weights.table, *dense, weights.heads]


def with_matrices(weights: PatternWeights, matrices: Iterable[Floats]) -> PatternWeights:
    """Return a network with other matrices, and with vectors in half precision."""
    table, *dense, heads = matrices
    layers = np.array([layer.T for layer in dense], np.float32).reshape(weights.dense.shape)
    halves = {name: getattr(weights, name).astype(np.float16) for name in VECTORS}
    vectors = {name: half.astype(np.float32) for name, half in halves.items()}
    return weights._replace(table=table, dense=layers, heads=heads, **vectors)


def pack(weights: PatternWeights, most_bytes: int) -> bytes | None:
    """Return a network in bytes; None if it cannot be written so without loss, or is too large."""
    if not all(_is_half(getattr(weights, name)) for name in VECTORS):
        return None
    matrices = matrices_of(weights)
    grids = [grid_of(matrix) for matrix in matrices]
    if any((grid.values() != one).any() for grid, one in zip(grids, matrices, strict=True)):
        return None
    numbers = np.concatenate([np.abs(grid.codes).ravel() for grid in grids])
    if (numbers > MOST).mean() > FEW or numbers.max() >= WIDEST:
        return None
    packed = pack_grids(weights, grids)
    return packed if len(packed) <= most_bytes else None


def _is_half(vector: Array) -> bool:
    return bool((vector.astype(np.float16).astype(np.float32) == vector).all())


def pack_grids(weights: PatternWeights, grids: list[Grid]) -> bytes:
    """Return a network in bytes: these matrices, and the vectors of `weights`."""
    rows, columns = zip(*(classes_of(grid.codes) for grid in grids), strict=True)
    classes = [number_classes(*one) for one in zip(rows, columns, strict=True)]
    coded_rows = [row > 0 for row in rows]
    coded = encode(
        np.concatenate([g.codes[kept].ravel() for g, kept in zip(grids, coded_rows, strict=True)]),
        np.concatenate([c[kept].ravel() for c, kept in zip(classes, coded_rows, strict=True)]),
    )
    steps = [_step_codes(grid.rows) for grid in grids]
    parts = [
        *(getattr(weights, name).astype(np.float16) for name in VECTORS),
        np.array([len(coded.escapes)], np.uint32),
        *(grid.columns for grid in grids),
        *columns,
        *steps,
        *rows,
        coded.histograms,
        coded.escapes,
        coded.words,
    ]
    little = (np.asarray(one, one.dtype.newbyteorder("<")) for one in parts)
    return zlib.compress(b"".join(one.tobytes() for one in little), 9)


def _step_codes(steps: Floats) -> NDArray[np.int8]:
    mantissa, exponents = np.frexp(steps)
    return (2 * (exponents - 1) + (mantissa > 0.5)).astype(np.int8)


def classes_of(codes: NDArray[np.int64]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return the classes of the rows of numbers `[N, M]`, and what columns add to them."""
    sizes = np.abs(codes)
    means = sizes.mean(axis=1)
    octaves = np.rint(2 * np.log2(np.maximum(means, LEAST_MEAN) / LEAST_MEAN)) + 1
    rows = np.where(means > 0, np.clip(octaves, 1, CLASSES - 1), 0)
    shares = sizes.mean(axis=0) / max(float(sizes.mean()), 1e-9)
    columns = np.rint(2 * np.log2(np.clip(shares, 1 / 16, 16)))
    return rows.astype(np.int8), columns.astype(np.int8)


def number_classes(rows: NDArray[np.int8], columns: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Return the classes `[N, M]` of numbers."""
    both = rows[:, None].astype(np.int64) + columns
    return np.where(rows[:, None] > 0, np.clip(both, 1, CLASSES - 1), 0).astype(np.uint8)
