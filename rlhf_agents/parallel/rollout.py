"""T steps of n environments: the memory of the parallel road, used once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from gymnasium import spaces
from stable_baselines3.dqn.policies import DQNPolicy

from rlhf_agents.files.types import Array, Floats, Ints, Observations, Space
from rlhf_agents.parallel.compute import Seen
from rlhf_agents.parallel.networks import PlanesExtractor, VectorExtractor, seen_keys
from rlhf_agents.parallel.returns import lambda_returns


def keys_of(policy: DQNPolicy, space: Space) -> tuple[str, ...]:
    """Return the keys of a Dict observation that a policy's network reads, () without a Dict."""
    if not isinstance(space, spaces.Dict):
        return ()
    ours = isinstance(policy.q_net.features_extractor, PlanesExtractor | VectorExtractor)
    return seen_keys(space) if ours else tuple(space.spaces)


def parts_of(observation: Observations, keys: tuple[str, ...]) -> Seen:
    """Return the parts of observations with these keys; without keys, the observation as ""."""
    if keys:
        assert isinstance(observation, dict)
        return {key: np.asarray(observation[key]) for key in keys}
    return {"": np.asarray(observation)}


class Rollout:
    """Arrays for T steps of n environments and K heads, see `rlhf_agents.parallel.heads`.

    Args:
        steps: T.
        n: number of environments.
        heads: K.
        space: of their observations.
        keys: of the parts of observations to store, see `keys_of`.

    Attributes:
        seen: observations before each step, by key, `[T, n, ...]`.
        actions: int64 `[T, n]`.
        rewards: float32 `[T, n, K]`.
        ended: bool `[T, n, K]`, the episode, or the goal of a head, ended with this step.
        after: float32 `[T, n, K]`, value of the state after the step, see `lambda_returns`.
        weights: float32 `[T, n, K]`, weight of the step in the loss.
        follows: bool `[T, n, K]`, the action was one of a policy for the head.
        targets: float32 `[T, n, K]`.
    """

    def __init__(self, steps: int, n: int, heads: int, space: Space, keys: tuple[str, ...]) -> None:
        self.steps, self.n, self.heads, self.keys = steps, n, heads, keys
        parts: dict[str, Space] = {"": space}
        if isinstance(space, spaces.Dict):
            parts = {key: space[key] for key in keys}
        self.seen: Seen = {
            key: np.zeros((steps, n, *(part.shape or ())), part.dtype)
            for key, part in parts.items()
        }
        self.actions = np.zeros((steps, n), np.int64)
        shape = (steps, n, heads)
        self.rewards, self.after, self.weights, self.targets = (
            np.zeros(shape, np.float32) for _ in range(4)
        )
        self.ended, self.follows = (np.zeros(shape, np.bool_) for _ in range(2))

    def see(self, t: int, observation: Observations) -> Seen:
        """Store the observations before step t and return them, each part `[n, ...]`."""
        for key, part in parts_of(observation, self.keys).items():
            self.seen[key][t] = part
        return {key: part[t] for key, part in self.seen.items()}

    def compute_targets(self, gamma: float, trace: float) -> None:
        """Fill `targets` from the whole rollout."""
        lambda_returns(
            self.rewards.reshape(self.steps, -1),
            self.ended.reshape(self.steps, -1),
            self.after.reshape(self.steps, -1),
            self.follows.reshape(self.steps, -1),
            (gamma, trace),
            self.targets.reshape(self.steps, -1),
        )

    def examples(self) -> Examples:
        """Return all steps, one after the other."""
        seen = {key: _flat(part) for key, part in self.seen.items()}
        return Examples(seen, _flat(self.actions), _flat(self.targets), _flat(self.weights))


class Examples(NamedTuple):
    """N steps to learn from.

    Attributes:
        seen: observations by key, `[N, ...]`.
        actions: int64 `[N]`.
        targets: float32 `[N, K]`.
        weights: float32 `[N, K]`.
    """

    seen: Seen
    actions: Ints
    targets: Floats
    weights: Floats

    def some(self, rows: Ints) -> Examples:
        """Return some of the rows."""
        seen = {key: part[rows] for key, part in self.seen.items()}
        return Examples(seen, self.actions[rows], self.targets[rows], self.weights[rows])

    def columns(self, n_actions: int) -> Ints:
        """Return the columns of the values `[K * A]` for the targets, `[N, K]`."""
        heads = self.targets.shape[1]
        return np.asarray(self.actions[:, None] + n_actions * np.arange(heads))


def _flat(array: Array) -> Array:
    return array.reshape(-1, *array.shape[2:])
