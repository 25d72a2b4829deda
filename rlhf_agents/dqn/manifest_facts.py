"""Facts in every model's manifest: its goal and levels, and what its environment was wrapped in."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple, Protocol

from stable_baselines3.common.type_aliases import GymEnv
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from rlhf_agents.dqn import frame_stack, normalization
from rlhf_agents.dqn.frame_stack import FrameStack, frame_stack_of, wrapper_names
from rlhf_agents.errors import ModelFileError, SettingError
from rlhf_agents.files.attribute_checks import of, or_none, require
from rlhf_agents.files.model_file import ModelFile, read_model
from rlhf_agents.files.types import PathOrStream, Space
from rlhf_agents.files.untrusted import WRONG
from rlhf_agents.progress import warn
from rlhf_games.json_types import JSON

GOAL, NORMALIZATION, LEVELS = "goal", "normalization", "levels"
FRAME_STACK, WRAPPERS = "frame_stack", "wrappers"
"""Keys of the manifest."""


class KnownLevels(NamedTuple):
    """What was measured of a model's strength, see `players.levels`.

    Attributes:
        table: as the file has it.
        steps: how long the model had been trained.
    """

    table: JSON
    steps: int


class Described(Protocol):
    """The attributes of a model behind the facts."""

    observation_space: Space
    action_space: Space
    env: VecEnv | None
    trained_goal: str | None
    levels: KnownLevels | None
    num_timesteps: int
    normalizer: VecNormalize | None
    frame_stack: FrameStack | None
    wrappers: tuple[str, ...]
    _vec_normalize_env: VecNormalize | None


def facts_of(model: Described) -> dict[str, JSON]:
    """Return the facts of a model for its manifest."""
    stack = frame_stack_of(model.env) or model.frame_stack
    normalizer = model._vec_normalize_env or model.normalizer
    wrappers = model.wrappers if model.env is None else wrapper_names(model.env)
    return {
        GOAL: model.trained_goal,
        NORMALIZATION: None if normalizer is None else normalization.to_json(normalizer),
        FRAME_STACK: None if stack is None else stack.to_json(),
        WRAPPERS: list(wrappers),
        **_levels(model),
    }


def _levels(model: Described) -> dict[str, JSON]:
    """Return the levels of a model; once it has been trained further they no longer hold."""
    if model.levels is None:
        return {}
    if model.num_timesteps == model.levels.steps:
        return {LEVELS: model.levels.table}
    model.levels = None
    warn("its levels were measured before this training and are left out; measure them again with")
    warn("rlhf-arena --calibrate FILE.zip")
    return {}


def restore_facts(model: Described, file: ModelFile) -> None:
    """Restore the facts from `facts_of`; files of version 0.1 have none.

    Raises:
        ModelFileError: the file's facts are invalid.
    """
    goal, statistics = file.manifest.get(GOAL), file.manifest.get(NORMALIZATION)
    try:
        require(GOAL, goal, or_none(of(str)))
        model.trained_goal = goal
        if file.manifest.get(LEVELS) is not None:
            model.levels = KnownLevels(file.manifest[LEVELS], model.num_timesteps)
        if statistics is not None:
            model.normalizer = normalization.from_json(
                statistics, model.observation_space, model.action_space
            )
        model.frame_stack = frame_stack.from_json(
            file.manifest.get(FRAME_STACK), model.observation_space
        )
        model.wrappers = frame_stack.checked_names(file.manifest.get(WRAPPERS))
    except (*WRONG, SettingError) as error:
        msg = f"{file.path} does not describe a model ({error})"
        raise ModelFileError(msg) from error
    if model.normalizer is not None and model.env is not None and not model._vec_normalize_env:
        model.env = model._vec_normalize_env = normalization.around(model.normalizer, model.env)


def as_trained(env: GymEnv | None, file: ModelFile) -> GymEnv | None:
    """Return an environment with stacked frames if the model in a file was trained with them.

    Raises:
        ModelFileError: the file's facts are invalid.
    """
    if env is None:
        return None
    try:
        stack = frame_stack.from_json(file.manifest.get(FRAME_STACK), env.observation_space)
    except (*WRONG, SettingError) as error:
        msg = f"{file.path} does not describe a model ({error})"
        raise ModelFileError(msg) from error
    return env if stack is None else stack.around(env)


def restore_trusted(model: Described, path: PathOrStream) -> None:
    """Restore the facts of a model that SB3's reader read, if we wrote its file."""
    with suppress(ModelFileError):
        restore_facts(model, read_model(path, ()))
