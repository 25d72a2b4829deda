"""The statistics of a `VecNormalize` in a model file.

A model that was trained in a `VecNormalize` needs normalised observations, so its file includes the
statistics to normalise others in the same way.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from rlhf_agents.files.attribute_checks import number, of, require
from rlhf_agents.files.json_codec import decode_all, encode
from rlhf_agents.files.types import Space
from rlhf_games.json_types import JSON

OPTIONS = {
    "training": of(bool),
    "norm_obs": of(bool),
    "norm_reward": of(bool),
    "clip_obs": number(0),
    "clip_reward": number(0),
    "gamma": number(0, 1),
    "epsilon": number(0),
}
"""Arguments of `VecNormalize`, which are also its attributes."""
WHOLE, RETURNS = "observation", "returns"


def to_json(normalizer: VecNormalize) -> dict[str, JSON]:
    """Return the options and statistics of a `VecNormalize` in a form that JSON can hold."""
    seen = normalizer.obs_rms if normalizer.norm_obs else {}
    parts = seen if isinstance(seen, dict) else {WHOLE: seen}
    return {
        "options": {name: getattr(normalizer, name) for name in OPTIONS},
        "keys": list(seen) if isinstance(seen, dict) and seen else None,
        "observations": {key: _rms_to_json(rms) for key, rms in parts.items()},
        RETURNS: _rms_to_json(normalizer.ret_rms),
    }


def _rms_to_json(rms: RunningMeanStd) -> list[JSON]:
    return [encode(np.asarray(rms.mean)), encode(np.asarray(rms.var)), float(rms.count)]


def from_json(facts: Any, space: Space, action_space: Space) -> VecNormalize:
    """Return the `VecNormalize` that `to_json` described, without an environment yet.

    Its `normalize_obs` works at once; `around` wraps it around an environment.

    Args:
        facts: from a file.
        space: the observation space that `around` will find.
        action_space: the action space.

    Raises:
        ValueError: the facts do not fit; further errors are in `untrusted.WRONG`.
    """
    options, keys = dict(facts["options"]), facts["keys"]
    for name, check in OPTIONS.items():
        require(name, options[name], check)
    parts = space.spaces if isinstance(space, spaces.Dict) else {WHOLE: space}
    wanted = (keys if isinstance(space, spaces.Dict) else [WHOLE]) if options["norm_obs"] else []
    statistics = {key: _rms(facts["observations"][key], parts[key].shape or ()) for key in wanted}
    state = {
        **{name: options[name] for name in OPTIONS},
        "norm_obs_keys": keys,
        "obs_rms": statistics if isinstance(space, spaces.Dict) else statistics.get(WHOLE),
        "ret_rms": _rms(facts[RETURNS], ()),
        "old_reward": np.array([]),
        "observation_space": space,
        "action_space": action_space,
    }
    made: VecNormalize = VecNormalize.__new__(VecNormalize)
    made.__setstate__(state)  # SB3's own way to make one without an environment
    return made


def _rms(facts: Any, shape: tuple[int, ...]) -> RunningMeanStd:
    mean, var = (decode_all(part) for part in facts[:2])
    fits = all(
        isinstance(part, np.ndarray) and part.shape == shape and np.isfinite(part).all()
        for part in (mean, var)
    )
    if not fits or not (var >= 0).all():
        msg = f"statistics of observations are not finite numbers of the shape {shape}"
        raise ValueError(msg)
    require("count", facts[2], number(0))
    rms = RunningMeanStd(shape=shape)
    rms.mean, rms.var, rms.count = mean.astype(np.float64), var.astype(np.float64), facts[2]
    return rms


def around(normalizer: VecNormalize, env: VecEnv) -> VecNormalize:
    """Return a copy of a `VecNormalize` around an environment."""
    result: VecNormalize = VecNormalize.__new__(VecNormalize)
    result.__setstate__(
        {name: copy.deepcopy(value) for name, value in vars(normalizer).items() if name != "venv"}
    )
    result.set_venv(env)
    return result
