"""A replay buffer that stores action masks, for observations without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.buffers import BaseBuffer, ReplayBuffer
from stable_baselines3.common.vec_env import VecNormalize

from rlhf_agents.dqn.replay.kernels import TERMINAL
from rlhf_agents.dqn.replay.samples import RowCodec, Samples, as_samples, end_flags, waited_flags
from rlhf_agents.dqn.replay.store import Drawn, TransitionStore
from rlhf_agents.files.types import Array, Arrays, Info, Observations, Space
from rlhf_agents.settings import Priorities


class MaskedReplayBuffer(ReplayBuffer):
    """SB3's replay buffer with masks, n-step returns and priorities.

    Args:
        buffer_size: transitions of all environments together.
        observation_space: any, including Dict.
        action_space: Discrete(A).
        device: the device of samples.
        n_envs: number of environments.
        optimize_memory_usage: must be False; zeros and ones are packed anyway.
        handle_timeout_termination: a state's value continues beyond a time limit.
        n_steps: of the returns.
        gamma: discount of n-step returns.
        priorities: draw transitions with large errors more often.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - ReplayBuffer's arguments, then ours
        self,
        buffer_size: int,
        observation_space: Space,
        action_space: spaces.Discrete,
        device: torch.device | str = "auto",
        n_envs: int = 1,
        optimize_memory_usage: bool = False,
        handle_timeout_termination: bool = True,
        n_steps: int = 1,
        gamma: float = 0.99,
        priorities: Priorities | None = None,
    ) -> None:
        BaseBuffer.__init__(
            self, buffer_size, observation_space, action_space, device, n_envs=n_envs
        )
        self.buffer_size = max(buffer_size // n_envs, 1)
        self.handle_timeout_termination = handle_timeout_termination
        self.optimize_memory_usage = False
        self.codec = RowCodec(observation_space, int(action_space.n))
        self.store = TransitionStore(
            self.buffer_size, n_envs, self.codec.layout, action_space, n_steps, gamma, priorities
        )
        self._masks: NDArray[np.bool_] | None = None

    def expect_masks(self, masks: NDArray[np.bool_]) -> None:
        """Set the masks `[n_envs, A]` of the next observations for `add`."""
        self._masks = masks

    def add(
        self,
        obs: Observations,
        next_obs: Observations,
        action: Array,
        reward: Array,
        done: Array,
        infos: list[Info],
    ) -> None:
        """Store one step of every environment."""
        ends, terminal = end_flags(done, infos, self.handle_timeout_termination)
        rows = self.codec.encode(obs, next_obs, self._masks)
        flags = terminal * np.uint8(TERMINAL) | waited_flags(infos)
        self.store.add(rows, action, reward, flags, ends)
        self._masks = None
        self.pos, self.full = self.store.pos, self.store.full

    def sample(self, batch_size: int, env: VecNormalize | None = None) -> Any:
        """Draw a batch, see `Samples`."""
        return self._batch(self.store.draw(batch_size), env)

    def _batch(self, drawn: Drawn, env: VecNormalize | None) -> Samples:
        store = self.store
        ahead = store.ahead(drawn.rows)
        rewards, terminal = store.earned(ahead)
        outcome = store.outcome(ahead, self._normalize_reward(rewards, env), terminal)
        before, after, masks = self.codec.read(store.rows, drawn.rows, outcome.final)
        seen = self._observation(before, env), self._observation(after, env), masks
        return as_samples(store, drawn, seen, outcome, self.device)

    def _observation(self, parts: Arrays, env: VecNormalize | None) -> Observations:
        return self._normalize_obs(parts if self.codec.is_dict else parts[""], env)

    def update_priorities(self, indices: NDArray[np.int64], errors: Array) -> None:
        """Set priorities from the errors `[B]` of a batch."""
        self.store.update_priorities(indices, errors)
