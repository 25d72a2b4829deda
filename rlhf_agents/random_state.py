"""Where all random numbers of a training run come from, as JSON and arrays, and back.

SB3 draws from numpy's, torch's and Python's global generators and from that of the action space;
learning a game has one of its own. On an accelerator torch's generator of that device draws for
noisy networks only and is not kept: bit for bit is a promise on the CPU.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from rlhf_agents.model_files import Arrays

PREFIX = "random."


def random_state(model: Any) -> tuple[dict[str, Any], Arrays]:
    """Return the state of every generator that a model in training draws from.

    Returns:
        facts for a JSON manifest, and arrays whose names begin with `PREFIX`.
    """
    version, words, gauss = random.getstate()
    legacy: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - the generator that SB3 seeds
    facts = {
        "python": [version, gauss],
        "numpy": [int(legacy["state"]["pos"]), int(legacy["has_gauss"]), float(legacy["gauss"])],
        "generators": {
            name: generator.bit_generator.state for name, generator in _generators(model).items()
        },
    }
    arrays: Arrays = {
        f"{PREFIX}python": np.array(words, np.uint64),
        f"{PREFIX}numpy": np.asarray(legacy["state"]["key"], np.uint32),
        f"{PREFIX}torch": torch.get_rng_state().numpy(),
    }
    return facts, arrays


def restore_random_state(model: Any, facts: dict[str, Any], arrays: Arrays) -> None:
    """Set every generator to what `random_state` returned.

    Raises:
        KeyError: something is missing.
        TypeError: it is not the state of a generator.
        ValueError: the same.
    """
    for name, generator in _generators(model).items():
        generator.bit_generator.state = facts["generators"][name]
    version, gauss = facts["python"]
    words = tuple(int(word) for word in arrays[f"{PREFIX}python"])
    random.setstate((version, words, gauss))
    pos, has_gauss, value = facts["numpy"]
    key = arrays[f"{PREFIX}numpy"]
    np.random.set_state(("MT19937", key, pos, has_gauss, value))  # noqa: NPY002
    torch.set_rng_state(torch.from_numpy(np.array(arrays[f"{PREFIX}torch"], np.uint8)))


def _generators(model: Any) -> dict[str, np.random.Generator]:
    found = {"action_space": model.action_space.np_random}
    if model.game is not None:
        found["game"] = model.rng
    if model.lookahead is not None:
        found["world"] = model.lookahead.world.rng
    return found
