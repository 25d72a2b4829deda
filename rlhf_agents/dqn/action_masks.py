"""Action masks: where they come from, and how they are applied.

A mask is 1 (or True) where an action is allowed. It comes from the key `action_mask` of a Dict
observation (as in PettingZoo), from the environment's method `action_masks()` (as in sb3-contrib)
or from the caller of `predict`.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray
from stable_baselines3.common.vec_env import VecEnv

from rlhf_agents.dqn.env_access import attribute, has_method
from rlhf_agents.errors import SettingError
from rlhf_agents.files.types import Info, Space

MASK_KEY = "action_mask"
MASK_METHOD = "action_masks"
NEVER = -torch.inf
"""The value of an action that is not allowed."""


def observes_masks(space: Space) -> bool:
    """Return whether observations include a mask."""
    return isinstance(space, spaces.Dict) and MASK_KEY in space.spaces


def needed_keys(space: Space, masks: ArrayLike | None) -> list[str]:
    """Return the keys that an observation must have, given the masks of the caller if any."""
    if not isinstance(space, spaces.Dict):
        return []
    return [key for key in space.spaces if key != MASK_KEY or masks is None]


def offers_masks(env: VecEnv | None) -> bool:
    """Return whether the environments have a method `action_masks`."""
    return has_method(env, MASK_METHOD)


def masks_of(env: VecEnv) -> NDArray[np.bool_]:
    """Ask the environments for their masks, bool `[n_envs, A]`."""
    masks = env.env_method(MASK_METHOD)
    if len(masks) == 1 and np.ndim(masks[0]) == 2:  # a batched environment returns all at once
        return np.asarray(masks[0], bool)
    return np.asarray(np.stack(masks), bool)


def terminal_masks(
    masks: NDArray[np.bool_], dones: NDArray[np.bool_], infos: list[Info]
) -> NDArray[np.bool_]:
    """Return the masks of the states after a step, bool `[n_envs, A]`.

    Where an episode ended, `masks` is already that of the next one. The last state's mask is
    `infos[i]["action_mask"]` if the environment provides it (as Gymnasium's Taxi does); otherwise
    every action counts as allowed, which matters only if the episode was truncated.
    """
    if not dones.any():
        return masks
    masks = masks.copy()
    for i in np.flatnonzero(dones):
        masks[i] = np.asarray(infos[i].get(MASK_KEY, True), bool)
    return masks


def checked(masks: ArrayLike, n_actions: int, source: str) -> NDArray[np.bool_]:
    """Return masks as bool `[B, A]`.

    Args:
        masks: `[A]` or `[B, A]`.
        n_actions: A.
        source: where the masks come from, for the error.

    Raises:
        SettingError: the shape is wrong, or a mask allows no action.
    """
    array = np.asarray(masks, bool)
    array = array.reshape(1, -1) if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] != n_actions:
        msg = f"masks must have the shape [{n_actions}] or [B, {n_actions}], got {np.shape(masks)}"
        raise SettingError(msg)
    allowed = array.any(axis=1)
    if not allowed.all():
        row = int(np.flatnonzero(~allowed)[0])
        msg = (
            f"the action mask of {source} allows no action (row {row} of {len(array)}): "
            "end the episode instead, or allow an action that does nothing"
        )
        raise SettingError(msg)
    return array


def warn_of_evaluation() -> bool:
    """Warn that `evaluate_policy` ignores masks; return False: once is enough."""
    warnings.warn(
        "SB3's evaluate_policy and EvalCallback ignore the environment's action_masks(), so "
        "forbidden actions may be chosen: use evaluate_policy and MaskableEvalCallback of "
        "sb3_contrib.common.maskable instead",
        stacklevel=3,
    )
    return False


def random_actions(space: spaces.Discrete, masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Draw an allowed action for every mask `[B, A]` with the space's own generator."""
    return np.array([space.sample(mask=mask.astype(np.int8)) for mask in masks], np.int64)


def only_allowed(values: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Return values `[B, A]` with minus infinity where `masks` `[B, A]` is 0.

    Rows whose mask is all 0 stay unchanged: they are ends of episodes, where no action is chosen.
    """
    masks = masks > 0
    return torch.where(masks | ~masks.any(dim=1, keepdim=True), values, NEVER)


def env_name(env: VecEnv | None) -> str:
    """Return the name of the environment that a mask came from, for error messages."""
    if env is None:
        return "the observation"
    spec = attribute(env, "spec")
    inner: object = getattr(env.unwrapped, "envs", [env])[0]
    return getattr(spec, "id", None) or type(getattr(inner, "unwrapped", inner)).__name__
