"""The state of an optimizer such as Adam as arrays named "index.key", and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from rlhf_agents.files.types import Arrays

STEP = "step"
ADAM = {STEP: True, "exp_avg": False, "exp_avg_sq": False}
"""The keys of Adam, and whether each is a single number."""


def state_arrays(state: Mapping[str, Any]) -> Arrays:
    """Return the arrays of an optimizer's `state_dict`."""
    return {
        f"{index}.{key}": np.atleast_1d(value.detach().cpu().numpy())  # as safetensors would
        for index, slot in state["state"].items()
        for key, value in slot.items()
        if torch.is_tensor(value)
    }


def state_slots(arrays: Arrays) -> dict[int, dict[str, torch.Tensor]]:
    """Return the `state` part of an optimizer's `state_dict` from its arrays."""
    slots: dict[int, dict[str, torch.Tensor]] = {}
    for name, array in arrays.items():
        index, _, key = name.partition(".")
        tensor = torch.from_numpy(np.array(array))
        slots.setdefault(int(index), {})[key] = tensor.reshape(()) if key == STEP else tensor
    return slots


def check_state(
    arrays: Arrays,
    shapes: Sequence[tuple[int, ...]],
    keys: dict[str, bool],
    dtype: type[np.generic] | None = None,
) -> None:
    """Raise `ValueError` if arrays cannot be the state of an optimizer.

    Args:
        arrays: from a file, as `state_arrays` names them.
        shapes: of the parameters, in the order of the optimizer.
        keys: the state of a parameter by key, and whether each is a single number.
        dtype: of all arrays; None is any float.
    """
    found: dict[int, set[str]] = {}
    for name, array in arrays.items():
        index, _, key = name.partition(".")
        place = int(index)
        if not 0 <= place < len(shapes) or key not in keys:
            msg = f"the optimizer has no {name}"
            raise ValueError(msg)
        found.setdefault(place, set()).add(key)
        fits = array.size == 1 if keys[key] else array.shape == shapes[place]
        if not fits or array.dtype.kind != "f" or (dtype is not None and array.dtype != dtype):
            msg = f"the optimizer's {name} is {array.dtype} {array.shape}"
            raise ValueError(msg)
        if key == STEP and not (array >= 0).all():
            msg = f"the optimizer has taken {array} steps"
            raise ValueError(msg)
    for place, names in found.items():
        if names != set(keys):
            msg = f"the optimizer has {sorted(names)} of parameter {place}, not {sorted(keys)}"
            raise ValueError(msg)
