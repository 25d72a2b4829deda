"""The environments of one library, many at a time, as an adapter hands them to `goal_env`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.kinds import Picture
from rlhf_adapters.single_agent.goals import Bools
from rlhf_adapters.specs import Info
from rlhf_games.base import Array


class BatchedEnvs(Protocol):
    """n one-player environments that step together; no auto-reset.

    The arrays show the environments after the last call; the next call may overwrite them.

    Attributes:
        name: e.g. `gymnasium:CartPole-v1`.
        n: how many.
        n_actions: A.
        space: of the observation of one.
        observation: `[n, ...]`.
        mask: int8 `[n, A]`, 1 = sensible.
        reward: what the last step pays, `[n]`.
        points: what it adds to the score, `[n]`.
        terminated: bool `[n]`.
        truncated: bool `[n]`, ended by a time limit.
        infos: n dictionaries.
        silent: they are empty: among many environments, only the last step of an episode has an
            info.
        planes_first: observations are planes `[C, H, W]` of zeros and ones.
        render_mode: as Gymnasium has it.
    """

    name: str
    n: int
    n_actions: int
    space: spaces.Box
    observation: Array
    mask: NDArray[np.int8]
    reward: NDArray[np.float64]
    points: NDArray[np.float64]
    terminated: Bools
    truncated: Bools
    infos: list[Info]
    silent: bool
    planes_first: bool
    render_mode: str | None

    @property
    def envs(self) -> Sequence[object]:
        """The n environments of the library below, or nothing."""
        ...

    def seed(self, seed: int | None) -> None:
        """Start the random numbers of environment i anew with seed + i; `restart` must follow."""
        ...

    def restart(self, which: Bools, options: Sequence[Info | None]) -> None:
        """Start the environments of `which` `[n]` anew, each with its options."""
        ...

    def step(self, actions: NDArray[np.int64]) -> None:
        """Take an action `[n]` of 0..A-1 in every environment."""
        ...

    def render(self) -> Sequence[Picture]:
        """Return a picture of every environment."""
        ...

    def close(self) -> None:
        """Release what they hold."""
        ...
