"""Waiting for the process that compiles for `rlhf-train`: a signal ends both at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlhf_agents import compiling
from rlhf_agents.cli.common import USER_MISTAKE
from rlhf_agents.progress import is_shown, note

if TYPE_CHECKING:
    from rlhf_agents.training.train import TrainingConfig


CHILD = "rlhf_agents.cli.train_child"
"""The module whose `main` compiles."""
QUIET_SECONDS = 4.0


def compile_first(config: TrainingConfig, words: Sequence[str]) -> bool:
    """Have everything compiled that a run needs, unless it is, and return whether the run can work.

    Args:
        config: what is asked of the run.
        words: the arguments of the program that mean the same.

    Raises:
        KeyboardInterrupt: a signal came meanwhile; the process that compiles is ended.
    """
    if compiling.is_compiled(name_of(config)):
        return True
    process = compiling.begin_compiling(CHILD, words, subprocess.PIPE)
    try:
        said = _heard(process)
    finally:
        process.kill()
    if process.returncode == USER_MISTAKE:
        sys.stderr.write(said.decode(errors="replace"))
        return False
    if process.returncode and is_shown():
        note("that failed; compiling goes on during the run")
    return True


def _heard(process: subprocess.Popen[bytes]) -> bytes:
    """Wait for the process and return what it wrote; if that takes long, say why.

    A mistake in the arguments is found soon, and is then all that users read.
    """
    try:
        return process.communicate(timeout=QUIET_SECONDS)[1]
    except subprocess.TimeoutExpired:
        note("compiling, once after an installation or a change (half a minute) ...")
        return process.communicate()[1]


def name_of(config: TrainingConfig) -> str:
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
