"""Observations for agents that share one network: arrays of one shape.

* Flat: an agent's observation, flattened to float32 and padded with zeros to the longest of all
  agents, then a one-hot code of the agent.
* Pictures (uint8 `[H, W, 3]`, the same for all agents): grey, shrunk by means of blocks to at most
  84 pixels a side; three planes: now, one step before, and one whose brightness identifies the
  agent.
  uint8 `[h, w, 3]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces

from rlhf_adapters.kinds import Space
from rlhf_adapters.specs import EnvError
from rlhf_games.base import Array

LARGEST_SIDE = 84
BOARD = "observation"


class View(Protocol):
    """Writes an agent's observation into an array.

    Attributes:
        space: of that array.
    """

    space: spaces.Box

    def write(self, agent: int, raw: object, out: Array, first: bool) -> None:
        """Write an observation of an agent; `first`: the first of its life."""
        ...


class FlatView:
    """Observations as vectors, see this module.

    Args:
        name: of the environment, for errors.
        shown: the space of every agent, without masks.

    Raises:
        EnvError: observations do not fit into an array of fixed size.
    """

    def __init__(self, name: str, shown: Sequence[Space]) -> None:
        self.name = name
        for space in shown:
            if not space.is_np_flattenable:
                msg = f"{name}: observations in {space} do not fit into an array of fixed size"
                raise EnvError(msg)
        self.shown = shown
        flat: list[Any] = [spaces.flatten_space(space) for space in shown]
        self.length = max(one.shape[0] for one in flat)
        low, high = np.zeros((2, self.length + len(shown)), np.float32)
        high[self.length :] = 1.0
        for one in flat:  # padding and waiting are zeros
            size = one.shape[0]
            low[:size] = np.minimum(low[:size], one.low)
            high[:size] = np.maximum(high[:size], one.high)
        self.space: spaces.Box = spaces.Box(low, high, dtype=np.float32)

    def write(self, agent: int, raw: object, out: Array, first: bool) -> None:
        """Write an observation of an agent.

        Raises:
            EnvError: the observation is not in its space.
        """
        del first
        flat = np.asarray(spaces.flatten(self.shown[agent], raw))
        if len(flat) > self.length:
            msg = (
                f"{self.name} returned {len(flat)} numbers where it declares {self.length}: it "
                "does not support the options that it was made with"
            )
            raise EnvError(msg)
        out[:] = 0
        out[: len(flat)] = flat
        out[self.length + agent] = 1


class PictureView:
    """Observations as pictures, see this module.

    Args:
        shape: of a picture, `[H, W, 3]`.
        n_agents: their number.
    """

    def __init__(self, shape: tuple[int, ...], n_agents: int) -> None:
        self.block = -(-max(shape[:2]) // LARGEST_SIDE)
        self.height, self.width = shape[0] // self.block, shape[1] // self.block
        self.marks = np.linspace(0, 255, n_agents).astype(np.uint8)
        self.space: spaces.Box = spaces.Box(0, 255, (self.height, self.width, 3), np.uint8)

    def write(self, agent: int, raw: object, out: Array, first: bool) -> None:
        """Write a picture that an agent sees."""
        block, height, width = self.block, self.height, self.width
        cut = np.asarray(raw)[: height * block, : width * block]
        small = cut.reshape(height, block, width, -1).mean(axis=(1, 3)).astype(np.uint8)
        out[..., 1] = small if first else out[..., 0]
        out[..., 0] = small
        out[..., 2] = self.marks[agent]


def shown_space(space: Space) -> Space:
    """Return the space of an agent's observations, without the mask."""
    if isinstance(space, spaces.Dict) and BOARD in space.spaces:
        return space[BOARD]
    return space


def view_of(name: str, shown: Sequence[Space]) -> View:
    """Return the common view of agents.

    Raises:
        EnvError: observations do not fit into an array of fixed size.
    """
    first = shown[0]
    is_picture = isinstance(first, spaces.Box) and first.dtype == np.uint8 and len(first.shape) == 3
    if is_picture and all(space == first for space in shown):
        return PictureView(first.shape or (), len(shown))
    return FlatView(name, shown)
