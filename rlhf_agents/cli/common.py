"""What all programs share: a user's mistake becomes one sentence and exit code 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from rlhf_agents.errors import OutputError, SettingError, UserError
from rlhf_games.base import GameError

USER_MISTAKE = 2
LARGEST_SEED = 2**31
INTERRUPTED = 130

WORLD_HELP = "a game such as connect_four, LIBRARY:WORLD, or an id of Gymnasium's (see rlhf-games)"
OPTION_HELP = "for the library of the world, e.g. is_slippery=False"

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


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr, if that is a terminal; yield the function to tell how many are done."""
    from rich.console import Console  # noqa: PLC0415 - takes a moment
    from rich.progress import Progress  # noqa: PLC0415 - takes a moment

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        job = bar.add_task(title, total=total)
        yield lambda done: bar.update(job, completed=done)


def check_without_rules(
    options: argparse.Namespace, need_rules: Sequence[str], instead: str = ""
) -> None:
    """Check the options for a world without exact rules.

    Args:
        options: of the program.
        need_rules: names of options that do not apply there.
        instead: what to use in place of the last of them.

    Raises:
        SettingError: one was given, nobody was named to act, or the seed is impossible.
    """
    for name in need_rules:
        if getattr(options, name) is not None:
            cure = instead if name == need_rules[-1] else ""
            msg = f"--{name} needs a game with exact rules, which {options.game} does not have"
            raise SettingError(msg + cure)
    if options.agent is None:
        msg = f"no agent comes with {options.game}: name one by --agent, FILE.zip or random"
        raise SettingError(msg)
    if not 0 <= options.seed < LARGEST_SEED:
        msg = f"--seed must be 0 to {LARGEST_SEED - 1}, not {options.seed}"
        raise SettingError(msg)


def no_options(words: Sequence[str], game: str) -> None:
    """Refuse options of a world that is played by rules: they belong to its name.

    Raises:
        SettingError: there are some.
    """
    if words:
        example = "such as openspiel:breakthrough(rows=6)"
        msg = f"{game} is played by its rules; write their options into its name, {example}"
        raise SettingError(msg)


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
