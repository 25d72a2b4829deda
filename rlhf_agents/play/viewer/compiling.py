"""Compiling before the first game of a kind, see `rlhf_agents.compiling`."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict

from rlhf_agents import compiling
from rlhf_agents.play.setup import Setup, file_stem


def is_compiled(setup: Setup) -> bool:
    """Return whether everything for such a game is compiled from the present sources."""
    return compiling.is_compiled(_name(setup))


def remember(setup: Setup) -> None:
    """Record that everything for such a game is compiled."""
    compiling.remember(_name(setup))


def begin_compiling(setup: Setup) -> subprocess.Popen[bytes]:
    """Start the process that compiles; it ends when everything is in the cache."""
    module = "rlhf_agents.play.viewer.compile_child"
    return compiling.begin_compiling(module, [json.dumps(asdict(setup))])


def _name(setup: Setup) -> str:
    kinds = sorted({str(name).partition(":")[0] for name in (setup.agent, setup.opponent)})
    return f"play {file_stem(setup.game)} {' '.join(kinds)}"
