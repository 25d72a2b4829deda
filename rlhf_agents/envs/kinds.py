"""Types that Gymnasium and SB3 leave open, from the adapters."""

from __future__ import annotations

from rlhf_adapters.kinds import (
    Arrays,
    Env,
    EnvOrVecEnv,
    Observation,
    Reset,
    Space,
    Step,
    Wrapper,
)
from rlhf_adapters.specs import Info, Options

__all__ = [
    "Arrays",
    "Env",
    "EnvOrVecEnv",
    "Info",
    "Observation",
    "Options",
    "Reset",
    "Space",
    "Step",
    "Wrapper",
]
