"""A model for an environment without rules to search: its Q-network and its observations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_agents.envs.kinds import Space
from rlhf_agents.errors import SettingError

if TYPE_CHECKING:
    from rlhf_agents.hfdqn import HFDQN

MASK_KEY = "action_mask"
BOARD, GOAL = "observation", "desired_goal"


class EnvPolicy:
    """A model that was trained in an unchanged environment, e.g. `gymnasium:CartPole-v1`.

    Args:
        name: its name.
        model: an `HFDQN` without a game.

    Attributes:
        network: the torch module that returns values `[B, A]`.
        parts: the parts of its observation by name: the observation first, then the goal, then
            others. If the observation is not a Dict, the only part is `observation`.
        n_actions: A.
        masked: the environment allows some actions only.
        statistics: by which parts are normalised first, by name, as a `VecNormalize` does it.
        frame_stack: how its observations are stacked, in a form that JSON can hold, or None.
        wrappers: the names of the other wrappers in which it was trained.

    Raises:
        SettingError: the actions are not numbers from a range.
    """

    def __init__(self, name: str, model: HFDQN) -> None:
        from rlhf_agents.dqn.manifest_facts import (  # noqa: PLC0415 - imports torch
            FRAME_STACK,
            WRAPPERS,
            facts_of,
        )

        self.name = name
        self.network = model.q_net
        actions = model.action_space
        if not isinstance(actions, spaces.Discrete):
            msg = f"{name} chooses from {actions}, not from a list of actions"
            raise SettingError(msg)
        self.n_actions = int(actions.n)
        space = model.observation_space
        self.is_dict = isinstance(space, spaces.Dict)
        parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {BOARD: space}
        first = [key for key in (BOARD, GOAL) if key in parts]
        request = [*first, *(key for key in parts if key not in first)]
        self.parts: dict[str, Space] = {key: parts[key] for key in request}
        self.masked = MASK_KEY in parts or _stores_masks(model)
        self.statistics = _statistics(model)
        facts = facts_of(model)
        self.frame_stack, self.wrappers = facts[FRAME_STACK], facts[WRAPPERS]

    @classmethod
    def load(cls, path: str) -> EnvPolicy:
        """Read a model file.

        Raises:
            ModelFileError: the file is damaged, or not ours.
        """
        from rlhf_agents.hfdqn import HFDQN  # noqa: PLC0415 - torch takes seconds to import

        return cls(Path(path).stem, HFDQN.load(path))

    def shape_of(self, key: str) -> tuple[int, ...]:
        """Return the shape of one part as float32; numbers from a range are one-hot."""
        space = self.parts[key]
        if isinstance(space, spaces.Discrete):
            return (int(space.n),)
        if isinstance(space, spaces.MultiDiscrete):
            return (int(np.sum(space.nvec)),)
        return tuple(map(int, space.shape or ()))


class Statistics(NamedTuple):
    """What a `VecNormalize` does to one part of an observation.

    Attributes:
        mean: float64 of the part's shape, subtracted.
        scale: likewise, the standard deviation, by which the difference is divided.
        clip: the largest absolute value of the result.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    clip: float


def _statistics(model: HFDQN) -> dict[str, Statistics]:
    normalizer = model.get_vec_normalize_env() or model.normalizer
    if normalizer is None or not normalizer.norm_obs:
        return {}
    seen = normalizer.obs_rms
    parts = seen if isinstance(seen, dict) else {BOARD: seen}
    return {
        key: Statistics(rms.mean, np.sqrt(rms.var + normalizer.epsilon), normalizer.clip_obs)
        for key, rms in parts.items()
    }


def _stores_masks(model: HFDQN) -> bool:
    """Return whether masks were stored, which means that they are not in the observations."""
    from rlhf_agents.dqn.replay.masked_buffer import MaskedReplayBuffer  # noqa: PLC0415 - imports torch

    buffer = model.replay_buffer_class
    plain = isinstance(buffer, type) and issubclass(buffer, MaskedReplayBuffer)
    # Foresight also uses that buffer, but refuses such environments.
    stores = plain and model.model_foresight is None
    return stores or bool(model.replay_buffer_kwargs.get("store_masks", False))
