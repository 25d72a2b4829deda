"""A training run: it keeps the budget, shows progress, and saves at points where nothing is lost.

Between two rollouts a run is at rest: every transition is stored, every gradient step taken. It is
saved, stopped and measured only there, so a file is a point that the run really went through and
that another run can continue from.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from rlhf_agents.envs.trained_models import TRAINED_IN
from rlhf_agents.errors import OutputError
from rlhf_agents.evaluation.strength import AlphaBetaScore, StrengthMeter
from rlhf_agents.files.atomic import write_to
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.progress import ProgressBar, warn
from rlhf_agents.selfplay.learner import GameLearner
from rlhf_agents.training.curve_file import CurveFile
from rlhf_agents.training.progress import summary
from rlhf_agents.training.run_state import collect
from rlhf_agents.training.stopping import Stopped, StopRequests


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a training run.

    With a budget of steps, a run depends only on its config: schedules follow the steps, and an
    interrupted and resumed run ends bit for bit where it would have ended (on the CPU). With a
    budget of minutes, schedules follow the clock.

    Attributes:
        game: a game, `LIBRARY:NAME` or an id of Gymnasium's; "" is that of the file to resume.
        minutes: total time budget, > 0, including earlier training.
        out: the model file, written at every checkpoint and at the end.
        seed: seeds everything random, >= 0; None is 0, or the random numbers of the file to resume.
        resume: a model file to continue from.
        n_envs: games or environments side by side; None is the default.
        checkpoint_minutes: between saves.
        strength_seconds: between measurements of the strength.
        measures_strength: measure it at all.
        device: where networks run, "auto" or PyTorch's name; those of games run on the CPU.
        trust: read the file to resume as SB3 does, which runs any code in it.
        tensorboard: folder for TensorBoard logs.
        compact: the last save keeps only what playing needs.
        plain: SB3's DQN with its own defaults, without recommended settings.
        quiet: no progress bar.
        command: the command that started the run, stored in the model file.
        steps: total budget of environment steps, > 0, instead of minutes. As with SB3, the
            rollout that reaches it is finished.
        checkpoint_steps: steps between saves, instead of minutes.
        keep_replay: files include the replay buffer; without it a resumed run fills a new one.
        policy: SB3's name of the policy, None is the default.
        settings: arguments of `HFDQN`.
        goal: what to play for.
        opponent: in two-player environments.
        options: for the library of the environment.
        plot: a picture of the learning curve to write at every save, with a CSV next to it.
        theme: of the picture, "light" or "dark".
        workers: helpers that build the batches of a game, see `Foresight.for_workers`; None is 1,
            or that of the file to resume. A run depends on it, and not on how many cores there are.
        cluster: address of a Ray cluster whose machines help with a game, or "auto"; `workers` is
            then by default the number of its cores.
    """

    game: str
    minutes: float | None = None
    out: Path = Path("model.zip")
    seed: int | None = None
    resume: Path | None = None
    n_envs: int | None = None
    checkpoint_minutes: float = 5.0
    strength_seconds: float = 30.0
    measures_strength: bool = True
    device: str = "auto"
    trust: bool = False
    tensorboard: Path | None = None
    compact: bool = False
    plain: bool = False
    quiet: bool = False
    command: str = ""
    steps: int | None = None
    checkpoint_steps: int | None = None
    keep_replay: bool = True
    policy: str | None = None
    settings: dict[str, object] = field(default_factory=dict)
    goal: str | None = None
    opponent: str | None = None
    options: dict[str, object] = field(default_factory=dict)
    plot: Path | None = None
    theme: str = "light"
    workers: int | None = None
    cluster: str | None = None


KEPT: dict[str, Any] = {
    "steps": int,
    "minutes": int | float,
    "seed": int,
    "n_envs": int,
    "goal": str,
    "opponent": str,
    "options": dict,
}
"""The parts of a config in a file, besides the environment, so that `--resume FILE` is enough."""


LATEST = 1.03
"""Share of a time budget after which a run no longer waits to be at rest."""
SETTLING_SECONDS = 0.2


class Over(Exception):  # noqa: N818 - it ends a run and is no error
    """The run ends here, at rest: the budget is used up, or a signal requested it."""


