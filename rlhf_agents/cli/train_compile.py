"""The process that compiles for `rlhf-train`, and waiting for it: a signal ends both at once."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlhf_agents import compiling
from rlhf_agents.cli.common import USER_MISTAKE, run_program
from rlhf_agents.progress import is_shown, note

if TYPE_CHECKING:
    from rlhf_agents.training.train import TrainingConfig


def compile_first(config: TrainingConfig, words: Sequence[str]) -> bool:
    """Have everything compiled that a run needs, unless it is, and return whether the run can work.

    Args:
        config: what is asked of the run.
        words: the arguments of the program that mean the same.

    Raises:
        KeyboardInterrupt: a signal came meanwhile; the process that compiles is ended.
    """
    if compiling.is_compiled(_name(config)):
        return True
    note("compiling, once after an installation or a change (half a minute) ...")
    process = compiling.begin_compiling(__name__, words, subprocess.PIPE)
    try:
        _, said = process.communicate()
    finally:
        process.kill()
    if process.returncode == USER_MISTAKE:
        sys.stderr.write(said.decode(errors="replace"))
        return False
    if process.returncode and is_shown():
        note("that failed; compiling goes on during the run")
    return True


def main() -> None:
    """Compile for the command line, in the process that `compile_first` starts."""
    from rlhf_agents.cli.train import parser  # noqa: PLC0415 - which imports this module

    options = parser().parse_args(sys.argv[1:])
    options.quiet, options.verbose = True, False
    sys.exit(run_program(_compile, options, sys.argv[1:]))


def _compile(options: argparse.Namespace, _words: Sequence[str] | None) -> int:
    from rlhf_agents.cli.train import config_of  # noqa: PLC0415 - which imports this module
    from rlhf_agents.training.compile_child import compile_all  # noqa: PLC0415 - torch

    config = config_of(options)
    compile_all(config)
    compiling.remember(_name(config))
    return 0


def _name(config: TrainingConfig) -> str:
    """Return what the compiled functions of a run depend on."""
    facts = (
        config.game,
        str(config.resume),
        config.goal,
        config.opponent,
        config.policy,
        config.plain,
        config.n_envs,
        config.measures_strength,
        sorted(config.options.items(), key=str),
        sorted(config.settings.items(), key=str),
    )
    return f"train {facts!r}"
