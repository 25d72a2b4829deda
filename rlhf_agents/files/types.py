"""Names for types that are long: arrays, spaces, and files to read or write."""

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
"""What SB3's environments return: `[n_envs, ...]`, of a Dict each part by its key."""
Space: TypeAlias = "spaces.Space[Any]"
Info: TypeAlias = dict[str, Any]
"""What Gymnasium's environments say of a step besides the observation, by keys of their own."""
Arguments: TypeAlias = dict[str, Any]
"""Arguments of a function by name, checked where it is called."""
PathOrStream: TypeAlias = str | os.PathLike[str] | io.IOBase
