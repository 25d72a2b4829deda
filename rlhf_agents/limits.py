"""Limits of the numbers that users choose, checked here for Python and all programs."""

from __future__ import annotations

import math
import os
from numbers import Integral, Real
from typing import TypeGuard

from rlhf_agents.errors import SettingError

MAX_NODES = 10**7
"""The most nodes of one search, whose tree then takes some gigabytes."""
MAX_SECONDS = 24 * 3600.0
MAX_SEED = 2**31 - 1
MAX_GAMES = 10**6
"""The most games or episodes of one match."""


def checked_nodes(nodes: object) -> int:
    """Return the checked number of positions of a search.

    Raises:
        SettingError: `nodes` is not a whole number from 0 to `MAX_NODES`.
    """
    if not _is_whole(nodes) or not 0 <= nodes <= MAX_NODES:
        msg = f"nodes must be a whole number from 0 (network alone) to {MAX_NODES}, got {nodes!r}"
        raise SettingError(msg)
    return int(nodes)


def checked_seconds(seconds: object) -> float:
    """Return the checked time limit of a search.

    Raises:
        SettingError: `seconds` is not a number above 0, or more than a day.
    """
    if not is_real(seconds) or not math.isfinite(seconds) or not 0 < seconds <= MAX_SECONDS:
        msg = f"seconds must be above 0 and at most {MAX_SECONDS:.0f}, got {seconds!r}"
        raise SettingError(msg)
    return float(seconds)


def checked_seed(seed: object) -> int:
    """Return a checked seed.

    Raises:
        SettingError: `seed` is not a whole number from 0 to `MAX_SEED`.
    """
    if not _is_whole(seed) or not 0 <= seed <= MAX_SEED:
        msg = f"a seed must be a whole number from 0 to {MAX_SEED}, got {seed!r}"
        raise SettingError(msg)
    return int(seed)


def checked_count(name: str, count: object, lowest: int, highest: int) -> int:
    """Return a checked count, such as a number of games.

    Args:
        name: of the option, for the error.
        count: the user's value.
        lowest: the smallest valid value.
        highest: the largest.

    Raises:
        SettingError: `count` is not a whole number from `lowest` to `highest`.
    """
    if not _is_whole(count) or not lowest <= count <= highest:
        msg = f"{name} must be a whole number from {lowest} to {highest}, got {count!r}"
        raise SettingError(msg)
    return int(count)


def whole_number(text: str) -> int:
    """Return the whole number in a text such as 1000000, 1_000_000 or 1e6.

    Raises:
        SettingError: it is not a whole number.
    """
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
        if number.is_integer():
            return int(number)
    except ValueError:
        pass
    msg = f"{text.strip()!r} is not a whole number such as 1000 or 1e6"
    raise SettingError(msg)


def is_real(value: object) -> TypeGuard[float]:
    """Return whether a value is a number; True and False are not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, Integral) and not isinstance(value, bool)


def cores() -> int:
    """Return the number of processor cores available to this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spare_cores() -> int:
    """Return the number of cores beside the one of this program, at least 1."""
    return max(1, cores() - 1)
