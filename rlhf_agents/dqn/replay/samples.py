"""Shared parts of our replay buffers: observations as rows, n-step samples, safe files."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
import safetensors
import safetensors.numpy
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.type_aliases import (
    DictReplayBufferSamples,
    PyTorchObs,
    ReplayBufferSamples,
)

from rlhf_agents.dqn.action_masks import MASK_KEY
from rlhf_agents.dqn.replay.kernels import FIRST, GOAL, SECOND, WAITED, Rows
from rlhf_agents.dqn.replay.rows import NO_ROWS, RowLayout, RowReader
from rlhf_agents.dqn.replay.store import Drawn, NStepResult, TransitionStore
from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.types import Array, Arrays, Info, Ints, Observations, Space
from rlhf_agents.files.untrusted import WRONG

MASK, ACHIEVED = "mask", "achieved_goal"
KIND = "rlhf_agents replay buffer"
NUMBERS = {"numbers": (4,), "highest": (1,)}
"""Shapes of arrays in a file that do not depend on the buffer."""


class Samples(NamedTuple):
    """SB3's replay samples with additions for priorities and masks.

    Attributes:
        observations: tensor or Dict of tensors `[B, ...]`.
        actions: int64 `[B, 1]`, or values of the action space.
        next_observations: after n steps, or where the return was cut.
        dones: 1 where the episode ends, float32 `[B, 1]`.
        rewards: n-step returns, float32 `[B, 1]`.
        discounts: of the next observation, float32 `[B, 1]`; None for one step.
        next_masks: allowed actions of the next observation, uint8 `[B, A]`, if the observation
            does not include them.
        weights: importance weights, float32 `[B, 1]`, with priorities.
        indices: for `update_priorities`, int64 `[B]`.
    """

    observations: PyTorchObs
    actions: torch.Tensor
    next_observations: PyTorchObs
    dones: torch.Tensor
    rewards: torch.Tensor
    discounts: torch.Tensor | None
    next_masks: torch.Tensor | None
    weights: torch.Tensor | None
    indices: Ints


Batch = ReplayBufferSamples | DictReplayBufferSamples | Samples


def next_masks(batch: Batch) -> torch.Tensor | None:
    """Return the masks `[B, A]` of a batch's next states, if it has any."""
    after = batch.next_observations
    if isinstance(after, dict) and MASK_KEY in after:
        return after[MASK_KEY]
    masks: torch.Tensor | None = getattr(batch, "next_masks", None)
    return masks


class RowCodec:
    """Writes observations to rows and reads them. Goals are separate, as hindsight replaces them.

    Args:
        space: observations: any, or a Dict.
        n_actions: A, if masks are stored as well.
        goals: keys of the desired goal, which is the same before and after a step, and of the
            achieved one, which hindsight puts in its place.
    """

    def __init__(
        self, space: Space, n_actions: int | None, goals: tuple[str, str] | None = None
    ) -> None:
        self.is_dict = isinstance(space, spaces.Dict)
        parts = space.spaces if isinstance(space, spaces.Dict) else {"": space}
        self.keys = list(parts)
        self.shared: tuple[str, ...] = () if goals is None else goals[:1]
        self.layout = RowLayout()
        for key, part in parts.items():
            self.layout.add(f"obs:{key}", part)
            if key not in self.shared:
                self.layout.add(f"next:{key}", part)
        if n_actions is not None:
            self.layout.add(MASK, spaces.MultiBinary(n_actions))
        self.changing = [key for key in self.keys if key not in self.shared]
        self.achieved = None if goals is None else goals[1]
        self._make_reader()

    def __setstate__(self, state: dict[str, object]) -> None:
        """Restore a pickle, also one of version 0.1, whose readers were others."""
        self.__dict__.update({"achieved": ACHIEVED if state["shared"] else None, **state})
        self._make_reader()

    def _make_reader(self) -> None:
        wanted = [(f"obs:{key}", FIRST) for key in self.keys]
        wanted += [(f"next:{key}", SECOND) for key in self.changing]
        wanted += [(MASK, SECOND)] if MASK in self.layout.fields else []
        elsewhere = None
        if self.achieved is not None and self._are_alike(self.shared[0], self.achieved):
            elsewhere = f"next:{self.achieved}"
            wanted[self.keys.index(self.shared[0])] = f"obs:{self.shared[0]}", GOAL
        self.relabels = elsewhere is not None
        self.reader = RowReader(self.layout, wanted, elsewhere)

    def _are_alike(self, desired: str, achieved: str) -> bool:
        """Return whether one goal can be read in place of the other, byte by byte."""
        one, other = self.layout[f"obs:{desired}"], self.layout[f"next:{achieved}"]
        return (one.shape, one.dtype, one.packed) == (other.shape, other.dtype, other.packed)

    def encode(
        self, before: Observations, after: Observations, masks: NDArray[np.bool_] | None
    ) -> Rows:
        """Return rows `[n_envs, width]` for observations before and after a step."""
        seen, led_to = self._parts(before), self._parts(after)
        rows = np.empty((len(next(iter(seen.values()))), self.layout.width), np.uint8)
        for key in self.keys:
            self.layout[f"obs:{key}"].write(rows, seen[key])
            if key not in self.shared:
                self.layout[f"next:{key}"].write(rows, led_to[key])
        if MASK in self.layout.fields:
            n_actions = self.layout[MASK].shape
            allowed = np.ones((len(rows), *n_actions), bool) if masks is None else masks
            self.layout[MASK].write(rows, allowed)
        return rows

    def _parts(self, observation: Observations) -> Arrays:
        return observation if isinstance(observation, dict) else {"": observation}

    def read(
        self, rows: Rows, first: Ints, final: Ints, sources: Ints = NO_ROWS
    ) -> tuple[Arrays, Arrays, Array | None]:
        """Return observations before `first` and after `final` by key, and the last masks.

        The first desired goals are those that `sources` achieved, see `read_rows`, if `relabels`.
        """
        values = self.reader.read(rows, first, final, sources)
        before = dict(zip(self.keys, values, strict=False))
        after = dict(zip(self.changing, values[len(self.keys) :], strict=False))
        after.update({key: before[key] for key in self.shared})
        return before, after, values[-1] if MASK in self.layout.fields else None


