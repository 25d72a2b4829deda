"""Training by the clock: schedules that follow a budget of time, and logs every few seconds.

Where episodes end by the hundred, not every batch of them is a table.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rlhf_agents.dqn.dqn import PlainDQN

LEAST_SECONDS = 3.0
"""Between two tables of the log."""
MOST_SECONDS = 20.0
"""After so long there is a new one, however long the episodes are."""


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
        self._log_written, self._log_withheld = -LEAST_SECONDS, False
        return super()._setup_learn(*args, **kwargs)

    @property
    def _logs_by_clock(self) -> bool:
        return getattr(self, "learner", None) is not None or not self._log_asked

    def dump_logs(self) -> None:
        """Write the log, unless it has just been written."""
        now = time.monotonic()
        self._log_withheld = self._logs_by_clock and now - self._log_written < LEAST_SECONDS
        if not self._log_withheld:
            self._log_written = now
            super().dump_logs()

    def _update_current_progress_remaining(self, num_timesteps: int, total_timesteps: int) -> None:
        super()._update_current_progress_remaining(num_timesteps, total_timesteps)
        share = None if self._used_share is None else self._used_share()
        if share is not None:
            self._current_progress_remaining = max(0.0, 1.0 - share)
        if time.monotonic() - max(self._log_began, self._log_written) > MOST_SECONDS:
            self.dump_logs()
