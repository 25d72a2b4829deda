"""The clock in an observation: what share of the time is left, see `arcade_env`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def with_clock(
    observation: NDArray[Any], left: NDArray[np.float64], planes_first: bool = False
) -> NDArray[Any]:
    """Return observations `[n, ..., C + 1]` whose last plane shows what share of time is left.

    Args:
        observation: `[n, ..., C]`.
        left: `[n]`; below 0 it counts as 0.
        planes_first: observations are `[n, C, H, W]`; that share of a plane `C + 1` is 1.
    """
    if observation.ndim == 2 and observation.dtype.kind != "f":
        observation = observation.astype(np.float32)
    if planes_first:
        n, _, height, width = observation.shape
        cells = height * width
        lit = np.arange(cells) < np.ceil(np.maximum(left, 0.0) * cells)[:, None]
        plane = lit.reshape(n, 1, height, width).astype(observation.dtype)
        return np.concatenate([observation, plane], axis=1)
    full = 255.0 if observation.dtype == np.uint8 else 1.0
    shares = (np.maximum(left, 0.0) * full).astype(observation.dtype)
    plane = np.empty((*observation.shape[:-1], 1), observation.dtype)
    plane[:] = shares.reshape(-1, *([1] * (observation.ndim - 1)))
    return np.concatenate([observation, plane], axis=-1)
