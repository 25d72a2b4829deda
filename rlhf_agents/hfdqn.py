"""HFDQN: SB3's DQN with hindsight and foresight.

On an environment without a `game` this is `PlainDQN`. On a two-player game it learns by self-play
with one network for both seats: hindsight proposes (state, goal) pairs, foresight computes their
targets in a background thread while torch learns the batch before.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import rlhf_games
from rlhf_agents.dqn.checkpoint import plain_parts, restore_world_model, sb3_stream
from rlhf_agents.dqn.dqn import PlainDQN
from rlhf_agents.dqn.gradient_steps import follow
from rlhf_agents.errors import SettingError
from rlhf_agents.files.atomic import write_to
from rlhf_agents.files.model_file import Arrays, model_bytes, read_model
from rlhf_agents.search.goal_values import goal_rules
from rlhf_agents.search.searcher import Searcher
from rlhf_agents.selfplay.batches import (
    BatchBuilder,
    BatchPool,
    Prefetcher,
    TrainingBatch,
    mirrored,
)
from rlhf_agents.selfplay.checkpoint import (
    apply_settings,
    arrays_of,
    check_file,
    manifest_of,
    parts_of,
    restore_arrays,
)
from rlhf_agents.selfplay.loss import bounding_parents, loss_and_gradient
from rlhf_agents.selfplay.networks import GoalQPolicy
from rlhf_agents.selfplay.position_buffer import PositionBuffer, goal_parents
from rlhf_agents.settings import (
    DQN_DEFAULTS,
    GAME_DEFAULTS,
    Cosine,
    Foresight,
    Hindsight,
    ModelForesight,
)
from rlhf_games.base import Game


class HFDQN(PlainDQN):
    """Goal-conditioned DQN with hindsight and foresight, a drop-in for `stable_baselines3.DQN`.

    Args:
        policy: as for DQN; on a two-player game "MultiInputPolicy" is the pattern network.
        env: as for DQN. An environment with an attribute `game` (a `rlhf_games.base.Game`) is
            learnt by self-play; arguments left at SB3's defaults then take `GAME_DEFAULTS`, and
            `batch_size` counts studied positions.
        args: DQN's other positional arguments.
        hindsight: how goals are proposed on a game. Elsewhere True or False switches the
            `HindsightReplayBuffer` on or off, which is on by default where observations have goals
            and no other buffer is asked for; `replay_buffer_kwargs` are its options.
        foresight: how far to look ahead on a game; elsewhere True, or a `ModelForesight`, learns a
            model of the world and looks into it.
        double_q: the online network chooses the action that the target network values.
        kwargs: DQN's other arguments.
    """

    def __init__(
        self,
        policy: Any,
        env: Any,
        *args: Any,
        hindsight: Hindsight | bool | None = None,
        foresight: Foresight | ModelForesight | bool | None = None,
        double_q: bool = False,
        _init_setup_model: bool = True,
        **kwargs: Any,
    ) -> None:
        self.hindsight = hindsight if isinstance(hindsight, Hindsight) else Hindsight()
        self.uses_hindsight = hindsight if isinstance(hindsight, bool) else None
        self.double_q = double_q
        self.foresight = foresight if isinstance(foresight, Foresight) else Foresight()
        if foresight is True:
            foresight = ModelForesight()
        self.model_foresight = foresight if isinstance(foresight, ModelForesight) else None
        self.game_name: str | None = None
        self.prefetcher = Prefetcher()
        self.refill = 0
        """Transitions that the replay buffer must hold before learning begins."""
        self.elapsed_share: float | None = None
        self.training_seconds = 0.0
        self.notes: dict[str, Any] = {}
        super().__init__(policy, env, *args, **{**kwargs, "_init_setup_model": False})
        self._makes_buffer_later = not _init_setup_model
        if _init_setup_model:
            self._setup_model()

    # ---- set-up ----------------------------------------------------------------------------

    def _setup_model(self) -> None:
        self.game = self._find_game()
        if self.game is not None:
            self.model_foresight = None  # the rules are known
            self._setup_game(self.game)
        super()._setup_model()
        if self.game is not None:
            self.refill = self.learning_starts
            self.rng = np.random.default_rng(self.seed)
            self.opening_plies = np.zeros(self.n_envs, np.int64)
            self.pool = BatchPool(self.foresight.pool)
            self.batch_builder = BatchBuilder(self.game, self.foresight, self.hindsight)
            policy: Any = self.policy
            self.target_weights = policy.q_net_target.compiled_weights()
            rules = goal_rules(self.game, self.foresight)
            self.searcher = Searcher(self.game, self.target_weights, rules)

    def _find_game(self) -> Game | None:
        if self.env is not None and self.env.has_attr("game"):
            game: Game = self.env.get_attr("game")[0]
            self.game_name = game.name
            return game
        return None if self.game_name is None else rlhf_games.make(self.game_name)

    def _setup_game(self, game: Game) -> None:
        for name, value in GAME_DEFAULTS.items():
            if getattr(self, name) == DQN_DEFAULTS[name]:
                setattr(self, name, value)
        if isinstance(self.learning_rate, float):
            self.learning_rate = Cosine(self.learning_rate)
        self.policy_class = GoalQPolicy
        self.policy_kwargs.setdefault("goal_parents", bounding_parents(game, goal_parents(game)))
        extractor = self.policy_kwargs.setdefault("features_extractor_kwargs", {})
        extractor.setdefault("line_length", game.line_length)
        extractor.setdefault("gravity", game.gravity)
        extractor.setdefault("visible_cells", game.visible_cells)
        # Compiled search reads the weights where they are, and so small a network gains nothing on
        # an accelerator.
        self.device = torch.device("cpu")
        self.policy_kwargs.setdefault("optimizer_kwargs", {"fused": True})
        buffer_class: Any = PositionBuffer
        self.replay_buffer_class = buffer_class
        self.replay_buffer_kwargs = {"game": game}

    # ---- acting ----------------------------------------------------------------------------

    def _sample_action(
        self, learning_starts: int, action_noise: Any = None, n_envs: int = 1
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        if self.game is None:
            return super()._sample_action(learning_starts, action_noise, n_envs)
        observation: Any = self._last_obs
        states = self.game.from_observation(observation["observation"])
        actions = self.game.random_actions(states, self.rng)
        if self.num_timesteps >= learning_starts:
            explore = self._explores(self.game.plies(states))
            greedy = np.flatnonzero(~explore)
            wanted = observation["desired_goal"][greedy].argmax(axis=1)
            nodes = self.foresight.acting_nodes
            actions[greedy] = self.searcher.choose(states[greedy], wanted, nodes)
        return actions, actions

    def _explores(self, plies: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which games `[n_envs]` play at random: in their openings, and now and then.

        Games differ in how much they explore; their mean is the exploration rate.
        """
        fresh = np.flatnonzero(plies == 0)
        lengths = self.rng.integers(1, self.hindsight.random_plies + 1, size=len(fresh))
        begins = self.rng.random(len(fresh)) < self.hindsight.random_openings
        self.opening_plies[fresh] = np.where(begins, lengths, 0)
        rates = self.exploration_rate * np.linspace(0.0, 2.0, self.n_envs)
        return (plies < self.opening_plies) | (self.rng.random(self.n_envs) < rates)

    def predict(
        self,
        observation: Any,
        state: tuple[NDArray[Any], ...] | None = None,
        episode_start: NDArray[Any] | None = None,
        deterministic: bool = False,
        *,
        action_masks: NDArray[Any] | None = None,
        nodes: int = 0,
        goal: str | None = None,
    ) -> tuple[NDArray[Any], tuple[NDArray[Any], ...] | None]:
        """Return actions for observations, as SB3 does.

        Args:
            observation: one Dict observation or a batch.
            state: passed through.
            episode_start: ignored, as by DQN.
            deterministic: False explores at the current exploration rate, as DQN does.
            action_masks: `[A]` or `[B, A]`, the allowed actions, on a game a subset of the legal
                ones.
            nodes: positions to look at per move; 0 is the network alone.
            goal: what to play for, by name; by default the observation's `desired_goal`.

        Raises:
            SettingError: `nodes` is negative, or an option needs a game and there is none.
        """
        if nodes < 0:
            msg = f"nodes must be 0 (network alone) or more, got {nodes}"
            raise SettingError(msg)
        if self.game is None:
            if nodes or goal:
                msg = "nodes and goal need an environment with a `game`"
                raise SettingError(msg)
            return super().predict(
                observation, state, episode_start, deterministic, action_masks=action_masks
            )
        single = np.ndim(observation["observation"]) == 3
        batch = {key: np.asarray(value) for key, value in observation.items()}
        if single:
            batch = {key: value[None] for key, value in batch.items()}
        states = self.game.from_observation(batch["observation"])
        if goal is not None:
            wanted = np.full(len(states), self.game.goal_index(goal))
        else:
            wanted = batch["desired_goal"].argmax(axis=1)
        actions = self.searcher.choose(states, wanted, nodes, action_masks)
        if not deterministic:
            explore = self.rng.random(len(states)) < self.exploration_rate
            actions[explore] = self.game.random_actions(states[explore], self.rng)
        return (actions[0] if single else actions), state

    # ---- learning --------------------------------------------------------------------------

    def _on_step(self) -> None:
        if self.game is None:
            super()._on_step()
            return
        self._n_calls += 1
        self.exploration_rate = self.exploration_schedule(self._current_progress_remaining)
        self.logger.record("rollout/exploration_rate", self.exploration_rate)

    def _update_current_progress_remaining(self, num_timesteps: int, total_timesteps: int) -> None:
        super()._update_current_progress_remaining(num_timesteps, total_timesteps)
        if self.elapsed_share is not None:
            self._current_progress_remaining = max(0.0, 1.0 - self.elapsed_share)

    @property
    def episodes(self) -> int:
        """Games finished so far."""
        return self._episode_num

    def learn(self, *args: Any, **kwargs: Any) -> HFDQN:
        """Learn for a number of environment steps, see `DQN.learn`."""
        kwargs.setdefault("tb_log_name", "HFDQN")
        threads = torch.get_num_threads()
        if self.game is not None or self.lookahead is not None:
            torch.set_num_threads(1)  # the other core computes targets; models are small
        try:
            super().learn(*args, **kwargs)
        finally:
            torch.set_num_threads(threads)
            self.prefetcher.stop()
        return self

    def train(self, gradient_steps: int, batch_size: int = 256) -> None:
        """Take one lesson and learn `gradient_steps` batches of rows from the latest lessons."""
        buffer: Any = self.replay_buffer
        if buffer.size() * self.n_envs < self.refill:
            return
        if self.game is None:
            super().train(gradient_steps, batch_size)
            return
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        self.pool.add(self._next_lesson())
        losses = [self._learn(self.pool.draw(batch_size, self.rng)) for _ in range(gradient_steps)]
        self._n_updates += gradient_steps
        self.policy.set_training_mode(False)
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/loss", float(np.mean(losses)))

    def _next_lesson(self) -> TrainingBatch:
        """Return the lesson that was prepared meanwhile and have the next one prepared.

        The copy that computes targets only moves while no lesson is being prepared, so a run is
        reproducible although two threads work on it.
        """
        lesson = self.prefetcher.prepared()
        follow(self.q_net, self.q_net_target, self.tau)
        buffer: Any = self.replay_buffer
        nodes = self.foresight.nodes_at(1.0 - self._current_progress_remaining)
        count = max(1, self.foresight.lesson_nodes // nodes)
        proposals = buffer.propose(count, self.rng, self.hindsight)
        self.prefetcher.prepare(self.batch_builder.lesson, self.target_weights, proposals, nodes)
        if lesson is None:
            lesson = self.prefetcher.prepared()
            assert lesson is not None
        return lesson

    def _learn(self, lesson: TrainingBatch) -> float:
        game: Any = self.game
        policy: Any = self.policy
        boards, lesson = mirrored(game, lesson, self.rng)
        logits: torch.Tensor = policy.q_net.logits(torch.from_numpy(boards))
        gradient = np.empty(logits.shape, np.float32)
        parents = self.target_weights.parents
        loss = loss_and_gradient(parents, logits.detach().numpy(), lesson, gradient)
        self.policy.optimizer.zero_grad(set_to_none=True)
        logits.backward(torch.from_numpy(gradient))  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.policy.parameters(), self.max_grad_norm)
        self.policy.optimizer.step()
        return loss

    # ---- saving ----------------------------------------------------------------------------

    def _excluded_save_params(self) -> list[str]:
        mine = ["game", "teacher", "pool", "thinker", "opening_plies", "target_weights"]
        mine += ["assistant", "elapsed_share", "refill", "rng"]
        if self.game is not None:
            mine.append("replay_buffer_kwargs")  # they hold the game
        return [*super()._excluded_save_params(), *mine]

    def save(self, path: Any, exclude: Any = None, include: Any = None) -> None:
        """Write SB3's zip, on a game with our own members in it, see `DQN.save`.

        Raises:
            OutputError: the path cannot be written.
        """
        write_to(path, self.file_bytes({}, {}, exclude, include))

    def file_bytes(
        self,
        facts: dict[str, Any],
        arrays: dict[str, Arrays],
        exclude: Any = None,
        include: Any = None,
    ) -> bytes:
        """Return what `save` writes, with more facts in the manifest and more groups of arrays."""
        base = io.BytesIO()
        super().save(base, exclude, include)
        describe = plain_parts if self.game is None else parts_of
        manifest, groups = describe(self, base.getvalue())
        return model_bytes({**manifest, **facts}, {**groups, **arrays}, base.getvalue())

    def save_agent(self, path: Any) -> None:
        """Write only what playing needs, in half precision: a tenth of the size of `save`.

        Raises:
            OutputError: the path cannot be written.
            SettingError: the model does not play a game.
        """
        if self.game is None:
            msg = "save_agent needs a model that plays a game; use save"
            raise SettingError(msg)
        write_to(path, model_bytes(manifest_of(self), arrays_of(self, compact=True)))

    @classmethod
    def load(
        cls,
        path: Any,
        env: Any = None,
        device: Any = "auto",
        custom_objects: dict[str, Any] | None = None,
        print_system_info: bool = False,
        force_reset: bool = True,
        *,
        trust: bool = False,
        **kwargs: Any,
    ) -> HFDQN:
        """Read a model; nothing in the file is unpickled and no environment is needed.

        Args:
            path: a file that `save` or `save_agent` wrote.
            env: to go on learning.
            device: as for `DQN.load`.
            custom_objects: what replaces saved values, as for `DQN.load`; needed for those that
                only code can bring back, such as a lambda.
            print_system_info: as for `DQN.load`.
            force_reset: as for `DQN.load`.
            trust: use SB3's reader, which runs whatever code the file holds. Needed for files that
                SB3's own DQN wrote.
            kwargs: attributes that replace saved ones.

        Raises:
            ModelFileError: the file is missing, damaged, not ours, or from a newer format.
        """
        options = env, device, custom_objects, print_system_info, force_reset
        if trust:
            loaded: HFDQN = super().load(path, *options, **kwargs)
            return loaded
        file = read_model(path)
        if file.manifest.get("game") is None:
            stream = sb3_stream(cls, file, custom_objects or {})
            plain: HFDQN = super().load(stream, *options, **kwargs)
            restore_world_model(plain, file)
            return plain
        check_file(file)
        model = cls("MultiInputPolicy", env, device=device, _init_setup_model=False)
        apply_settings(model, file)
        if model.env is not None and model.env.has_attr("game"):
            file.require_game(model.env.get_attr("game")[0].name)
        for name, value in kwargs.items():
            setattr(model, name, value)
        if env is None:
            model.n_envs = 1
        model._setup_model()
        restore_arrays(model, file)
        return model
