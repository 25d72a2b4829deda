"""The settings of a model as JSON, and back, without ever running code from a file.

Classes are written by name and looked up in a short list of modules; objects are rebuilt with known
constructors. Anything else in a model, such as a user's own class, is written as
`{"custom": name}`, and the reader must supply it.
"""

from __future__ import annotations

import base64
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from importlib import import_module
from numbers import Integral
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.type_aliases import TrainFreq, TrainFrequencyUnit
from stable_baselines3.common.utils import ConstantSchedule, FloatSchedule, LinearSchedule
from stable_baselines3.her.goal_selection_strategy import GoalSelectionStrategy

from rlhf_agents.files.types import Array
from rlhf_agents.files.untrusted import DTYPES, WRONG, declared_values
from rlhf_agents.moved import MODULES
from rlhf_agents.settings import (
    Cosine,
    Foresight,
    Hindsight,
    LostSchedule,
    ModelForesight,
    Parallel,
    Priorities,
    from_json,
)
from rlhf_games.json_types import JSON

SAFE_MODULES = (
    "rlhf_agents.dqn.goal_features",
    "rlhf_agents.dqn.replay.hindsight_buffer",
    "rlhf_agents.dqn.replay.masked_buffer",
    "rlhf_agents.parallel.networks",
    "rlhf_agents.selfplay.networks",
    "stable_baselines3.common.buffers",
    "stable_baselines3.common.sb2_compat.rmsprop_tf_like",
    "stable_baselines3.common.torch_layers",
    "stable_baselines3.dqn.policies",
    "stable_baselines3.her.her_replay_buffer",
    "torch.nn.modules.activation",
    "torch.optim.adam",
    "torch.optim.adamw",
    "torch.optim.nadam",
    "torch.optim.radam",
    "torch.optim.rmsprop",
    "torch.optim.sgd",
)
MAX_VALUES = 10**7
"""The most elements that all spaces and arrays in a file may have together."""
MAX_DIMENSIONS = 32
CUSTOM = "custom"
ZOO_LINEAR = "rl_zoo3.utils.SimpleLinearSchedule"
SETTINGS: dict[str, Any] = {
    kind.__name__: kind for kind in (Foresight, Hindsight, ModelForesight, Parallel)
}
Coded = Mapping[str, Any]
"""An object from JSON, not checked yet: anything wrong in it raises one of `WRONG`."""


class Custom:
    """A placeholder for something that a file could not describe.

    Attributes:
        name: of its class or function.
    """

    def __init__(self, name: str) -> None:
        self.name = name


def encode(value: Any) -> JSON:
    """Return a value in a form that JSON can hold."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"float": repr(value)}
    for kind, encoder in _ENCODERS:
        if isinstance(value, kind):
            return encoder(value)
    owner = value if hasattr(value, "__qualname__") else type(value)
    name = f"{owner.__module__}.{owner.__qualname__}"
    if name == ZOO_LINEAR:  # known by name, because RL Zoo may not be installed
        return encode(LinearSchedule(value.initial_value, 0.0, 1.0))
    return {CUSTOM: name}


def _encode_class(value: type) -> dict[str, JSON]:
    name = f"{value.__module__}:{value.__qualname__}"
    return {"class" if value.__module__ in SAFE_MODULES else CUSTOM: name}


def _encode_array(value: Array) -> dict[str, JSON]:
    if value.dtype.kind not in "biuf":
        return {CUSTOM: f"array of {value.dtype}"}
    content = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return {"array": content, "dtype": value.dtype.str, "shape": list(value.shape)}


def _encode_dict(value: Mapping[object, object]) -> dict[str, JSON]:
    return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}


def _encode_box(space: spaces.Box) -> dict[str, JSON]:
    uniform = (space.low == space.low.flat[0]).all() and (space.high == space.high.flat[0]).all()
    low, high = (space.low.flat[0], space.high.flat[0]) if uniform else (space.low, space.high)
    shape = list(space.shape)
    return {"box": [encode(low), encode(high)], "shape": shape, "dtype": np.dtype(space.dtype).str}


_ENCODERS: list[tuple[type | tuple[type, ...], Callable[[Any], JSON]]] = [
    (np.generic, lambda v: {"number": _encode_array(np.asarray(v))}),
    (np.ndarray, _encode_array),
    (GoalSelectionStrategy, lambda v: v.name.lower()),  # buffers also accept the name
    (TrainFreq, lambda v: {"train_freq": [v.frequency, v.unit.value]}),
    (Priorities, lambda v: {"settings": "Priorities", "values": v._asdict()}),
    (tuple, lambda v: {"tuple": [encode(item) for item in v]}),
    (list, lambda v: [encode(item) for item in v]),
    (dict, _encode_dict),
    (deque, lambda v: {"deque": [encode(item) for item in v], "maxlen": v.maxlen}),
    (type, _encode_class),
    (
        (Foresight, Hindsight, ModelForesight, Parallel),
        lambda v: {"settings": type(v).__name__, "values": vars(v)},
    ),
    (ConstantSchedule, lambda v: {"constant": encode(v.val)}),
    (LinearSchedule, lambda v: {"linear": [v.start, v.end, v.end_fraction]}),
    (FloatSchedule, lambda v: {"float_of": encode(v.value_schedule)}),
    (Cosine, lambda v: {"cosine": [v.start, v.floor]}),
    (LostSchedule, lambda v: {CUSTOM: v.name}),
    (spaces.Dict, lambda v: {"dict_space": _encode_dict(v.spaces)}),
    (spaces.Box, _encode_box),
    (spaces.Discrete, lambda v: {"discrete": [int(v.n), int(v.start)]}),
    (spaces.MultiBinary, lambda v: {"multi_binary": encode(v.n)}),
    (spaces.MultiDiscrete, lambda v: {"multi_discrete": encode(v.nvec)}),
]


def decode_all(value: JSON) -> Any:
    """Return the value that `encode` described, see `decode`, if it is not too large.

    Raises:
        ValueError: `encode` does not write this, or it is too large.
    """
    try:
        if (declared := declared_values(value)) > MAX_VALUES:
            msg = f"it declares {declared} values, more than the limit of {MAX_VALUES}"
            raise ValueError(msg)
        return decode(value)
    except WRONG as error:
        raise ValueError(str(error)) from error


def decode(value: JSON) -> Any:
    """Return the value that `encode` described; what it could not describe becomes a `Custom`.

    Raises:
        ValueError: `encode` does not write this; further errors are in `WRONG`.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    for key, decoder in _DECODERS.items():
        if key in value:
            return decoder(value)
    msg = f"unknown kind of value with {', '.join(map(str, value)) or 'nothing'} in it"
    raise ValueError(msg)


