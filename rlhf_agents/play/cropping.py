"""Cutting the empty rim off an environment's pictures, without jumping about."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPARSE = 0.01
"""Rows and columns with a smaller share of drawn pixels, such as thin lines, may be cut off."""
MARGIN = 0.08
LEAST = 0.45
"""The least share of a side that stays."""


class Cropper:
    """Crops the pictures of an environment to what is drawn there; what was seen stays in view."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...] = ()
        self._spans = [(0, 0), (0, 0)]

    def crop(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a part of a picture uint8 `[H, W, 3]`, which never shrinks from call to call."""
        drawn = _drawn(picture)
        if drawn is None:
            return picture
        spans = [_span(drawn.mean(axis=1 - axis), picture.shape[axis]) for axis in (0, 1)]
        if picture.shape == self._shape:
            spans = [
                (min(new[0], old[0]), max(new[1], old[1]))
                for new, old in zip(spans, self._spans, strict=True)
            ]
        self._shape, self._spans = picture.shape, spans
        (top, bottom), (left, right) = spans
        return np.ascontiguousarray(picture[top:bottom, left:right])


def _drawn(picture: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Return the pixels that differ from a rim of one colour, bool `[H, W]`; None without one."""
    corners = picture[[0, 0, -1, -1], [0, -1, 0, -1]]
    if (corners != corners[0]).any():
        return None
    drawn: NDArray[np.bool_] = (picture != corners[0]).any(axis=2)
    return drawn if drawn.any() else None


def _span(shares: NDArray[np.float64], size: int) -> tuple[int, int]:
    """Return where the picture is drawn along one axis, with a margin and of at least a size."""
    found = np.flatnonzero(shares > SPARSE)
    if not len(found):
        return 0, size
    margin = round(MARGIN * size)
    first, last = max(0, int(found[0]) - margin), min(size, int(found[-1]) + 1 + margin)
    missing = max(0, round(LEAST * size) - (last - first))
    first = max(0, first - missing // 2)
    last = min(size, max(last + missing - missing // 2, first + round(LEAST * size)))
    return max(0, min(first, last - round(LEAST * size))), last
