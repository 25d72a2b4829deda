"""The outcomes that a world model expects, and their value."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rlhf_agents.files.types import Arrays

Parts = Arrays
"""Observations by key, `[B, ...]` each; the key is "" if they are not a Dict."""
Ints = NDArray[np.int64]


class Transitions(NamedTuple):
    """B steps in an environment.

    Attributes:
        before: observations, without the desired goal.
        actions: int64 `[B]`.
        after: observations, without the desired goal.
        rewards: float32 `[B]`.
        ends: the episode ended for a reason other than its goal, bool `[B]`.
    """

    before: Parts
    actions: Ints
    after: Parts
    rewards: NDArray[np.float32]
    ends: NDArray[np.bool_]


class Imagined(NamedTuple):
    """Possible outcomes of M actions in each of B states: N outcomes in all.

    Attributes:
        after: observations, `[N, ...]` each.
        pairs: the state and action of each outcome, `state * M + action`, int64 `[N]`.
        chances: probability of each outcome, float32 `[N]`.
        rewards: float32 `[N]`.
        ends: probability that the episode ends there for a reason other than its goal,
            float32 `[N]`.
        known: the model knows the outcomes, bool `[B, M]`.
    """

    after: Parts
    pairs: Ints
    chances: NDArray[np.float32]
    rewards: NDArray[np.float32]
    ends: NDArray[np.float32]
    known: NDArray[np.bool_]


def expected_values(
    imagined: Imagined,
    rewards: torch.Tensor,
    ends: torch.Tensor,
    next_values: torch.Tensor,
    gamma: float,
) -> torch.Tensor:
    """Return `sum of chance * (r + (1 - end) * gamma * V(s'))`, float32 `[B, M]`, 0 if unknown.

    Args:
        imagined: the possible outcomes.
        rewards: of each outcome under its goal, float32 `[N]`.
        ends: 1 where the episode ends, float32 `[N]`.
        next_values: V(s') of each outcome, float32 `[N]`.
        gamma: discount per step.
    """
    worth = rewards + (1 - ends) * gamma * next_values
    worth = worth * torch.from_numpy(imagined.chances)
    result = torch.zeros(imagined.known.size)
    result.index_add_(0, torch.from_numpy(imagined.pairs), worth)
    return result.reshape(imagined.known.shape)
