"""The protocol for batches of one library's environments, which adapters pass to `goal_env`."""

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

    The arrays describe the environments after the last call; the next call may overwrite them.

    Attributes:
        name: e.g. `gymnasium:CartPole-v1`.
        n: their number.
        n_actions: A.
        space: of one environment's observation.
        observation: `[n, ...]`.
        mask: int8 `[n, A]`, 1 = sensible.
        reward: of the last step, `[n]`.
        points: added to the score by the last step, `[n]`.
        terminated: bool `[n]`.
        truncated: bool `[n]`, ended by a time limit.
        infos: n dictionaries.
        silent: infos are empty: among many environments, only the last step of an episode has
            one.
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
        """The library's own n environments, or an empty sequence."""
        ...

    def seed(self, seed: int | None) -> None:
        """Reseed environment i with seed + i; call `restart` next."""
        ...

    def restart(self, which: Bools, options: Sequence[Info | None]) -> None:
        """Restart the environments of `which` `[n]`, each with its options."""
        ...

    def step(self, actions: NDArray[np.int64]) -> None:
        """Take an action `[n]` of 0..A-1 in every environment."""
        ...

    def render(self) -> Sequence[Picture]:
        """Return a picture of every environment."""
        ...

    def close(self) -> None:
        """Release their resources."""
        ...
