"""Training runs: a time budget, a progress bar, checkpoints, and a save on Ctrl-C."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from tqdm import tqdm

from rlhf_agents.environments import make_env
from rlhf_agents.errors import SettingError
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.model_files import read_model
from rlhf_games.base import Game

LOG_EVERY_EPISODES = 4096
PLAIN_INTERVAL = 30.0
"""Seconds between lines of progress where no terminal can redraw one."""


@dataclass(frozen=True)
class Plan:
    """What a training run is asked to do.

    Attributes:
        game: name of the game.
        minutes: time budget, > 0.
        out: the model file, written at every checkpoint and at the end.
        seed: of everything random.
        resume: a model file to go on from.
        n_envs: games that run side by side.
        checkpoint_minutes: between saves.
        strength_seconds: between looks at the strength.
        tensorboard: folder for TensorBoard logs.
        compact: the last save keeps only what playing needs.
        quiet: no progress bar.
        command: how the run was started, kept in the model file.
    """

    game: str
    minutes: float
    out: Path
    seed: int = 0
    resume: Path | None = None
    n_envs: int = 256
    checkpoint_minutes: float = 5.0
    strength_seconds: float = 30.0
    tensorboard: Path | None = None
    compact: bool = False
    quiet: bool = False
    command: str = ""


Strength = Callable[[HFDQN], float]
"""Measures a model while it trains: a score in [0, 1]."""


class Run(BaseCallback):
    """Keeps the time, shows progress, saves.

    Args:
        plan: what is asked.
        strength: looked at every `plan.strength_seconds`, outside the time budget.
    """

    def __init__(self, plan: Plan, strength: Strength) -> None:
        super().__init__()
        self.plan = plan
        self.strength = strength
        self.budget = plan.minutes * 60
        self.outside = 0.0
        self.score = float("nan")
        self.bar: Any = None

    def _on_training_start(self) -> None:
        self.started = time.perf_counter()
        self.next_strength = self.plan.strength_seconds
        self.next_save = self.plan.checkpoint_minutes * 60
        self.first_step = self.num_timesteps
        self.seconds_before = self.agent.training_seconds
        self.bar = tqdm(
            total=round(self.budget),
            disable=self.plan.quiet,
            mininterval=0.5 if sys.stderr.isatty() else PLAIN_INTERVAL,
            bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} s{postfix}",
        )

    @property
    def agent(self) -> HFDQN:
        """The model in training."""
        model: Any = self.model
        assert isinstance(model, HFDQN)
        return model

    @property
    def elapsed(self) -> float:
        """Seconds of training, without looks at the strength and saves."""
        return time.perf_counter() - self.started - self.outside

    def _on_step(self) -> bool:
        elapsed = self.elapsed
        self.agent.elapsed_share = min(1.0, elapsed / self.budget)
        if elapsed >= self.next_strength:
            self.next_strength += self.plan.strength_seconds
            self._aside(self._look_at_strength)
        if elapsed >= self.next_save:
            self.next_save += self.plan.checkpoint_minutes * 60
            self._aside(lambda: self.save(compact=False))
        if int(elapsed) > self.bar.n:
            self._show(elapsed)
        return elapsed < self.budget

    def _on_training_end(self) -> None:
        self._show(self.elapsed)
        self.bar.close()

    def _aside(self, work: Callable[[], None]) -> None:
        begin = time.perf_counter()
        work()
        self.outside += time.perf_counter() - begin

    def _look_at_strength(self) -> None:
        self.score = self.strength(self.agent)
        self.logger.record("eval/score", self.score)

    def _show(self, elapsed: float) -> None:
        steps = self.num_timesteps - self.first_step
        rate = steps / max(elapsed, 1e-9)
        loss = self.logger.name_to_value.get("train/loss", float("nan"))
        self.logger.record("rollout/games", self.agent.episodes)
        self.logger.record("time/moves_per_second", rate)
        self.bar.set_postfix_str(
            f"{self.agent.episodes} games, {rate / 1000:.1f}k moves/s, loss {loss:.4f}, "
            f"score vs alpha-beta {self.score:.2f}",
            refresh=False,
        )
        self.bar.update(min(int(elapsed), self.bar.total) - self.bar.n)

    def save(self, compact: bool) -> None:
        """Write the model file."""
        model = self.agent
        model.training_seconds = self.seconds_before + self.elapsed
        if compact:
            model.save_agent(self.plan.out)
        else:
            model.save(self.plan.out)


def prepare(plan: Plan) -> HFDQN:
    """Return the model that a run trains: new, or read from `plan.resume`.

    Raises:
        SettingError: the time budget or the number of games is not positive.
        rlhf_agents.errors.ModelFileError: the file to resume from cannot be used.
    """
    if plan.minutes <= 0 or plan.n_envs < 2:
        msg = f"minutes must be above 0 and n_envs at least 2, got {plan.minutes}, {plan.n_envs}"
        raise SettingError(msg)
    env = make_env(plan.game, plan.n_envs, seed=plan.seed)
    if plan.resume is not None:
        read_model(plan.resume).require_game(env.get_attr("game")[0].name)
    log = None if plan.tensorboard is None else str(plan.tensorboard)
    if plan.resume is not None:
        return HFDQN.load(plan.resume, env=env, tensorboard_log=log, seed=plan.seed)
    return HFDQN("MultiInputPolicy", env, seed=plan.seed, tensorboard_log=log)


def train(plan: Plan, strength: Strength | None = None) -> tuple[HFDQN, bool]:
    """Carry out a training run.

    Args:
        plan: what is asked.
        strength: how strength is measured on the way; by default against alpha-beta.

    Returns:
        the model, and whether it was interrupted by Ctrl-C (the file is written all the same).
    """
    model = prepare(plan)
    model.notes = {"command": plan.command, "seed": plan.seed, "minutes": plan.minutes}
    run = Run(plan, strength or score_against_alpha_beta)
    interrupted = False
    try:
        model.learn(
            2**62, callback=run, log_interval=LOG_EVERY_EPISODES,
            reset_num_timesteps=plan.resume is None,
        )  # fmt: skip
    except KeyboardInterrupt:
        interrupted = True
        run.bar.close()
    run.save(compact=plan.compact and not interrupted)
    return model, interrupted


STRENGTH_DEPTH = 4
STRENGTH_GAMES = 64


def score_against_alpha_beta(model: HFDQN) -> float:
    """Return the share of points of the network alone against alpha-beta, from random openings."""
    from rlhf_agents.minimax import MinimaxPlayer  # noqa: PLC0415

    game = model.game
    assert game is not None
    return _score(game, model, MinimaxPlayer(game, STRENGTH_DEPTH))


def _score(game: Game, model: HFDQN, opponent: Any) -> float:
    rng = np.random.default_rng(0)
    states = game.initial(STRENGTH_GAMES)
    for _ in range(2):
        states = game.step(states, game.random_actions(states, rng))
    ours = np.arange(STRENGTH_GAMES) % 2
    wanted = np.zeros(STRENGTH_GAMES, np.int64)
    while (legal := game.legal(states).any(axis=1)).any():
        actions = np.zeros(STRENGTH_GAMES, np.int64)
        turn = game.mover(states) == ours
        mine, theirs = legal & turn, legal & ~turn
        actions[mine] = model.thinker.choose(states[mine], wanted[mine], 0)
        if theirs.any():
            actions[theirs] = opponent.act(states[theirs], "win")
        states = game.step(states, actions)
    outcome = game.outcome(states).astype(np.float64)
    points = np.where(game.mover(states) == ours, outcome, -outcome)
    return float((points.mean() + 1) / 2)
