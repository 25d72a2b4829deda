"""Arrays from outside, checked before compiled code reads them.

Compiled code does not check dtypes and shapes. Arrays that fit pass through unchanged; whole
numbers
of another type, lists of them and other byte orders are converted; everything else raises a
`GameError`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_games.base import GameError

INT64 = np.dtype(np.int64)
FLOAT32 = np.dtype(np.float32)


def whole_rows(values: Any, dtype: np.dtype[Any], width: int, what: str) -> NDArray[Any]:
    """Return whole numbers as an array `[B, width]` for compiled code.

    Args:
        values: an array, or nested lists.
        dtype: the required integer type.
        width: the length of a row.
        what: a name for the rows in errors, e.g. "positions of Connect Four".

    Raises:
        GameError: these are not whole numbers of that type, or not in that shape.
    """
    if type(values) is np.ndarray and values.dtype == dtype and values.flags.carray:
        array = values
    else:
        array = _whole(values, dtype, what)
    if array.ndim != 2 or array.shape[1] != width:
        msg = f"{what} are {dtype} [B, {width}], got the shape {list(array.shape)}"
        raise GameError(msg)
    return array


def actions_of(values: Any, count: int) -> NDArray[np.int64]:
    """Return actions as int64 `[count]`.

    Raises:
        GameError: these are not whole numbers, or not `count` of them.
    """
    if type(values) is np.ndarray and values.dtype == INT64 and values.flags.carray:
        array = values
    else:
        array = _whole(values, INT64, "actions")
    if array.shape != (count,):
        shape = list(array.shape)
        msg = f"{count} games need as many actions, int64 [{count}], got the shape {shape}"
        raise GameError(msg)
    return array


def real_numbers(values: Any, what: str) -> NDArray[np.float32]:
    """Return numbers as a float32 array of any shape for compiled code.

    Raises:
        GameError: these are not numbers.
    """
    if type(values) is np.ndarray and values.dtype == FLOAT32 and values.flags.carray:
        return values
    array = _array(values, what)
    if array.dtype.kind not in "biuf":
        msg = f"{what} are numbers, got {array.dtype}"
        raise GameError(msg)
    return np.require(array, FLOAT32, ["C", "A", "W"])


def _whole(values: Any, dtype: np.dtype[Any], what: str) -> NDArray[Any]:
    array = _array(values, what)
    if array.dtype.kind == "f" and not isinstance(values, np.ndarray):
        array = np.array(values, object)  # in a list, integers beyond 2**63 became floats
    is_whole = array.dtype.kind in "iu" or all(type(one) is int for one in array.flat)
    if not is_whole:
        msg = f"{what} are whole numbers ({dtype}), got {array.flat[0]!r}"
        raise GameError(msg)
    bounds = np.iinfo(dtype)
    if array.size and not bounds.min <= array.min() <= array.max() <= bounds.max:
        msg = f"{what} are whole numbers ({dtype}), got one outside its range"
        raise GameError(msg)
    return np.require(array, dtype, ["C", "A", "W"])


def _array(values: Any, what: str) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        msg = f"{what} are arrays of numbers, got {type(values).__name__}: {error}"
        raise GameError(msg) from error
