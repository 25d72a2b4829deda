"""The parallel road of HFDQN: many environments side by side, no replay, no target network.

All environments take a few steps with the current network, which then learns them in a few passes,
towards lambda returns from its own values (PQN, Gallici et al., 2025).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.type_aliases import RolloutReturn, TrainFrequencyUnit
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs
from stable_baselines3.dqn.policies import MultiInputPolicy
from torch.optim import RAdam

from rlhf_agents.dqn import action_masks as masking
from rlhf_agents.dqn.gradient_steps import clip_and_step_radam, follow
from rlhf_agents.errors import SettingError
from rlhf_agents.files.types import Arrays, Bools, Floats, Info
from rlhf_agents.parallel.compute import Computation, Seen, computation_of
from rlhf_agents.parallel.heads import GoalHeads, Happened, RewardHead, has_goal_table, heads_of
from rlhf_agents.parallel.mirror import Mirror, mirror_of, mirrored
from rlhf_agents.parallel.networks import GOAL_EXTRACTORS, AllGoalsPolicy, extractor_for
from rlhf_agents.parallel.rollout import Examples, Rollout, keys_of, parts_of

DEFAULTS: dict[str, object] = {
    "learning_rate": LinearSchedule(5e-4, 1e-5, 1.0),
    "batch_size": 128,
    "train_freq": 32,
    "learning_starts": 0,
    "buffer_size": 1,
}
"""Values that replace SB3's defaults; the others are kept."""
MIRRORED = 0.5
"""Share of mini-batches that are mirrored."""

WAITING = "waiting"
"""Key of infos where agents share a network: this agent waits for the end of its game."""


