"""Checks that a file describes a model that can be built and trained, without building it.

The networks are laid out on torch's `meta` device, which has shapes but no memory, and compared
with the arrays in the file. So nothing large is built unless the file really contains it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import UnionType
from typing import TypedDict

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.dqn.policies import DQNPolicy

from rlhf_agents.dqn.optimizer_state import check_state
from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
from rlhf_agents.dqn.replay.masked_buffer import MaskedReplayBuffer
from rlhf_agents.dqn.world_model.world_model import WorldModel
from rlhf_agents.dqn.world_model.world_model import parts_of as changing_parts
from rlhf_agents.errors import SettingError
from rlhf_agents.files.attribute_checks import PLAIN, number, require
from rlhf_agents.files.json_codec import Custom
from rlhf_agents.files.types import Arguments, Array, Arrays, Space
from rlhf_agents.files.untrusted import WRONG, parts_of
from rlhf_agents.settings import ModelForesight, Priorities

REQUIRED = ("policy_class", "observation_space", "action_space", "n_envs")
NOT_SAVED = frozenset(
    {
        "learner",
        "lookahead",
        "normalizer",
        "frame_stack",
        "wrappers",
        "trained_goal",
        "_asks_masks",
        "_buffer",
        "_buffer_is_due",
        "_curves",
        "_warns_of_masks",
        "between_steps",
        "_dense",
        "_last_masks",
        "_log_asked",
        "_log_began",
        "_log_withheld",
        "_log_written",
        "_makes_buffer_later",
        "_point_noted",
        "_replay_needed",
        "_taken",
        "_used_share",
    }
)
"""Attributes that an `HFDQN` creates itself: never written, and refused when read."""
SB3_MAKES = frozenset(
    {
        "policy",
        "device",
        "env",
        "replay_buffer",
        "rollout_buffer",
        "q_net",
        "q_net_target",
        "_logger",
        "_custom_logger",
        "_vec_normalize_env",
    }
)
"""The same for SB3's classes."""
MAX_WORLD = 10**7
"""The most weights of a world model, which is created when a file is loaded."""
MAX_HER = 3_000_000
"""The most steps of SB3's HerReplayBuffer, which creates a dict for each."""
PREFERENCES = ("capturable", "fused", "foreach")
"""Options that change how an optimizer computes, not the result; they depend on the device."""


class ModelData(TypedDict, total=False):
    """The attributes that are needed to build a model, checked by `check_attributes`."""

    policy_class: type[DQNPolicy]
    policy_kwargs: Arguments
    observation_space: Space
    action_space: spaces.Discrete
    replay_buffer_class: type[ReplayBuffer] | None
    replay_buffer_kwargs: Arguments | None
    buffer_size: int
    optimize_memory_usage: bool
    model_foresight: ModelForesight | None
    n_steps: int


def check_attributes(model_class: type, data: Mapping[str, object], brought: set[str]) -> None:
    """Raise if attributes cannot be those of a model.

    Args:
        model_class: HFDQN or a subclass.
        data: attributes by name.
        brought: names from the caller, which are not checked.

    Raises:
        ValueError: something is missing or wrong.
    """
    for name in REQUIRED:
        if name not in data:
            msg = f"{name} is missing"
            raise ValueError(msg)
    for name, value in data.items():
        if name in brought:
            continue
        if name in PLAIN:
            require(name, value, PLAIN[name])
        elif name in NOT_SAVED | SB3_MAKES or name.startswith("__") or _is_code(model_class, name):
            msg = f"no file may set {name}"
            raise ValueError(msg)


def _is_code(model_class: type, name: str) -> bool:
    found = inspect.getattr_static(model_class, name, None)
    return callable(found) or hasattr(found, "__get__")


