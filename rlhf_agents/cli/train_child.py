"""The process that compiles for `rlhf-train`: it is given the same words."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rlhf_agents import compiling
from rlhf_agents.cli.common import run_program
from rlhf_agents.cli.train import config_of, parser
from rlhf_agents.cli.train_compile import name_of


def main() -> None:
    """Compile for the command line of the process."""
    options = parser().parse_args(sys.argv[1:])
    options.quiet, options.verbose = True, False
    sys.exit(run_program(_compile, options, sys.argv[1:]))


def _compile(options: argparse.Namespace, _words: Sequence[str] | None) -> int:
    from rlhf_agents.training.compile_child import compile_all  # noqa: PLC0415 - torch takes seconds

    config = config_of(options)
    compile_all(config)
    compiling.remember(name_of(config))
    return 0
