"""A training run under way: it keeps the budget, shows progress, and saves where nothing is lost.

Between two rollouts a run is at rest: every transition is stored, every gradient step taken. Only
there it is saved, stopped and measured, so that a file is a point which the run really went through
and which another run can go on from.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from rlhf_agents.errors import OutputError
from rlhf_agents.evaluation.strength import Strength
from rlhf_agents.files.atomic import write_to
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.training.progress import Progress, summary, tell
from rlhf_agents.training.run_state import collect
from rlhf_agents.training.stopping import StopRequests


@dataclass(frozen=True)
class TrainingConfig:
    """What a training run is asked to do.

    With a budget of steps, a run is a function of the plan: schedules follow the steps, and a run
    that was interrupted and resumed ends bit for bit where it would have ended (on the CPU). With a
    budget of minutes, schedules follow the clock.

    Attributes:
        game: name of the world: a game, `LIBRARY:WORLD` or an id of Gymnasium's. "" takes that of
            the file to resume.
        minutes: time budget in all, > 0, with what was trained before.
        out: the model file, written at every checkpoint and at the end.
        seed: of everything random, >= 0; None is 0, or the random numbers of the file to resume.
        resume: a model file to go on from.
        n_envs: games or environments that run side by side; None is the world's default.
        checkpoint_minutes: between saves.
        strength_seconds: between looks at the strength.
        tensorboard: folder for TensorBoard logs.
        compact: the last save keeps only what playing needs.
        quiet: no progress bar.
        command: how the run was started, kept in the model file.
        steps: budget of environment steps in all, > 0, instead of minutes. As with SB3, the
            rollout that reaches it is finished.
        checkpoint_steps: steps between saves, instead of minutes.
        keep_replay: files hold what was seen; without it a resumed run fills its replay anew.
        policy: SB3's name of the policy, None is the world's default.
        settings: arguments of `HFDQN`.
        goal: what to play for.
        opponent: in two-player worlds.
        options: for the library of the world.
    """

    game: str
    minutes: float | None = None
    out: Path = Path("model.zip")
    seed: int | None = None
    resume: Path | None = None
    n_envs: int | None = None
    checkpoint_minutes: float = 5.0
    strength_seconds: float = 30.0
    tensorboard: Path | None = None
    compact: bool = False
    quiet: bool = False
    command: str = ""
    steps: int | None = None
    checkpoint_steps: int | None = None
    keep_replay: bool = True
    policy: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    goal: str | None = None
    opponent: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


KEPT: dict[str, Any] = {
    "steps": int,
    "minutes": int | float,
    "seed": int,
    "n_envs": int,
    "goal": str,
    "opponent": str,
    "options": dict,
}
"""What of a plan a model file keeps, besides the world, so that `--resume FILE` is enough."""


NOTED = ("command", "seed", "minutes", "steps")


class Over(Exception):  # noqa: N818 - it ends a run and is no error
    """The run is at rest and ends here: the budget is used up, or somebody asked it to stop."""


class Run(BaseCallback):
    """Keeps the budget, shows progress, saves.

    Args:
        config: what is asked, complete.
        requests: somebody may ask to stop.
        strength: looked at every `config.strength_seconds`, outside the time budget.
    """

    def __init__(
        self, config: TrainingConfig, requests: StopRequests, strength: Strength | None
    ) -> None:
        super().__init__()
        self.config = config
        self.requests = requests
        self.strength = strength
        self.outside = 0.0
        self.score = float("nan")
        self.interrupted = False
        self.progress: Progress | None = None
        self._told = ""
        self.notes = {
            name: getattr(config, name) for name in ("command", "seed", "minutes", "steps")
        }
        """How the model was trained, for its file."""

    def _on_training_start(self) -> None:
        self.started = time.perf_counter()
        self.next_strength = self.config.strength_seconds
        self.next_save = self.config.checkpoint_minutes * 60
        self.first_step = self.saved_at = self.num_timesteps
        self.seconds_before = self.agent.training_seconds
        total = self.config.steps or round((self.config.minutes or 0) * 60)
        unit = "steps" if self.config.steps else "s"
        self.progress = Progress(total, self._done(), unit, self.config.quiet)

    @property
    def agent(self) -> HFDQN:
        """The model in training."""
        model: Any = self.model
        assert isinstance(model, HFDQN)
        return model

    @property
    def elapsed(self) -> float:
        """Seconds of training in this run, without looks at the strength and saves."""
        return time.perf_counter() - self.started - self.outside

    def used_share(self) -> float | None:
        """Return the used share of a time budget, None if steps are counted."""
        if self.config.minutes is None:
            return None
        return min(1.0, (self.seconds_before + self.elapsed) / (self.config.minutes * 60))

    def _done(self) -> int:
        return self.num_timesteps if self.config.steps else int(self.seconds_before + self.elapsed)

    def _on_rollout_start(self) -> None:
        share = self.used_share()
        try:
            self._at_rest()
        except KeyboardInterrupt:
            self.interrupted = True
        self.interrupted = self.interrupted or self.requests.asked
        if self.interrupted or (share is not None and share >= 1.0):
            self._end()
            raise Over

    def _at_rest(self) -> None:
        elapsed = self.elapsed
        if self.strength is not None and elapsed >= self.next_strength:
            self.next_strength = elapsed + self.config.strength_seconds
            self._aside(self._look_at_strength)
        if self._save_is_due(elapsed):
            self._aside(self._checkpoint)

    def _on_training_end(self) -> None:
        self._end()

    def _end(self) -> None:
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

    def _on_step(self) -> bool:
        if self.progress is not None and self.progress.due(self._done()):
            self._show()
        return True

    def close(self) -> None:
        """End the line of progress."""
        if self.progress is not None:
            self._show()
            self.progress.close()
            self.progress = None

    def _aside(self, work: Callable[[], None]) -> None:
        begin = time.perf_counter()
        work()
        self.outside += time.perf_counter() - begin

    def _look_at_strength(self) -> None:
        assert self.strength is not None
        self.score = self.strength(self.agent)
        self.logger.record("eval/score", self.score)

    def _show(self) -> None:
        assert self.progress is not None
        rate = (self.num_timesteps - self.first_step) / max(self.elapsed, 1e-9)
        named = ("games", "moves") if self.agent.learner is not None else ("episodes", "steps")
        self.logger.record(f"rollout/{named[0]}", self.agent.episodes)
        self.logger.record(f"time/{named[1]}_per_second", rate)
        self.progress.show(self._done(), summary(self.agent, rate, self.score))

    # ---- saving ------------------------------------------------------------------------------

    def _checkpoint(self) -> None:
        try:
            self.save()
        except OutputError as error:  # the disk may have room again at the next one
            tell(f"no checkpoint: {error}; the run goes on")

    def save(self, episodes: bool = True) -> None:
        """Write all that a run needs to go on.

        Args:
            episodes: in the middle of them; False when a step of them has been lost.

        Raises:
            OutputError: the path cannot be written.
        """
        self.agent.training_seconds = self.seconds_before + self.elapsed
        state = collect(self.agent, self.config.keep_replay, episodes)
        kept = {name: getattr(self.config, name) for name in KEPT}
        facts = {"notes": self.notes, "run": {"world": self.config.game, **kept, **state.facts}}
        write_to(self.config.out, self.agent.file_bytes(facts, state.arrays))
        if state.left_out and self.config.keep_replay and state.left_out != self._told:
            self._told = state.left_out
            tell(f"replay is not in {self.config.out}: {state.left_out}")

    def save_compact(self) -> None:
        """Write only what playing needs.

        Raises:
            OutputError: the path cannot be written.
        """
        self.agent.training_seconds = self.seconds_before + self.elapsed
        if self.agent.learner is None:
            self.agent.save(self.config.out)
        else:
            self.agent.save_agent(self.config.out, self.notes)
