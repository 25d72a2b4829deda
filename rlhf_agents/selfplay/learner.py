"""The self-play road of HFDQN: a game with exact rules, one network for both seats.

Hindsight proposes (state, goal) pairs, foresight computes their targets with a crew of helpers
while torch learns earlier batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from rlhf_agents.dqn.gradient_steps import follow
from rlhf_agents.files.array_checks import check_arrays
from rlhf_agents.files.model_file import prefixed, unprefixed
from rlhf_agents.files.types import Array, Arrays
from rlhf_agents.limits import spare_cores
from rlhf_agents.search.goal_values import goal_rules
from rlhf_agents.search.searcher import Searcher
from rlhf_agents.selfplay.batch_queue import BatchQueue
from rlhf_agents.selfplay.batches import (
    POOL_BYTES,
    BatchBuilder,
    BatchPool,
    TrainingBatch,
    empty_rows,
    mirrored,
)
from rlhf_agents.selfplay.checkpoint import arrays_of, manifest_of
from rlhf_agents.selfplay.crew import Crew, ThreadCrew
from rlhf_agents.selfplay.loss import bounding_parents, loss_and_gradient
from rlhf_agents.selfplay.networks import GoalQPolicy
from rlhf_agents.selfplay.position_buffer import PositionBuffer, goal_parents
from rlhf_agents.settings import DQN_DEFAULTS, GAME_DEFAULTS, Cosine
from rlhf_games.base import Game

if TYPE_CHECKING:
    from rlhf_agents.search.compiled_network import PatternWeights

Observations = Arrays

PROOFS, RATES, POOL = "proofs.", "proofs.solved.", "pool."
"""Prefixes of the names of arrays in files."""


class GameLearner:
    """The state and the methods of self-play, besides SB3's own model.

    Args:
        model: the `HFDQN` that learns; `configure` runs before SB3's own set-up, `begin` after it.
        game: the rules.

    Attributes:
        rng: the generator of all random choices of self-play.
        opening_plies: int64 `[n_envs]`, the number of random plies at the start of each game.
        pool: rows of recent batches.
        crew: builds batches.
        queue: of batches in preparation.
        target_weights: the target network in the form for compiled code.
        searcher: looks ahead with that network.
        not_saved: attributes of the model that are not saved; `configure` recreates them.
    """

    not_saved = ("replay_buffer_kwargs",)

    rng: np.random.Generator
    opening_plies: NDArray[np.int64]
    pool: BatchPool
    crew: Crew
    queue: BatchQueue
    target_weights: PatternWeights
    searcher: Searcher

    def __init__(self, model: Any, game: Game) -> None:
        self.model, self.game = model, game

    # ---- set-up ----------------------------------------------------------------------------

    def configure(self) -> None:
        """Choose policy, buffer and settings where the user left SB3's defaults."""
        model, game = self.model, self.game
        for name, value in GAME_DEFAULTS.items():
            if getattr(model, name) == DQN_DEFAULTS[name]:
                setattr(model, name, value)
        if isinstance(model.learning_rate, float):
            model.learning_rate = Cosine(model.learning_rate)
        model.policy_class = GoalQPolicy
        kwargs = model.policy_kwargs
        kwargs.setdefault("goal_parents", bounding_parents(game, goal_parents(game)))
        extractor = kwargs.setdefault("features_extractor_kwargs", {})
        extractor.setdefault("line_length", game.line_length)
        extractor.setdefault("gravity", game.gravity)
        extractor.setdefault("visible_cells", game.visible_cells)
        # Compiled search reads the weights in place, and such a small network gains nothing from an
        # accelerator.
        model.device = torch.device("cpu")
        kwargs.setdefault("optimizer_kwargs", {"fused": True})
        model.replay_buffer_class = PositionBuffer
        model.replay_buffer_kwargs = {"game": game}

    def begin(self) -> None:
        """Make the parts that need the networks, which SB3 has made by then."""
        model = self.model
        self.rng = np.random.default_rng(model.seed)
        self.opening_plies = np.zeros(model.n_envs, np.int64)
        self.pool = BatchPool(model.foresight.pool)
        threads = min(model.foresight.workers, spare_cores())
        self.queue = BatchQueue(self.game, model.foresight)
        self.use(ThreadCrew(self.new_builder, threads))
        self.target_weights = model.policy.q_net_target.compiled_weights()
        rules = goal_rules(self.game, model.foresight)
        self.searcher = Searcher(self.game, self.target_weights, rules)

    def new_builder(self) -> BatchBuilder:
        """Return another batch builder."""
        return BatchBuilder(self.game, self.model.foresight, self.model.hindsight)

    def use(self, crew: Crew) -> None:
        """Let this crew build the batches, before any was requested."""
        self.crew = self.queue.crew = crew

    # ---- acting ----------------------------------------------------------------------------

    def sample_actions(self, observations: Observations, learning_starts: int) -> Array:
        """Return the actions of all games `[n_envs]` in a rollout."""
        model = self.model
        states = self.game.from_observation(observations["observation"])
        actions = self.game.random_actions(states, self.rng)
        if model.num_timesteps >= learning_starts:
            explore = self._explores(self.game.plies(states))
            greedy = np.flatnonzero(~explore)
            wanted = observations["desired_goal"][greedy].argmax(axis=1)
            nodes = model.foresight.acting_nodes
            actions[greedy] = self.searcher.choose(states[greedy], wanted, nodes)
        return actions

    def _explores(self, plies: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which games `[n_envs]` play a random move: in openings, and to explore.

        Games have different exploration rates, whose mean is the model's.
        """
        model, hindsight = self.model, self.model.hindsight
        fresh = np.flatnonzero(plies == 0)
        lengths = self.rng.integers(1, hindsight.random_plies + 1, size=len(fresh))
        begins = self.rng.random(len(fresh)) < hindsight.random_openings
        self.opening_plies[fresh] = np.where(begins, lengths, 0)
        rates = model.exploration_rate * np.linspace(0.0, 2.0, model.n_envs)
        explores: NDArray[np.bool_] = self.rng.random(model.n_envs) < rates
        return (plies < self.opening_plies) | explores

    def predict(
        self,
        observation: Observations,
        deterministic: bool,
        masks: Array | None,
        nodes: int,
        goal: str | None,
    ) -> Array:
        """Return the actions for one observation or a batch, see `HFDQN.predict`."""
        single = np.ndim(observation["observation"]) == 3
        batch = {key: np.asarray(value) for key, value in observation.items()}
        if single:
            batch = {key: value[None] for key, value in batch.items()}
        states = self.game.from_observation(batch["observation"])
        if goal is not None:
            wanted = np.full(len(states), self.game.goal_index(goal))
        else:
            wanted = batch["desired_goal"].argmax(axis=1)
        actions = self.searcher.choose(states, wanted, nodes, masks)
        if not deterministic:
            explore = self.rng.random(len(states)) < self.model.exploration_rate
            actions[explore] = self.game.random_actions(states[explore], self.rng)
        result: Array = actions[0] if single else actions
        return result

    # ---- learning --------------------------------------------------------------------------

    def train(self, gradient_steps: int, batch_size: int) -> float:
        """Add one batch, take `gradient_steps` on recent ones, and return the loss."""
        self.pool.add(self._next_batch())
        losses = [self._learn(self.pool.draw(batch_size, self.rng)) for _ in range(gradient_steps)]
        return float(np.mean(losses))

    def _next_batch(self) -> TrainingBatch:
        """Take the oldest batch in preparation, and request the next one.

        With a depth of 1 the target network only moves while no batch is in preparation, so that
        a run is reproducible although two threads work on it.
        """
        while len(self.queue) < self.queue.depth:
            self._request()
        batch = self.queue.take()
        follow(self.model.q_net, self.model.q_net_target, self.model.tau)
        if len(self.queue) < self.queue.depth:
            self._request()
        return batch

    def _request(self) -> None:
        model = self.model
        nodes = model.foresight.nodes_at(1.0 - model._current_progress_remaining)
        count = max(1, model.foresight.lesson_nodes // nodes)
        proposals = model.replay_buffer.propose(count, self.rng, model.hindsight)
        self.queue.request(self.target_weights, proposals, nodes)

    def _learn(self, batch: TrainingBatch) -> float:
        policy = self.model.policy
        boards, batch = mirrored(self.game, batch, self.rng)
        logits: torch.Tensor = policy.q_net.logits(torch.from_numpy(boards))
        gradient = np.empty(logits.shape, np.float32)
        parents = self.target_weights.parents
        loss = loss_and_gradient(parents, logits.detach().numpy(), batch, gradient)
        policy.optimizer.zero_grad(set_to_none=True)
        logits.backward(torch.from_numpy(gradient))  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(policy.parameters(), self.model.max_grad_norm)
        policy.optimizer.step()
        return loss

    def stop(self) -> None:
        """End the helpers, and raise the error of one that failed."""
        self.queue.stop()

    def settle(self, seconds: float) -> None:
        """Wait for the current batch for a limited time if the file must have it."""
        self.queue.settle(seconds)

    # ---- saving ----------------------------------------------------------------------------

    def file_parts(self) -> tuple[dict[str, object], dict[str, Arrays]]:
        """Return the manifest and the array groups of the model."""
        return manifest_of(self.model), arrays_of(self.model)

    def run_state(self) -> Arrays:
        """Return the state, besides model and replay, that a run needs to resume."""
        self.queue.hold()
        return {
            "opening_plies": self.opening_plies,
            **prefixed(PROOFS, self.crew.state()),
            **prefixed(RATES, self.queue.rates._asdict()),
        }

    def restore_run_state(self, arrays: Arrays) -> None:
        """Restore the arrays from `run_state`.

        Raises:
            ValueError: it does not fit the game.
            KeyError: something is missing.
        """
        plies = arrays["opening_plies"]
        if len(plies) == len(self.opening_plies):  # otherwise the number of games has changed
            check_arrays({"opening_plies": self.opening_plies}, arrays)
            self.opening_plies[:] = plies
        self.crew.restore(unprefixed(PROOFS, arrays))
        rates = unprefixed(RATES, arrays)
        if rates:  # runs of older versions have none
            self.queue.rates.restore(rates)

    def check_observations(self, seen: Arrays) -> None:
        """Raise `GameError` if these observations do not show positions of the game."""
        self.game.from_observation(seen["observation"])

    def replay_bytes(self) -> int:
        """Return the most bytes that `replay_state` can return."""
        row = sum(part.nbytes for part in empty_rows(self.game, 1))
        pool = min(self.pool.capacity * row, POOL_BYTES)
        return pool + self.queue.nbytes(self.target_weights)

    def replay_state(self) -> Arrays:
        """Return the stored batches and those in preparation."""
        return {**prefixed(POOL, self.pool.state()), **self.queue.state()}

    def restore_replay_state(self, arrays: Arrays) -> None:
        """Restore the arrays from `replay_state`.

        Raises:
            ValueError: it does not fit the game.
            KeyError: something is missing.
        """
        self.pool.restore(unprefixed(POOL, arrays), self.game)
        self.queue.restore(arrays, self.target_weights)
