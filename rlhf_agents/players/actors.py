"""Actors in environments without rules to look ahead with.

An actor is a trained model or random; it takes batches of observations, like SB3's `predict`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.preprocessing import is_image_space
from stable_baselines3.common.vec_env import VecEnv, VecTransposeImage

from rlhf_agents.dqn.action_masks import MASK_KEY, MASK_METHOD
from rlhf_agents.dqn.env_access import has_method
from rlhf_agents.dqn.frame_stack import wrapper_names
from rlhf_agents.errors import ModelFileError, SettingError
from rlhf_agents.files.model_file import read_model
from rlhf_agents.files.types import Arrays, Space
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.limits import checked_nodes, whole_number
from rlhf_agents.players.bundled import bundled_policies
from rlhf_agents.progress import warn
from rlhf_games.base import Array, did_you_mean

RANDOM, BUNDLED = "random", "agent"
BOARD, DESIRED = "observation", "desired_goal"

Seen = Array | Arrays
"""A batch of observations, `[B, ...]`."""
State = tuple[Array, ...] | None
"""State of a recurrent policy, as in SB3; None for all others."""


# ---- actors ----------------------------------------------------------------------------------


class Spaces(Protocol):
    """An environment of any kind: one, many, or the agents of one."""

    @property
    def observation_space(self) -> Space:
        """The space of its observations."""
        ...

    @property
    def action_space(self) -> Space:
        """The space of its actions."""
        ...


class Actor(Protocol):
    """Chooses actions.

    Attributes:
        name: how results call it.
    """

    name: str

    @property
    def weighs_goals(self) -> bool:
        """Whether its values depend on its goal."""
        ...

    def predict(
        self,
        observation: Seen,
        state: State = None,
        episode_start: Array | None = None,
        deterministic: bool = False,
    ) -> tuple[Array, State]:
        """Return actions for a batch of observations, as SB3's `predict` does."""
        ...

    def values(self, observation: Seen) -> NDArray[np.float32] | None:
        """Return the values of actions in a batch of observations, float32 `[B, A]`.

        None if unknown.
        """
        ...


class RandomActor:
    """Chooses allowed actions at random.

    Args:
        env: the environment.
        seed: of its choices.
    """

    name = RANDOM
    weighs_goals = False

    def __init__(self, env: Spaces, seed: int) -> None:
        self.env = env
        self.space: Space = env.action_space
        self.space.seed(seed)

    def predict(
        self,
        observation: Seen,
        state: State = None,
        episode_start: Array | None = None,
        deterministic: bool = False,
    ) -> tuple[Array, State]:
        """Return random actions, see `Actor.predict`."""
        del episode_start, deterministic
        masks = masks_of(self.env, observation)
        if masks is None or not isinstance(self.space, spaces.Discrete):
            return np.array([self.space.sample() for _ in range(_count(observation))]), state
        return np.array([self.space.sample(mask.astype(np.int8)) for mask in masks]), state

    def values(self, observation: Seen) -> NDArray[np.float32] | None:
        """Return None: random play has no values."""
        del observation
        return None


class ModelActor:
    """A trained model that no longer learns.

    Args:
        model: an `HFDQN` that fits the environment, see `load_actor`.
        env: where it acts.
        name: its name in results.
    """

    def __init__(self, model: HFDQN, env: Spaces, name: str) -> None:
        self.model, self.env, self.name = model, env, name

    @property
    def weighs_goals(self) -> bool:
        """Whether its values depend on its goal."""
        space = self.model.observation_space
        return isinstance(space, spaces.Dict) and DESIRED in space.spaces

    def predict(
        self,
        observation: Seen,
        state: State = None,
        episode_start: Array | None = None,
        deterministic: bool = False,
    ) -> tuple[Array, State]:
        """Return the best allowed actions, see `Actor.predict`."""
        masks = masks_of(self.env, observation)
        seen = _seen(observation, self.model)
        return self.model.predict(seen, state, episode_start, deterministic, action_masks=masks)

    @torch.no_grad()
    def values(self, observation: Seen) -> NDArray[np.float32] | None:
        """Return the values of the Q-network `[B, A]`."""
        seen = _seen(observation, self.model)
        tensors = self.model.policy.obs_to_tensor(seen)[0]
        values: NDArray[np.float32] = self.model.q_net(tensors).cpu().numpy()
        return values


def load_actor(
    spec: str,
    env: Spaces,
    name: str,
    goal: str | None = None,
    seed: int = 0,
    model: HFDQN | None = None,
) -> Actor:
    """Return the actor for a name on the command line.

    Args:
        spec: "random", "agent" (the one bundled with the environment) or FILE.zip.
        env: where it acts: one environment, or many.
        name: of the environment.
        goal: what to play for, None for the environment's rewards.
        seed: of random actions.
        model: the file's model, if it has been read already, see `load_model`.

    Raises:
        SettingError: nothing has that name.
        ModelFileError: the file is missing, damaged, not ours, or does not fit the environment.
    """
    if spec == RANDOM:
        return RandomActor(env, seed)
    spec = model_path(spec, name)
    if model is None:
        model = load_model(spec, name)
    check_fits(model, spec, env, name, goal)
    missing = _missing(model, env)
    if missing:
        warn(f"{spec} was trained in {missing}, which only code can make: results may differ")
    return ModelActor(model, env, Path(spec).stem)