class ParallelLearner:
    """The state and the methods of the parallel road, besides SB3's own model.

    Args:
        model: the `HFDQN` that learns; `configure` runs before SB3's own set-up, `begin` after it.

    Attributes:
        game: None, because no rules are known.
        rng: the generator of all random choices.
        not_saved: attributes of the model that are not saved: none.
    """

    game = None
    not_saved: tuple[str, ...] = ()
    rng: np.random.Generator
    computation: Computation
    heads: RewardHead | GoalHeads
    mirror: Mirror | None = None

    def __init__(self, model: Any) -> None:
        self.model = model
        self._rollout: Rollout | None = None

    # ---- set-up ----------------------------------------------------------------------------

    def configure(self) -> None:
        """Choose network and optimizer if the user did not.

        Raises:
            SettingError: an option is not supported by this road.
        """
        model, kwargs = self.model, self.model.policy_kwargs
        _refuse(model)
        extractor = extractor_for(model.observation_space)
        if extractor is not None and not {"features_extractor_class", "net_arch"} & kwargs.keys():
            kwargs["features_extractor_class"], kwargs["net_arch"] = extractor, []
        table = has_goal_table(model.env, model.observation_space)
        with_heads = kwargs.get("features_extractor_class") in GOAL_EXTRACTORS
        if with_heads and table and model.policy_class is MultiInputPolicy:
            model.policy_class = AllGoalsPolicy
            kwargs["features_extractor_kwargs"] = {"sees_goal": False}
        kwargs.setdefault("optimizer_class", RAdam)

    def begin(self) -> None:
        """Prepare to act and learn; SB3 has made the networks by then."""
        self.rng = np.random.default_rng(self.model.seed)
        self.model.replay_buffer = self.model.replay_buffer_class = None
        self.heads = heads_of(self.model.policy)

    def _prepare(self) -> None:
        """Refresh the networks, which may have been replaced or moved since the last rollout."""
        model = self.model
        self.parameters = list(model.q_net.parameters())
        self.computation = computation_of(model.policy, model.observation_space)
        seen, actions = model.observation_space, int(model.action_space.n)
        self.mirror = mirror_of(model.env, seen, actions) if model.parallel.mirror else None

    # ---- acting ----------------------------------------------------------------------------

    def exploration_rate(self) -> float:
        """Return the share of random actions for the number of steps taken so far."""
        model = self.model
        least = min(model.parallel.explore_steps, model._total_timesteps / 2)
        by_share = (1.0 - model._current_progress_remaining) / max(model.exploration_fraction, 1e-9)
        done = min(1.0, by_share, model.num_timesteps / max(least, 1))
        first, last = model.exploration_initial_eps, model.exploration_final_eps
        return float(first + done * (last - first))

    def collect(
        self, env: VecEnv, callback: BaseCallback, log_interval: int | None
    ) -> RolloutReturn:
        """Let all environments take `train_freq` steps, see `DQN.collect_rollouts`."""
        model = self.model
        callback.on_rollout_start()
        self._prepare()
        model.policy.set_training_mode(False)
        rollout = self._make_rollout(env.num_envs)
        finished = model._episode_num
        for t in range(rollout.steps):
            self._act(rollout, t)
            new_obs, rewards, dones, infos = env.step(rollout.actions[t])
            model.num_timesteps += env.num_envs
            callback.update_locals(locals())
            if not callback.on_step():
                taken = (t + 1) * env.num_envs
                return RolloutReturn(taken, model._episode_num - finished, False)
            model._update_info_buffer(infos, dones)
            self._remember(rollout, t, new_obs, (rewards, dones, infos))
            model._last_obs, model._last_masks = new_obs, None
            model._update_current_progress_remaining(model.num_timesteps, model._total_timesteps)
            self._count(dones, log_interval)
        values = self._values(parts_of(model._last_obs, rollout.keys))
        self._look_ahead(rollout, rollout.steps - 1, values.max(axis=2))
        callback.on_rollout_end()
        taken = rollout.steps * env.num_envs
        return RolloutReturn(taken, model._episode_num - finished, True)

    def _make_rollout(self, n: int) -> Rollout:
        steps = self.model.train_freq.frequency
        if self._rollout is None or (self._rollout.steps, self._rollout.n) != (steps, n):
            space = self.model.observation_space
            keys = keys_of(self.model.policy, space)
            self._rollout = Rollout(steps, n, self.heads.count, space, keys)
        return self._rollout

    def _values(self, seen: Seen, masks: Bools | None = None) -> Floats:
        """Return values `[n, K, A]`, by default in the environments' current states.

        Args:
            seen: observations.
            masks: the allowed actions; others get minus infinity.
        """
        values = self.computation.values(seen)
        values = values.reshape(len(values), self.heads.count, -1)
        masks = self.model._current_masks() if masks is None else masks
        if masks is None or masks.all():
            return values
        return np.where(masks[:, None], values, np.float32(-np.inf))

    def _act(self, rollout: Rollout, t: int) -> None:
        """Choose the actions of step t, and complete step t - 1 with its next state."""
        model, observation = self.model, self.model._last_obs
        values = self._values(rollout.see(t, observation))
        model.exploration_rate = self.exploration_rate()
        best = self.heads.acting(values, observation).argmax(axis=1)
        explores = self.rng.random(rollout.n) < model.exploration_rate
        others = self._random_actions(rollout.n, values.shape[2])
        actions = np.where(explores, others, best)
        rollout.actions[t] = actions
        asked = self.heads.asked(observation, rollout.n)
        rollout.follows[t] = asked | (values.argmax(axis=2) == actions[:, None])
        if t:
            self._look_ahead(rollout, t - 1, values.max(axis=2))

    def _random_actions(self, n: int, count: int) -> NDArray[np.int64]:
        masks = self.model._current_masks()
        if masks is None or masks.all():
            return self.rng.integers(count, size=n)
        draws = self.rng.random((n, count))
        return np.asarray(np.where(masks, draws, -1.0).argmax(axis=1))

    def _look_ahead(self, rollout: Rollout, t: int, best: Floats) -> None:
        """Set the value of the state after step t, from the values `[n, K]` there."""
        running = ~rollout.ended[t]
        rollout.after[t][running] = best[running]

    def _remember(self, rollout: Rollout, t: int, new_obs: VecEnvObs, happened: Happened) -> None:
        """Store the results of step t; the value of its next state follows with the next action."""
        assert not isinstance(new_obs, tuple)  # SB3 has no networks for these
        judged = self.heads.judge(self.model._last_obs, new_obs, happened)
        rollout.rewards[t], rollout.ended[t], rollout.weights[t] = judged
        rollout.after[t] = 0
        _, dones, infos = happened
        rollout.weights[t, [info.get(WAITING, False) for info in infos]] = 0
        for env in np.flatnonzero(dones):
            goes_on = self.heads.goes_on(infos[env])
            if goes_on.any():
                last = self._last_values(infos[env], rollout.keys)
                rollout.after[t, env] = np.where(goes_on, last, 0)

    def _last_values(self, info: Info, keys: tuple[str, ...]) -> Floats:
        """Return the value of the last observation of an episode for each head, `[K]`."""
        model, last = self.model, info["terminal_observation"]
        masks = info.get(masking.MASK_KEY, True)
        if isinstance(last, dict):
            masks = last.get(masking.MASK_KEY, masks)
        if not np.any(masks):  # an end for the environment, but not for every goal
            masks = True
        masks = np.broadcast_to(np.asarray(masks, bool), (1, int(model.action_space.n)))
        seen = {key: part[None] for key, part in parts_of(last, keys).items()}
        return np.asarray(self._values(seen, masks).max(axis=2)[0])

    def _count(self, dones: Bools, log_interval: int | None) -> None:
        model = self.model
        model.logger.record("rollout/exploration_rate", model.exploration_rate)
        for _ in range(int(dones.sum())):
            model._episode_num += 1
            if log_interval is not None and model._episode_num % log_interval == 0:
                model.dump_logs()

    # ---- learning --------------------------------------------------------------------------

    def train(self, gradient_steps: int, batch_size: int) -> float:
        """Learn the latest rollout `epochs` times; return the mean loss.

        Args:
            gradient_steps: in all epochs together.
            batch_size: environment steps in a mini-batch.
        """
        model, rollout = self.model, self._rollout
        assert rollout is not None
        rollout.compute_targets(model.gamma, model.parallel.trace)
        examples = rollout.examples()
        total = rollout.steps * rollout.n
        batches = gradient_steps // model.parallel.epochs
        losses = []
        for _ in range(model.parallel.epochs):
            order = self.rng.permutation(total)[: batches * batch_size]
            losses += [self._learn(examples.some(rows)) for rows in np.array_split(order, batches)]
        follow(model.q_net, model.q_net_target, 1.0)  # nothing else uses it: files have one network
        return float(np.mean(losses))

    def _learn(self, examples: Examples) -> float:
        if self.mirror is not None and self.rng.random() < MIRRORED:
            examples = mirrored(examples, self.mirror)
        columns = examples.columns(int(self.model.action_space.n))
        seen, _, targets, weights = examples
        loss = self.computation.gradient(seen, columns, targets, weights)
        clip_and_step_radam(self.model.policy.optimizer, self.parameters, self.model.max_grad_norm)
        return loss

    def gradient_steps(self, batch_size: int) -> int:
        """Return the number of gradient steps per rollout."""
        model = self.model
        steps = model.train_freq.frequency * model.n_envs
        return int(max(1, steps // batch_size) * model.parallel.epochs)

    def stop(self) -> None:
        """Do nothing: there is no background thread."""

    def settle(self, seconds: float) -> None:
        """Do nothing: nothing is being prepared."""

    # ---- saving ----------------------------------------------------------------------------

    def run_state(self) -> Arrays:
        """Return the state, besides the model, for resuming a run: none between two rollouts."""
        return {}

    def restore_run_state(self, arrays: Arrays) -> None:
        """Restore the arrays from `run_state`."""

    def check_observations(self, seen: Arrays) -> None:
        """Do nothing: only the space of observations is known."""


def _refuse(model: Any) -> None:
    """Raise `SettingError` if the model uses an option that this road does not support."""
    unit = getattr(model.train_freq, "unit", None)
    if isinstance(model.train_freq, tuple) and unit is None:
        unit = TrainFrequencyUnit(model.train_freq[1])
    reasons = {
        "n_steps (use `parallel.trace` for longer returns)": model.n_steps != 1,
        "a replay buffer": model.replay_buffer_class is not None,
        "hindsight=True": model.uses_hindsight is True,
        "foresight": model.model_foresight is not None,
        "double_q": model.double_q,
        "train_freq in episodes": unit is TrainFrequencyUnit.EPISODE,
        "optimize_memory_usage": model.optimize_memory_usage,
        "actions that do not begin at 0": int(getattr(model.action_space, "start", 0)) != 0,
    }
    for reason, holds in reasons.items():
        if holds:
            msg = f"learning from environments side by side does not work with {reason}; leave out "
            raise SettingError(msg + "one of them, e.g. by parallel=False")
