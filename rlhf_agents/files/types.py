"""Names for types that are long: arrays, spaces, and files to read or write."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

if TYPE_CHECKING:  # playing needs no gymnasium
    from gymnasium import spaces

Array: TypeAlias = NDArray[Any]
"""An array of any shape and type of numbers."""
Arrays: TypeAlias = dict[str, Array]
"""Arrays by name."""
Space: TypeAlias = "spaces.Space[Any]"
PathOrStream: TypeAlias = str | os.PathLike[str] | io.IOBase
