"""Progress of long work: one bar on stderr for all programs, and notes that do not tear it.

Bars and notes follow the level of the logger `rlhf_agents`: the programs show them unless --quiet
is given; in other people's programs they stay silent until logging is switched on.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

LOGGER = logging.getLogger("rlhf_agents")
PLAIN_INTERVAL = 30.0
"""Seconds between lines of progress where no terminal can redraw one."""
REDRAWS_PER_SECOND = 4

Item = TypeVar("Item")


class _StderrHandler(logging.Handler):
    """Writes to what `sys.stderr` is at that moment; a bar that is shown moves out of the way."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        sys.stderr.write(f"{self.format(record)}\n")


def set_verbosity(level: int) -> None:
    """Show notes and bars from this level of `logging` on: WARNING is quiet, DEBUG is verbose."""
    if not any(isinstance(handler, _StderrHandler) for handler in LOGGER.handlers):
        LOGGER.addHandler(_StderrHandler())
        LOGGER.propagate = False
    LOGGER.setLevel(level)


class ProgressBar:
    """A bar on stderr: redrawn in a terminal, elsewhere silent or one line now and then.

    Args:
        title: what is done.
        total: how much there is to do.
        done: of it, before this bar.
        unit: what is counted.
        lines: write a line every `PLAIN_INTERVAL` seconds where there is no terminal.
    """

    def __init__(
        self, title: str, total: int, done: int = 0, unit: str = "", *, lines: bool = False
    ) -> None:
        self.title, self.total, self.unit = title, total, unit
        self._first, self._begin = done, time.monotonic()
        self._next_line = self._begin + PLAIN_INTERVAL
        shown = LOGGER.isEnabledFor(logging.INFO)
        self._lines = shown and lines and not sys.stderr.isatty()
        self._rich = self._open() if shown and sys.stderr.isatty() else None

    def _open(self) -> RichProgress:
        from rich import progress  # noqa: PLC0415 - takes a moment
        from rich.console import Console  # noqa: PLC0415 - takes a moment

        bar = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TextColumn("{task.fields[text]}", markup=False),
            console=Console(stderr=True),
            refresh_per_second=REDRAWS_PER_SECOND,
            transient=True,
        )
        bar.add_task(self.title, total=self.total, completed=self._first, text="")
        bar.start()
        return bar

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def show(self, done: int, text: str = "") -> None:
        """Move the bar to `done`, with a text behind it."""
        if self._rich is not None:
            words = ", ".join(part for part in (self._counts(done), text) if part)
            self._rich.update(self._rich.task_ids[0], completed=min(done, self.total), text=words)
        elif self._lines and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + PLAIN_INTERVAL
            self.line(done, text)

    def line(self, done: int, text: str = "") -> None:
        """Write where the work is as a line of its own."""
        share = min(1.0, done / max(self.total, 1))
        words = ", ".join(part for part in (self._counts(done), text) if part)
        LOGGER.info("%s %.0f %%: %s", self.title, 100 * share, words)

    def _counts(self, done: int) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{min(done, self.total)}/{self.total}{unit}{self._left(done)}"

    def _left(self, done: int) -> str:
        """Return the time that the rest takes at the pace so far; nothing while that is unknown."""
        elapsed = time.monotonic() - self._begin
        if done <= self._first or done >= self.total or elapsed < 1.0:
            return ""
        seconds = round((self.total - done) * elapsed / (done - self._first))
        return f", {timedelta(seconds=seconds)} left"

    def close(self) -> None:
        """Remove the bar."""
        if self._rich is not None:
            self._rich.stop()
            self._rich = None


@contextmanager
def progress_bar(title: str, total: int, unit: str = "") -> Iterator[Callable[[int], None]]:
    """Show a bar while a block runs; yield the function that takes how much is done."""
    with ProgressBar(title, total, unit=unit) as bar:
        yield bar.show


def with_progress(items: Iterable[Item], title: str, total: int) -> Iterator[Item]:
    """Yield `items` and show a bar that counts them."""
    with progress_bar(title, total) as show:
        for number, item in enumerate(items):
            yield item
            show(number + 1)
