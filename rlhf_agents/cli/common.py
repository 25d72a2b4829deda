"""Shared parts of all programs: the parser, common options, and the way they end.

A user's mistake becomes one sentence and exit code 2. Options of several programs are defined here,
so that they mean the same in each, and `rlhf_agents.limits` checks their numbers.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import rlhf_games
from rlhf_agents import limits
from rlhf_agents.cli.signals import (
    INTERRUPTED,
    TERMINATED,
    end_now,
    ends_soon,
    sigterm_unwinds,
)
from rlhf_agents.errors import SettingError, UserError
from rlhf_agents.players.budgets import split_budget
from rlhf_agents.players.bundled import has_bundled_policy
from rlhf_agents.progress import Verbosity, set_verbosity
from rlhf_agents.training.stopping import Terminated
from rlhf_agents.words import LEVEL_NAMES, level_list
from rlhf_games.base import GameError, did_you_mean

if TYPE_CHECKING:
    from rlhf_agents.envs.open_env import EnvConfig

SUCCESS, USER_MISTAKE, BROKEN_PIPE = 0, 2, 141
LARGEST_SEED = limits.MAX_SEED + 1
MOST_ELO = 10_000
AUTO = "auto"
SHELLS = ("bash", "zsh", "tcsh")

GAME_HELP = "a game such as connect_four, LIBRARY:NAME, or an id of Gymnasium's (see rlhf-games)"
OPTION_HELP = "for the library of the environment, e.g. is_slippery=False"

Value = TypeVar("Value")
Work = Callable[[argparse.Namespace, Sequence[str] | None], int]


# ---- the parser ------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """The parser of every program; a mistake is reported in one sentence.

    It has --help with examples, --version, --verbose, --quiet and --print-completion; programs add
    others with `add_seed` and similar methods, or with `add_argument`.

    Args:
        prog: name of the program.
        description: its purpose in one sentence.
        epilog: examples, shown unchanged.
        formatter_class: as for `argparse.ArgumentParser`.
    """

    def __init__(
        self,
        prog: str,
        description: str,
        epilog: str = "",
        formatter_class: type[argparse.HelpFormatter] = argparse.RawDescriptionHelpFormatter,
    ) -> None:
        super().__init__(prog, None, description, epilog, formatter_class=formatter_class)
        self.add_argument("--version", action="version", version=f"{prog} {_version()}")
        noise = self.add_mutually_exclusive_group()
        noise.add_argument(
            "--verbose", action="store_true", help="show where in the code an error arose"
        )
        noise.add_argument(
            "--quiet",
            action="store_true",
            help="print only results and errors",
        )
        self.add_argument(
            "--print-completion",
            action=_PrintCompletion,
            choices=SHELLS,
            help="print a script for shell completion of this program's options, and exit",
        )

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as usual, but first look for misspelt options."""
        self._check_spelling(sys.argv[1:] if args is None else list(args))
        return super().parse_known_args(args, namespace)

    def _check_spelling(self, words: Sequence[str]) -> None:
        known = [name for name in self._option_string_actions if name.startswith("--")]
        for word in words:
            if word == "--":
                return
            name = word.partition("=")[0]
            if name.startswith("--") and not any(option.startswith(name) for option in known):
                self.error(f"unknown option {name}; {did_you_mean(name, known)}".rstrip("; "))

    def error(self, message: str) -> NoReturn:
        """Print the mistake and exit."""
        said = message.removeprefix("argument ").replace("unrecognized arguments:", "unexpected")
        said = said.replace(":  must", " must", 1)
        missing = "the following arguments are required: "
        if said.startswith(missing):
            said = f"{said.removeprefix(missing)} is missing"
        self.exit(USER_MISTAKE, f"error: {said} (see {self.prog} --help)\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Exit, quietly even if the reader of the help has gone."""
        if message:
            self._print_message(message, sys.stderr)
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
            sys.exit(status)
        _drop_stdout()
        sys.exit(status)

    # ---- options that mean the same everywhere -----------------------------------------------

    def add_seed(
        self, text: str = "seed of everything random (default 0)", default: int | None = 0
    ) -> None:
        """Add --seed: the same number gives the same results."""
        self.add_argument("--seed", type=seed, default=default, metavar="N", help=text)

    def add_level(self, of: str = "the agent", *, auto: bool = False) -> None:
        """Add --level and --elo, see `players.budgets.with_level`."""
        words = f"how strong {of} is: 1 ({LEVEL_NAMES[0]}) to {len(LEVEL_NAMES)} "
        words += f"({LEVEL_NAMES[-1]}), or its name"
        if auto:
            words += ", or auto: it follows you, one step after each game"
        read = level_or_auto if auto else level
        self.add_argument("--level", type=read, metavar="N", help=words)
        words = "the same in Elo, as the agent was measured (random play is 0)"
        self.add_argument("--elo", type=elo, metavar="N", help=words)

    def add_device(self) -> None:
        """Add --device, see `checked_device`."""
        text = "where networks run: auto, cpu, cuda, cuda:1, mps (default auto; searches: the CPU)"
        self.add_argument("--device", default="auto", metavar="NAME", help=text)

    def add_trust(self) -> None:
        """Add --trust: run the code in a model file."""
        text = "read model files as SB3 does, which runs any code in them"
        self.add_argument("--trust", action="store_true", help=text)


class _PrintCompletion(argparse.Action):
    """Prints a completion script; made by shtab, which is optional."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: object,
        values: object,
        _option: object = None,
    ) -> None:
        try:
            import shtab  # noqa: PLC0415 - optional
        except ImportError:
            parser.error('shell completion needs shtab: pip install "rlhf-agents[completion]"')
        for action in parser._actions:
            if action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
        parser._print_message(shtab.complete(parser, str(values)) + "\n", sys.stdout)
        parser.exit()


def _version() -> str:
    try:
        return version("rlhf-agents")
    except PackageNotFoundError:  # run from a source folder without installation
        return "(not installed)"


# ---- types of options ------------------------------------------------------------------------


def _as_type(check: Callable[[str], Value]) -> Callable[[str], Value]:
    """Return `check` as a type for argparse, which shows the sentence of its `SettingError`."""

    def read(text: str) -> Value:
        try:
            return check(text)
        except SettingError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Return the type of an option with a whole number, which may be written as 1e6."""
    return _as_type(
        lambda text: limits.checked_count("", limits.whole_number(text), lowest, highest)
    )


nodes = _as_type(lambda text: limits.checked_nodes(limits.whole_number(text)))
"""The type of --nodes."""
elo = whole(-MOST_ELO, MOST_ELO)
"""The type of --elo."""


def _level(text: str) -> int:
    """Return the level of a number or a name such as "skilled".

    Raises:
        SettingError: there is none.
    """
    if text.casefold() in LEVEL_NAMES:
        return LEVEL_NAMES.index(text.casefold()) + 1
    if text.isalpha():
        msg = f"{text!r} is not a level; {did_you_mean(text, LEVEL_NAMES)}levels: {level_list()}"
        raise SettingError(msg)
    return limits.checked_count("", limits.whole_number(text), 1, len(LEVEL_NAMES))


level = _as_type(_level)
"""The type of --level."""
level_or_auto = _as_type(lambda text: AUTO if text.casefold() == AUTO else _level(text))
"""The type of a --level that may follow the player."""
many_nodes = _as_type(
    lambda text: tuple(
        dict.fromkeys(limits.checked_nodes(limits.whole_number(part)) for part in text.split(","))
    )
)
"""The type of a --nodes with several numbers, such as 0,1,256."""
seed = _as_type(lambda text: limits.checked_seed(limits.whole_number(text)))
"""The type of --seed."""
seconds = _as_type(lambda text: limits.checked_seconds(_number(text)))
"""The type of --time."""
games = whole(1, limits.MAX_GAMES)
"""The type of --games and --episodes."""


def checked_device(name: str) -> str:
    """Return the name of a device that PyTorch has here.

    Raises:
        SettingError: there is no such device.
    """
    import torch  # noqa: PLC0415 - takes seconds

    if name == "auto":
        return name
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        here = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
        msg = f"--device {name}: PyTorch has no such device here; there is {' and '.join(here)}"
        raise SettingError(msg) from error
    return name


# ---- running ---------------------------------------------------------------------------------


def run_program(
    work: Work,
    options: argparse.Namespace,
    arguments: Sequence[str] | None = None,
    *,
    handles_signals: bool = False,
) -> int:
    """Run a program and return its exit code.

    Args:
        work: the program's work, given the options and the raw arguments.
        options: parsed options.
        arguments: the raw arguments, None for those of the process.
        handles_signals: the work itself ends soon after Ctrl-C or SIGTERM; otherwise either ends
            the program within two seconds, whatever it is doing.
    """
    verbose = getattr(options, "verbose", False)
    quiet = getattr(options, "quiet", False)
    normal = Verbosity.VERBOSE if verbose else Verbosity.NORMAL
    before = set_verbosity(Verbosity.QUIET if quiet else normal)
    try:
        with sigterm_unwinds(), contextlib.nullcontext() if handles_signals else ends_soon():
            code = work(options, arguments)
            sys.stdout.flush()
            return code
    except (UserError, GameError) as error:
        if verbose:
            traceback.print_exc()
        sys.stderr.write(f"error: {error}\n")
        return USER_MISTAKE
    except KeyboardInterrupt as error:
        sys.stderr.write("interrupted\n")
        code = TERMINATED if isinstance(error, Terminated) else INTERRUPTED
        if arguments is None:  # in the program's own process, which is to end soon
            end_now(code)
        return code
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _drop_stdout()
        return BROKEN_PIPE
    finally:
        set_verbosity(before)


def _drop_stdout() -> None:
    """Discard unwritten output, so that Python ends without an error."""
    with contextlib.suppress(OSError, ValueError):  # stdout may not be a file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# ---- checks ----------------------------------------------------------------------------------


def check_without_rules(
    options: argparse.Namespace, need_rules: Sequence[str], instead: str = ""
) -> None:
    """Check the options for an environment without exact rules.

    Args:
        options: of the program.
        need_rules: names of options that do not apply there.
        instead: the replacement of the last of them.

    Raises:
        SettingError: one was given, or no agent was named.
    """
    for name in need_rules:
        if getattr(options, name) is not None:
            cure = instead if name == need_rules[-1] else ""
            option = name.replace("_", "-")
            msg = f"--{option} needs a game with exact rules, which {options.game} does not have"
            raise SettingError(msg + cure)
    if options.agent is None and has_bundled_policy(options.game, options.goal):
        options.agent = "agent"
    if options.agent is None:
        msg = f"no agent comes with {options.game}: name one with --agent, FILE.zip or random"
        raise SettingError(msg)


def check_one_budget(options: argparse.Namespace) -> None:
    """Check that at most one option, or else the agent's own word, says how strong it plays.

    Raises:
        SettingError: there are two.
    """
    names = ("nodes", "time", "level", "elo")
    given = [f"--{name}" for name in names if getattr(options, name, None) is not None]
    if len(given) > 1:
        msg = f"{given[0]} and {given[1]} both say how strong the agent is: give one"
        raise SettingError(msg)
    if given and options.agent is not None and split_budget(options.agent)[1] is not None:
        msg = f"{options.agent} says already how strong it plays: leave out {given[0]}"
        raise SettingError(msg)


def no_options(words: Sequence[str], game: str) -> None:
    """Refuse --option for a game with exact rules: its options are part of its name.

    Raises:
        SettingError: there are some.
        rlhf_games.base.GameError: the game has no such options.
    """
    if words:
        named = f"{game.partition('(')[0]}({words[0]})"
        if ":" not in game:
            rlhf_games.plain_name(named)  # says which sizes there are
        msg = (
            f"{game} has exact rules and takes no --option; write them into its name, such as "
            f'--game "{named}"'
        )
        raise SettingError(msg)


def env_config(options: argparse.Namespace) -> EnvConfig:
    """Return the environment that --game, --goal, --opponent, --seed and --option name.

    Raises:
        SettingError: an option is not written as KEY=VALUE.
    """
    from rlhf_agents.envs.open_env import EnvConfig  # noqa: PLC0415 - torch takes seconds
    from rlhf_agents.files.literals import pairs, value  # noqa: PLC0415 - the same

    return EnvConfig(
        options.game,
        goal=options.goal,
        opponent=options.opponent,
        seed=options.seed,
        options={key: value(text) for key, text in pairs(options.option)},
    )
