"""The clock in an observation: the share of the time that is left, see `goal_env`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_games.base import Array


def with_clock(observation: Array, left: NDArray[np.float64], planes_first: bool = False) -> Array:
    """Return observations `[n, ..., C + 1]` whose last plane shows the share of time left.

    Args:
        observation: `[n, ..., C]`.
        left: `[n]`; below 0 it counts as 0.
        planes_first: observations are `[n, C, H, W]`; that share of a plane `C + 1` is 1.
    """
    left = np.maximum(left, 0.0)
    if planes_first:
        return np.concatenate([observation, lit_planes(observation, left)], axis=1)
    dtype = observation.dtype
    if observation.ndim == 2 and dtype.kind != "f":
        dtype = np.dtype(np.float32)
    seen = np.empty((*observation.shape[:-1], observation.shape[-1] + 1), dtype)
    seen[..., :-1] = observation
    shares = left * (255.0 if dtype == np.uint8 else 1.0)
    seen[..., -1] = shares.reshape(-1, *([1] * (observation.ndim - 2)))
    return seen


def lit_planes(like: Array, shares: NDArray[np.float64]) -> Array:
    """Return planes `[n, 1, H, W]` in which a share `[n]` of the cells, row by row, is 1."""
    n, _, height, width = like.shape
    cells = height * width
    lit = np.arange(cells) < np.ceil(shares * cells)[:, None]
    return np.asarray(lit.reshape(n, 1, height, width), like.dtype)
