"""A `VecEnv` whose worlds are one object: what it says of one world holds for all of them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv


class BatchVecEnv(VecEnv):
    """The methods of `VecEnv` that reach into single worlds, for worlds that step in one call."""

    @abstractmethod
    def action_masks(self) -> NDArray[np.bool_]:
        """Return the allowed actions, bool `[n, A]`."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return an attribute once per world."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute, which all worlds share."""
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method once per world; `action_masks` gives each world its own row.

        sb3-contrib stacks the masks of the worlds, and SB3's HER asks one world for all rewards.
        """
        which = list(self._get_indices(indices))
        if method_name == "action_masks":
            return list(self.action_masks()[which])
        method = getattr(self, method_name)
        return [method(*method_args, **method_kwargs) for _ in which]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Tell that no single world is wrapped."""
        return [False] * len(list(self._get_indices(indices)))
