"""The methods that reach into single environments, for a `VecEnv` that is one batched object."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from rlhf_adapters.kinds import Wrapper


class BatchVecEnv(VecEnv):
    """Methods of `VecEnv` that reach into single environments, implemented for a batch."""

    @abstractmethod
    def action_masks(self) -> NDArray[np.bool_]:
        """Return the allowed actions, bool `[n, A]`."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return an attribute once per environment."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: object, indices: VecEnvIndices = None) -> None:
        """Set an attribute, which all environments share."""
        setattr(self, attr_name, value)

    def env_method(
        self,
        method_name: str,
        *method_args: Any,
        indices: VecEnvIndices = None,
        **method_kwargs: Any,
    ) -> list[Any]:
        """Call a method once per environment; `action_masks` gives each environment its own row.

        sb3-contrib stacks the masks of the environments, and SB3's HER asks one environment for all
        rewards.
        """
        which = list(self._get_indices(indices))
        if method_name == "action_masks":
            return list(self.action_masks()[which])
        method = getattr(self, method_name)
        return [method(*method_args, **method_kwargs) for _ in which]

    def env_is_wrapped(
        self,
        wrapper_class: type[Wrapper],
        indices: VecEnvIndices = None,
    ) -> list[bool]:
        """Return False for every environment: none of them is wrapped."""
        return [False] * len(list(self._get_indices(indices)))
