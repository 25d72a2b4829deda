"""The process that compiles before a training run: it trains a little and keeps nothing."""

from __future__ import annotations

import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from stable_baselines3.common.callbacks import BaseCallback

from rlhf_agents.evaluation.strength import AlphaBetaScore
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.selfplay.learner import GameLearner
from rlhf_agents.training.run import SETTLING_SECONDS, TrainingConfig
from rlhf_agents.training.run_state import collect
from rlhf_agents.training.train import prepare

UPDATES = 8
"""After so many gradient steps everything has been called."""
FIRST_STEPS = 512
MOST_SECONDS = 90.0
"""Of CPU time; what takes longer is a slow environment, not the compiler."""


class Enough(Exception):  # noqa: N818 - it ends the trial and is no error
    """Everything is compiled."""


class _Trial(BaseCallback):
    """Ends training after `UPDATES` gradient steps."""

    def __init__(self, model: HFDQN) -> None:
        super().__init__()
        self._last = model._n_updates + UPDATES
        self._deadline = time.process_time() + MOST_SECONDS
        model.between_steps = self._check
        if isinstance(model.learner, GameLearner):
            model.learner.crew.while_waiting = self._check

    def close(self, model: HFDQN) -> None:
        """Stop waiting for a batch in preparation, and checking."""
        model.between_steps = None
        if isinstance(model.learner, GameLearner):
            model.learner.crew.while_waiting = lambda: None
        if model.learner is not None:
            model.learner.settle(SETTLING_SECONDS)

    def _on_step(self) -> bool:
        self._check()
        return True

    def _on_rollout_start(self) -> None:
        self._check()

    def _check(self) -> None:
        """End the trial if everything has been called, or if it takes too long."""
        assert isinstance(self.model, HFDQN)
        if self.model._n_updates >= self._last or time.process_time() > self._deadline:
            raise Enough


def compile_all(config: TrainingConfig) -> None:
    """Train a little, look at the strength and save, in a folder of its own.

    Raises:
        UserError: the config cannot work, as `rlhf_agents.training.train.train` has it.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "trial.zip"
        model, config = prepare(
            replace(config, out=out, tensorboard=None, quiet=True, cluster=None)
        )
        model.learning_starts = min(model.learning_starts, FIRST_STEPS)
        trial = _Trial(model)
        with suppress(Enough):
            model.learn(2**40, callback=trial, reset_num_timesteps=config.resume is None)
        trial.close(model)
        if model.game is not None and config.measures_strength:
            strength = AlphaBetaScore(0.1)
            strength(model)
            strength.wait()
        state = collect(model, config.keep_replay, episodes=True)
        model.file_bytes({"run": state.facts}, state.arrays)
