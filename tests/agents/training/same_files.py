"""What differs between two model files of training runs, wall-clock facts left out."""

from __future__ import annotations

import numpy as np

from rlhf_agents.files.model_file import MODEL_GROUPS, RUN, RUN_GROUPS, read_model

CLOCK = {"training_seconds", "start_time", "_num_timesteps_at_start", "notes"}
"""When and in how many sittings it was trained."""


def differences(first, second):
    """Return the names of all that differs: arrays bit by bit, and facts of the manifest."""
    one, other = (read_model(path, (*MODEL_GROUPS, *RUN_GROUPS)) for path in (first, second))
    has_replay = not one.manifest.get("data", {}).get("parallel")
    assert set(RUN_GROUPS if has_replay else {RUN}) <= set(one.arrays)
    found = list(_facts(one.manifest, other.manifest, "manifest"))
    for group in set(one.arrays) | set(other.arrays):
        ours, theirs = one.arrays.get(group, {}), other.arrays.get(group, {})
        found += [f"{group}/{name}" for name in sorted(set(ours) ^ set(theirs))]
        found += [
            f"{group}/{name}"
            for name in set(ours) & set(theirs)
            if not _same(ours[name], theirs[name])
        ]
    return sorted(found)


def _same(one, other):
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


def _facts(one, other, name):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(set(one) | set(other)):
            if key not in CLOCK:
                yield from _facts(one.get(key), other.get(key), f"{name}/{key}")
    elif one != other:
        yield name


def arrays_in(path):
    """Return how many arrays there are, so that a comparison of nothing is noticed."""
    file = read_model(path, (*MODEL_GROUPS, *RUN_GROUPS))
    return sum(np.size(array) > 0 for group in file.arrays.values() for array in group.values())
