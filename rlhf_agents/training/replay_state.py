"""Replay buffers of all kinds as arrays, and back: only their filled part."""

from __future__ import annotations

import warnings

import numpy as np
from gymnasium import spaces
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.buffers import (
    BaseBuffer,
    DictReplayBuffer,
    NStepReplayBuffer,
    ReplayBuffer,
)

from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
from rlhf_agents.dqn.replay.masked_buffer import MaskedReplayBuffer
from rlhf_agents.dqn.replay.rows import value_limits, within
from rlhf_agents.dqn.replay.store import action_range
from rlhf_agents.files.array_checks import check_arrays, check_numbers
from rlhf_agents.files.types import Array, Arrays
from rlhf_agents.selfplay.position_buffer import PositionBuffer

OURS = (PositionBuffer, HindsightReplayBuffer, MaskedReplayBuffer)
SB3S = (ReplayBuffer, DictReplayBuffer, NStepReplayBuffer, HerReplayBuffer)
"""SB3's buffers that can be read by the names of their arrays; a subclass may have changed
those."""
PER_STEP = (
    "observations",
    "next_observations",
    "actions",
    "rewards",
    "dones",
    "timeouts",
    "ep_start",
    "ep_length",
)
"""Arrays of SB3's buffers with one entry per step, some of them with one array per key."""
RUNNING = "_current_ep_start"


def why_not_kept(buffer: BaseBuffer | None) -> str | None:
    """Return why a file cannot hold a buffer, None if it can."""
    if buffer is None:
        return None  # nothing to keep
    if type(buffer) not in (*OURS, *SB3S):
        return f"its class {type(buffer).__name__} is not one that can be read back"
    if getattr(buffer, "copy_info_dict", False):
        return "it holds infos (copy_info_dict), which may be anything"
    return None


def buffer_state(buffer: ReplayBuffer) -> Arrays:
    """Return everything in a buffer, including unfinished episodes."""
    if isinstance(buffer, PositionBuffer):
        return buffer.state()
    if isinstance(buffer, HindsightReplayBuffer | MaskedReplayBuffer):
        return buffer.store.state()
    filled = _filled(buffer, buffer.pos, buffer.full)
    state = {name: column[:filled] for name, column in _columns(buffer).items()}
    if isinstance(buffer, HerReplayBuffer):
        state[RUNNING] = buffer._current_ep_start
    state["numbers"] = np.array([buffer.pos, buffer.full, buffer.buffer_size, buffer.n_envs])
    return state


def buffer_bytes(buffer: ReplayBuffer) -> int:
    """Return the most bytes that `buffer_state` can return."""
    if isinstance(buffer, PositionBuffer):
        return sum(part.nbytes for part in vars(buffer).values() if isinstance(part, np.ndarray))
    if isinstance(buffer, HindsightReplayBuffer | MaskedReplayBuffer):
        return buffer.store.nbytes
    return sum(column.nbytes for column in _columns(buffer).values())


def restore_buffer(buffer: ReplayBuffer, state: Arrays) -> None:
    """Fill an empty buffer from `buffer_state`.

    Raises:
        ValueError: it is for a buffer of another size or kind, or is impossible.
        KeyError: something is missing.
    """
    if isinstance(buffer, PositionBuffer):
        buffer.restore(state)
        return
    if isinstance(buffer, HindsightReplayBuffer | MaskedReplayBuffer):
        buffer.store.restore(state)
        buffer.pos, buffer.full = buffer.store.pos, buffer.store.full
        return
    pos, full = check_numbers(state["numbers"], [buffer.buffer_size, buffer.n_envs])
    filled = _filled(buffer, pos, bool(full))
    targets = {name: column[:filled] for name, column in _columns(buffer).items()}
    if isinstance(buffer, HerReplayBuffer):
        targets[RUNNING] = buffer._current_ep_start
    check_arrays(targets, state)
    _check_values(buffer, state)
    for name, target in targets.items():
        target[...] = state[name]
    buffer.pos, buffer.full = pos, full


def _check_values(buffer: ReplayBuffer, state: Arrays) -> None:
    """Raise `ValueError` if an SB3 buffer cannot hold these values."""
    least, greatest = action_range(buffer.action_space)
    space = buffer.observation_space
    parts = space.spaces if isinstance(space, spaces.Dict) else {"": space}
    counted = {key: found for key, part in parts.items() if (found := value_limits(part))}
    limits = {
        "actions": (least, greatest),
        "dones": (0, 1),
        "timeouts": (0, 1),
        "ep_start": (0, buffer.buffer_size - 1),
        "ep_length": (0, buffer.buffer_size),
        RUNNING: (0, buffer.buffer_size - 1),
        **{f"observations.{key}".rstrip("."): found for key, found in counted.items()},
        **{f"next_observations.{key}".rstrip("."): found for key, found in counted.items()},
    }
    if "ep_start" in state:
        _check_episodes(state["ep_start"], state["ep_length"], buffer.buffer_size)
    for name, array in state.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            msg = f"{name} has numbers that are not finite"
            raise ValueError(msg)
        bounds = limits.get(name)
        if bounds is not None and not within(array, bounds):
            msg = f"{name} is not between {bounds[0]} and {bounds[1]}"
            raise ValueError(msg)


def _check_episodes(starts: Array, lengths: Array, size: int) -> None:
    """Raise `ValueError` if a step of SB3's HER `[filled, n_envs]` is not within its episode."""
    place = (np.arange(len(starts))[:, None] - starts) % size
    if not ((lengths == 0) | (place < lengths)).all():
        msg = "there are steps outside their episodes"
        raise ValueError(msg)


def end_running_episodes(buffer: ReplayBuffer | None) -> None:
    """End the unfinished episodes in a buffer as if by a time limit, because new ones begin."""
    if buffer is None:
        return
    if isinstance(buffer, PositionBuffer):
        buffer.episode_length[:] = 0
    elif isinstance(buffer, MaskedReplayBuffer):
        for env in np.flatnonzero(buffer.store.running_for):
            buffer.store.close(int(env))
    elif isinstance(buffer, HerReplayBuffer):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SB3 warns that it truncates
            buffer.truncate_last_trajectory()
    elif buffer.optimize_memory_usage and buffer.size():
        # Another episode's observation will overwrite the next one.
        buffer.dones[(buffer.pos - 1) % buffer.buffer_size] = True


def _filled(buffer: ReplayBuffer, pos: int, full: bool) -> int:
    """Return the number of steps in use, including the next observation."""
    if full:
        return int(buffer.buffer_size)
    return min(pos + int(buffer.optimize_memory_usage), int(buffer.buffer_size))


def _columns(buffer: ReplayBuffer) -> Arrays:
    columns: Arrays = {}
    for name in PER_STEP:
        part = getattr(buffer, name, None)
        if isinstance(part, dict):
            columns.update({f"{name}.{key}": column for key, column in part.items()})
        elif part is not None:
            columns[name] = part
    return columns
