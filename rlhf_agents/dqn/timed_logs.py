"""Training by the clock: schedules that follow a budget of time, and logs every few seconds.

Where episodes end by the hundred, not every batch of them is a table.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

from stable_baselines3.common.utils import safe_mean

from rlhf_agents.dqn.dqn import PlainDQN
from rlhf_agents.errors import SettingError
from rlhf_agents.plots import Chart, LearningCurve

LEAST_SECONDS = 3.0
"""Between two tables of the log."""
POINT_SECONDS = 0.25
"""Between two points of the learning curve."""
MOST_SECONDS = 20.0
"""After so long there is a new one, however long the episodes are."""
SCORE, SUCCESS, RETURN, LOSS = (
    "score against alpha-beta",
    "share of successes, last 100 episodes",
    "mean return, last 100 episodes",
    "error of the values (loss)",
)
"""What a learning curve shows: the first of these that was logged."""


class TimedLogs(PlainDQN):
    """A DQN that writes its log every few seconds, whatever the length of its episodes.

    A `log_interval` that is given for plain DQN is followed as by SB3. Schedules follow
    `_used_share`, the used share of the budget in [0, 1], where that is known.
    """

    _used_share: Callable[[], float | None] | None = None
    _log_asked = False
    """Whether `log_interval` was given."""
    _log_began = -MOST_SECONDS
    _log_written = -LEAST_SECONDS
    _log_withheld = False
    _point_noted = -POINT_SECONDS
    _curves: dict[str, LearningCurve] | None = None

    @property
    def curve(self) -> LearningCurve:
        """What was logged while this model learned.

        Raises:
            SettingError: it has not learned yet.
        """
        curves = self._curves or {}
        for measure in (SCORE, SUCCESS, RETURN, LOSS):
            if measure in curves:
                return curves[measure]
        msg = "there is no learning curve yet: it shows what learn logs"
        raise SettingError(msg)

    def plot(self, theme: str = "light", *, by: str = "steps") -> Chart:
        """Return a picture of the learning curve.

        Args:
            theme: "light" or "dark".
            by: "steps" or "seconds".

        Raises:
            SettingError: the model has not learned yet, matplotlib is missing, or there is no such
                theme.
        """
        return self.curve.plot(theme=theme, by=by)

    def learn(self, *args: Any, **kwargs: Any) -> Any:
        """Learn, see `DQN.learn`; the log ends where training does."""
        self._log_asked = "log_interval" in kwargs or len(args) > 2
        try:
            return super().learn(*args, **kwargs)
        finally:
            if self._log_withheld:
                self._log_written = -LEAST_SECONDS
                self.dump_logs()

    def _setup_learn(self, *args: Any, **kwargs: Any) -> Any:
        self._log_began = time.monotonic()
        if not self.num_timesteps or self._curves is None:
            self._curves = {}
        self._log_written, self._log_withheld = -LEAST_SECONDS, False
        return super()._setup_learn(*args, **kwargs)

    @property
    def _logs_by_clock(self) -> bool:
        return getattr(self, "learner", None) is not None or not self._log_asked

    def dump_logs(self) -> None:
        """Write the log, unless it has just been written."""
        now = time.monotonic()
        self._log_withheld = self._logs_by_clock and now - self._log_written < LEAST_SECONDS
        if not self._log_withheld or now - self._point_noted > POINT_SECONDS:
            self._point_noted = now
            self._note_point()
        if not self._log_withheld:
            self._log_written = now
            super().dump_logs()

    def _note_point(self) -> None:
        """Add what is logged to the learning curve."""
        assert self._curves is not None
        seconds = (time.time_ns() - self.start_time) / 1e9
        for measure, value in self._measured():
            if math.isfinite(value):
                curve = self._curves.setdefault(measure, LearningCurve("HFDQN", measure))
                curve.add(self.num_timesteps, seconds, value)

    def _measured(self) -> Iterator[tuple[str, float]]:
        logged = self.logger.name_to_value
        for measure, key in ((SCORE, "eval/score"), (LOSS, "train/loss")):
            if key in logged:
                yield measure, float(logged[key])
        if getattr(self, "game", None) is not None:
            return  # in self-play somebody always wins
        if self.ep_success_buffer:
            yield SUCCESS, float(safe_mean(self.ep_success_buffer))
        if self.ep_info_buffer:
            yield RETURN, float(safe_mean([info["r"] for info in self.ep_info_buffer]))

    def _update_current_progress_remaining(self, num_timesteps: int, total_timesteps: int) -> None:
        super()._update_current_progress_remaining(num_timesteps, total_timesteps)
        share = None if self._used_share is None else self._used_share()
        if share is not None:
            self._current_progress_remaining = max(0.0, 1.0 - share)
        if time.monotonic() - max(self._log_began, self._log_written) > MOST_SECONDS:
            self.dump_logs()
