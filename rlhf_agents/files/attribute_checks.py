"""Checks of attributes of a model that come from a file."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from numbers import Integral, Real

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.buffers import BaseBuffer
from stable_baselines3.common.type_aliases import TrainFreq
from stable_baselines3.common.utils import ConstantSchedule, FloatSchedule, LinearSchedule
from stable_baselines3.dqn.policies import DQNPolicy

from rlhf_agents.limits import is_real
from rlhf_agents.settings import (
    Cosine,
    Foresight,
    Hindsight,
    LostSchedule,
    ModelForesight,
    Parallel,
)

Check = Callable[[object], bool]
SCHEDULES = (ConstantSchedule, Cosine, FloatSchedule, LinearSchedule, LostSchedule)
MOST = 2**62


def number(least: float = -MOST, most: float = MOST) -> Check:
    """Return a check for a number in a range."""
    return partial(_lies_in, Real, least, most)


def whole(least: int = 0, most: int = MOST) -> Check:
    """Return a check for a whole number in a range."""
    return partial(_lies_in, Integral, least, most)


def _lies_in(kind: type, least: float, most: float, value: object) -> bool:
    return is_real(value) and isinstance(value, kind) and bool(least <= value <= most)


def of(*kinds: type) -> Check:
    """Return a check for an instance of some classes."""
    return lambda value: isinstance(value, kinds)


def subclass_of(kind: type) -> Check:
    """Return a check for a subclass."""
    return lambda value: isinstance(value, type) and issubclass(value, kind)


def or_none(check: Check) -> Check:
    """Return a check that also accepts None."""
    return lambda value: value is None or check(value)


def is_none(value: object) -> bool:
    """Return whether a value is None."""
    return value is None


def is_false(value: object) -> bool:
    """Return whether a value is False, which is all that DQN supports."""
    return value is False


def is_schedule(value: object) -> bool:
    """Return whether a value is a number or a schedule of numbers."""
    if not isinstance(value, SCHEDULES):
        return number(0, np.inf)(value)
    return all(number(0, np.inf)(value(progress)) for progress in (1.0, 0.5))


def is_train_freq(value: object) -> bool:
    """Return whether a value is a training frequency as models store it."""
    return whole(1)(value.frequency if isinstance(value, TrainFreq) else value)


def is_observation(value: object) -> bool:
    """Return whether a value is None, an array or a dict of arrays."""
    parts = value.values() if isinstance(value, dict) else [value]
    return value is None or all(isinstance(part, np.ndarray) for part in parts)


def is_episodes(value: object) -> bool:
    """Return whether a value is a queue of SB3's episode statistics."""
    if value is None:
        return True
    facts = list(value) if isinstance(value, deque) else [0]
    return isinstance(value, deque) and all(
        isinstance(fact, dict)
        and number(-np.inf, np.inf)(fact.get("r"))
        and number(-np.inf, np.inf)(fact.get("l"))
        for fact in facts
    )


def is_successes(value: object) -> bool:
    """Return whether a value is a queue of successes and failures."""
    return value is None or (
        isinstance(value, deque) and all(isinstance(part, Real | np.bool_) for part in value)
    )


def is_options(value: object) -> bool:
    """Return whether a value is a dict of keyword arguments, not too many."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        return False
    return len(list(islice(_parts(value), MAX_OPTIONS))) < MAX_OPTIONS


MAX_OPTIONS = 2000
"""The most values in the keyword arguments of a policy: even small layers cost time."""


def _parts(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _parts(part)


SHARE = number(0, 1)
AMOUNT = number(0)
"""A count of steps: SB3 also accepts floats such as 1e4."""

NUMBERS: dict[str, Check] = {
    "buffer_size": whole(1, 10**9),
    "learning_starts": AMOUNT,
    "batch_size": whole(1, 10**8),
    "tau": SHARE,
    "gamma": SHARE,
    "gradient_steps": whole(-1, 10**8),
    "target_update_interval": number(1),
    "exploration_fraction": SHARE,
    "exploration_initial_eps": SHARE,
    "exploration_final_eps": SHARE,
    "max_grad_norm": number(0, np.inf),
    "seed": or_none(whole(0, 2**32 - 1)),
    "verbose": of(int),
    "num_timesteps": AMOUNT,
    "_n_updates": AMOUNT,
    "_episode_num": AMOUNT,
    "training_seconds": AMOUNT,
}
"""Numbers that every model has."""

PLAIN: dict[str, Check] = {
    **NUMBERS,
    "policy_class": subclass_of(DQNPolicy),
    "policy_kwargs": is_options,
    "observation_space": of(spaces.Space),
    "action_space": of(spaces.Discrete),
    "hindsight": of(Hindsight),
    "foresight": of(Foresight),
    "model_foresight": or_none(of(ModelForesight)),
    "parallel": or_none(of(Parallel)),
    "notes": of(dict),
    "uses_hindsight": or_none(of(bool)),
    "double_q": of(bool),
    "game_name": is_none,
    "action_noise": is_none,
    "learning_rate": is_schedule,
    "lr_schedule": is_schedule,
    "exploration_schedule": is_schedule,
    "tensorboard_log": or_none(of(str)),
    "n_envs": whole(1, 10**6),
    "n_steps": whole(1, 10**4),
    "replay_buffer_class": or_none(subclass_of(BaseBuffer)),
    "replay_buffer_kwargs": is_options,
    "optimize_memory_usage": of(bool),
    "train_freq": is_train_freq,
    "use_sde": is_false,
    "use_sde_at_warmup": of(bool),
    "sde_sample_freq": number(),
    "_stats_window_size": whole(1, 10**6),
    "_total_timesteps": AMOUNT,
    "_num_timesteps_at_start": AMOUNT,
    "_n_calls": AMOUNT,
    "start_time": number(),
    "_current_progress_remaining": number(),
    "exploration_rate": SHARE,
    "_last_obs": is_observation,
    "_last_original_obs": is_observation,
    "_last_episode_starts": is_observation,
    "ep_info_buffer": is_episodes,
    "ep_success_buffer": is_successes,
    "batch_norm_stats": of(list),
    "batch_norm_stats_target": of(list),
}
"""Attributes of a model of a plain environment."""


def require(name: str, value: object, check: Check) -> None:
    """Raise `ValueError` if a value does not pass its check."""
    if not check(value):
        said = repr(value)
        said = said if len(said) <= MAX_SAID else said[:MAX_SAID] + "..."
        msg = f"{name} cannot be {said}"
        raise ValueError(msg)


MAX_SAID = 80
