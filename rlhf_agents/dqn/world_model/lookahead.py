"""Foresight in plain environments: targets and actions that look ahead in a learned model.

A sampled target relies on the one outcome that happened. A table of the environment weighs all
known outcomes, so that luck does not look like skill, and plans any number of steps ahead for any
goal. Where states never recur, a predicting network looks one step ahead. Where the model does not
know, the sample and the Q-network decide.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.type_aliases import PyTorchObs
from stable_baselines3.common.vec_env import VecEnv

from rlhf_agents.dqn.action_masks import MASK_KEY, only_allowed
from rlhf_agents.dqn.replay.goal_rewards import GoalRewards, goals_determine_rewards
from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
from rlhf_agents.dqn.replay.kernels import TERMINAL, WAITED
from rlhf_agents.dqn.replay.masked_buffer import MaskedReplayBuffer
from rlhf_agents.dqn.replay.samples import Batch
from rlhf_agents.dqn.world_model.outcomes import Imagined, Ints, Parts, Transitions, expected_values
from rlhf_agents.dqn.world_model.planning import MOST_STATES, Floats, Planner, Terms
from rlhf_agents.dqn.world_model.world_model import DESIRED, WorldModel
from rlhf_agents.files.types import Array, Arrays, Space
from rlhf_agents.settings import ModelForesight

ACHIEVED = "achieved_goal"
BLOCK = 4
"""Steps that are processed at once."""
Values = Callable[[PyTorchObs], torch.Tensor]
Remembered = HindsightReplayBuffer | MaskedReplayBuffer


class Lookahead:
    """A world model and its use for learning and acting.

    Args:
        space: of observations.
        n_actions: A.
        settings: how to look ahead.
        gamma: discount per step.
        seed: of everything random.
    """

    def __init__(
        self,
        space: Space,
        n_actions: int,
        settings: ModelForesight,
        gamma: float,
        seed: int | None,
    ) -> None:
        self.settings, self.gamma, self.n_actions = settings, gamma, n_actions
        self.is_dict = isinstance(space, spaces.Dict)
        self.shows_goals = isinstance(space, spaces.Dict) and DESIRED in space.spaces
        self.has_goals = self.shows_goals  # and the goals, not the environment, determine rewards
        self.world = WorldModel(space, n_actions, settings, seed)
        self.goals: GoalRewards | None = None
        self.planner: Planner | None = None
        self._seen = 0

    def set_env(self, env: VecEnv | None) -> None:
        """Set the environment that gives the rewards for goals."""
        self.goals = None
        if env is not None:
            self.has_goals = self.shows_goals and goals_determine_rewards(env)
            self.goals = GoalRewards(env, None) if self.has_goals else None

    # ---- learning the model ----------------------------------------------------------------

    def observe(self, buffer: Remembered) -> None:
        """Add the transitions stored since the last call to the model."""
        store = buffer.store
        waiting = (store.pos - self._seen) % store.capacity
        if waiting < BLOCK:
            return
        fresh = (self._seen + np.arange(waiting)) % store.capacity
        self._seen = store.pos
        rows = (fresh[:, None] * store.n_envs + np.arange(store.n_envs)).ravel()
        rows = rows[(store.flags[rows] & WAITED) == 0]
        if len(rows):
            self.world.observe(self._transitions(buffer, rows))

    def practise(self, buffer: Remembered) -> None:
        """Train the model on stored transitions, if needed."""
        if self.world.wants_practice():
            count = self.settings.batch_size
            rows = self.world.rng.integers(buffer.store.filled, size=count)
            rows = rows[(buffer.store.flags[rows] & WAITED) == 0]
            if len(rows):
                self.world.practise(self._transitions(buffer, rows))

    def _transitions(self, buffer: Remembered, rows: Ints) -> Transitions:
        store = buffer.store
        before, after, _ = buffer.codec.read(store.rows, rows, rows)
        rewards = store.rewards[rows]
        ends = (store.flags[rows] & TERMINAL) > 0
        if self.goals is not None:
            if ends.any():
                ends &= ~self.goals.terminated(after[ACHIEVED], before[DESIRED], rewards)
            rewards = np.zeros_like(rewards)  # the goal's, not the environment's
        keys = self.world.dtypes
        actions = store.actions[rows, 0].astype(np.int64)
        return Transitions(
            {key: before[key] for key in keys},
            actions,
            {key: after[key] for key in keys},
            rewards,
            ends,
        )

    # ---- targets ---------------------------------------------------------------------------

    def targets(self, batch: Batch, sampled: torch.Tensor, value: Values) -> torch.Tensor:
        """Return targets `[B, 1]` that weigh all outcomes in a table, else `sampled`.

        Args:
            batch: from the replay buffer.
            sampled: targets from the one outcome that happened, float32 `[B, 1]`.
            value: returns V `[N, 1]` of observations.
        """
        if not self.world.remembers:
            return sampled
        observations = _arrays(batch.observations)
        taken = batch.actions.numpy().reshape(-1, 1).astype(np.int64)
        imagined = self.world.imagine(observations, taken)
        expected = self._expect(imagined, observations, value)
        return torch.where(torch.from_numpy(imagined.known), expected, sampled)

    def _expect(self, imagined: Imagined, observations: Arrays, value: Values) -> torch.Tensor:
        """Return the values of the imagined actions `[B, M]`, given the values of states."""
        if len(imagined.pairs) == 0:
            return torch.zeros(imagined.known.shape)
        rewards, ends = imagined.rewards, imagined.ends
        desired = None
        if self.shows_goals:
            state = imagined.pairs // imagined.known.shape[1]
            desired = np.asarray(observations[DESIRED])[state]
        if self.has_goals:
            assert desired is not None
            rewards, reached = self._judge(imagined.after[ACHIEVED], desired)
            ends = np.maximum(ends, reached)
        values = value(self._observation(imagined.after, desired))[:, 0]
        return expected_values(
            imagined, torch.from_numpy(rewards), torch.from_numpy(ends), values, self.gamma
        )

    def _judge(self, achieved: Array, desired: Array) -> tuple[Floats, Floats]:
        """Return rewards, and 1 where reaching the goal ends the episode, both float32 `[N]`."""
        assert self.goals is not None
        desired = np.asarray(desired).reshape(achieved.shape)
        rewards = self.goals.rewards(achieved, desired)
        reached = self.goals.terminated(achieved, desired, rewards)
        return rewards, reached.astype(np.float32)

    def _observation(self, parts: Parts, desired: Array | None) -> PyTorchObs:
        tensors = {key: torch.from_numpy(np.ascontiguousarray(p)) for key, p in parts.items()}
        if not self.is_dict:
            return tensors[""]
        if desired is not None:
            shape = parts[ACHIEVED].shape
            tensors[DESIRED] = torch.from_numpy(np.ascontiguousarray(desired).reshape(shape))
        return tensors

    # ---- acting ----------------------------------------------------------------------------

    @property
    def acts(self) -> bool:
        """Whether acting also looks ahead."""
        judged = self.goals is not None or not self.has_goals
        return self.settings.acting and judged and self.world.trusted

    def choose(
        self, observations: PyTorchObs, ranking: torch.Tensor, network: Values, learning: bool
    ) -> torch.Tensor:
        """Return the best actions int64 `[B]` after looking ahead.

        Args:
            observations: tensors `[B, ...]`.
            ranking: Q `[B, A]`, -inf where an action is not allowed.
            network: returns Q `[N, A]`.
            learning: explore unknown actions.
        """
        arrays = _arrays(observations)
        if self.world.remembers:
            return self._planned(arrays, ranking, learning and self.settings.bold).argmax(dim=1)
        width = min(self.n_actions, self.settings.width)
        actions = ranking.topk(width, dim=1).indices
        imagined = self.world.imagine(arrays, actions.numpy())
        values = self._expect(imagined, arrays, lambda s: best_values(s, None, network))
        # Actions of a state are compared with each other, so all of them look ahead or none does.
        allowed = torch.isfinite(ranking.gather(1, actions))
        whole = (torch.from_numpy(imagined.known) | ~allowed).all(dim=1)
        best = torch.where(allowed, values, -torch.inf).argmax(dim=1, keepdim=True)
        return torch.where(whole, actions.gather(1, best)[:, 0], ranking.argmax(dim=1))

    def _planned(self, arrays: Arrays, ranking: torch.Tensor, bold: bool) -> torch.Tensor:
        """Return Q `[B, A]` of the plans for the desired goals, or `ranking` without a plan."""
        table, result = self.world.table, ranking.clone()
        if table is None or not 0 < table.states <= MOST_STATES:
            return result
        self.planner = self.planner or Planner(table, self.gamma)
        places = self.world.places(arrays)
        for i in np.flatnonzero(places >= 0):
            goal = np.asarray(arrays[DESIRED][i : i + 1]) if self.has_goals else None
            name = b"" if goal is None else goal.tobytes()
            plan = self.planner.plan(name, bold, self.world.steps, partial(self._terms, goal))
            values = torch.from_numpy(plan[places[i]])
            values = torch.where(torch.isfinite(ranking[i]), values, -torch.inf)
            allowed = values[torch.isfinite(values)]
            if len(allowed) and bool(allowed.max() > allowed.min()):  # else all are equally bad
                result[i] = values
        return result

    def _terms(self, goal: Array | None) -> Terms:
        """Return the terms of a goal, see `Terms`; None is the environment's own reward."""
        assert self.world.table is not None
        parts, count = self.world.table.remembered(), self.world.table.states
        worth = np.zeros((2, count), np.float32)
        worst, best = self.world.reward_range
        if goal is not None:
            worth[:] = self._judge(parts[ACHIEVED], np.repeat(goal, count, axis=0))
            assert self.goals is not None
            worst, best = float(worth[0].min()), float(self.goals.rewards(goal, goal)[0])
        else:
            lasting = self.world.most_on_the_way / (1.0 - self.gamma + 1e-6)
            # Even before the first reward, unknown actions are worth trying.
            best = max(best, lasting) if worst < best or worst < 0 else 1.0
        return worth, min(worst, worst / (1.0 - self.gamma + 1e-6)), best

    # ---- resuming a run ----------------------------------------------------------------

    def run_state(self) -> Arrays:
        """Return the state, besides the world model, that a run needs to resume bit for bit."""
        plans = {} if self.planner is None else self.planner.state()
        return {"seen": np.array([self._seen]), **plans}

    def restore_run_state(self, state: Arrays) -> None:
        """Restore the state from `run_state`, given the same world model and replay.

        Raises:
            ValueError: it is for another environment.
            KeyError: something is missing.
        """
        self._seen = int(state["seen"][0])
        if "goals" in state and self.world.table is not None:
            self.planner = Planner(self.world.table, self.gamma)
            self.planner.restore(state)


def _arrays(tensors: PyTorchObs) -> Arrays:
    parts = tensors if isinstance(tensors, dict) else {"": tensors}
    return {key: value.numpy() for key, value in parts.items()}


def best_values(observations: PyTorchObs, online: Values | None, target: Values) -> torch.Tensor:
    """Return V(s) `[N, 1]`: the value of the best allowed action.

    Args:
        observations: tensors `[N, ...]`.
        online: chooses the action if given (double Q-learning), else `target` does.
        target: evaluates it.
    """
    values = target(observations)
    ranking = values if online is None else online(observations)
    masks = observations.get(MASK_KEY) if isinstance(observations, dict) else None
    ranking = ranking if masks is None else only_allowed(ranking, masks)
    return values.gather(1, ranking.argmax(dim=1, keepdim=True))
