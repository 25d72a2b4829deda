"""Transitions as rows of bytes: one transition per row, with one bit per zero or one.

A batch is then read from memory in one go, without separate code for kinds of observations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray
from stable_baselines3.common.preprocessing import get_obs_shape

from rlhf_agents.dqn.replay.kernels import FIRST, SECOND, UNPACKED, Rows, read_rows
from rlhf_agents.files.types import Array, Ints, Space

Bound = int | np.int64 | float | Array
Limits = tuple[Bound, Bound]
"""The smallest and the largest value of a number, or of each of several."""
Plan = tuple[NDArray[np.int64], int, list[tuple[int, np.dtype[np.generic], tuple[int, ...]]]]
"""The plan for `read_rows`, the number of bytes that it fills, and its blocks: begin, dtype,
shape."""

NO_ROWS: Ints = np.empty(0, np.int64)


@dataclass(frozen=True)
class Field:
    """The place of one array in a row.

    Attributes:
        shape: of the array, without the batch.
        dtype: of the array.
        packed: eight values share a byte.
        begin: first byte.
        size: bytes in the row.
        limits: smallest and largest of values that count something, None for other values.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    packed: bool
    begin: int
    size: int
    limits: Limits | None = None

    @property
    def values(self) -> int:
        """The number of values in the array; when packed, of bytes after unpacking."""
        return int(np.prod(self.shape))

    def check(self, rows: Rows) -> None:
        """Raise `ValueError` if values in rows `[B, width]` are outside the limits."""
        if self.limits is not None:
            stored = np.ascontiguousarray(rows[:, self.begin : self.begin + self.size])
            if not within(stored.view(self.dtype), self.limits):
                msg = "its observations are not those of this buffer's space"
                raise ValueError(msg)

    def write(self, rows: Rows, values: ArrayLike) -> None:
        """Put values `[B, *shape]` into rows `[B, width]`."""
        flat = np.asarray(values).reshape(len(rows), -1)
        end = self.begin + self.size
        if self.packed:
            rows[:, self.begin : end] = np.packbits(flat != 0, axis=1)
        else:
            exact = np.ascontiguousarray(flat, self.dtype)
            rows[:, self.begin : end] = exact.view(np.uint8)


class RowLayout:
    """The fields of a row, in the order in which they are added."""

    def __init__(self) -> None:
        self.fields: dict[str, Field] = {}
        self.width = 0

    def add(self, name: str, space: Space) -> None:
        """Add a field for values of a space in SB3's form."""
        shape = get_obs_shape(space)
        assert not isinstance(shape, dict)
        dtype = np.dtype(space.dtype)
        packed = is_binary(space)
        values = int(np.prod(shape))
        size = -(-values // 8) if packed else values * dtype.itemsize
        limits = value_limits(space)
        self.fields[name] = Field(tuple(shape), dtype, packed, self.width, size, limits)
        self.width += size

    def __getitem__(self, name: str) -> Field:
        return self.fields[name]


class RowReader:
    """Reads some fields of many rows in one call.

    Args:
        layout: of the rows.
        wanted: names of fields, and the list of rows for each, see `read_rows`.
        goal: the field to read from sources.
    """

    def __init__(
        self, layout: RowLayout, wanted: list[tuple[str, int]], goal: str | None = None
    ) -> None:
        self.which = [which for _, which in wanted]
        self.fields = [layout[name] for name, _ in wanted]
        self.elsewhere = 0 if goal is None else layout[goal].begin
        self.bytes = [field.values if field.packed else field.size for field in self.fields]
        self._plans: dict[tuple[int, int], Plan] = {}

    def read(
        self, rows: Rows, first: Ints, second: Ints = NO_ROWS, sources: Ints = NO_ROWS
    ) -> list[Array]:
        """Return the values `[B, *shape]` of the wanted fields.

        Args:
            rows: uint8 `[N, width]`.
            first: rows, int64 `[B]`.
            second: the same for other fields, with its own B.
            sources: see `read_rows`.
        """
        sizes = len(first), len(second)
        if sizes not in self._plans:
            self._plans = {sizes: self._plan_for(sizes)}
        plan, end, blocks = self._plans[sizes]
        out = np.empty(end, np.uint8)
        read_rows(rows, first, second, sources, plan, UNPACKED, out)
        return [np.ndarray(shape, dtype, out, begin) for begin, dtype, shape in blocks]

    def _plan_for(self, sizes: tuple[int, int]) -> Plan:
        plan, blocks, end = [], [], 0
        for which, field, size in zip(self.which, self.fields, self.bytes, strict=True):
            plan.append([which, field.begin, self.elsewhere, size, field.packed, end])
            count = sizes[SECOND if which == SECOND else FIRST]
            blocks.append((end, field.dtype, (count, *field.shape)))
            end += -(-count * size // 8) * 8 + 8  # aligned for every dtype, and spare
        return np.array(plan, np.int64).reshape(-1, 6), end, blocks


def value_limits(space: Space) -> Limits | None:
    """Return the smallest and the largest value of a discrete space, None for other spaces."""
    if isinstance(space, spaces.Discrete):
        return space.start, space.start + space.n - 1
    if isinstance(space, spaces.MultiDiscrete):
        return space.start.ravel(), (space.start + space.nvec - 1).ravel()
    return None


def within(values: Array, limits: Limits) -> bool:
    """Return whether values `[..., K]` are within limits, one pair or `[K]` pairs."""
    flat = values.reshape(-1, np.size(limits[0]))
    return bool(((flat >= limits[0]) & (flat <= limits[1])).all())


def is_binary(space: Space) -> bool:
    """Return whether a space has only zeros and ones in one byte each."""
    if isinstance(space, spaces.MultiBinary):
        return True
    if not isinstance(space, spaces.Box) or space.dtype not in (np.int8, np.uint8, np.bool_):
        return False
    return bool((np.asarray(space.low) >= 0).all() and (np.asarray(space.high) <= 1).all())
