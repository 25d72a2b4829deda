"""Writing files atomically, so that none is ever half written."""

from __future__ import annotations

import contextlib
import glob
import io
import os
import tempfile
from pathlib import Path
from typing import IO

from rlhf_agents.errors import OutputError
from rlhf_agents.files.types import PathOrStream

PARTIAL = ".partial"
"""Suffix of files that are still being written."""


def write_to(path: PathOrStream, content: bytes) -> None:
    """Write a model to an open stream or to a path, as SB3 does.

    A path without an ending gets `.zip`, and missing folders are made.

    Raises:
        OutputError: the path cannot be written.
    """
    if isinstance(path, io.IOBase):
        path.write(content)
        return
    target = Path(os.fspath(path))
    target = target if target.suffix else target.with_suffix(".zip")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot make the folder {target.parent}: {error.strerror or error}"
        raise OutputError(msg) from error
    write_atomically(target, content)


def check_writable(path: Path, *, force: bool = True) -> None:
    """Check before the work that its result can be written.

    Args:
        path: the file to be written.
        force: replace an existing file.

    Raises:
        OutputError: the folder is missing or not writable, the path is a folder, or the file exists
            and must not be replaced.
    """
    folder = path.parent
    if path.is_dir():
        msg = f"cannot write {path}: it is a folder"
    elif not folder.is_dir():
        msg = f"cannot write {path}: there is no folder {folder}"
    elif not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        msg = f"cannot write {path}: permission denied"
    elif path.exists() and not force:
        msg = f"{path} exists: name another file, or replace it by --force (force=True)"
    else:
        return
    raise OutputError(msg)


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` beside `path` and move it there.

    Whatever happens, even a power cut, `path` has either its old content or all of `content`.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    target = Path(path)
    handle: IO[bytes] | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", suffix=PARTIAL, delete=False
        ) as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.chmod(handle.name, 0o666 & ~_umask())  # temporary files are private
        os.replace(handle.name, target)
        _sync_folder(target.parent)
    except OSError as error:
        if handle is not None:
            Path(handle.name).unlink(missing_ok=True)
        msg = f"cannot write {target}: {error.strerror or error}"
        raise OutputError(msg) from error


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut where the system supports it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_leftovers(path: Path) -> None:
    """Remove half-written files that killed processes left beside `path`."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*{PARTIAL}"):
        leftover.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