def end_flags(
    dones: Array, infos: list[Info], timeouts: bool
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which episodes ended, `[n_envs]`, and which of those without a time limit."""
    ends = np.asarray(dones, bool)
    if not timeouts or not ends.any():
        return ends, ends
    cut = np.array([bool(info.get("TimeLimit.truncated", False)) for info in infos])
    return ends, ends & ~cut


def waited_flags(infos: list[Info]) -> NDArray[np.uint8]:
    """Return `WAITED` where an info has `waiting` (no action was taken), uint8 `[n_envs]`."""
    return np.array([WAITED if info.get("waiting") else 0 for info in infos], np.uint8)


def as_samples(
    store: TransitionStore,
    drawn: Drawn,
    observations: tuple[Observations, Observations, Array | None],
    outcome: NStepResult,
    device: torch.device,
) -> Samples:
    """Assemble a batch; `observations` are those before, those after, and the masks after."""

    def tensor(values: Array) -> torch.Tensor:
        made = torch.from_numpy(values)
        return made if here else made.to(device)

    def tensors(seen: Observations) -> PyTorchObs:
        if isinstance(seen, dict):
            return {key: tensor(value) for key, value in seen.items()}
        return tensor(seen)

    here = device.type == "cpu"
    before, after, masks = observations
    actions = store.actions.take(drawn.rows, axis=0).astype(store.action_type, copy=False)
    discounts = None
    if store.n_steps > 1:
        discounts = tensor((store.gamma ** (outcome.last + 1)).astype(np.float32)[:, None])
    return Samples(
        tensors(before),
        tensor(actions),
        tensors(after),
        tensor(outcome.done.astype(np.float32)[:, None]),
        tensor(outcome.returns[:, None]),
        discounts,
        None if masks is None else tensor(masks),
        None if drawn.weights is None else tensor(drawn.weights[:, None]),
        drawn.rows,
    )


def save_state(kind: str, state: Arrays) -> bytes:
    """Return a buffer's arrays as the bytes of a safetensors file."""
    arrays = {name: np.ascontiguousarray(value) for name, value in state.items()}
    return safetensors.numpy.save(arrays, {"kind": KIND, "class": kind})


def load_into(store: TransitionStore, path: str | os.PathLike[str], kind: str) -> None:
    """Read a file from `save_state` without running code.

    Raises:
        ModelFileError: the file is missing, damaged or of another kind of buffer.
    """
    try:
        with safetensors.safe_open(os.fspath(path), "np") as file:
            _check_kind(path, file.metadata() or {}, kind)
            store.restore(_read_state(store, file))
    except (OSError, safetensors.SafetensorError) as error:
        msg = f"{path} is not a replay buffer of rlhf_agents or is damaged ({error})"
        raise ModelFileError(msg) from error
    except WRONG as error:
        msg = f"{path} does not fit this buffer: {error}"
        raise ModelFileError(msg) from error


def _check_kind(path: str | os.PathLike[str], facts: dict[str, str], kind: str) -> None:
    if facts.get("kind") != KIND or facts.get("class") != kind:
        msg = f"{path} holds a {facts.get('class', 'file of another kind')}, not a {kind}"
        raise ModelFileError(msg)


def _read_state(store: TransitionStore, file: Any) -> Arrays:
    """Return the arrays that a buffer needs; each is read only if its size fits."""
    state = {name: _read_array(file, name, shape) for name, shape in NUMBERS.items()}
    for name, target in store.targets(state["numbers"]).items():
        state[name] = _read_array(file, name, target.shape)
        if state[name].dtype != target.dtype:
            msg = f"{name} holds {state[name].dtype}, not {target.dtype}"
            raise ValueError(msg)
    return state


def _read_array(file: Any, name: str, shape: tuple[int, ...]) -> Array:
    found = file.get_slice(name).get_shape()
    if found != list(shape):
        msg = f"{name} has the shape {found}, not {list(shape)}"
        raise ValueError(msg)
    array: Array = file.get_tensor(name)
    return array
