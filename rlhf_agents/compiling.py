"""Compiling beforehand, in a separate process, once after an installation.

The compiler works for half a minute, and for seconds at a time nothing ends it: neither a signal
nor a closed window. A small file beside numba's cache records what was compiled from which sources.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from importlib.resources import files
from pathlib import Path

PACKAGES = ("rlhf_agents", "rlhf_adapters", "rlhf_games")


def is_compiled(name: str) -> bool:
    """Return whether everything for `name` is compiled from the present sources."""
    return any(_text(folder / _file(name)) == _sources() for folder in _folders())


def remember(name: str) -> None:
    """Record that everything for `name` is compiled, if a folder is writable."""
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _file(name)).write_text(_sources())
        except OSError:
            continue
        return


def begin_compiling(
    module: str, words: Sequence[str], stderr: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start a process that compiles; it ends when everything is in the cache.

    Args:
        module: its function `main` compiles.
        words: the arguments of the process.
        stderr: where the process writes errors, as `subprocess` has it.
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-c", f"from {module} import main; main()", *words],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )


def _file(name: str) -> str:
    letters = "".join(c if c.isalnum() else "_" for c in name[:40])
    return f"rlhf-{letters}-{hashlib.sha256(name.encode()).hexdigest()[:12]}.compiled"


def _folders() -> Iterator[Path]:
    """Yield where numba keeps what it compiles: the first that is writable."""
    if own := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(own)
        return
    yield Path(str(files("rlhf_agents"))) / "__pycache__"
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    yield Path(caches) / "rlhf_agents"


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def _sources() -> str:
    """Return a text that changes with every change of a source file, of Python and of numba."""
    newest = max(os.stat(path).st_mtime_ns for path in _files())
    return f"{newest} {sys.version} numba {metadata.version('numba')}"


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from Path(str(files(package))).rglob("*.py")
