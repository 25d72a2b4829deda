"""Ctrl-C and SIGTERM end a program within two seconds, even in the middle of compiled code."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from rlhf_agents.training.stopping import Terminated

GRACE = 1.5
"""Seconds for a program to end by itself."""
INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def sigterm_unwinds() -> Iterator[None]:
    """A context in which SIGTERM raises `Terminated`; outside the main thread nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def ends_soon() -> Iterator[None]:
    """A context in which the process ends soon after a signal, whatever it is doing.

    Python's handlers run between two instructions of Python, so a long call of compiled code delays
    them. A thread that the signal wakes directly (compiled code does not hold the interpreter's
    lock) ends the process once the grace period is over. Outside the main thread, where signals
    cannot be handled, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    inner, outer = socket.socketpair()
    outer.setblocking(False)
    wakeup_before = signal.set_wakeup_fd(outer.fileno(), warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(inner,), daemon=True)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup_before)
        outer.close()
        watch.join()
        inner.close()


def end_now(code: int = 0) -> NoReturn:
    """End the process without waiting for threads that compile or for memory to be freed.

    For a program that has finished and saved its work, in its own process.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if (processes := sys.modules.get("multiprocessing.util")) is not None:
        processes._run_finalizers()  # frees semaphores, which outlive the process otherwise
    os._exit(code)


def _terminate(_kind: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated


def _watch(signals: socket.socket) -> None:
    """End the process `GRACE` seconds after a signal, unless the other end is closed first."""
    kinds = signals.recv(1)
    while kinds and kinds[0] not in (signal.SIGINT, signal.SIGTERM):
        kinds = signals.recv(1)
    if not kinds:
        return
    deadline = time.monotonic() + GRACE
    while (left := deadline - time.monotonic()) > 0:
        signals.settimeout(left)
        try:
            if not signals.recv(64):
                return
        except TimeoutError:
            break
    if sys.stderr.isatty():
        sys.stderr.write(SHOW_CURSOR)  # a progress bar hides it
    os._exit(128 + kinds[0])
