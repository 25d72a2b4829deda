"""A search in a separate thread, so that the engine can read commands meanwhile."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

from rlhf_agents.search.explanation import Explanation


class BackgroundSearch:
    """Begins to search when it is created.

    A stopped search ends after its current step. If that takes long, because of a compilation or a
    deep search, its thread is abandoned.

    Args:
        think: starts the search, see `Player.think`.

    Attributes:
        finished: whether all explanations have been returned.
        started: the time of its creation, by `time.monotonic`.
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
        """Return the next explanation, None if there are no more or none arrives in time.

        Args:
            seconds: the longest wait, None without limit.

        Raises:
            Exception: an error of the search.
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
        """Whether its thread is still running."""
        return self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Wait for the end of the thread, for a limited time."""
        self._thread.join(seconds)
