"""Settings that an environment recommends for arguments that a user did not give."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence

import gymnasium
from stable_baselines3 import DQN
from stable_baselines3.common.vec_env import VecEnv

from rlhf_agents.dqn.env_access import attribute
from rlhf_agents.files.types import Arguments

ATTRIBUTE = "recommended"
"""Attribute of environments: the arguments of `HFDQN` that are known to work well for them."""
POSITIONAL = list(inspect.signature(DQN.__init__).parameters)[3:]
"""Names of DQN's arguments after the policy and the environment."""
OF_REPLAY = frozenset(
    {
        "buffer_size",
        "double_q",
        "foresight",
        "gradient_steps",
        "hindsight",
        "learning_starts",
        "n_steps",
        "optimize_memory_usage",
        "replay_buffer_class",
        "replay_buffer_kwargs",
        "target_update_interval",
        "tau",
    }
)
"""Arguments that only apply to learning from replay: a user who gives one wants replay."""


def recommended_by(env: object) -> Arguments:
    """Return the arguments of `HFDQN` that an environment recommends."""
    found: object = None
    if isinstance(env, VecEnv):
        found = getattr(env, ATTRIBUTE, None) or attribute(env, ATTRIBUTE)
    elif isinstance(env, gymnasium.Env) and env.has_wrapper_attr(ATTRIBUTE):
        found = env.get_wrapper_attr(ATTRIBUTE)
    return dict(found) if isinstance(found, Mapping) else {}


def by_name(
    args: Sequence[object], kwargs: Mapping[str, object], ours: Mapping[str, object]
) -> Arguments:
    """Return the given arguments of `HFDQN` by name; those of `ours` count unless None."""
    chosen = {name: value for name, value in ours.items() if value is not None}
    return {**dict(zip(POSITIONAL, args, strict=False)), **kwargs, **chosen}


def left_open(advice: Mapping[str, object], given: Mapping[str, object]) -> Arguments:
    """Return the part of `advice` for arguments that were not given."""
    if advice.get("parallel") and given.keys() & OF_REPLAY:
        return {}
    return {name: value for name, value in advice.items() if name not in given}


def sentence(taken: Mapping[str, object]) -> str:
    """Return a note for users about the recommended settings in use."""
    words = ", ".join(f"{name}={_short(value)}" for name, value in taken.items())
    return (
        f"Training with settings recommended for this environment: {words}. "
        "For plain DQN give HFDQN recommended=False, or rlhf-train --plain."
    )


def _short(value: object) -> str:
    if isinstance(value, dict):
        return f"dict({', '.join(f'{name}={_short(part)}' for name, part in value.items())})"
    return value.__name__ if isinstance(value, type) else str(value)
