"""What all programs share: a user's mistake becomes one sentence and exit code 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from rlhf_agents.errors import OutputError, UserError
from rlhf_games.base import GameError

USER_MISTAKE = 2
INTERRUPTED = 130

Work = Callable[[argparse.Namespace, Sequence[str] | None], int]


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence, like the rest of the program."""

    def error(self, message: str) -> NoReturn:
        """Print the mistake and exit."""
        self.exit(USER_MISTAKE, f"error: {message} (see {self.prog} --help)\n")


def run_program(
    work: Work, options: argparse.Namespace, arguments: Sequence[str] | None = None
) -> int:
    """Run a program and return its exit code.

    Args:
        work: does it, given the options and the raw arguments.
        options: parsed options.
        arguments: the raw arguments, None for those of the process.
    """
    try:
        return work(options, arguments)
    except (UserError, GameError) as error:
        sys.stderr.write(f"error: {error}\n")
        return USER_MISTAKE
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED


def check_writable(path: Path) -> None:
    """Find out before the work that its result could not be written.

    Raises:
        OutputError: the folder is missing or not writable, or the path is a folder.
    """
    folder = path.parent
    if path.is_dir():
        msg = f"cannot write {path}: it is a folder"
    elif not folder.is_dir():
        msg = f"cannot write {path}: there is no folder {folder}"
    elif not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        msg = f"cannot write {path}: permission denied"
    else:
        return
    raise OutputError(msg)