def split_nodes(spec: str) -> tuple[str, int]:
    """Return who acts, and the frames that it simulates per action: `agent@240` is agent, 240.

    Raises:
        SettingError: what follows the last @ is not a number of nodes.
    """
    who, at, nodes = spec.rpartition("@")
    if not at or Path(spec).is_file():
        return spec, 0
    return who, checked_nodes(whole_number(nodes))


def model_path(spec: str, name: str) -> str:
    """Return the file of the environment's bundled agent for "agent", else `spec`."""
    bundled = bundled_policies().get(name)
    return str(bundled) if spec == BUNDLED and bundled is not None else spec


def load_model(spec: str, name: str, *, trust: bool = False, device: str = "auto") -> HFDQN:
    """Return the model from a file for an environment without exact rules.

    Args:
        spec: FILE.zip, see `model_path`.
        name: of the environment.
        trust: use SB3's reader, which runs any code in the file.
        device: where its network runs.

    Raises:
        SettingError: nothing has that name, or the model plays a game.
        ModelFileError: the file is missing, damaged, or not ours.
    """
    if not spec.endswith(".zip") and not Path(spec).is_file():
        near = did_you_mean(spec, [RANDOM])
        msg = (
            f"unknown agent {spec!r}; {near}agents in {name} are random or FILE.zip of a model "
            "that was trained there"
        )
        raise SettingError(msg)
    played = None if trust else read_model(spec).manifest.get("game")
    if played is not None:
        msg = f"{spec} plays {played}, not {name}"
        raise SettingError(msg)
    return HFDQN.load(spec, device=device, trust=trust)


def check_fits(model: HFDQN, spec: str, env: Spaces, name: str, goal: str | None) -> None:
    """Raise `ModelFileError` with the difference if a model cannot act in an environment."""
    mine, theirs = model.observation_space, env.observation_space
    if model.action_space != env.action_space:
        msg = (
            f"{spec} does not fit {name}: it chooses from {model.action_space}, the environment "
            f"has the actions {env.action_space}{_without(model, env)}"
        )
        raise ModelFileError(msg)
    if isinstance(theirs, spaces.Dict) and not isinstance(mine, spaces.Dict):
        theirs = theirs.spaces.get(BOARD, theirs)
    difference = _difference(mine, theirs)
    if difference:
        asked = f"played for {goal!r}" if goal else "played for its rewards"
        msg = (
            f"{spec} does not fit {name} {asked}: {difference}; give its training goal with "
            f"--goal, and the environment's options with --option{_without(model, env)}"
        )
        raise ModelFileError(msg)


def _missing(model: HFDQN, env: Spaces) -> str:
    """Return the names of the wrappers of a model's training that an environment does not have."""
    here = wrapper_names(env)
    return ", ".join(name for name in model.wrappers if name not in here)


def _without(model: HFDQN, env: Spaces) -> str:
    missing = _missing(model, env)
    return f" (it was trained in {missing}, which only code can make)" if missing else ""


def _difference(mine: Space, theirs: Space) -> str:
    """Return how a model's observations differ from an environment's, empty if they fit."""
    if not isinstance(mine, spaces.Dict) or not isinstance(theirs, spaces.Dict):
        same = _looks_like(mine, theirs)
        return "" if same else f"it expects {_brief(mine)}, the environment has {_brief(theirs)}"
    for key, space in mine.spaces.items():
        if key not in theirs.spaces:
            return f"it expects {key!r}, which the environment does not have"
        if not _looks_like(space, theirs[key]):
            return (
                f"as {key!r} it expects {_brief(space)}, the environment has "
                f"{_brief(theirs.spaces[key])}"
            )
    return ""


def _looks_like(mine: Space, theirs: Space) -> bool:
    """Whether a space is the same; SB3 moves the channels of pictures to the front."""
    if mine == theirs:
        return True
    if not isinstance(theirs, spaces.Box) or not is_image_space(theirs):
        return False
    return bool(mine == VecTransposeImage.transpose_space(theirs))


def _brief(space: Space) -> str:
    if isinstance(space, spaces.Box):
        return f"{space.dtype} numbers of the shape {list(space.shape)}"
    if isinstance(space, spaces.Dict):
        return f"a Dict of {', '.join(space.spaces)}"
    return " ".join(str(space).split())


def _seen(observation: Seen, model: HFDQN) -> Seen:
    """Return the model's part of an observation, normalised as in training."""
    space, seen = model.observation_space, observation
    if isinstance(observation, dict):
        keys = space.spaces if isinstance(space, spaces.Dict) else None
        seen = observation[BOARD] if keys is None else {key: observation[key] for key in keys}
    return seen if model.normalizer is None else model.normalizer.normalize_obs(seen)


def masks_of(env: Spaces, observation: Seen) -> NDArray[np.bool_] | None:
    """Return the allowed actions of a batch of observations, bool `[B, A]`, None if all are."""
    if isinstance(observation, dict) and MASK_KEY in observation:
        return np.asarray(observation[MASK_KEY], np.int8) > 0
    if isinstance(env, VecEnv):
        asked = has_method(env, MASK_METHOD)
        return np.array(env.env_method(MASK_METHOD), np.bool_) if asked else None
    if isinstance(env, gymnasium.Env) and env.has_wrapper_attr(MASK_METHOD):
        return np.asarray(env.get_wrapper_attr(MASK_METHOD)(), np.bool_)[None]
    return None


def _count(observation: Seen) -> int:
    return len(next(iter(observation.values())) if isinstance(observation, dict) else observation)
