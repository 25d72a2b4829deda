"""The layers of `PlanesExtractor` for binary planes, forward and backward, in compiled code.

Planes of games are mostly empty, so a convolution is a sum over the few cells that are set. Hidden
layer 1 is `[B, cells * CHANNELS]` or wider (a goal may follow), with the channels of a cell next to
each other; the convolution's weights are `[planes * 9, CHANNELS]`. The number of channels is a
constant, so that they fit one vector of the processor.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.files.types import Floats
from rlhf_agents.parallel.networks import KERNEL
from rlhf_games.compiled import compiled_fast, inner_fast

Planes = NDArray[np.uint8]
CHANNELS = 16
EPSILON = np.float32(1e-5)
ONE, ZERO = np.float32(1), np.float32(0)


class Layer(NamedTuple):
    """Intermediate results of a normalized layer for B observations, for the backward pass.

    Attributes:
        hidden: after ReLU, `[B, ...]`, which may be wider than the layer.
        normal: before scale and shift, `[B, ...]`.
        spread: 1 / standard deviation, of every cell `[B, cells, 1]` or of all `[B, 1, 1]`.
    """

    hidden: Floats
    normal: Floats
    spread: Floats


@compiled_fast
def convolve(planes: Planes, weights: Floats, offsets: Floats, layer: Layer) -> None:
    """Fill layer 1: convolution, normalization over the channels of each cell, ReLU.

    Args:
        planes: `[B, C, H, W]` of zeros and ones.
        weights: `[C * 9, CHANNELS]`.
        offsets: `[3, CHANNELS]`: bias of the convolution, scale and shift of the normalization.
        layer: is filled.
    """
    hidden, normal, spread = layer
    columns = planes.shape[3] - KERNEL + 1
    cells = (planes.shape[2] - KERNEL + 1) * columns
    sums = np.empty(cells * CHANNELS, np.float32)
    for i in range(len(planes)):
        for cell in range(cells):
            for k in range(CHANNELS):
                sums[cell * CHANNELS + k] = offsets[0, k]
        _add_cells(planes[i], weights, sums, False)
        for cell in range(cells):
            first = cell * CHANNELS
            mean, squares = ZERO, ZERO
            for k in range(CHANNELS):
                mean += sums[first + k]
            mean /= np.float32(CHANNELS)
            for k in range(CHANNELS):
                squares += (sums[first + k] - mean) * (sums[first + k] - mean)
            factor = ONE / np.sqrt(squares / np.float32(CHANNELS) + EPSILON)
            spread[i, cell, 0] = factor
            for k in range(CHANNELS):
                value = (sums[first + k] - mean) * factor
                normal[i, first + k] = value
                hidden[i, first + k] = max(value * offsets[1, k] + offsets[2, k], ZERO)


@inner_fast
def _add_cells(planes: Planes, weights: Floats, sums: Floats, back: bool) -> None:
    """Add to `sums` the weights of every cell of `planes` `[C, H, W]` that is set.

    In the backward pass, add `sums` to `weights`, their gradient.
    """
    n_planes, height, width = planes.shape
    rows, columns = height - KERNEL + 1, width - KERNEL + 1
    for plane in range(n_planes):
        for y in range(height):
            for x in range(width):
                if planes[plane, y, x]:
                    for down in range(max(0, y - rows + 1), min(KERNEL - 1, y) + 1):
                        for right in range(max(0, x - columns + 1), min(KERNEL - 1, x) + 1):
                            at = ((y - down) * columns + x - right) * CHANNELS
                            row = (plane * KERNEL + down) * KERNEL + right
                            for k in range(CHANNELS):
                                if back:
                                    weights[row, k] += sums[at + k]
                                else:
                                    sums[at + k] += weights[row, k]


@compiled_fast
def convolve_back(
    planes: Planes,
    gradient: Floats,
    layer: Layer,
    offsets: Floats,
    of_weights: Floats,
    of_offsets: Floats,
) -> None:
    """Add the gradients of layer 1's parameters to `of_weights` and `of_offsets`.

    Args:
        planes: as for `convolve`.
        gradient: of the hidden layer.
        layer: as `convolve` filled it.
        offsets: as for `convolve`.
        of_weights: `[C * 9, CHANNELS]`.
        of_offsets: `[3, CHANNELS]`.
    """
    hidden, normal, spread = layer
    columns = planes.shape[3] - KERNEL + 1
    cells = (planes.shape[2] - KERNEL + 1) * columns
    inner = np.empty(cells * CHANNELS, np.float32)
    for i in range(len(planes)):
        for cell in range(cells):
            first = cell * CHANNELS
            total, aligned = ZERO, ZERO
            for k in range(CHANNELS):
                at = first + k
                slope = gradient[i, at] if hidden[i, at] > ZERO else ZERO
                of_offsets[1, k] += slope * normal[i, at]
                of_offsets[2, k] += slope
                slope *= offsets[1, k]
                inner[at] = slope
                total += slope
                aligned += slope * normal[i, at]
            total /= np.float32(CHANNELS)
            aligned /= np.float32(CHANNELS)
            for k in range(CHANNELS):
                at = first + k
                slope = spread[i, cell, 0] * (inner[at] - total - normal[i, at] * aligned)
                inner[at] = slope
                of_offsets[0, k] += slope
        _add_cells(planes[i], of_weights, inner, True)


@compiled_fast
def normalize(values: Floats, scale: Floats, shift: Floats, layer: Layer) -> None:
    """Fill layer 2 from `values` `[B, D]`: normalization with `scale` and `shift` `[D]`, ReLU."""
    hidden, normal, spread = layer
    width = values.shape[1]
    for i in range(len(values)):
        mean, squares = ZERO, ZERO
        for j in range(width):
            mean += values[i, j]
        mean /= np.float32(width)
        for j in range(width):
            squares += (values[i, j] - mean) * (values[i, j] - mean)
        factor = ONE / np.sqrt(squares / np.float32(width) + EPSILON)
        spread[i, 0, 0] = factor
        for j in range(width):
            normal[i, j] = (values[i, j] - mean) * factor
            hidden[i, j] = max(normal[i, j] * scale[j] + shift[j], ZERO)


@compiled_fast
def normalize_back(
    gradient: Floats, layer: Layer, scale: Floats, of_scale: Floats, of_shift: Floats
) -> None:
    """Turn the gradient of layer 2 `[B, D]`, in place, into that of its inputs.

    The gradients of the parameters are added to `of_scale` and `of_shift`, each `[D]`.
    """
    hidden, normal, spread = layer
    width = gradient.shape[1]
    for i in range(len(gradient)):
        total, aligned = ZERO, ZERO
        for j in range(width):
            slope = gradient[i, j] if hidden[i, j] > ZERO else ZERO
            of_scale[j] += slope * normal[i, j]
            of_shift[j] += slope
            slope *= scale[j]
            gradient[i, j] = slope
            total += slope
            aligned += slope * normal[i, j]
        total /= np.float32(width)
        aligned /= np.float32(width)
        for j in range(width):
            gradient[i, j] = spread[i, 0, 0] * (gradient[i, j] - total - normal[i, j] * aligned)
