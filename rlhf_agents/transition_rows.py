"""Transitions as rows of bytes: one row holds one transition, zeros and ones take a bit each.

A batch is then read from memory in one go, and kinds of observations need no code of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.preprocessing import get_obs_shape

from rlhf_agents.transition_kernels import Rows, read_rows


@dataclass(frozen=True)
class Field:
    """Where one array lies in a row.

    Attributes:
        shape: of the array, without the batch.
        dtype: of the array.
        packed: eight values share a byte.
        begin: first byte.
        size: bytes in the row.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    packed: bool
    begin: int
    size: int

    @property
    def values(self) -> int:
        """Values of the array; bytes it takes when unpacked if it was packed."""
        return int(np.prod(self.shape))

    def write(self, rows: Rows, values: Any) -> None:
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

    def add(self, name: str, space: spaces.Space[Any]) -> None:
        """Add a field for values of a space as SB3 stores them."""
        shape: Any = get_obs_shape(space)
        dtype = np.dtype(space.dtype)
        packed = is_binary(space)
        values = int(np.prod(shape))
        size = -(-values // 8) if packed else values * dtype.itemsize
        self.fields[name] = Field(tuple(shape), dtype, packed, self.width, size)
        self.width += size

    def __getitem__(self, name: str) -> Field:
        return self.fields[name]


class RowReader:
    """Reads some fields of many rows in one call.

    Args:
        layout: of the rows.
        wanted: names of fields, and which list of rows each is read for, 0 or 1.
    """

    def __init__(self, layout: RowLayout, wanted: list[tuple[str, int]]) -> None:
        self.wanted = wanted
        self.fields = [layout[name] for name, _ in wanted]
        self.bytes = [field.values if field.packed else field.size for field in self.fields]
        self.plan = np.array(
            [
                [which, field.begin, size, field.packed, 0]
                for (_, which), field, size in zip(wanted, self.fields, self.bytes, strict=True)
            ],
            np.int64,
        ).reshape(-1, 5)
        self._plans: dict[int, Any] = {}

    def read(self, rows: Rows, *indices: NDArray[np.int64]) -> list[NDArray[Any]]:
        """Return the values `[B, *shape]` of the wanted fields.

        Args:
            rows: uint8 `[N, width]`.
            indices: one or two lists of rows, int64 `[B]` each.
        """
        batch = len(indices[0])
        if batch not in self._plans:
            self._plans = {batch: self._plan_for(batch)}
        plan, end, blocks = self._plans[batch]
        out = np.empty(end, np.uint8)
        read_rows(rows, indices[0], indices[-1], plan, out)
        return [out[part].view(dtype).reshape(shape) for part, dtype, shape in blocks]

    def _plan_for(self, batch: int) -> tuple[Any, int, list[tuple[slice, Any, tuple[int, ...]]]]:
        plan, blocks, end = self.plan.copy(), [], 0
        for row, field, size in zip(plan, self.fields, self.bytes, strict=True):
            row[4] = end
            blocks.append((slice(end, end + batch * size), field.dtype, (batch, *field.shape)))
            end += -(-batch * size // 8) * 8  # aligned for every dtype
        return plan, end, blocks


def is_binary(space: spaces.Space[Any]) -> bool:
    """Return whether all values of a space are 0 or 1 in one byte each."""
    if isinstance(space, spaces.MultiBinary):
        return True
    if not isinstance(space, spaces.Box) or space.dtype not in (np.int8, np.uint8, np.bool_):
        return False
    return bool((np.asarray(space.low) >= 0).all() and (np.asarray(space.high) <= 1).all())
