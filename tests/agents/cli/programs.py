"""The programs, run in this process: starting one takes seconds, and what they say is the same."""

from __future__ import annotations

import contextlib
import importlib
import io
import subprocess
from unittest import mock


def run(program: str, *arguments: object, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of `rlhf_agents.cli` without a terminal, with `typed` as its input."""
    words = list(map(str, arguments))
    out, err = io.StringIO(), io.StringIO()
    main = importlib.import_module(f"rlhf_agents.cli.{program}").main
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch("sys.stdin", io.StringIO(typed)),
    ):
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())
