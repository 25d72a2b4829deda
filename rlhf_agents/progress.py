"""Progress of long work: one bar on stderr for all programs, and notes that do not disturb it.

Bars and notes are shown after a program has called `set_verbosity`; in other people's programs they
stay silent.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

PLAIN_INTERVAL = 30.0
"""Seconds between progress lines where there is no terminal to redraw one."""
REDRAWS_PER_SECOND = 4
BAR_WIDTH = 12
WIDE = 100
"""Terminals with fewer columns have no bar, but the percentage and more of the text."""
PERCENT = 7
"""Columns of a line that the percentage and spaces take."""

Item = TypeVar("Item")


class Verbosity(IntEnum):
    """The amount of output on stderr."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_verbosity: Verbosity | None = None
"""None: no program has set it."""


def set_verbosity(level: Verbosity | None) -> Verbosity | None:
    """Set the verbosity and return the previous one."""
    global _verbosity
    before, _verbosity = _verbosity, level
    return before


def is_shown(level: Verbosity = Verbosity.NORMAL) -> bool:
    """Return whether messages of this level are written."""
    return _verbosity is not None and _verbosity >= level


def warn(line: str) -> None:
    """Write a line that users must see, above a visible bar."""
    sys.stderr.write(f"{line}\n")


def note(line: str) -> None:
    """Write a line that may interest users."""
    if is_shown():
        warn(line)


def announce(line: str) -> None:
    """Write a line that is for other people's programs, too; our own may be quiet."""
    if _verbosity != Verbosity.QUIET:
        warn(line)


class ProgressBar:
    """A bar on stderr: redrawn in a terminal, elsewhere silent or a line now and then.

    Args:
        title: the name of the work.
        total: its total amount.
        done: the amount done before this bar.
        unit: the unit of the amount.
        lines: write a line every `PLAIN_INTERVAL` seconds where there is no terminal.
        shown: show it at all; None follows the verbosity.
    """

    def __init__(
        self,
        title: str,
        total: int,
        done: int = 0,
        unit: str = "",
        *,
        lines: bool = False,
        shown: bool | None = None,
    ) -> None:
        self.title, self.total, self.unit = title, total, unit
        self._first, self._begin = done, time.monotonic()
        self._next_line = self._begin + PLAIN_INTERVAL
        shown = is_shown() if shown is None else shown
        self._beside = 0
        self._lines = shown and lines and not sys.stderr.isatty()
        self._rich = self._open() if shown and sys.stderr.isatty() else None

    def _open(self) -> RichProgress:
        from rich import progress  # noqa: PLC0415 - takes a moment
        from rich.console import Console  # noqa: PLC0415 - takes a moment

        console = Console(stderr=True)
        drawn = [progress.BarColumn(bar_width=BAR_WIDTH)] if console.width >= WIDE else []
        self._beside = PERCENT + (BAR_WIDTH + 1) * len(drawn)
        bar = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            *drawn,
            progress.TaskProgressColumn(),
            progress.TextColumn("{task.fields[text]}", markup=False),
            console=console,
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
        """Move the bar to `done`, with a text after it."""
        if self._rich is not None:
            counts = self._counts(done)
            room = self._rich.console.width - len(self.title) - self._beside
            words = leading_parts(f"{counts}, {text}" if text else counts, room)
            self._rich.update(self._rich.task_ids[0], completed=min(done, self.total), text=words)
        elif self._lines and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + PLAIN_INTERVAL
            self.write_line(done, text)

    def write_line(self, done: int, text: str = "") -> None:
        """Write the progress on a separate line."""
        share = min(1.0, done / max(self.total, 1))
        words = ", ".join(part for part in (self._counts(done), text) if part)
        warn(f"{self.title} {share:.0%}: {words}")

    def _counts(self, done: int) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{min(done, self.total)}/{self.total}{unit}{self._left(done)}"

    def _left(self, done: int) -> str:
        """Return the remaining time at the pace so far, empty while it is unknown."""
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


def leading_parts(text: str, width: int) -> str:
    """Return as many of the parts of a text between commas as fit, the first one always."""
    kept, *rest = text.split(", ")
    for part in rest:
        if len(kept) + 2 + len(part) > width:
            break
        kept = f"{kept}, {part}"
    return kept


@contextmanager
def progress_bar(title: str, total: int, unit: str = "") -> Iterator[Callable[[int], None]]:
    """Show a bar while a block runs; yield the function that sets the amount done."""
    with ProgressBar(title, total, unit=unit) as bar:
        yield bar.show


def with_progress(items: Iterable[Item], title: str, total: int) -> Iterator[Item]:
    """Yield `items` and show a bar that counts them."""
    with progress_bar(title, total) as show:
        for number, item in enumerate(items):
            yield item
            show(number + 1)
