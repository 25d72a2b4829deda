"""A wrapper that lets a training run resume any environment in the middle of an episode.

Most environments cannot report all of their state. But a seed and the actions determine an episode,
so every episode begins with its own seed, and its actions are recorded: to return to the middle of
it, begin with that seed and repeat them. An environment that depends on more (other random numbers,
or earlier episodes) is detected by its observations.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

import gymnasium
import numpy as np

from rlhf_agents.envs.kinds import Arrays, Env, Info, Observation, Reset, Space, Step, Wrapper
from rlhf_agents.errors import EnvironmentFailureError
from rlhf_games.base import Array, GameError


def episode_seed(seed: int, index: int, episode: int) -> int:
    """Return the seed of an episode of one of several environments, in [0, 2**31)."""
    return int(np.random.SeedSequence([seed, index, episode]).generate_state(1)[0] >> 1)


class ResumableEnv(Wrapper):
    """Seeds every episode and records its actions.

    Args:
        env: with discrete actions.
        name: its name in errors.
        seed: of the run, >= 0.
        index: of this environment among those side by side.
    """

    def __init__(self, env: Env, name: str, seed: int, index: int = 0) -> None:
        super().__init__(env)
        self.name, self.run_seed, self.index = name, seed, index
        self.episode = -1
        self.actions = array("q")
        self._last_end = (0, 0)
        self._seen: Observation | None = None

    @property
    def place(self) -> str:
        """The current place, for reproducing it."""
        return self._place(max(self.episode, 0), len(self.actions))

    @property
    def ended_at(self) -> str:
        """The place where the previous episode ended, in the form of `place`."""
        return self._place(*self._last_end)

    def _place(self, episode: int, step: int) -> str:
        begun = episode_seed(self.run_seed, self.index, episode)
        return f"environment {self.index}, reset(seed={begun}), step {step}"

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> Reset:
        """Begin the next episode, seeded by the run; the seed given here is ignored."""
        self._last_end = (max(self.episode, 0), len(self.actions))
        self.episode += 1
        return self._begin(options)

    def _begin(self, options: Info | None = None) -> Reset:
        del self.actions[:]
        begun = episode_seed(self.run_seed, self.index, self.episode)
        with self._failures_named():
            observation, info = self.env.reset(seed=begun, options=options)
        self._see(observation)
        return observation, info

    def step(self, action: int) -> Step:
        """Act, see `gymnasium.Env.step`.

        Raises:
            EnvironmentFailureError: the environment raised an error, or its observation lacks a
                key.
        """
        self.actions.append(int(action))
        with self._failures_named():
            result = self.env.step(action)
        self._see(result[0])
        return result

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise EnvironmentFailureError(failure(self.name, error, self.place)) from error

    def _see(self, observation: Observation) -> None:
        missing = missing_keys(self.env.observation_space, observation)
        if missing:
            msg = (
                f"{self.name} cannot be learnt from: its observation has no {missing[0]!r}, which "
                f"its observation_space names ({self.place})"
            )
            raise EnvironmentFailureError(msg)
        self._seen = observation

    def run_state(self) -> Arrays:
        """Return the seed and the actions that restore the environment."""
        return {
            "episode": np.array([self.run_seed, self.episode]),
            "actions": np.array(self.actions, np.int64),
            "shown": np.frombuffer(digest(self._seen), np.uint8),
        }

    def restore_run_state(self, state: Arrays) -> bool:
        """Restore the state from `run_state`; return whether the observation is the same.

        Raises:
            KeyError: something is missing.
        """
        self.run_seed, self.episode = (int(number) for number in state["episode"])
        try:
            self._begin()
            for action in state["actions"]:
                *_, terminated, truncated, _ = self.step(action)
                if terminated or truncated:
                    return False
        except EnvironmentFailureError:
            return False
        return digest(self._seen) == state["shown"].tobytes()


def failure(name: str, error: Exception, place: str) -> str:
    """Return the sentence for an error from an environment's own code."""
    if isinstance(error, GameError):  # already a sentence
        return f"{error} ({place})"
    said = " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())
    return f"{name} raised {said} ({place})"


def missing_keys(space: Space, observation: object) -> list[str]:
    """Return the keys of a Dict space that an observation lacks."""
    if not isinstance(space, gymnasium.spaces.Dict):
        return []
    shown = observation if isinstance(observation, dict) else {}
    return [key for key in space.spaces if key not in shown]


def digest(observation: object) -> bytes:
    """Return a short fingerprint of an observation: an array, or a Dict or tuple of them."""
    whole = hashlib.blake2b(digest_size=16)
    for part in _arrays(observation):
        whole.update(np.ascontiguousarray(part).tobytes())
    return whole.digest()


def _arrays(observation: object) -> list[Array]:
    if isinstance(observation, dict):
        return [part for key in sorted(observation) for part in _arrays(observation[key])]
    if isinstance(observation, tuple):
        return [part for each in observation for part in _arrays(each)]
    return [np.asarray(observation)]