class Run(BaseCallback):
    """Keeps the budget, shows progress, saves.

    Args:
        config: the complete config.
        requests: requests to stop, from signals.
        strength: called every `config.strength_seconds`; a score, perhaps with a description.
    """

    def __init__(
        self, config: TrainingConfig, requests: StopRequests, strength: StrengthMeter | None
    ) -> None:
        super().__init__()
        self.config = config
        self.requests = requests
        self.strength = strength
        self.score: float | None = None
        self.interrupted = False
        self.progress: ProgressBar | None = None
        self.curve = None if config.plot is None else _curve_file(config, config.plot)
        self._said = ""
        self._shown = 0
        self.notes = {
            name: getattr(config, name) for name in ("command", "seed", "minutes", "steps")
        }
        """Facts about the training, for the model's file."""

    def _on_training_start(self) -> None:
        self.started = time.perf_counter()
        self.next_strength = self.config.strength_seconds
        self.next_save = self.config.checkpoint_minutes * 60
        self.first_step = self.saved_at = self.num_timesteps
        self.seconds_before = self.agent.training_seconds
        total = self.config.steps or round((self.config.minutes or 0) * 60)
        unit = "steps" if self.config.steps else "s"
        self.progress = ProgressBar(
            "training", total, self._done(), unit, lines=True, shown=not self.config.quiet
        )
        if isinstance(self.agent.learner, GameLearner):
            self.agent.learner.crew.while_waiting = lambda: self._check(at_rest=True)
        self.agent.between_steps = self._between_gradient_steps
        self.requests.guard(self._settle)

    @property
    def agent(self) -> HFDQN:
        """The model in training."""
        model: object = self.model
        assert isinstance(model, HFDQN)
        return model

    @property
    def elapsed(self) -> float:
        """Seconds of this run so far."""
        return time.perf_counter() - self.started

    def used_share(self) -> float | None:
        """Return the used share of a time budget, None if steps are counted."""
        share = self._share()
        return None if share is None else min(1.0, share)

    def _share(self) -> float | None:
        if self.config.minutes is None:
            return None
        return (self.seconds_before + self.elapsed) / (self.config.minutes * 60)

    def _done(self) -> int:
        return self.num_timesteps if self.config.steps else int(self.seconds_before + self.elapsed)

    # ---- at rest, and in between -------------------------------------------------------------

    def _on_rollout_start(self) -> None:
        share = self._share()
        try:
            self._at_rest()
        except KeyboardInterrupt:
            self.interrupted = True
        self.interrupted = self.interrupted or self.requests.asked
        if self.interrupted or (share is not None and share >= 1.0):
            self._settle()
            self._end()
            raise Over

    def _at_rest(self) -> None:
        elapsed = self.elapsed
        if self.strength is not None and elapsed >= self.next_strength:
            self.next_strength = elapsed + self.config.strength_seconds
            self.score = self.strength(self.agent)
            if self.score is not None:
                self.logger.record("eval/score", self.score)
        self._note_point(elapsed)
        if self._save_is_due(elapsed):
            self._checkpoint()

    def _on_step(self) -> bool:
        self._check(at_rest=False)
        if self.progress is not None and self._progress_is_due():
            self._show()
        return True

    def _check(self, at_rest: bool) -> None:
        """End the run wherever it is if it cannot come to rest in time.

        Raises:
            Stopped: the signal or the end of the time budget is too long ago.
        """
        share = self._share()
        if self.requests.overdue or (share is not None and share > LATEST):
            self._settle()
            raise Stopped(at_rest)

    def _between_gradient_steps(self) -> None:
        """End the run among its gradient steps if they take too long.

        Raises:
            Stopped: a signal or the end of the time budget came too long ago.
        """
        share = self._share()
        if self.requests.long_overdue or (share is not None and share > LATEST):
            self._settle()
            raise Stopped(at_rest=False)

    def _settle(self) -> None:
        """Stop waiting for a batch in preparation."""
        self.requests.relax()
        if self.agent.learner is not None:
            self.agent.learner.settle(SETTLING_SECONDS)

    def stop_early(self, at_rest: bool) -> None:
        """Save what there is after the run was interrupted in the middle of its work."""
        self.interrupted = self.requests.asked
        if at_rest:
            self._end()
        else:
            self.save(episodes=False)

    def _on_training_end(self) -> None:
        self._end()

    def _end(self) -> None:
        self.requests.relax()
        if self.config.compact and not self.interrupted:
            self.save_compact()
        else:
            self.save()

    def _save_is_due(self, elapsed: float) -> bool:
        if self.config.checkpoint_steps is not None:
            due = self.num_timesteps >= self.saved_at + self.config.checkpoint_steps
        else:
            due = elapsed >= self.next_save
        if due:
            self.saved_at = self.num_timesteps
            self.next_save = elapsed + self.config.checkpoint_minutes * 60
        return due

    def _note_point(self, elapsed: float) -> None:
        """Add a point to the curve if there is a curve and a new value."""
        if self.curve is None:
            return
        if self.agent.game is None:
            share = self._share()
            used = self.num_timesteps / (self.config.steps or 1) if share is None else share
            self.curve.note_episodes(self.agent, used, self.seconds_before + elapsed)
        elif isinstance(self.strength, AlphaBetaScore) and self.strength.score is not None:
            steps, when = self.strength.scored_at
            measure = f"score against alpha-beta to depth {self.strength.depth}"
            seconds = self.seconds_before + when - self.started
            self.curve.add(measure, steps, seconds, self.strength.score)

    # ---- progress ----------------------------------------------------------------------------

    def _progress_is_due(self) -> bool:
        """Return whether to show progress: after a thousandth of the budget, or a second."""
        assert self.progress is not None
        return self._done() >= self._shown + max(1, self.progress.total // 1000)

    def close(self) -> None:
        """End the progress line and the measurements of strength."""
        if self.progress is not None:
            self._show(last=True)
            self.progress = None
        if isinstance(self.model, HFDQN):
            self.model.between_steps = None
        if isinstance(self.strength, AlphaBetaScore):
            self.strength.close()

    def _show(self, last: bool = False) -> None:
        assert self.progress is not None
        self._shown = self._done()
        rate = (self.num_timesteps - self.first_step) / max(self.elapsed, 1e-9)
        named = ("games", "moves") if self.agent.game is not None else ("episodes", "steps")
        self.logger.record(f"rollout/{named[0]}", self.agent.episodes)
        self.logger.record(f"time/{named[1]}_per_second", rate)
        text = summary(self.agent, rate, self._score_text())
        if not last:
            self.progress.show(self._shown, text)
        elif not self.config.quiet:
            self.progress.close()
            self.progress.write_line(self._shown, text)

    def _score_text(self) -> str:
        if isinstance(self.strength, AlphaBetaScore):
            return str(self.strength)
        return "" if self.score is None else f"score {self.score:.2f}"

    # ---- saving ------------------------------------------------------------------------------

    def _checkpoint(self) -> None:
        try:
            self.save()
        except OutputError as error:  # the disk may have space again at the next one
            warn(f"checkpoint not saved: {error}; training continues")

    def save(self, episodes: bool = True) -> None:
        """Write everything that a resumed run needs.

        Args:
            episodes: resume in the middle of episodes; False if a step of them was lost.

        Raises:
            OutputError: the path cannot be written.
        """
        self.agent.training_seconds = self.seconds_before + self.elapsed
        state = collect(self.agent, self.config.keep_replay, episodes)
        facts = {**self._facts(), "run": {**kept_facts(self.config), **state.facts}}
        write_to(self.config.out, self.agent.file_bytes(facts, state.arrays))
        self._write_curve()
        if state.left_out and self.config.keep_replay and state.left_out != self._said:
            self._said = state.left_out
            warn(f"the replay buffer is not in {self.config.out}: {state.left_out}")

    def _facts(self) -> dict[str, object]:
        """Return facts about the training that are also in the file of a finished model."""
        return {"notes": self.notes, TRAINED_IN: kept_facts(self.config)}

    def save_compact(self) -> None:
        """Write only the parts that playing needs.

        Raises:
            OutputError: the path cannot be written.
        """
        self.agent.training_seconds = self.seconds_before + self.elapsed
        self.agent.save_agent(self.config.out, self.notes, self._facts())
        self._write_curve()

    def _write_curve(self) -> None:
        if self.curve is not None:
            self._note_point(self.elapsed)
            self.curve.write()


def kept_facts(config: TrainingConfig) -> dict[str, object]:
    """Return what a file says of the settings of its run."""
    return {"world": config.game, **{name: getattr(config, name) for name in KEPT}}


def _curve_file(config: TrainingConfig, picture: Path) -> CurveFile:
    return CurveFile(picture, config.game, config.theme, goes_on=config.resume is not None)
