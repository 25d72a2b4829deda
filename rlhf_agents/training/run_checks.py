"""Checks of the state of a run from a file, before any of it is used.

Compiled code and random generators check nothing, so everything for them is compared here with the
spaces of the model, its environments and the states of generators.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TypedDict, cast

import numpy as np
import torch
from gymnasium import spaces

from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.attribute_checks import SHARE, number, of, or_none, require, whole
from rlhf_agents.files.model_file import ModelFile
from rlhf_agents.files.types import Array, Arrays, Space

COUNTERS = {
    "_n_calls": whole(),
    "exploration_rate": SHARE,
    "_current_progress_remaining": number(-1, 1),
}
"""Counters that SB3 stores with its own models; models of games store them with a run."""
GROWS = ("actions", "generator")
"""Arrays of environments that may have any length."""
MERSENNE_WORDS = 624
"""Words in the state of a Mersenne Twister; its position is from 0 to this."""


class RandomFacts(TypedDict):
    """The states of random generators, without their arrays.

    Attributes:
        python: the version of the state, and the cached number of `gauss`.
        numpy: the position in the state, whether a normal number is cached, and that number.
        generators: the states of our own generators, by name.
    """

    python: tuple[int, float | None]
    numpy: tuple[int, int, float]
    generators: dict[str, Mapping[str, object]]


class RunFacts(TypedDict, total=False):
    """A manifest's facts about a run, without the config."""

    world: str
    episodes: bool
    counters: dict[str, float]
    random: RandomFacts


def run_facts(file: ModelFile) -> RunFacts | None:
    """Return the manifest's facts about the run, unchecked, None if there are none.

    Raises:
        ModelFileError: they are not a table.
    """
    facts = file.manifest.get("run")
    if facts is None or isinstance(facts, dict):
        return cast("RunFacts | None", facts)
    msg = f"{file.path} does not describe a training run: its run is {facts!r:.80}"
    raise ModelFileError(msg)


def check_facts(facts: RunFacts) -> None:
    """Raise `ValueError` if the counters of a run are impossible."""
    require("episodes", facts["episodes"], of(bool))
    require("counters", facts["counters"], of(dict))
    for name, check in COUNTERS.items():
        require(name, facts["counters"][name], check)


def check_observations(space: Space, seen: Arrays) -> None:
    """Raise `ValueError` if these are not observations of a space.

    Args:
        space: of the model's observations.
        seen: by key, `[n_envs, ...]`; the key is "" if the space is not a Dict.
    """
    parts = space.spaces if isinstance(space, spaces.Dict) else {"": space}
    if seen.keys() != parts.keys():
        msg = f"its observations have the parts {sorted(seen)}, not {sorted(parts)}"
        raise ValueError(msg)
    for key, part in parts.items():
        array = seen[key]
        if array.shape[1:] != (part.shape or ()) or array.dtype != part.dtype:
            msg = f"its observations {key} are {array.dtype} {array.shape}, not of {part}"
            raise ValueError(msg)
        check_finite(f"observations {key}", array)
        counted = isinstance(part, spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary)
        if counted and not all(row in part for row in array):
            msg = f"its observations {key} are not all of {part}"
            raise ValueError(msg)


def check_finite(name: str, array: Array) -> None:
    """Raise `ValueError` if an array has numbers that are not finite."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        msg = f"{name} has numbers that are not finite"
        raise ValueError(msg)


def check_environments(expected: Arrays, found: Arrays, steps: int) -> None:
    """Raise `ValueError` if arrays are not the state of environments.

    Args:
        expected: the current state of these environments.
        found: the state in a file.
        steps: the most steps that each of them can have taken.
    """
    if expected.keys() != found.keys():
        msg = "it has no state of these environments"
        raise ValueError(msg)
    for name, array in found.items():
        usual, grows = expected[name], name.split(".")[-1] in GROWS
        same = array.shape == usual.shape or (grows and array.shape[1:] == usual.shape[1:])
        if not same or array.ndim != usual.ndim or array.dtype != usual.dtype:
            msg = f"{name} of the environments is {array.dtype} {array.shape}"
            raise ValueError(msg)
        if name.endswith("actions") and len(array) > steps:
            msg = f"an episode of {len(array)} steps is longer than the run"
            raise ValueError(msg)
        check_finite(name, array)


def check_random(facts: RandomFacts, words: Array, keys: Array, torchs: Array) -> None:
    """Raise `ValueError`, or the generators' own errors, if these states are impossible.

    Args:
        facts: from the manifest: `python`, `numpy` and `generators`.
        words: state of Python's generator, uint64 `[625]`.
        keys: state of numpy's, uint32 `[624]`.
        torchs: state of torch's, uint8.
    """
    kinds = [(words.dtype.str, words.shape), (keys.dtype.str, keys.shape), torchs.dtype.str]
    if kinds != [("<u8", (MERSENNE_WORDS + 1,)), ("<u4", (MERSENNE_WORDS,)), "|u1"]:
        msg = f"its random numbers are {kinds}"
        raise ValueError(msg)
    version, gauss = facts["python"]
    require("python", gauss, or_none(number()))
    random.Random().setstate((version, tuple(int(word) for word in words), gauss))
    pos, has_gauss, value = facts["numpy"]
    require("the place of numpy's random numbers", pos, whole(0, MERSENNE_WORDS))
    require("numpy", has_gauss, whole(0, 1))
    require("numpy", value, number())
    torch.Generator().set_state(torch.from_numpy(np.array(torchs)))
    for state in facts["generators"].values():
        scratch: np.random.BitGenerator = np.random.PCG64()
        scratch.state = state
