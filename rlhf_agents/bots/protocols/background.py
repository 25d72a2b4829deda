"""A search in a thread of its own, so that the engine hears its client meanwhile."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

from rlhf_agents.search.explanation import Explanation


class BackgroundSearch:
    """Searches from the moment it is made.

    A stopped search ends after its current step. If that takes long, as a compilation or a deep
    search can, its thread is left behind: nothing waits for it.

    Args:
        think: starts the search, see `Player.think`.

    Attributes:
        finished: nothing more is to come.
        started: when it was made, by `time.monotonic`.
    """

    def __init__(self, think: Callable[[], Iterator[Explanation]]) -> None:
        self.finished = False
        self.started = time.monotonic()
        self._news: queue.SimpleQueue[Explanation | Exception | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(think,), name="search", daemon=True)
        self._thread.start()

    def _run(self, think: Callable[[], Iterator[Explanation]]) -> None:
        try:
            for explanation in think():
                self._news.put(explanation)
                if self._stop.is_set():
                    break
        except Exception as error:
            self._news.put(error)
        self._news.put(None)

    def next(self, seconds: float | None) -> Explanation | None:
        """Return the next explanation; None if there are no more, or none comes in time.

        Args:
            seconds: how long to wait, None for as long as it takes.

        Raises:
            Exception: what the search raised.
        """
        try:
            news = self._news.get(timeout=None if seconds is None else max(seconds, 0.0))
        except queue.Empty:
            return None
        if isinstance(news, Explanation):
            return news
        self.finished = True
        if news is not None:
            raise news
        return None

    def stop(self) -> None:
        """End after the current step."""
        self._stop.set()

    @property
    def running(self) -> bool:
        """Its thread still works."""
        return self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Wait until the thread has ended, at most so long."""
        self._thread.join(seconds)
