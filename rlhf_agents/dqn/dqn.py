"""SB3's DQN with action masks, hindsight by default and less overhead.

Without masks, goals or extras it is SB3's DQN step by step: the same random numbers are drawn in
the same order, and the same losses are minimised (tests compare weights).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray
from stable_baselines3 import DQN, HerReplayBuffer
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.type_aliases import GymEnv, PyTorchObs
from stable_baselines3.common.vec_env import VecNormalize
from stable_baselines3.dqn.policies import CnnPolicy, DQNPolicy, MultiInputPolicy, QNetwork

from rlhf_agents.dqn import action_masks as masking
from rlhf_agents.dqn.checkpoint_checks import NOT_SAVED, foresight_clash
from rlhf_agents.dqn.checks import check_observation, check_schedule
from rlhf_agents.dqn.dense_network import DenseNetwork, dense_network, huber_gradient
from rlhf_agents.dqn.frame_stack import FrameStack
from rlhf_agents.dqn.gradient_steps import clip_and_step, follow, prefer_fused
from rlhf_agents.dqn.replay.choose_buffer import choose_buffer, is_her, make_buffer
from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
from rlhf_agents.dqn.replay.masked_buffer import MaskedReplayBuffer
from rlhf_agents.dqn.replay.samples import Batch, next_masks
from rlhf_agents.dqn.replay.stand_in import BufferOfHFDQN
from rlhf_agents.dqn.world_model.lookahead import Lookahead, best_values
from rlhf_agents.errors import SettingError
from rlhf_agents.files.types import Array, Info, Observations
from rlhf_agents.settings import ModelForesight, Parallel

NO_BUFFER: Any = object()
"""Stops SB3's set-up from making a replay buffer."""
Values = Callable[[PyTorchObs], torch.Tensor]
"""Maps observations to values `[B, A]`."""
SB3_POLICIES = (DQNPolicy, CnnPolicy, MultiInputPolicy)
"""Policies whose `predict` is the best action of the Q-network."""


