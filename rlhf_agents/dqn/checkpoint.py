"""Model files of plain environments: the content of SB3's zip as JSON and safetensors.

Reading translates our members back into an SB3 zip in memory for SB3's own loader: everything that
it unpickles was pickled by us just before, from checked values.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, Protocol, cast

import numpy as np
import torch
from stable_baselines3.common.save_util import save_to_zip_file

from rlhf_agents.dqn.checkpoint_checks import (
    ModelData,
    check_attributes,
    check_buffer,
    check_foresight,
    check_network,
    custom_in,
)
from rlhf_agents.dqn.optimizer_state import state_arrays, state_slots
from rlhf_agents.dqn.world_model.lookahead import Lookahead
from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.json_codec import Custom, decode_all, encode
from rlhf_agents.files.model_file import OPTIMIZER, POLICY, WORLD, ModelFile
from rlhf_agents.files.types import Array, Arrays
from rlhf_agents.files.untrusted import MAX_MEMBER_BYTES, WRONG
from rlhf_agents.settings import LostSchedule

STAND_IN = "replay_buffer"
"""Only for SB3's DQN, see `BufferOfHFDQN`."""
SCHEDULES = ("learning_rate", "lr_schedule")
DERIVED = {"batch_norm_stats", "batch_norm_stats_target"}
"""Views of a network's own arrays, which are recreated with it."""


class Saved(Protocol):
    """The parts of a plain environment's model that its file needs."""

    lookahead: Lookahead | None

    def get_parameters(self) -> dict[str, dict[str, Any]]:
        """Return the state of the policy and of its optimizer, see `DQN.get_parameters`."""
        ...


def plain_parts(model: Saved, base: bytes) -> tuple[dict[str, Any], dict[str, Arrays]]:
    """Return the manifest and the array groups with the content of SB3's zip `base`."""
    with zipfile.ZipFile(io.BytesIO(base)) as archive:
        names = list(json.loads(archive.read("data")))
    saved = model.get_parameters()  # unwraps torch.compile
    optimizer = saved["policy.optimizer"]
    manifest = {
        "algorithm": type(model).__name__,
        "game": None,
        "data": {name: encode(getattr(model, name)) for name in names if name != STAND_IN},
        "optimizer_groups": encode(optimizer["param_groups"]),
    }
    policy = {key: _array(value) for key, value in saved["policy"].items()}
    return manifest, {POLICY: policy, OPTIMIZER: state_arrays(optimizer), **_world(model)}


OF_THE_RUN = (
    "_last_obs",
    "_last_original_obs",
    "_last_episode_starts",
    "ep_info_buffer",
    "ep_success_buffer",
)
"""Attributes that playing does not need."""
ONLINE, TARGET = "q_net.", "q_net_target."


def compact_parts(model: Saved, base: bytes) -> tuple[dict[str, Any], dict[str, Arrays]]:
    """Return the result of `plain_parts` without the parts for training, in half precision."""
    manifest, groups = plain_parts(model, base)
    data = {name: None if name in OF_THE_RUN else value for name, value in manifest["data"].items()}
    playing = {
        name: array.astype(np.float16) if array.dtype == np.float32 else array
        for name, array in groups[POLICY].items()
        if name.startswith(ONLINE)
    }
    kept = {name: group for name, group in groups.items() if name not in {POLICY, OPTIMIZER}}
    return {**manifest, "data": data, "compact": True}, {POLICY: playing, **kept}


def _policy_arrays(file: ModelFile) -> Arrays:
    """Return the arrays of a policy, including those that a compact file leaves out."""
    arrays = file.arrays[POLICY]
    if not file.manifest.get("compact"):
        return arrays
    online = {
        name: array.astype(np.float32) if array.dtype == np.float16 else array
        for name, array in arrays.items()
    }
    return online | {name.replace(ONLINE, TARGET, 1): array for name, array in online.items()}


def _world(model: Saved) -> dict[str, Arrays]:
    """Return the group of the world model, empty without a model or if it is too large."""
    if model.lookahead is None:
        return {}
    state = model.lookahead.world.state()
    fits = sum(array.nbytes for array in state.values()) <= MAX_MEMBER_BYTES
    return {WORLD: state} if fits else {}


def restore_world_model(model: Saved, file: ModelFile) -> None:
    """Restore the world model of a loaded model, if the file has one.

    Raises:
        ModelFileError: the file has a world model for another environment.
    """
    if model.lookahead is None or WORLD not in file.arrays:
        return
    try:
        model.lookahead.world.restore(file.arrays[WORLD])
    except WRONG as error:
        msg = f"{file.path} has a world model that does not fit ({error})"
        raise ModelFileError(msg) from error


def _array(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy()
    return array


def sb3_stream(
    model_class: type, file: ModelFile, custom_objects: Mapping[str, object]
) -> io.BytesIO:
    """Return SB3's zip for a file's content.

    Args:
        model_class: HFDQN or a subclass.
        file: the file's content.
        custom_objects: values that replace saved attributes.

    Raises:
        ModelFileError: it does not describe a model, or needs something in `custom_objects`.
    """
    try:
        data = decode_all({"dict": list(file.manifest["data"].items())})
        groups = decode_all(file.manifest["optimizer_groups"])
        data.update({name: [] for name in DERIVED & data.keys()})
    except WRONG as error:
        msg = f"{file.path} does not describe a model ({error})"
        raise ModelFileError(msg) from error
    for name in SCHEDULES:
        if isinstance(data.get(name), Custom):
            data[name] = LostSchedule(data[name].name)
    _ask_for_custom(file, data, custom_objects)
    data = {name: custom_objects.get(name, value) for name, value in data.items()}
    moments, brought = file.arrays.get(OPTIMIZER, {}), set(custom_objects)
    policy = _policy_arrays(file)
    try:
        check_attributes(model_class, data, brought)
        known = cast("ModelData", data)
        check_network(known, policy, groups, moments, brought)
        check_buffer(known, brought)
        check_foresight(known)
        slots = state_slots(moments)
    except WRONG as error:
        msg = f"{file.path} does not describe a model ({error})"
        raise ModelFileError(msg) from error
    data = {name: None if name in custom_objects else value for name, value in data.items()}
    params = {
        "policy": {key: _tensor(value) for key, value in policy.items()},
        "policy.optimizer": {"state": slots, "param_groups": groups},
    }
    stream = io.BytesIO()
    save_to_zip_file(stream, data=data, params=params)
    stream.seek(0)
    return stream


def _ask_for_custom(
    file: ModelFile, data: Mapping[str, object], custom_objects: Mapping[str, object]
) -> None:
    for name, value in data.items():
        custom = custom_in(value)
        if custom is not None and name not in custom_objects:
            msg = (
                f"{file.path} was saved with {custom} as {name}, which only code can restore: "
                f"pass custom_objects={{{name!r}: ...}}, or trust=True if you trust its author"
            )
            raise ModelFileError(msg)


def _tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(np.array(array))
