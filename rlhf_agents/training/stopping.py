"""Ctrl-C and SIGTERM make a training run save and stop, soon and without loss.

The first signal is only a request. A run that comes to rest within `PATIENCE` seconds (see
`rlhf_agents.training.run`) saves there, and a resumed run continues as if nothing had happened. A
run in the middle of something long is interrupted and saves what it has.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType

Handler = Callable[[int, FrameType | None], object] | int | None
"""A signal handler, as `signal.signal` takes and returns it."""

LINE = "\nsaving at the end of this step; Ctrl-C again stops at once, without\n"
PATIENCE = 0.5
"""Seconds for a run to come to rest."""
RETRY = 0.1
LONG_PATIENCE = 1.2
"""Seconds that a run has for the gradient steps of one `train`: they may take minutes."""
ASKING = (signal.SIGINT, signal.SIGTERM)
NOT_TO_INTERRUPT = ("_store_transition", "train", "file_bytes")
"""Methods that, if interrupted, would leave a buffer, a network or a file half changed."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: like Ctrl-C, it unwinds the program, so that files and terminals are left clean."""


class Stopped(BaseException):
    """Interrupts a run in the middle of its work; not an `Exception`, which environments may catch.

    Args:
        at_rest: every transition is stored; otherwise the current step is lost.
    """

    def __init__(self, at_rest: bool) -> None:
        super().__init__()
        self.at_rest = at_rest


class StopRequests:
    """A context in which the first Ctrl-C or SIGTERM only sets `asked`.

    The second Ctrl-C raises `KeyboardInterrupt`. Until `guard` is called there is nothing to save,
    so the first Ctrl-C raises it too, and SIGTERM raises `Terminated`. Outside the main thread,
    where signals cannot be handled, nothing changes.

    Attributes:
        asked: a signal came.
        begun: `guard` was called.
    """

    def __init__(self) -> None:
        self.asked = False
        self.begun = self._insists = False
        self._before_stop: Callable[[], None] = lambda: None
        self._asked_at = 0.0
        self._before: dict[signal.Signals, Handler] = {}

    def __enter__(self) -> StopRequests:
        if threading.current_thread() is threading.main_thread():
            handlers: dict[signal.Signals, Handler] = dict.fromkeys(ASKING, self._ask)
            if hasattr(signal, "setitimer"):
                handlers[signal.SIGALRM] = self._insist
            for kind, handler in handlers.items():
                self._before[kind] = signal.signal(kind, handler)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.relax()
        for signal_kind, handler in self._before.items():
            signal.signal(signal_kind, handler)

    def guard(self, before_stop: Callable[[], None]) -> None:
        """Begin to guard the run: from now on there is something to save.

        Args:
            before_stop: called before a run is interrupted in the middle of its work.
        """
        self.begun = self._insists = True
        self._before_stop = before_stop

    def relax(self) -> None:
        """Let the stopping run save without further interruption."""
        self._insists = False
        if hasattr(signal, "setitimer") and signal.SIGALRM in self._before:
            signal.setitimer(signal.ITIMER_REAL, 0)

    @property
    def overdue(self) -> bool:
        """Whether a signal came more than `PATIENCE` seconds ago."""
        return self.asked and time.monotonic() > self._asked_at + PATIENCE

    @property
    def long_overdue(self) -> bool:
        """Whether a signal came longer than `LONG_PATIENCE` ago."""
        return self.asked and time.monotonic() > self._asked_at + LONG_PATIENCE

    def _ask(self, kind: int, frame: FrameType | None) -> None:
        if kind == signal.SIGINT and (self.asked or not self.begun):
            raise KeyboardInterrupt
        if not self.begun:
            raise Terminated
        if kind == signal.SIGINT:
            # Not through sys.stderr, which may be in the middle of a line of the progress bar.
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, LINE.encode())
        if not self.asked:
            self.asked, self._asked_at = True, time.monotonic()
            self._insist_after(PATIENCE)

    def _insist_after(self, seconds: float) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, seconds)

    def _insist(self, _kind: int, frame: FrameType | None) -> None:
        if not self._insists:
            return
        while frame is not None:
            if frame.f_code.co_name in NOT_TO_INTERRUPT and "self" in frame.f_code.co_varnames:
                self._insist_after(RETRY)
                return
            frame = frame.f_back
        self._before_stop()
        raise Stopped(at_rest=False)