def check_network(
    data: ModelData, arrays: Arrays, groups: object, moments: Arrays, brought: set[str]
) -> None:
    """Raise unless a file's arrays are those of the network that its settings describe.

    A network of the caller's own classes is not checked if it cannot be laid out without memory;
    its code then decides how much memory it needs.

    Args:
        data: attributes of the model by name.
        arrays: of the policy.
        groups: of the optimizer.
        moments: arrays of the optimizer, named "index.key".
        brought: names of attributes from the caller.

    Raises:
        ValueError: they differ; further errors are in `WRONG`.
    """
    try:
        policy = _laid_out(data)
    except WRONG:
        if brought & {"policy_class", "policy_kwargs"}:
            return
        raise
    expected = {name: (tuple(t.shape), t.dtype) for name, t in policy.state_dict().items()}
    stored = {name: (array.shape, _torch_type(array)) for name, array in arrays.items()}
    for name in sorted(expected.keys() | stored.keys()):
        if expected.get(name) != stored.get(name):
            msg = (
                f"{name} is {stored.get(name)} in the file, but {expected.get(name)} in its network"
            )
            raise ValueError(msg)
    learnt = sum(len(group["params"]) for group in policy.optimizer.param_groups)
    shapes = [tuple(parameter.shape) for parameter in policy.parameters()]  # learnt ones first
    _check_optimizer(data, groups, moments, shapes, learnt)


def _torch_type(array: Array) -> torch.dtype:
    return torch.from_numpy(np.empty(1, array.dtype)).dtype


def _laid_out(data: ModelData) -> DQNPolicy:
    kwargs = {k: v for k, v in data.get("policy_kwargs", {}).items() if k != "device"}
    kwargs.update(optimizer_class=torch.optim.SGD, optimizer_kwargs={})
    nowhere = torch.device("meta")
    # SB3's policies move their networks to their device, which they derive from the parameters.
    light = type("Light", (data["policy_class"],), {"device": property(lambda _: nowhere)})
    with torch.random.fork_rng(devices=[]), nowhere:
        policy: DQNPolicy = light(
            data["observation_space"], data["action_space"], lambda _: 1e-3, **kwargs
        )
    return policy


def _check_optimizer(
    data: ModelData, groups: object, moments: Arrays, shapes: list[tuple[int, ...]], learnt: int
) -> None:
    """Old SB3 models also list parameters that are not `learnt`; SB3 warns and drops them."""
    if type(groups) is not list or type(groups[0]) is not dict:
        msg = "its optimizer has no groups of parameters"
        raise ValueError(msg)
    group = dict(groups[0])
    listed = group.pop("params", None)
    if len(groups) != 1 or listed not in [list(range(n)) for n in (learnt, len(shapes))]:
        msg = "its optimizer and its network have different parameters"
        raise ValueError(msg)
    shapes = shapes[: len(listed)]
    for key, value in group.items():
        numbers = value if isinstance(value, tuple) else (value,)
        plain = all(type(part) in {bool, int, float, type(None)} for part in numbers)
        if not plain or type(value) not in {*map(type, numbers), tuple} or type(key) is not str:
            msg = f"the optimizer's {key} is {value!r}"
            raise ValueError(msg)
    check_state(moments, shapes, _keys_of_a_step(data, group))


def _keys_of_a_step(data: ModelData, group: Mapping[str, object]) -> dict[str, bool]:
    """Return the state that an optimizer with the options `group` keeps per parameter.

    The values are True where it is a single number.
    """
    kwargs = data.get("policy_kwargs", {})
    parameter = torch.nn.Parameter(torch.zeros(2, 2))
    options = {k: v for k, v in kwargs.get("optimizer_kwargs", {}).items() if k not in PREFERENCES}
    optimizer = kwargs.get("optimizer_class", torch.optim.Adam)([parameter], **options)
    wanted = {key: value for key, value in group.items() if key not in PREFERENCES}
    for key, value in wanted.items():
        if key in optimizer.param_groups[0]:
            _check_kind(key, value, optimizer.param_groups[0][key])
    for key in PREFERENCES:
        if group.get(key) not in {None, False, True}:
            msg = f"the optimizer's {key} is {group[key]!r}"
            raise ValueError(msg)
    optimizer.param_groups[0].update(wanted)
    parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    kept = optimizer.state[parameter]
    return {key: value.ndim == 0 for key, value in kept.items() if torch.is_tensor(value)}


