"""`RayVecEnv`: environments stepped by the machines of a Ray cluster, for every SB3 algorithm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from rlhf_agents.cluster.session import connect
from rlhf_agents.progress import warn

MakeEnv = Callable[[], gym.Env[Any, Any]]


class RemoteEnvs:
    """Some of the environments, side by side in another process; an actor.

    Args:
        makes: return new environments.
    """

    def __init__(self, makes: Sequence[MakeEnv]) -> None:
        self.envs = DummyVecEnv(list(makes))

    def spaces(self) -> tuple[Any, Any, str | None]:
        """Return the spaces of observations and actions, and the render mode."""
        return self.envs.observation_space, self.envs.action_space, self.envs.render_mode

    def reset(self, seeds: list[Any], options: list[Any]) -> tuple[Any, list[Any]]:
        """Begin new episodes; return the observations, and the infos."""
        self.envs._seeds, self.envs._options = seeds, options
        return self.envs.reset(), self.envs.reset_infos

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any]:
        """Step all environments, as SB3 does; those whose episodes end are reset."""
        return self.envs.step(np.array(actions))

    def call(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a method of the `DummyVecEnv`."""
        return getattr(self.envs, method)(*arguments, **named)


class RayVecEnv(VecEnv):
    """Environments in processes on a cluster, for those that take more than about 2 ms a step.

    An actor that is lost is started again. Its episodes end as truncated, with the observations
    before, and a line on stderr says so.

    Args:
        makes: return new environments; Ray sends them to other machines.
        per_actor: environments per process. A call takes about a millisecond.
        address: of the cluster, see `rlhf_agents.cluster.session.connect`.

    Raises:
        ValueError: there are no environments, or none for an actor.
        SettingError: `ray` is not installed, or there is no such cluster.
    """

    def __init__(self, makes: Sequence[MakeEnv], per_actor: int = 1, address: str = "auto") -> None:
        if not makes or per_actor < 1:
            msg = f"RayVecEnv needs environments, got {len(makes)} in groups of {per_actor}"
            raise ValueError(msg)
        self._ray = connect(address)
        starts = range(0, len(makes), per_actor)
        self._slices = [slice(first, min(first + per_actor, len(makes))) for first in starts]
        self._makes = list(makes)
        self._actors = [self._start(part) for part in self._slices]
        seen, actions, self.render_mode = self._ray.get(self._actors[0].spaces.remote())
        super().__init__(len(makes), seen, actions)

    def _start(self, part: slice) -> Any:
        kind = self._ray.remote(RemoteEnvs).options(scheduling_strategy="SPREAD", num_cpus=1)
        return kind.remote(self._makes[part])

    def reset(self) -> VecEnvObs:
        """Begin new episodes everywhere."""
        found = [
            self._ask(number, "reset", self._seeds[part], self._options[part])
            for number, part in enumerate(self._slices)
        ]
        results = [self._answer(number, each) for number, each in enumerate(found)]
        seen = []
        for number, (part, result) in enumerate(zip(self._slices, results, strict=True)):
            first, infos = self._restart(number) if result is None else result
            seen.append(first)
            self.reset_infos[part] = infos
        self._reset_seeds()
        self._reset_options()
        self._seen = seen
        joined: VecEnvObs = _joined(seen)
        return joined

    def step_async(self, actions: Any) -> None:
        """Begin a step of all environments."""
        self._waiting = [
            self._ask(number, "step", actions[part]) for number, part in enumerate(self._slices)
        ]

    def step_wait(self) -> VecEnvStepReturn:
        """Return the results of the step."""
        answers = [self._answer(number, each) for number, each in enumerate(self._waiting)]
        results = [
            self._truncated(number) if each is None else each for number, each in enumerate(answers)
        ]
        self._seen = [seen for seen, _, _, _ in results]
        rewards, dones = (np.concatenate([each[k] for each in results]) for k in (1, 2))
        return _joined(self._seen), rewards, dones, [info for each in results for info in each[3]]

    # ---- lost actors -----------------------------------------------------------------------

    def _ask(self, number: int, method: str, *arguments: Any) -> Any:
        return getattr(self._actors[number], method).remote(*arguments)

    def _answer(self, number: int, asked: Any) -> Any:
        """Return an actor's answer, None if the actor was lost."""
        errors = self._ray.exceptions
        try:
            return self._ray.get(asked)
        except errors.RayTaskError:
            raise  # the environment's own mistake
        except errors.RayError as error:
            which = list(range(self.num_envs))[self._slices[number]]
            name = type(error).__name__
            warn(f"lost the process of environments {which} ({name}): their episodes are truncated")
            return None

    def _restart(self, number: int) -> tuple[Any, list[Any]]:
        """Start an actor again; return its first observations, and the infos."""
        self._ray.kill(self._actors[number])
        part = self._slices[number]
        self._actors[number] = self._start(part)
        many = part.stop - part.start
        first: tuple[Any, list[Any]] = self._ray.get(
            self._ask(number, "reset", [None] * many, [{}] * many)
        )
        return first

    def _truncated(self, number: int) -> tuple[Any, Any, Any, Any]:
        """Return the step of environments whose process was lost."""
        before = self._seen[number]
        first, infos = self._restart(number)
        many = len(infos)
        self.reset_infos[self._slices[number]] = infos
        ends = [
            {"TimeLimit.truncated": True, "terminal_observation": _row(before, i)}
            for i in range(many)
        ]
        return first, np.zeros(many, np.float32), np.ones(many, np.bool_), ends

    # ---- everything else -------------------------------------------------------------------

    def close(self) -> None:
        """End all processes."""
        for actor in self._actors:
            self._ray.kill(actor)
        self._actors = []

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return an attribute of environments."""
        return self._call(indices, "get_attr", attr_name)

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of environments."""
        self._call(indices, "set_attr", attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **named: Any
    ) -> list[Any]:
        """Call a method of environments."""
        return self._call(indices, "env_method", method_name, *method_args, **named)

    def env_is_wrapped(
        self, wrapper_class: type[gym.Wrapper[Any, Any, Any, Any]], indices: VecEnvIndices = None
    ) -> list[bool]:
        """Return which environments have a wrapper of this class."""
        return self._call(indices, "env_is_wrapped", wrapper_class)

    def _call(
        self, indices: VecEnvIndices, method: str, *arguments: Any, **named: Any
    ) -> list[Any]:
        """Call a method for each environment, in order; one answer each."""
        asked = []
        for index in self._get_indices(indices):
            number = next(n for n, part in enumerate(self._slices) if index < part.stop)
            named["indices"] = index - self._slices[number].start
            asked.append(self._actors[number].call.remote(method, *arguments, **named))
        return [each for answer in self._ray.get(asked) for each in answer or [None]]


def _parts(seen: Sequence[Any]) -> Iterator[tuple[Any, list[Any]]]:
    keys = seen[0].keys() if isinstance(seen[0], dict) else range(len(seen[0]))
    for key in keys:
        yield key, [each[key] for each in seen]


def _joined(seen: Sequence[Any]) -> Any:
    """Return the observations of several actors as those of one `VecEnv`."""
    if isinstance(seen[0], np.ndarray):
        return np.concatenate(seen)
    joined = {key: np.concatenate(parts) for key, parts in _parts(seen)}
    return joined if isinstance(seen[0], dict) else tuple(joined.values())


def _row(seen: Any, index: int) -> Any:
    """Return one environment's observation."""
    if isinstance(seen, np.ndarray):
        return seen[index]
    rows = {key: parts[0][index] for key, parts in _parts([seen])}
    return rows if isinstance(seen, dict) else tuple(rows.values())