class PlainDQN(DQN):
    """DQN for any environment with discrete actions: `HFDQN` without a game."""

    double_q = False
    uses_hindsight: bool | None = None
    model_foresight: ModelForesight | None = None
    parallel: Parallel | None = None

    normalizer: VecNormalize | None = None
    """Statistics from the file of a model that was trained in a `VecNormalize`."""

    frame_stack: FrameStack | None = None
    wrappers: tuple[str, ...] = ()
    """Wrappers of the environment in which the model of a file was trained."""

    between_steps: Callable[[], None] | None = None
    """Called before every gradient step: the one place in `train` where a run may be ended."""

    _buffer: ReplayBuffer | None = None
    _makes_buffer_later = False
    _buffer_is_due = False
    _warns_of_masks = True

    @property
    def _actions(self) -> spaces.Discrete:
        assert isinstance(self.action_space, spaces.Discrete)
        return self.action_space

    # ---- set-up ----------------------------------------------------------------------------

    @property
    def replay_buffer(self) -> ReplayBuffer | None:
        """The replay buffer; a loaded model creates it on first use.

        So neither loading a file nor predicting allocates a buffer.
        """
        if self._buffer_is_due:
            self.replay_buffer = make_buffer(self)
        return self._buffer

    @replay_buffer.setter
    def replay_buffer(self, buffer: ReplayBuffer | None) -> None:
        self._buffer, self._buffer_is_due = buffer, False

    def _setup_model(self) -> None:
        self._asks_masks = self._env_offers_masks()
        self._last_masks: NDArray[np.bool_] | None = None
        self._dense: tuple[QNetwork, tuple[DenseNetwork | None, DenseNetwork | None]] | None = None
        ours = choose_buffer(self, self._asks_masks)
        later = self._makes_buffer_later and self._buffer is None
        if later:
            self._buffer = NO_BUFFER
        elif self.replay_buffer is None and (ours or is_her(self)):
            self.replay_buffer = make_buffer(self)
        n_steps = self.n_steps
        if "n_steps" in self.replay_buffer_kwargs:
            self.n_steps = 1  # SB3 would warn that the buffer ignores them; ours does not
        super()._setup_model()
        self.n_steps = n_steps
        if later:
            self._buffer, self._buffer_is_due = None, True
        self.lookahead = self._make_lookahead()
        # SB3's loader fills `__dict__`: our property hides this entry, SB3's DQN finds it.
        self.__dict__["replay_buffer"] = BufferOfHFDQN()

    def _make_lookahead(self) -> Lookahead | None:
        if self.model_foresight is None:
            return None
        why = self._why_not_look_ahead()
        if why:
            msg = f"foresight does not work with {why}; leave one of them out"
            raise SettingError(msg)
        result = Lookahead(
            self.observation_space,
            int(self._actions.n),
            self.model_foresight,
            self.gamma,
            self.seed,
        )
        result.set_env(self.env)
        return result

    def _why_not_look_ahead(self) -> str | None:
        reasons = {
            "VecNormalize": self._vec_normalize_env is not None,
            "masks that are not in the observation": self._asks_masks,
            "networks on an accelerator": self.device.type != "cpu",
        }
        clash = next((reason for reason, holds in reasons.items() if holds), None)
        return clash or foresight_clash(
            self.n_steps, int(self._actions.start), self.replay_buffer_class
        )

    def _env_offers_masks(self) -> bool:
        space = self.observation_space
        return not masking.observes_masks(space) and masking.offers_masks(self.env)

    def set_env(self, env: GymEnv, force_reset: bool = True) -> None:
        """Continue in another environment, which then also computes hindsight rewards."""
        super().set_env(env, force_reset)
        self._asks_masks = self._env_offers_masks()
        if isinstance(self._buffer, HerReplayBuffer):  # a later one gets the new environment
            self._buffer.env = self.env
        if self.lookahead is not None:
            self.lookahead.set_env(self.env)

    # ---- acting ----------------------------------------------------------------------------

    def _sample_action(
        self, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[Array, Array]:
        masks = self._current_masks()
        if self.num_timesteps < learning_starts:
            actions = self._random_actions(n_envs, masks)
        else:
            assert self._last_obs is not None
            actions, _ = self.predict(self._last_obs, action_masks=masks)
        return actions, actions

    def _current_masks(self) -> NDArray[np.bool_] | None:
        if masking.observes_masks(self.observation_space):
            assert isinstance(self._last_obs, dict)
            return self._checked(self._last_obs[masking.MASK_KEY])
        if not self._asks_masks:
            return None
        if self._last_masks is None:
            assert self.env is not None
            self._last_masks = masking.masks_of(self.env)
        return self._checked(self._last_masks)

    def _checked(self, masks: ArrayLike) -> NDArray[np.bool_]:
        return masking.checked(masks, int(self._actions.n), masking.env_name(self.env))

    def _random_actions(self, count: int, masks: NDArray[np.bool_] | None) -> Array:
        if masks is None:
            return np.array([self._actions.sample() for _ in range(count)])
        return masking.random_actions(
            self._actions, np.broadcast_to(masks, (count, masks.shape[1]))
        )

    def predict(
        self,
        observation: Observations,
        state: tuple[Array, ...] | None = None,
        episode_start: Array | None = None,
        deterministic: bool = False,
        *,
        action_masks: Array | None = None,
    ) -> tuple[Array, tuple[Array, ...] | None]:
        """Return actions for one observation or a batch, as SB3 does.

        Args:
            observation: as for `DQN.predict`; its `action_mask`, if any, is honoured.
            state: passed through.
            episode_start: ignored, as by DQN.
            deterministic: False explores at the current exploration rate, as DQN does.
            action_masks: `[A]` or `[B, A]`, 1 or True where an action is allowed.

        Raises:
            SettingError: a mask allows no action or has the wrong shape.
        """
        check_observation(observation, masking.needed_keys(self.observation_space, action_masks))
        if action_masks is None and masking.observes_masks(self.observation_space):
            action_masks = observation[masking.MASK_KEY]
        elif action_masks is None and self._asks_masks and episode_start is not None:
            # Only `evaluate_policy` passes `episode_start`.
            self._warns_of_masks = self._warns_of_masks and masking.warn_of_evaluation()
        masks = None if action_masks is None else self._checked(action_masks)
        network = self._written_out()[0]
        ahead = self.lookahead is not None and self.lookahead.acts
        if (
            masks is None
            and not ahead
            and (network is None or type(self.policy) not in SB3_POLICIES)
        ):
            return super().predict(observation, state, episode_start, deterministic)
        # The generator that SB3 seeds, used only when SB3 uses it.
        explores = not deterministic and np.random.rand() < self.exploration_rate  # noqa: NPY002
        tensors, batched = self.policy.obs_to_tensor(observation)
        if explores:
            count = len(next(iter(tensors.values()))) if isinstance(tensors, dict) else len(tensors)
            actions = self._random_actions(count, masks)
        else:
            actions = self._best(tensors, network, masks, learning=not deterministic)
        return (actions if batched else actions.squeeze(axis=0)), state

    @torch.no_grad()
    def _best(
        self,
        tensors: PyTorchObs,
        network: DenseNetwork | None,
        masks: NDArray[np.bool_] | None,
        learning: bool,
    ) -> Array:
        if self.policy.training:
            self.policy.set_training_mode(False)
        online: Values = self.q_net if network is None else network.values
        values = online(tensors)
        if masks is not None:
            allowed = torch.as_tensor(masks, device=values.device).expand_as(values)
            values = masking.only_allowed(values, allowed)
        if self.lookahead is not None and self.lookahead.acts:
            ahead: Array = self.lookahead.choose(tensors, values, online, learning).numpy()
            return ahead
        best: Array = values.argmax(dim=1).cpu().numpy()
        return best

    def _written_out(self) -> tuple[DenseNetwork | None, DenseNetwork | None]:
        """Return the written-out networks, refreshed when they change or `learn` begins."""
        if self._dense is None or self._dense[0] is not self.q_net:
            self._dense = (
                self.q_net,
                (dense_network(self.q_net), dense_network(self.q_net_target)),
            )
        return self._dense[1]

    # ---- remembering -----------------------------------------------------------------------

    def _setup_learn(self, *args: Any, **kwargs: Any) -> Any:
        check_schedule(self.learning_rate)
        self._last_masks, self._dense = None, None
        return super()._setup_learn(*args, **kwargs)

    def _store_transition(
        self,
        replay_buffer: ReplayBuffer,
        buffer_action: Array,
        new_obs: Observations,
        reward: Array,
        dones: Array,
        infos: list[Info],
    ) -> None:
        if self._asks_masks:
            assert self.env is not None
            self._last_masks = masking.masks_of(self.env)
            if hasattr(replay_buffer, "expect_masks"):
                replay_buffer.expect_masks(masking.terminal_masks(self._last_masks, dones, infos))
        super()._store_transition(replay_buffer, buffer_action, new_obs, reward, dones, infos)

    # ---- learning --------------------------------------------------------------------------

    def _on_step(self) -> None:
        self._n_calls += 1
        if self._n_calls % max(self.target_update_interval // self.n_envs, 1) == 0:
            follow(self.q_net, self.q_net_target, self.tau)
            statistics = zip(self.batch_norm_stats, self.batch_norm_stats_target, strict=True)
            for online, target in statistics:
                target.data.copy_(online.data)
        self._update_exploration()

    def _update_exploration(self) -> None:
        self.exploration_rate = self.exploration_schedule(self._current_progress_remaining)
        self.logger.record("rollout/exploration_rate", self.exploration_rate)

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Take gradient steps on batches of the replay buffer, see `DQN.train`."""
        networks = self._written_out()
        if networks[0] is None:  # otherwise nothing would behave differently
            self.policy.set_training_mode(True)
        buffer = self.replay_buffer
        if isinstance(buffer, HindsightReplayBuffer | MaskedReplayBuffer):
            prefer_fused(self.policy.optimizer)  # elsewhere it is DQN, bit for bit
            if self.lookahead is not None:
                self.lookahead.observe(buffer)
        self._update_learning_rate(self.policy.optimizer)
        parameters = list(self.q_net.parameters())
        losses = self._gradient_steps(gradient_steps, batch_size, parameters, *networks)
        self._record_updates(gradient_steps, sum(losses) / max(len(losses), 1))

    def _gradient_steps(self, count: int, *work: Any) -> list[float]:
        """Return the losses of so many gradient steps; `between_steps` may end them by raising."""
        losses = []
        for _ in range(count):
            if self.between_steps is not None:
                self.between_steps()
            losses.append(self._gradient_step(*work))
        return losses

    def _record_updates(self, count: int, loss: float) -> None:
        self._n_updates += count
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/loss", loss)

    def _gradient_step(
        self,
        batch_size: int,
        parameters: list[torch.nn.Parameter],
        online: DenseNetwork | None,
        target: DenseNetwork | None,
    ) -> float:
        buffer: Any = self.replay_buffer
        if self.lookahead is not None:
            self.lookahead.practise(buffer)
        batch = buffer.sample(batch_size, env=self._vec_normalize_env)
        weights = getattr(batch, "weights", None)
        if online is None or target is None:
            goal = self._targets(batch, self.q_net, self.q_net_target)
            values = self.q_net(batch.observations)
            loss, _, errors = huber_gradient(values, batch.actions.long(), goal, weights)
            self.policy.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            loss, errors = self._dense_gradient(batch, weights, online, target)
        clip_and_step(self.policy.optimizer, parameters, self.max_grad_norm)
        if weights is not None:
            buffer.update_priorities(batch.indices, errors.detach().flatten().cpu().numpy())
        return float(loss.item())

    @torch.no_grad()
    def _dense_gradient(
        self, batch: Batch, weights: torch.Tensor | None, online: DenseNetwork, target: DenseNetwork
    ) -> tuple[torch.Tensor, torch.Tensor]:
        goal = self._targets(batch, online.values, target.values)
        activations = online.activations(batch.observations)
        loss, gradient, errors = huber_gradient(
            activations[-1], batch.actions.long(), goal, weights
        )
        online.backward(activations, gradient)
        return loss, errors

    @torch.no_grad()
    def _targets(self, batch: Batch, online: Values, target: Values) -> torch.Tensor:
        """Return `r + (1 - done) * discount * max_a Q(s', a)`, float32 `[B, 1]`, a allowed in s'.

        With `double_q` the online network chooses a (van Hasselt et al., 2016).
        """
        values = target(batch.next_observations)
        masks = next_masks(batch)
        if self.double_q:
            ranking = online(batch.next_observations)
            ranking = ranking if masks is None else masking.only_allowed(ranking, masks)
            best = values.gather(1, ranking.argmax(dim=1, keepdim=True))
        else:
            values = values if masks is None else masking.only_allowed(values, masks)
            best = values.max(dim=1, keepdim=True).values
        discounts = self.gamma if batch.discounts is None else batch.discounts
        result: torch.Tensor = batch.rewards + (1 - batch.dones) * discounts * best
        if self.lookahead is not None:
            chooser = online if self.double_q else None
            return self.lookahead.targets(
                batch, result, lambda seen: best_values(seen, chooser, target)
            )
        return result

    # ---- saving ----------------------------------------------------------------------------

    def _excluded_save_params(self) -> list[str]:
        excluded = {*super()._excluded_save_params(), *NOT_SAVED}
        return sorted(excluded - {"replay_buffer"} if self._needs_stand_in() else excluded)

    def _needs_stand_in(self) -> bool:
        """Return whether SB3's DQN cannot go on: without this buffer, or not in the same way."""
        masks = self.replay_buffer_class is MaskedReplayBuffer
        return is_her(self) or masks or self.double_q or self.lookahead is not None