def _check_kind(key: str, value: object, usual: object) -> None:
    kinds: type | UnionType = bool if isinstance(usual, bool) else type(usual)
    if isinstance(usual, int | float) and not isinstance(usual, bool):
        kinds = int | float
    if usual is not None and not isinstance(value, kinds):
        msg = f"the optimizer's {key} is {value!r}"
        raise ValueError(msg)


def check_buffer(data: ModelData, brought: set[str]) -> None:
    """Raise if the replay buffer in the settings cannot be made; tries a small one.

    Raises:
        ValueError: it cannot; further errors are in `WRONG`.
    """
    chosen = data.get("replay_buffer_class")
    kwargs = dict(data.get("replay_buffer_kwargs") or {})
    if "replay_buffer_kwargs" not in brought:
        _check_priorities(kwargs.get("priorities"))
    if chosen is None or brought & {"replay_buffer_class", "replay_buffer_kwargs"}:
        return
    for name, value in kwargs.items():
        if name == "n_steps" and not PLAIN["n_steps"](value):
            msg = f"the replay buffer's n_steps is {value!r}"
            raise ValueError(msg)
    if issubclass(chosen, HerReplayBuffer):
        kwargs["env"] = None
        room = data.get("buffer_size", 1)
        if not issubclass(chosen, HindsightReplayBuffer) and room > MAX_HER:
            msg = f"a HerReplayBuffer of {room} steps is refused: the limit is {MAX_HER}"
            raise ValueError(msg)
    try:
        chosen(
            1,
            data["observation_space"],
            data["action_space"],
            device="cpu",
            n_envs=1,
            optimize_memory_usage=data.get("optimize_memory_usage", False),
            **kwargs,
        )
    except SettingError as error:
        raise ValueError(str(error)) from error


def _check_priorities(priorities: object) -> None:
    numbers = priorities if isinstance(priorities, Priorities) else (0.0,)
    known = priorities is None or isinstance(priorities, Priorities)
    if not known or not all(number(0)(part) for part in numbers):
        msg = f"the replay buffer's priorities are {priorities!r}"
        raise ValueError(msg)


def check_foresight(data: ModelData) -> None:
    """Raise if the world model in the settings cannot be made or is too large.

    Raises:
        ValueError: it cannot; further errors are in `WRONG`.
    """
    settings, space = data.get("model_foresight"), data["observation_space"]
    if settings is None:
        return
    actions = data["action_space"]
    clash = foresight_clash(
        data.get("n_steps", 1), int(actions.start), data.get("replay_buffer_class")
    )
    if clash:
        msg = f"foresight does not work with {clash}"
        raise ValueError(msg)
    seen = int(actions.n) + sum(
        int(np.prod(part.shape or (1,))) for part in changing_parts(space).values()
    )
    size = settings.members * (seen * settings.hidden + (seen + settings.hidden) * (seen + 2))
    if settings.model != "table" and size > MAX_WORLD:
        msg = f"a world model of {size} weights is refused: the limit is {MAX_WORLD}"
        raise ValueError(msg)
    try:
        WorldModel(space, int(actions.n), settings, seed=0)
    except SettingError as error:
        raise ValueError(str(error)) from error


def foresight_clash(n_steps: int, first_action: int, buffer_class: type | None) -> str | None:
    """Return the setting that makes foresight impossible, if any."""
    plain = buffer_class is not None and issubclass(
        buffer_class, HindsightReplayBuffer | MaskedReplayBuffer
    )
    reasons = {
        "n_steps > 1": n_steps > 1,
        "actions that do not begin at 0": first_action != 0,
        f"replay_buffer_class={getattr(buffer_class, '__name__', None)}": not plain,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def custom_in(value: object) -> str | None:
    """Return the name of something custom in a value, None if there is none."""
    if isinstance(value, Custom):
        return value.name
    return next((name for part in parts_of(value) if (name := custom_in(part))), None)
