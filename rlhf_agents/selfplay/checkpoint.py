"""The part of a model file that describes a model of a game: written and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.type_aliases import TrainFreq, TrainFrequencyUnit

from rlhf_agents.dqn.env_access import game_of as game_of_env
from rlhf_agents.dqn.optimizer_state import ADAM, check_state, state_arrays, state_slots
from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.attribute_checks import NUMBERS, is_schedule, is_train_freq, require, whole
from rlhf_agents.files.json_codec import Custom, decode_all, encode
from rlhf_agents.files.model_file import OPTIMIZER, POLICY, ModelFile
from rlhf_agents.files.types import Arrays
from rlhf_agents.files.untrusted import WRONG
from rlhf_agents.search.network_files import PLAYING, check_arrays, game_of
from rlhf_agents.settings import Cosine, Foresight, Hindsight, LostSchedule, from_json
from rlhf_games.base import Game
from rlhf_games.json_types import JSON

SETTINGS = (
    "buffer_size",
    "learning_starts",
    "batch_size",
    "tau",
    "gamma",
    "gradient_steps",
    "target_update_interval",
    "exploration_fraction",
    "exploration_initial_eps",
    "exploration_final_eps",
    "max_grad_norm",
    "seed",
    "verbose",
    "num_timesteps",
    "_n_updates",
    "_episode_num",
    "training_seconds",
)
"""Numeric attributes that are part of a model's state."""
BOXES = {"float32": "<f4", "int8": "|i1"}
"""Dtypes of games' observations, by the names of version 0.1."""
PARAMETERS = (
    "features_extractor.table",
    "head.scale",
    "head.shift",
    "head.dense",
    "head.bias",
    "head.heads.weight",
    "head.heads.bias",
)
"""Parameters of the network, in the order of its optimizer."""


def manifest_of(model: Any) -> dict[str, object]:
    """Return the manifest of a model that plays a game."""
    kwargs = model.policy_kwargs
    extractor = model.policy.q_net.features_extractor
    rate = model.learning_rate
    settings = {name: getattr(model, name) for name in SETTINGS}
    settings["train_freq"] = [model.train_freq.frequency, model.train_freq.unit.value]
    settings["learning_rate"] = asdict(rate) if isinstance(rate, Cosine) else encode(rate)
    return {
        "algorithm": "HFDQN",
        "game": model.game_name,
        "goals": [goal.name for goal in model.game.goals],
        "spaces": {
            "observation": encode(model.observation_space),
            "action": encode(model.action_space),
        },
        "policy": {
            "goal_parents": list(kwargs["goal_parents"]),
            "depth": model.policy.depth,
            "features_dim": extractor.features_dim,
            "line_length": int(extractor.windows.shape[1]),
            "gravity": extractor.gravity,
            "visible_cells": extractor.visible_cells,
        },
        "hindsight": asdict(model.hindsight),
        "foresight": asdict(model.foresight),
        "settings": settings,
        "notes": model.notes,
    }


def arrays_of(model: DQN, compact: bool = False) -> dict[str, Arrays]:
    """Return the array groups of a model.

    Args:
        model: an HFDQN model that plays a game.
        compact: only the playing network, as float16; such a model cannot be trained further.
    """
    state = {key: value.cpu().numpy() for key, value in model.policy.state_dict().items()}
    if compact:
        playing = {
            k: v.astype(np.float16) for k, v in state.items() if k.startswith("q_net_target")
        }
        return {POLICY: playing}
    optimizer = state_arrays(model.policy.optimizer.state_dict())
    return {POLICY: state, OPTIMIZER: optimizer}


def check_file(file: ModelFile) -> None:
    """Check that a file describes a model of a game, before anything is made.

    Raises:
        ModelFileError: it does not, or its arrays have the wrong shapes.
    """
    game = game_of(file)
    try:
        check_arrays(game, file.manifest["policy"], file.arrays[POLICY])
        _check_spaces(game, file.manifest["spaces"])
        settings = file.manifest["settings"]
        for name in SETTINGS:
            require(name, settings[name], NUMBERS[name])
        require("features_dim", file.manifest["policy"]["features_dim"], whole(2))
        arrays = file.arrays[POLICY]
        shapes = [arrays[PLAYING + name].shape for name in PARAMETERS]
        check_state(file.arrays.get(OPTIMIZER, {}), shapes, ADAM, np.float32)
    except WRONG as error:
        raise _no_model(file, error) from error


