"""Ctrl-C and SIGTERM ask a training run to stop where nothing is lost, instead of breaking it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

LINE = "\nsaving at the end of this step; Ctrl-C again stops at once, without\n"


class StopRequests:
    """While it is entered, the first Ctrl-C or SIGTERM only sets `asked`.

    The second Ctrl-C raises `KeyboardInterrupt`. Outside the main thread, where signals cannot be
    handled, everything stays as it was.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopRequests:
        if threading.current_thread() is threading.main_thread():
            for kind in (signal.SIGINT, signal.SIGTERM):
                self._before[kind] = signal.signal(kind, self._ask)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for signal_kind, handler in self._before.items():
            signal.signal(signal_kind, handler)

    def _ask(self, kind: int, frame: FrameType | None) -> None:
        if kind == signal.SIGINT:
            if self.asked:
                raise KeyboardInterrupt
            # Not through sys.stderr, which may be in the middle of a line of the progress bar.
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, LINE.encode())
        self.asked = True
