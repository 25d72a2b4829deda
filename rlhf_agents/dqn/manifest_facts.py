"""Facts in the manifest of any model: what it was trained for, how observations were normalized."""

from __future__ import annotations

from typing import Any

from rlhf_agents.dqn import normalization
from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.attribute_checks import of, or_none, require
from rlhf_agents.files.model_file import ModelFile
from rlhf_agents.files.untrusted import WRONG

GOAL, NORMALIZATION = "goal", "normalization"
"""Keys of the manifest."""


def facts_of(model: Any) -> dict[str, Any]:
    """Return the facts of a model for its manifest."""
    normalizer = model._vec_normalize_env or model.normalizer
    return {
        GOAL: model.trained_goal,
        NORMALIZATION: None if normalizer is None else normalization.to_json(normalizer),
    }


def restore_facts(model: Any, file: ModelFile) -> None:
    """Take over what `facts_of` returned; files of version 0.1 have none of it.

    Raises:
        ModelFileError: the file says something else.
    """
    goal, statistics = file.manifest.get(GOAL), file.manifest.get(NORMALIZATION)
    try:
        require(GOAL, goal, or_none(of(str)))
        model.trained_goal = goal
        if statistics is not None:
            model.normalizer = normalization.from_json(statistics, model)
    except WRONG as error:
        msg = f"{file.path} does not describe a model ({error})"
        raise ModelFileError(msg) from error
    if model.normalizer is not None and model.env is not None and not model._vec_normalize_env:
        model.env = model._vec_normalize_env = normalization.around(model.normalizer, model.env)
