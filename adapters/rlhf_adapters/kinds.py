"""Types that Gymnasium and SB3 leave open, defined once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsFloat, TypeAlias

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.specs import Info
from rlhf_games.base import Array

if TYPE_CHECKING:  # SB3 takes seconds to import
    from stable_baselines3.common.vec_env import VecEnv

Env = gymnasium.Env[Any, Any]
"""An environment from any source: only its spaces describe observations and actions."""
Wrapper = gymnasium.Wrapper[Any, Any, Any, Any]
Space = spaces.Space[object]
Arrays = dict[str, Array]
Observation = Array | Arrays | tuple[Array, ...]
"""Of one environment or of a batch; a state of a Discrete space is a numpy integer."""
Reset = tuple[Observation, Info]
Step = tuple[Observation, SupportsFloat, bool, bool, Info]
EnvOrVecEnv: TypeAlias = "Env | VecEnv"
"""One environment, or several that are stepped together."""
Picture = str | NDArray[np.uint8] | None
"""Pictures, by render mode: a text, pixels `[H, W, 3]`, or None."""
