"""The pattern network in a model file: its sizes must match the arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

import rlhf_games
from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.model_file import ModelFile
from rlhf_agents.files.types import Array, Arrays
from rlhf_agents.search.compiled_network import N_SYMBOLS, PatternWeights, windows_of
from rlhf_games.base import Game, GameError

PLAYING = "q_net_target."
"""The network that agents play with: the target network, an average over recent updates."""
LEARNING = "q_net."
MAX_NAME = 200


def game_of(file: ModelFile) -> Game:
    """Return the game that a model was trained for.

    Raises:
        ModelFileError: there is no such game.
    """
    name = file.manifest.get("game")
    if not isinstance(name, str) or len(name) > MAX_NAME:
        msg = (
            f"{file.path} does not say which game it was trained for; models of environments "
            "without exact rules are read by HFDQN.load, and shown by rlhf-play --game NAME"
        )
        raise ModelFileError(msg)
    try:
        return rlhf_games.make(name)
    except GameError as error:
        msg = f"{file.path} was trained for a game that is not installed: {error}"
        raise ModelFileError(msg) from error


def weights_from_arrays(game: Game, policy: Mapping[str, object], arrays: Arrays) -> PatternWeights:
    """Assemble a network from saved arrays.

    Raises:
        KeyError: an array or a size is missing.
        TypeError: a size is not a number.
        ValueError: an array has the wrong shape, or numbers that are not finite.
    """
    windows, parents = _windows(game, policy), _parents(game, policy)
    loaded: list[Array] = []
    for name, shape in _shapes(game, policy, windows).items():
        array = arrays[PLAYING + name]
        _check_array(name, array, shape)
        loaded.append(np.ascontiguousarray(array, np.float32))
    return PatternWeights(*[windows, *loaded, parents])


def check_arrays(game: Game, policy: Mapping[str, object], arrays: Arrays) -> None:
    """Raise as `weights_from_arrays` does if arrays do not fit a network for training."""
    _parents(game, policy)
    shapes = _shapes(game, policy, _windows(game, policy))
    for name, shape in shapes.items():
        _check_array(name, arrays[PLAYING + name], shape)
        if LEARNING + name in arrays:
            _check_array(name, arrays[LEARNING + name], shape)
    known = {prefix + name for prefix in (PLAYING, LEARNING) for name in shapes}
    if extra := sorted(set(arrays) - known):
        msg = f"the network has no array {extra[0]}"
        raise ValueError(msg)


def _check_array(name: str, array: Array, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        msg = f"{name} has the shape {array.shape} instead of {shape}"
        raise ValueError(msg)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        msg = f"{name} has numbers that are not finite or too large"
        raise ValueError(msg)


def _windows(game: Game, policy: Mapping[str, object]) -> NDArray[np.int64]:
    length = _size(policy, "line_length", max(game.observation_shape[1:]))
    if policy.get("gravity", game.gravity) is not game.gravity:
        msg = f"gravity is {policy['gravity']}, in {game.name} it is {game.gravity}"
        raise ValueError(msg)
    if policy.get("visible_cells") not in {None, game.visible_cells}:
        msg = f"visible_cells is {policy['visible_cells']!r}, in {game.name} {game.visible_cells}"
        raise ValueError(msg)
    return windows_of(game.observation_shape, length, game.visible_cells)


def _size(policy: Mapping[str, object], name: str, most: int, least: int = 1) -> int:
    size = policy[name]
    if type(size) is not int or not least <= size <= most:
        msg = f"{name} is {size!r}, not a number from {least} to {most}"
        raise ValueError(msg)
    return size


def _parents(game: Game, policy: Mapping[str, object]) -> NDArray[np.int64]:
    parents = policy["goal_parents"]
    if not isinstance(parents, list) or len(parents) != len(game.goals):
        msg = f"goal_parents is not a list of {len(game.goals)} goals"
        raise ValueError(msg)
    for goal, parent in enumerate(parents):
        if type(parent) is not int or not -1 <= parent < goal:
            msg = f"goal {goal} cannot be bounded by {parent!r}"
            raise ValueError(msg)
    return np.array(parents, np.int64)


def _shapes(
    game: Game, policy: Mapping[str, object], windows: NDArray[np.int64]
) -> dict[str, tuple[int, ...]]:
    width, depth = _size(policy, "features_dim", 2**20), _size(policy, "depth", 2**10, 0)
    outputs = 2 * len(game.goals) * game.n_actions
    return {
        "features_extractor.table": (len(windows) * N_SYMBOLS ** windows.shape[1], width),
        "head.scale": (depth + 1, width),
        "head.shift": (depth + 1, width),
        "head.dense": (depth, width, width),
        "head.bias": (depth, width),
        "head.heads.weight": (outputs, width),
        "head.heads.bias": (outputs,),
    }
