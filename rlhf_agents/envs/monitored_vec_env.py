"""Environments monitored during training: named failures, and returns of episodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from rlhf_agents.envs.kinds import Arrays, Info
from rlhf_agents.envs.resumable_env import ResumableEnv, failure
from rlhf_agents.errors import EnvironmentFailureError
from rlhf_games.base import Array

OWN, INNER = "watched.", "inner."
PARTS = ("returns", "lengths")


class MonitoredVecEnv(VecEnvWrapper):
    """Reports failures of environments, and the return and length of every episode.

    Args:
        venv: the environments.
        name: their name in errors.
        seed: of the run, for errors.
    """

    def __init__(self, venv: VecEnv, name: str, seed: int) -> None:
        super().__init__(venv)
        self.name, self.run_seed = name, seed
        envs = list(getattr(venv, "envs", []))
        self.each = envs if all(isinstance(env, ResumableEnv) for env in envs) else []
        self.steps = 0
        self.returns = np.zeros(venv.num_envs)
        self.lengths = np.zeros(venv.num_envs, np.int64)

    def reset(self) -> VecEnvObs:
        """Begin new episodes in all environments.

        Raises:
            EnvironmentFailureError: one raised an error.
        """
        self.returns[:], self.lengths[:] = 0, 0
        with self._failures_named():
            return self.venv.reset()

    def step_wait(self) -> VecEnvStepReturn:
        """Step all environments.

        Raises:
            EnvironmentFailureError: one raised an error, or a reward or an observation is not
                finite.
        """
        self.steps += 1
        with self._failures_named():
            observations, rewards, dones, infos = self.venv.step_wait()
        self._check("its reward", "", rewards, dones)
        for key, part in _parts(observations):
            self._check("its observation", key, part)
        self.returns += rewards
        self.lengths += 1
        if dones.any():
            for env in np.flatnonzero(dones):
                self._finish(int(env), infos[env])
        for info in infos:  # SB3 uses this key itself, in every step
            if "episode" in info and not _is_summary(info["episode"]):
                del info["episode"]
        return observations, rewards, dones, infos

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except EnvironmentFailureError:
            raise
        except Exception as error:
            place = f"seed {self.run_seed}, step {self.steps} of this run"
            raise EnvironmentFailureError(failure(self.name, error, place)) from error

    def _check(
        self, what: str, key: str, values: Array, ended: NDArray[np.bool_] | None = None
    ) -> None:
        """Refuse values `[n_envs, ...]` that are not finite, except after the end of an episode."""
        where = not_finite(values)
        if where is not None:
            said = f"{what}{_at(key)}{_describe(values, where, 1)}"
            self._refuse(where[0], said, ended is not None and bool(ended[where[0]]))

    def _refuse(self, env: int, what: str, ended: bool) -> None:
        place = f"environment {env}, seed {self.run_seed}, step {self.steps} of this run"
        if self.each:
            place = self.each[env].ended_at if ended else self.each[env].place
        msg = f"{self.name} cannot be learnt from: {what} ({place})"
        raise EnvironmentFailureError(msg)

    def _finish(self, env: int, info: Info) -> None:
        for key, part in _parts(info.get("terminal_observation")):
            where = not_finite(part)
            if where is not None:
                said = f"its last observation{_at(key)}{_describe(part, where, 0)}"
                self._refuse(env, said, ended=True)
        result = {"r": float(self.returns[env]), "l": int(self.lengths[env])}
        given = info.get("episode", result)
        chosen = given if _is_summary(given) else result
        info["episode"] = {key: chosen[key] for key in result}  # times would differ in every run
        self.returns[env], self.lengths[env] = 0, 0

    def _knows_place(self) -> bool:
        """Return whether the environments can save their own state."""
        return callable(getattr(self.venv, "run_state", None))

    # ---- resuming after an interruption ------------------------------------------------------

    def run_state(self) -> Arrays:
        """Return the state of all environments, as far as they can save it."""
        kept = {f"{OWN}{part}": getattr(self, part).copy() for part in PARTS}
        if self._knows_place():
            inner: Any = self.venv
            state = inner.run_state()
            return {**kept, **{f"{INNER}{name}": array for name, array in state.items()}}
        for index, env in enumerate(self.each):
            kept |= {f"{index}.{name}": array for name, array in env.run_state().items()}
        return kept

    def restore_run_state(self, state: Arrays) -> bool:
        """Restore the state from `run_state`; return whether all environments could.

        Raises:
            KeyError: something is missing.
        """
        for part in PARTS:
            getattr(self, part)[:] = state[f"{OWN}{part}"]
        if self._knows_place():
            inner: Any = self.venv
            return bool(inner.restore_run_state(_those(state, INNER)))
        there = [
            env.restore_run_state(_those(state, f"{index}.")) for index, env in enumerate(self.each)
        ]
        return bool(there) and all(there)


def _is_summary(episode: object) -> bool:
    """Return whether this is an episode entry of SB3's Monitor: return and length."""
    return isinstance(episode, dict) and {"r", "l"} <= episode.keys()


def not_finite(values: ArrayLike) -> tuple[int, ...] | None:
    """Return the index of the first number that is not finite, None if all are."""
    array = np.asarray(values)
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return None
    return tuple(int(place) for place in np.argwhere(~np.isfinite(array))[0])


def _at(key: str) -> str:
    return f"[{key!r}]" if key else ""


def _describe(values: ArrayLike, where: tuple[int, ...], skipped: int) -> str:
    at = f" at {list(where[skipped:])}" if where[skipped:] else ""
    return f"{at} is {np.asarray(values)[where]}"


def _parts(observations: VecEnvObs | None) -> list[tuple[str, Array]]:
    if observations is None:
        return []
    if isinstance(observations, dict):
        return list(observations.items())
    parts = observations if isinstance(observations, tuple) else (observations,)
    return [("", part) for part in parts]


def _those(state: Arrays, prefix: str) -> Arrays:
    return {
        name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)
    }
