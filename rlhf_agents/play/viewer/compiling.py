"""Compiling before the first game of a kind, in a separate process.

After an installation, compiling takes half a minute and holds Python's lock for seconds at a time,
so that the window could neither move nor close. A small file beside numba's cache records what was
compiled from which sources.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from rlhf_agents.play.setup import Setup, file_stem

PACKAGES = ("rlhf_agents", "rlhf_games")


def is_compiled(setup: Setup) -> bool:
    """Return whether everything for such a game is compiled from the present sources."""
    try:
        return _marker(setup).read_text() == _sources()
    except OSError:
        return False


def remember(setup: Setup) -> None:
    """Record that everything for such a game is compiled, if the folder is writable."""
    try:
        _marker(setup).parent.mkdir(exist_ok=True)
        _marker(setup).write_text(_sources())
    except OSError:
        return


def begin_compiling(setup: Setup) -> subprocess.Popen[bytes]:
    """Start the process that compiles; it ends when everything is in the cache."""
    code = "from rlhf_agents.play.viewer.compile_child import main; main()"
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-c", code, json.dumps(asdict(setup))],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _marker(setup: Setup) -> Path:
    kinds = sorted({str(name).partition(":")[0] for name in (setup.agent, setup.opponent)})
    names = "-".join("".join(c if c.isalnum() else "_" for c in kind[-40:]) for kind in kinds)
    folder = os.environ.get("NUMBA_CACHE_DIR") or str(files("rlhf_agents") / "__pycache__")
    return Path(folder) / f"rlhf-play-{file_stem(setup.game)}-{names}.compiled"


def _sources() -> str:
    """Return a text that changes with every change of a source file."""
    return str(max(os.stat(path).st_mtime_ns for path in _files()))


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from Path(str(files(package))).rglob("*.py")
