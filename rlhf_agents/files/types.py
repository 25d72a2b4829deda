"""Names for long types: arrays, spaces, and files to read or write."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # playing needs no gymnasium
    from gymnasium import spaces

Array: TypeAlias = NDArray[Any]
"""An array of any shape and type of numbers."""
Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Arrays: TypeAlias = dict[str, Array]
"""Arrays by name."""
Observations: TypeAlias = Array | Arrays
"""Observations from SB3's environments: `[n_envs, ...]`, for a Dict each part by its key."""
Space: TypeAlias = "spaces.Space[Any]"
Info: TypeAlias = dict[str, Any]
"""The infos of a step from Gymnasium's environments."""
Arguments: TypeAlias = dict[str, Any]
"""Keyword arguments of a function, checked where it is called."""
PathOrStream: TypeAlias = str | os.PathLike[str] | io.IOBase