def check_env(model: Any, file: ModelFile) -> None:
    """Raise `ModelFileError` if a model has an environment that does not play a file's game."""
    game = game_of_env(model.env)
    if game is not None:
        file.require_game(game.name)
    elif model.env is not None and model.env.observation_space != model.observation_space:
        msg = f"{file.path} was trained for {model.game_name}, which the environment does not play"
        raise ModelFileError(msg)


def _no_model(file: ModelFile, error: Exception) -> ModelFileError:
    return ModelFileError(f"{file.path} does not describe an HFDQN model ({error})")


def _check_spaces(game: Game, facts: Mapping[str, JSON]) -> None:
    seen, actions = _space(facts["observation"]), _space(facts["action"])
    shapes = {key: seen[key].shape for key in ("observation", "desired_goal", "action_mask")}
    expected = {
        "observation": game.observation_shape,
        "desired_goal": (len(game.goals),),
        "action_mask": (game.n_actions,),
    }
    if shapes != expected or int(actions.n) != game.n_actions:
        msg = f"its spaces are not those of {game.name}"
        raise ValueError(msg)


def _space(facts: Any) -> Any:
    """Return the space that a file describes."""
    return decode_all(_modern(facts))


def _modern(facts: Any) -> Any:
    """Return a space in this version's form; version 0.1 used other names for games."""
    if isinstance(facts.get("dict"), dict):
        parts = [[key, _modern(part)] for key, part in facts["dict"].items()]
        return {"dict_space": {"dict": parts}}
    if isinstance(facts.get("discrete"), int):
        return {"discrete": [facts["discrete"], 0]}
    if "box" in facts and not str(facts["dtype"]).startswith(("<", "|")):
        return {**facts, "dtype": BOXES[facts["dtype"]]}
    return facts


def apply_settings(model: Any, file: ModelFile) -> None:
    """Set a model's attributes from a manifest, before its networks are made.

    Raises:
        ModelFileError: the manifest lacks something or has a value of the wrong type.
    """
    manifest = file.manifest
    try:
        settings = dict(manifest["settings"])
        policy = manifest["policy"]
        frequency, unit = settings.pop("train_freq")
        rate = settings.pop("learning_rate")
        model.learning_rate = _schedule(rate)
        model.train_freq = TrainFreq(int(frequency), TrainFrequencyUnit(unit))
        for name in SETTINGS:
            setattr(model, name, settings[name])
        model.game_name = str(manifest["game"])
        model.hindsight = from_json(Hindsight, manifest["hindsight"])
        model.foresight = from_json(Foresight, manifest["foresight"])
        model.observation_space = _space(manifest["spaces"]["observation"])
        model.action_space = _space(manifest["spaces"]["action"])
        model.policy_kwargs = {
            "goal_parents": [int(parent) for parent in policy["goal_parents"]],
            "depth": int(policy["depth"]),
            "features_extractor_kwargs": {
                "features_dim": int(policy["features_dim"]),
                "line_length": int(policy["line_length"]),
                "gravity": bool(policy["gravity"]),
                "visible_cells": policy.get("visible_cells"),
            },
        }
        model.notes = dict(manifest["notes"])
        require("learning_rate", model.learning_rate, is_schedule)
        require("train_freq", model.train_freq, is_train_freq)
    except WRONG as error:
        raise _no_model(file, error) from error


def _schedule(rate: Any) -> object:
    """Return the learning rate in a file; version 0.1 only wrote `Cosine`."""
    if isinstance(rate, dict) and "start" in rate:
        return Cosine(**rate)
    found = decode_all(rate)
    return LostSchedule(found.name) if isinstance(found, Custom) else found


def restore_arrays(model: DQN, file: ModelFile) -> None:
    """Load weights, and the optimizer's state if the file has it, into a model.

    Raises:
        ModelFileError: an array is missing or has the wrong shape.
    """
    arrays = {k: torch.from_numpy(v.astype(np.float32)) for k, v in file.arrays[POLICY].items()}
    for key in list(arrays):
        online = key.replace("q_net_target.", "q_net.", 1)
        arrays.setdefault(online, arrays[key])
    try:
        model.policy.load_state_dict(arrays)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        msg = f"the arrays of {file.path} do not fit its network ({reason})"
        raise ModelFileError(msg) from error
    moments = file.arrays.get(OPTIMIZER)
    if moments:
        state = model.policy.optimizer.state_dict()
        state["state"] = state_slots(moments)
        model.policy.optimizer.load_state_dict(state)