def _decode_class(value: Coded) -> type:
    module, _, name = str(value["class"]).partition(":")
    module = MODULES.get(module, module)
    if module not in SAFE_MODULES:
        msg = f"files must not name classes of the module {module}"
        raise ValueError(msg)
    found = vars(import_module(module)).get(name)
    if not isinstance(found, type) or found.__module__ != module:
        msg = f"the module {module} has no class {name}"
        raise ValueError(msg)
    return found


def _decode_array(value: Coded) -> Array:
    dtype = _dtype(value["dtype"])
    content = base64.b64decode(str(value["array"]), validate=True)
    return np.frombuffer(content, dtype).reshape(_shape(value["shape"])).copy()


def _dtype(name: str) -> np.dtype[np.generic]:
    if name not in DTYPES:
        msg = f"arrays of {name} are not supported"
        raise ValueError(msg)
    return DTYPES[name]


def _decode_number(value: Coded) -> object:
    number: object = _decode_array(value["number"])[()]
    return number


def _decode_dict(value: Coded) -> dict[Any, object]:
    result = {decode(key): decode(item) for key, item in value["dict"]}
    if not all(key is None or isinstance(key, str | int | float) for key in result):
        msg = "a dict has keys of a type that JSON does not support"  # SB3 cannot save them
        raise ValueError(msg)
    return result


def _decode_box(value: Coded) -> spaces.Box:
    low, high = (decode(bound) for bound in value["box"])
    dtype: Any = _dtype(value["dtype"]).type
    return spaces.Box(low, high, _shape(value["shape"]), dtype)


def _shape(shape: object) -> tuple[int, ...]:
    result = tuple(shape) if isinstance(shape, list | tuple | np.ndarray) else (-1,)
    if len(result) > MAX_DIMENSIONS or not all(isinstance(size, Integral) for size in result):
        msg = f"{shape} cannot be the shape of an array"
        raise ValueError(msg)
    if any(size < 0 for size in result) or math.prod(result) > MAX_VALUES:
        msg = f"a shape of {list(result)} is refused: the limit is {MAX_VALUES} values"
        raise ValueError(msg)
    return result


def _decode_discrete(value: Coded) -> spaces.Discrete:
    n, start = (int(number) for number in value["discrete"])
    if n > MAX_VALUES:
        msg = f"{n} discrete values are refused: the limit is {MAX_VALUES}"
        raise ValueError(msg)
    return spaces.Discrete(n, start=start)


def _decode_binary(value: Coded) -> spaces.MultiBinary:
    n = decode(value["multi_binary"])
    _shape([n] if isinstance(n, int) else n)
    return spaces.MultiBinary(n)


def _decode_train_freq(value: Coded) -> TrainFreq:
    frequency, unit = value["train_freq"]
    return TrainFreq(int(frequency), TrainFrequencyUnit(unit))


def _decode_float_schedule(value: Coded) -> Custom | FloatSchedule:
    inner = decode(value["float_of"])
    return inner if isinstance(inner, Custom) else FloatSchedule(inner)


def _decode_settings(value: Coded) -> object:
    name = str(value["settings"])
    if name == Priorities.__name__:
        return Priorities(**value["values"])
    return from_json(SETTINGS[name], value["values"])


_DECODERS: dict[str, Callable[[Coded], object]] = {
    CUSTOM: lambda v: Custom(str(v[CUSTOM])),
    "float": lambda v: float(v["float"]),
    "number": _decode_number,
    "array": _decode_array,
    "train_freq": _decode_train_freq,
    "tuple": lambda v: tuple(decode(item) for item in v["tuple"]),
    "dict": _decode_dict,
    "deque": lambda v: deque((decode(item) for item in v["deque"]), v["maxlen"]),
    "class": _decode_class,
    "settings": _decode_settings,
    "constant": lambda v: ConstantSchedule(decode(v["constant"])),
    "linear": lambda v: LinearSchedule(*(float(part) for part in v["linear"])),
    "float_of": _decode_float_schedule,
    "cosine": lambda v: Cosine(*(float(part) for part in v["cosine"])),
    # Networks read the parts in this order; Gymnasium would sort a plain dict.
    "dict_space": lambda v: spaces.Dict(OrderedDict(_decode_dict(v["dict_space"]))),
    "box": _decode_box,
    "discrete": _decode_discrete,
    "multi_binary": _decode_binary,
    "multi_discrete": lambda v: spaces.MultiDiscrete(decode(v["multi_discrete"])),
}
