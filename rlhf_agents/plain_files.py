"""Model files of plain environments: what SB3's zip holds, said again in JSON and safetensors.

Reading translates our members back into a zip of SB3's in memory, and SB3's own loader takes it
from there: what it unpickles then was pickled by us a moment ago, from checked values.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.save_util import save_to_zip_file

from rlhf_agents.declarative import Custom, decode, encode
from rlhf_agents.errors import ModelFileError
from rlhf_agents.model_files import OPTIMIZER, POLICY, Arrays, ModelFile


def plain_parts(model: Any, base: bytes) -> tuple[dict[str, Any], dict[str, Arrays]]:
    """Return the manifest and the array groups that say what SB3's zip `base` says."""
    with zipfile.ZipFile(io.BytesIO(base)) as archive:
        names = list(json.loads(archive.read("data")))
    saved = model.get_parameters()  # looks through torch.compile
    optimizer = saved["policy.optimizer"]
    manifest = {
        "algorithm": type(model).__name__,
        "game": None,
        "data": {name: encode(getattr(model, name)) for name in names},
        "optimizer_groups": encode(optimizer["param_groups"]),
    }
    moments = {
        f"{index}.{key}": _array(value)
        for index, slot in optimizer["state"].items()
        for key, value in slot.items()
        if torch.is_tensor(value)
    }
    policy = {key: _array(value) for key, value in saved["policy"].items()}
    return manifest, {POLICY: policy, OPTIMIZER: moments}


def _array(tensor: torch.Tensor) -> Any:
    return tensor.detach().cpu().numpy()


def sb3_stream(file: ModelFile, custom_objects: dict[str, Any]) -> io.BytesIO:
    """Return SB3's zip with what a file describes.

    Raises:
        ModelFileError: it describes no model, or something only `custom_objects` can give.
    """
    try:
        data = {name: decode(value) for name, value in file.manifest["data"].items()}
        groups = decode(file.manifest["optimizer_groups"])
        slots = _slots(file.arrays.get(OPTIMIZER, {}))
    except (AttributeError, KeyError, TypeError, ValueError, AssertionError) as error:
        msg = f"{file.path} does not describe a model ({error})"
        raise ModelFileError(msg) from error
    for name, value in data.items():
        custom = _custom_in(value)
        if custom is not None and name not in custom_objects:
            msg = (
                f"{file.path} was saved with {custom} as {name}, which only code can bring back: "
                f"pass custom_objects={{{name!r}: ...}}, or trust=True if you trust its author"
            )
            raise ModelFileError(msg)
    data = {name: None if _custom_in(value) else value for name, value in data.items()}
    params = {
        "policy": {key: _tensor(value) for key, value in file.arrays[POLICY].items()},
        "policy.optimizer": {"state": slots, "param_groups": groups},
    }
    stream = io.BytesIO()
    save_to_zip_file(stream, data=data, params=params)
    stream.seek(0)
    return stream


def _slots(moments: Arrays) -> dict[int, dict[str, torch.Tensor]]:
    slots: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in moments.items():
        index, _, key = name.partition(".")
        slots.setdefault(int(index), {})[key] = _tensor(value)
    return slots


def _tensor(array: Any) -> torch.Tensor:
    return torch.from_numpy(np.array(array))


def _custom_in(value: Any) -> str | None:
    """Return the name of something custom in a value, None if all of it is known."""
    if isinstance(value, Custom):
        return value.name
    parts: list[Any] = []
    if isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, list | tuple):
        parts = list(value)
    return next((name for part in parts if (name := _custom_in(part))), None)
