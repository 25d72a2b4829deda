"""The file of a sweep, which says what to try: `trials`, `settings` and perhaps `seeds`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import yaml

from rlhf_agents.dqn.hyperparams import from_words
from rlhf_agents.errors import SettingError

MOST_TRIALS = 10_000
COUNTS = {"trials": None, "seeds": 1}
"""Whole numbers in the file, and what they are without it."""

Values = dict[str, Any]


@dataclass(frozen=True)
class SweepPlan:
    """What to try.

    Attributes:
        trials: how many settings to try.
        settings: for each hyperparameter, as `--hyper` names them, a range or a list of choices.
        seeds: runs of each trial, whose mean result counts.
    """

    trials: int
    settings: Mapping[str, Any]
    seeds: int = 1

    def chosen(self, values: Values) -> Values:
        """Return values with the choices themselves in place of their text."""
        return {
            name: next((each for each in self.settings[name] if str(each) == value), value)
            for name, value in values.items()
        }


def read_plan(path: Path) -> SweepPlan:
    """Read what to try.

    Raises:
        SettingError: the file cannot be read, or does not describe a sweep.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        msg = f"{path} cannot be read: {reason:.200}"
        raise SettingError(msg) from error
    settings = found.get("settings") if isinstance(found, dict) else None
    if not isinstance(settings, dict) or not settings or set(found) - {"settings", *COUNTS}:
        msg = f"{path} must have `trials` and `settings`, and nothing else but `seeds`"
        raise SettingError(msg)
    counts = {name: found.get(name, usual) for name, usual in COUNTS.items()}
    for name, count in counts.items():
        if type(count) is not int or not 1 <= count <= MOST_TRIALS:
            msg = f"{name} in {path} must be a whole number from 1 to {MOST_TRIALS}, got {count!r}"
            raise SettingError(msg)
    for name, each in settings.items():
        from_words([f"{name}=0"])
        settings[name] = _checked_range(name, each)
    return SweepPlan(counts["trials"], settings, counts["seeds"])


def _checked_range(name: str, given: Any) -> Any:
    """Return a list of choices, or a range whose ends are numbers of one kind."""
    if isinstance(given, list) and given:
        return given
    if isinstance(given, dict) and set(given) - {"log"} == {"from", "to"}:
        low, high = (_number(given[end]) for end in ("from", "to"))
        logs = given.get("log", False)
        numbers = _is_number(low) and _is_number(high) and type(logs) is bool
        if numbers and low < high and not (logs and low <= 0):
            return {"from": low, "to": high, "log": logs}
    msg = (
        f"{name} needs a list of choices, or {{from: LOW, to: HIGH}} with `log: true` if both are "
        f"above 0; got {given!r}"
    )
    raise SettingError(msg)


def _number(given: Any) -> Any:
    """Return a number for text such as 1e-4, which YAML does not take for one."""
    try:
        return float(given) if isinstance(given, str) else given
    except ValueError:
        return given


def _is_number(given: Any) -> TypeGuard[float]:
    return isinstance(given, int | float) and type(given) is not bool and math.isfinite(given)
