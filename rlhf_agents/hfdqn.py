"""HFDQN: SB3's DQN with hindsight and foresight.

Its `learner` is the road that it takes: None is plain DQN (`rlhf_agents.dqn`), `GameLearner` is
self-play on a game with exact rules (`rlhf_agents.selfplay`), `ParallelLearner` learns from many
environments side by side (`rlhf_agents.parallel`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.type_aliases import GymEnv, RolloutReturn
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.dqn.policies import DQNPolicy

import rlhf_games
from rlhf_agents.dqn import recommended as advised
from rlhf_agents.dqn.checkpoint import (
    compact_parts,
    plain_parts,
    restore_world_model,
    sb3_stream,
)
from rlhf_agents.dqn.checks import check_observation, check_option
from rlhf_agents.dqn.dqn import NO_BUFFER
from rlhf_agents.dqn.env_access import game_of
from rlhf_agents.dqn.manifest_facts import (
    KnownLevels,
    as_trained,
    facts_of,
    restore_facts,
    restore_trusted,
)
from rlhf_agents.dqn.timed_logs import TimedLogs
from rlhf_agents.errors import ModelFileError, SettingError
from rlhf_agents.files.atomic import write_to
from rlhf_agents.files.model_file import model_bytes, read_model
from rlhf_agents.files.types import Array, Arrays, Observations, PathOrStream
from rlhf_agents.limits import checked_nodes
from rlhf_agents.parallel.learner import DEFAULTS, ParallelLearner
from rlhf_agents.progress import announce
from rlhf_agents.selfplay.checkpoint import (
    apply_settings,
    arrays_of,
    check_env,
    check_file,
    manifest_of,
    restore_arrays,
)
from rlhf_agents.selfplay.learner import GameLearner
from rlhf_agents.settings import Foresight, Hindsight, ModelForesight, Parallel
from rlhf_games.base import Game

Facts = Mapping[str, object]
Names = Iterable[str] | None


class HFDQN(TimedLogs):
    """Goal-conditioned DQN with hindsight and foresight, a drop-in replacement for SB3's `DQN`.

    Args:
        policy: as for DQN; for a two-player game "MultiInputPolicy" is the pattern network.
        env: as for DQN. An environment with an attribute `game` (a `rlhf_games.base.Game`) is
            learnt by self-play; `GAME_DEFAULTS` then replace SB3's defaults, and `batch_size`
            counts studied positions.
        args: DQN's other positional arguments.
        hindsight: for a game, how goals are proposed. Elsewhere True or False switches the
            `HindsightReplayBuffer` on or off; it is on by default if observations have goals and
            no other buffer is given; `replay_buffer_kwargs` are its options.
        foresight: for a game, how far to look ahead; elsewhere True, or a `ModelForesight`, learns
            a world model and looks ahead in it.
        double_q: the online network chooses the action that the target network evaluates.
        parallel: True, or a `Parallel`, learns from many environments side by side without replay;
            its defaults are `rlhf_agents.parallel.learner.DEFAULTS`.
        recommended: use the environment's recommended values, which those of `make_env` have, for
            arguments that are not given; False uses SB3's defaults.
        kwargs: DQN's other arguments.
    """

    _replay_needed = 0
    """Transitions that the replay buffer must have before learning begins."""
    _taken: Mapping[str, object] = {}
    """Recommended arguments that were not given."""

    def __init__(
        self,
        policy: str | type[DQNPolicy],
        env: GymEnv | str | None,
        *args: Any,
        hindsight: Hindsight | bool | None = None,
        foresight: Foresight | ModelForesight | bool | None = None,
        double_q: bool | None = None,
        parallel: Parallel | bool | None = None,
        recommended: bool = True,
        _init_setup_model: bool = True,
        **kwargs: Any,
    ) -> None:
        ours = {
            "hindsight": hindsight,
            "foresight": foresight,
            "double_q": double_q,
            "parallel": parallel,
        }
        named = advised.by_name(args, kwargs, ours)
        self._taken = advised.left_open(advised.recommended_by(env), named) if recommended else {}
        arguments = {**self._taken, **named}
        if arguments.get("parallel"):
            arguments = {**DEFAULTS, **arguments}
        hindsight, foresight, double_q, parallel = (arguments.pop(name, None) for name in ours)
        check_option("hindsight", hindsight, Hindsight)
        check_option("foresight", foresight, Foresight, ModelForesight)
        check_option("parallel", parallel, Parallel)
        self.parallel = Parallel() if parallel is True else parallel or None
        self.hindsight = hindsight if isinstance(hindsight, Hindsight) else Hindsight()
        self.uses_hindsight = hindsight if isinstance(hindsight, bool) else None
        self.double_q = bool(double_q)
        self.foresight = foresight if isinstance(foresight, Foresight) else Foresight()
        if foresight is True:
            foresight = ModelForesight()
        self.model_foresight = foresight if isinstance(foresight, ModelForesight) else None
        self.game_name: str | None = None
        self.trained_goal: str | None = None
        self.levels: KnownLevels | None = None
        self.learner: GameLearner | ParallelLearner | None = None
        self.training_seconds = 0.0
        self.notes: dict[str, object] = {}
        super().__init__(policy, **{**arguments, "env": env, "_init_setup_model": False})
        self._makes_buffer_later = not _init_setup_model
        if _init_setup_model:
            self._setup_model()

    @property
    def game(self) -> Game | None:
        """The rules of the game to learn by self-play, None for other environments."""
        return None if self.learner is None else self.learner.game

    # ---- set-up ----------------------------------------------------------------------------

    def _setup_model(self) -> None:
        game = self._find_game()
        if game is not None:
            self.model_foresight = None  # the rules are known
            self.parallel = None
            self.learner = GameLearner(self, game)
        elif self.parallel is not None:
            self.learner, self._buffer = ParallelLearner(self), NO_BUFFER
        if self.learner is not None:
            self.learner.configure()
        super()._setup_model()
        if self.learner is not None:
            self._replay_needed = 0 if game is None else self.learning_starts
            self.learner.begin()

    def _find_game(self) -> Game | None:
        game = game_of(self.env)
        if game is not None:
            self.game_name = game.name
            return game
        return None if self.game_name is None else rlhf_games.make(self.game_name)

    # ---- acting ----------------------------------------------------------------------------

    def _sample_action(
        self, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[Array, Array]:
        if not isinstance(self.learner, GameLearner):
            return super()._sample_action(learning_starts, action_noise, n_envs)
        assert isinstance(self._last_obs, dict)
        actions = self.learner.sample_actions(self._last_obs, learning_starts)
        return actions, actions

    def predict(
        self,
        observation: Observations,
        state: tuple[Array, ...] | None = None,
        episode_start: Array | None = None,
        deterministic: bool = False,
        *,
        action_masks: Array | None = None,
        nodes: int = 0,
        goal: str | None = None,
    ) -> tuple[Array, tuple[Array, ...] | None]:
        """Return actions for observations, as SB3 does.

        Args:
            observation: one Dict observation or a batch.
            state: passed through.
            episode_start: ignored, as by DQN.
            deterministic: False explores at the current exploration rate, as DQN does.
            action_masks: `[A]` or `[B, A]`, the allowed actions, for a game a subset of the legal
                ones.
            nodes: positions to search per move; 0 is the network alone.
            goal: what to play for, by name; by default the observation's `desired_goal`.

        Raises:
            SettingError: `nodes` is invalid, or an option needs a game and there is none.
        """
        checked_nodes(nodes)
        if isinstance(self.learner, GameLearner):
            needed = ("observation",) if goal else ("observation", "desired_goal")
            check_observation(observation, needed)
            seen = cast("Arrays", observation)
            actions = self.learner.predict(seen, deterministic, action_masks, nodes, goal)
            return actions, state
        if nodes or goal:
            msg = "nodes and goal need an environment with a `game`"
            raise SettingError(msg)
        return super().predict(
            observation, state, episode_start, deterministic, action_masks=action_masks
        )

    # ---- learning --------------------------------------------------------------------------

    def collect_rollouts(
        self, env: VecEnv, callback: BaseCallback, *args: Any, **kwargs: Any
    ) -> RolloutReturn:
        """Collect steps from all environments, see `DQN.collect_rollouts`."""
        if isinstance(self.learner, ParallelLearner):
            return self.learner.collect(env, callback, kwargs.get("log_interval"))
        return super().collect_rollouts(env, callback, *args, **kwargs)

    def _on_step(self) -> None:
        if self.learner is None:
            super()._on_step()
        else:  # the learner moves its target network itself
            self._n_calls += 1
            self._update_exploration()

    @property
    def episodes(self) -> int:
        """Games finished so far."""
        return self._episode_num

    def learn(
        self, *args: Any, used_share: Callable[[], float | None] | None = None, **kwargs: Any
    ) -> HFDQN:
        """Learn for a number of environment steps, see `DQN.learn`.

        Args:
            args: as for `DQN.learn`.
            used_share: returns the used share of the budget, from 0 to 1, e.g. of a time budget,
                for the schedules; by default, and if it returns None, steps count.
            kwargs: as for `DQN.learn`.
        """
        kwargs.setdefault("tb_log_name", "HFDQN")
        threads = torch.get_num_threads()
        if self.learner is not None or self.lookahead is not None:
            torch.set_num_threads(1)  # other cores compute targets; models are small
        self._used_share = used_share
        if self._taken and not self.num_timesteps:
            announce(advised.sentence(self._taken))
        try:
            super().learn(*args, **kwargs)
        finally:
            self._used_share = None
            torch.set_num_threads(threads)
            if self.learner is not None:
                self.learner.stop()
        return self

    def refill_replay(self) -> None:
        """Postpone learning until the empty replay buffer has enough transitions again."""
        self._replay_needed = min(self.learning_starts, self.buffer_size)

    def train(self, gradient_steps: int, batch_size: int = 256) -> None:
        """Take `gradient_steps`, in self-play after one more batch of targets, see `DQN.train`."""
        buffer = self.replay_buffer if self._replay_needed else None
        if buffer is not None and buffer.size() * self.n_envs < self._replay_needed:
            return
        if self.learner is None:
            super().train(gradient_steps, batch_size)
            return
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        if isinstance(self.learner, ParallelLearner):
            gradient_steps = self.learner.gradient_steps(batch_size)
        self._record_updates(gradient_steps, self.learner.train(gradient_steps, batch_size))
        self.policy.set_training_mode(False)

    # ---- saving ----------------------------------------------------------------------------

    def _excluded_save_params(self) -> list[str]:
        excluded = [*super()._excluded_save_params(), "levels"]  # our manifest has them
        return excluded if self.learner is None else [*excluded, *self.learner.not_saved]

    def _needs_stand_in(self) -> bool:
        return self.learner is not None or super()._needs_stand_in()

    def save(self, path: PathOrStream, exclude: Names = None, include: Names = None) -> None:
        """Write SB3's zip with our own members in it, see `DQN.save`.

        Raises:
            OutputError: the path cannot be written.
        """
        write_to(path, self.file_bytes({}, {}, exclude, include))

    def file_bytes(
        self, facts: Facts, arrays: dict[str, Arrays], exclude: Names = None, include: Names = None
    ) -> bytes:
        """Return the bytes of `save`, with more facts in the manifest and more groups of arrays."""
        base = io.BytesIO()
        super().save(base, exclude, include)
        if isinstance(self.learner, GameLearner):
            manifest, groups = self.learner.file_parts()
        else:
            manifest, groups = plain_parts(self, base.getvalue())
        manifest = {**manifest, **facts_of(self), **facts}
        return model_bytes(manifest, {**groups, **arrays}, base.getvalue())

    def save_agent(
        self, path: PathOrStream, notes: Facts | None = None, facts: Facts | None = None
    ) -> None:
        """Write only what playing needs, in half precision: a tenth of the size of `save`.

        Args:
            path: the file to write.
            notes: facts about the training, anything that JSON can hold.
            facts: more entries of the manifest.

        Raises:
            OutputError: the path cannot be written.
        """
        if self.game is None:
            base = io.BytesIO()
            super().save(base)
            manifest, groups = compact_parts(self, base.getvalue())
        else:
            manifest, groups = manifest_of(self), arrays_of(self, compact=True)
        said = {**facts_of(self), "notes": self.notes if notes is None else notes}
        write_to(path, model_bytes({**manifest, **said, **(facts or {})}, groups))

    @classmethod
    def load(
        cls,
        path: str | Path | io.BufferedIOBase,
        env: GymEnv | None = None,
        device: torch.device | str = "auto",
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
            env: the environment to continue learning in.
            device: as for `DQN.load`.
            custom_objects: values that replace saved ones, as for `DQN.load`; needed for those
                that a file cannot hold, such as a class of yours.
            print_system_info: as for `DQN.load`.
            force_reset: as for `DQN.load`.
            trust: use SB3's reader, which runs any code in the file. Needed for files that
                SB3's own DQN wrote.
            kwargs: attributes that replace saved ones.

        Raises:
            ModelFileError: the file is missing, damaged, not ours, or from a newer format.
        """
        options = device, custom_objects, print_system_info, force_reset
        if trust:
            loaded: HFDQN = super().load(path, env, *options, **kwargs)
            restore_trusted(loaded, path)
            return loaded
        file = read_model(path)
        if file.manifest.get("game") is None:
            stream = sb3_stream(cls, file, custom_objects or {})
            try:
                plain: HFDQN = super().load(stream, as_trained(env, file), *options, **kwargs)
            except SettingError as error:
                if env is not None:
                    raise
                msg = f"{file.path} does not describe a model ({error})"
                raise ModelFileError(msg) from error
            restore_world_model(plain, file)
            restore_facts(plain, file)
            return plain
        check_file(file)
        model = cls("MultiInputPolicy", env, device=device, _init_setup_model=False)
        apply_settings(model, file)
        check_env(model, file)
        for name, value in kwargs.items():
            setattr(model, name, value)
        if env is None:
            model.n_envs = 1
        model._setup_model()
        restore_arrays(model, file)
        restore_facts(model, file)
        return model
