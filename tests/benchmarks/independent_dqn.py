"""Independent DQN (Tampuu et al., 2017) for worlds of many agents: one of SB3's DQN for each agent.

Every agent learns from its own column and takes the others for a part of the world.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

TOGETHER = "the agents of a world move together: IndependentDQN steps all columns"


def part_of(columns: Any, agent: int, agents: int) -> Any:
    """Return what belongs to one agent of every world; column w * K + k is agent k of world w."""
    if isinstance(columns, dict):
        return {key: value[agent::agents] for key, value in columns.items()}
    return columns[agent::agents]


class Seat(VecEnv):
    """The columns of one agent, as far as SB3's DQN asks for them: spaces and first observations.

    Args:
        worlds: all columns.
        agent: k.
        agents: K.
    """

    def __init__(self, worlds: VecEnv, agent: int, agents: int) -> None:
        self.worlds, self.agent, self.agents = worlds, agent, agents
        self.first: Any = None
        count = worlds.num_envs // agents
        super().__init__(count, worlds.observation_space, worlds.action_space)

    def reset(self) -> Any:
        return self.first

    def step_async(self, actions: NDArray[Any]) -> None:
        raise TypeError(TOGETHER)

    def step_wait(self) -> Any:
        raise TypeError(TOGETHER)

    def close(self) -> None:
        pass

    def _rows(self, indices: Any) -> list[int]:
        own = np.arange(self.num_envs) * self.agents + self.agent
        return [int(row) for row in own[list(self._get_indices(indices))]]

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return self.worlds.get_attr(attr_name, self._rows(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        self.worlds.set_attr(attr_name, value, self._rows(indices))

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> Any:
        return self.worlds.env_method(method_name, *args, indices=self._rows(indices), **kwargs)

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return self.worlds.env_is_wrapped(wrapper_class, self._rows(indices))


class IndependentDQN:
    """Trains SB3's DQNs in lock step, with what SB3 itself does in a step of one of them.

    Args:
        policy: of every DQN.
        worlds: columns of K agents.
        agents: K.
        seed: of agent 0; the others have the next ones.
        settings: of every DQN.
    """

    def __init__(
        self, policy: str, worlds: VecEnv, agents: int, seed: int, **settings: Any
    ) -> None:
        self.worlds, self.agents, self.num_timesteps = worlds, agents, 0
        self.seats = [Seat(worlds, agent, agents) for agent in range(agents)]
        self.models = [
            DQN(policy, seat, seed=seed + agent, **settings)
            for agent, seat in enumerate(self.seats)
        ]

    def learn(self, total_timesteps: int, callback: BaseCallback) -> None:
        """Take steps of all agents together, as `DQN.learn` does."""
        callback.init_callback(self)  # type: ignore[arg-type] # needs predict and num_timesteps
        observation = self.worlds.reset()
        for agent, model in enumerate(self.models):
            self.seats[agent].first = part_of(observation, agent, self.agents)
            model._setup_learn(total_timesteps // self.agents)
        while self.num_timesteps < total_timesteps:
            self._step()
            callback.on_step()

    def _step(self) -> None:
        actions = np.empty(self.worlds.num_envs, np.int64)
        stored = []
        for agent, model in enumerate(self.models):
            own, kept = model._sample_action(model.learning_starts, None, self.seats[0].num_envs)
            actions[agent :: self.agents] = own
            stored.append(kept)
        observation, rewards, dones, infos = self.worlds.step(actions)
        self.num_timesteps += self.worlds.num_envs
        for agent, (model, kept) in enumerate(zip(self.models, stored, strict=True)):
            own = (part_of(all_of, agent, self.agents) for all_of in (observation, rewards, dones))
            model.num_timesteps += self.seats[agent].num_envs
            model._store_transition(
                model.replay_buffer, kept, *own, part_of(infos, agent, self.agents)
            )
            model._update_current_progress_remaining(model.num_timesteps, model._total_timesteps)
            model._on_step()
            if model.num_timesteps > model.learning_starts:
                model.train(model.gradient_steps, model.batch_size)

    def predict(self, observation: Any, deterministic: bool = False) -> tuple[NDArray[Any], None]:
        """Return the action of every column, each from the network of its agent."""
        columns = len(next(iter(observation.values())))
        actions = np.empty(columns, np.int64)
        for agent, model in enumerate(self.models):
            own, _ = model.predict(
                part_of(observation, agent, self.agents), deterministic=deterministic
            )
            actions[agent :: self.agents] = own
        return actions, None
