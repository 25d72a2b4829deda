"""Types that Gymnasium and SB3 leave open, spelt once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, SupportsFloat

import gymnasium
from gymnasium import spaces
from numpy.typing import NDArray

Env = gymnasium.Env[Any, Any]
Wrapper = gymnasium.Wrapper[Any, Any, Any, Any]
Space = spaces.Space[Any]
Arrays = dict[str, NDArray[Any]]
Observation = NDArray[Any] | dict[str, NDArray[Any]] | tuple[NDArray[Any], ...]
"""Of one environment or of a batch; a state of a Discrete space is an integer of numpy."""
Info = dict[str, Any]
Options = Mapping[str, Any]
Reset = tuple[Observation, Info]
Step = tuple[Observation, SupportsFloat, bool, bool, Info]
