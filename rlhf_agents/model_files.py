"""Model files: one zip, two readers.

SB3 finds its own members in it. We read only the folder `rlhf/`: a JSON manifest and safetensors,
sizes and digests checked, so that nothing in a file can run code (SB3 unpickles, see its issue
#2281). Files are written beside their place and then moved there, so that none is left half done.
What only a resumed training run needs lies in groups of its own (`RUN_GROUPS`), which are not read
otherwise.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from gymnasium import spaces
from numpy.typing import NDArray
from safetensors import SafetensorError

from rlhf_agents.errors import ModelFileError, OutputError

FORMAT_VERSION = 1
FOLDER = "rlhf/"
MANIFEST = FOLDER + "manifest.json"
POLICY = "policy"
OPTIMIZER = "optimizer"
MODEL_GROUPS = (POLICY, OPTIMIZER)
RUN, REPLAY = "run", "replay"
RUN_GROUPS = (RUN, REPLAY)
"""What a training run needs besides the model to go on as if it had not been interrupted."""
PARTIAL = ".partial"
"""Ending of files that are being written."""
MAX_MEMBER_BYTES = 512 * 1024 * 1024
MAX_MANIFEST_BYTES = 1024 * 1024

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds.

    Attributes:
        path: where it was read from.
        manifest: the JSON manifest.
        arrays: the array groups that were asked for and are there, by name.
    """

    path: str
    manifest: dict[str, Any]
    arrays: dict[str, Arrays]

    def require_game(self, name: str) -> None:
        """Raise `ModelFileError` if the model was trained for another game."""
        trained = self.manifest.get("game")
        if trained != name:
            msg = f"{self.path} was trained for {trained}, not for {name}"
            raise ModelFileError(msg)


def write_model(
    path: str | os.PathLike[str],
    manifest: dict[str, Any],
    arrays: dict[str, Arrays],
    base: bytes | None = None,
) -> None:
    """Write a model file atomically.

    Args:
        path: where to.
        manifest: anything JSON can hold; format version and digests are added.
        arrays: array groups by name.
        base: a zip, e.g. SB3's, that receives our members.

    Raises:
        OutputError: the path cannot be written.
    """
    write_atomically(path, model_bytes(manifest, arrays, base))


def model_bytes(
    manifest: dict[str, Any], arrays: dict[str, Arrays], base: bytes | None = None
) -> bytes:
    """Return the bytes of a model file, see `write_model`."""
    blobs = {
        f"{FOLDER}{name}.safetensors": safetensors.numpy.save(
            {key: np.ascontiguousarray(value) for key, value in group.items()}
        )
        for name, group in arrays.items()
    }
    members = {
        name: {"bytes": len(blob), "sha256": hashlib.sha256(blob).hexdigest()}
        for name, blob in blobs.items()
    }
    full = {"format_version": FORMAT_VERSION, **manifest, "members": members}
    buffer = io.BytesIO(base or b"")
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(full, indent=1))
        for name, blob in blobs.items():
            # Replay is large and written often: fast before small.
            fast = name not in {f"{FOLDER}{group}.safetensors" for group in MODEL_GROUPS}
            archive.writestr(name, blob, compresslevel=1 if fast else None)
    return buffer.getvalue()


def write_to(path: Any, content: bytes) -> None:
    """Write a model to an open stream or to a path, whose ending is `.zip` if it has none.

    Raises:
        OutputError: the path cannot be written.
    """
    if isinstance(path, io.BufferedIOBase):
        path.write(content)
        return
    target = Path(os.fspath(path))
    write_atomically(target if target.suffix else target.with_suffix(".zip"), content)


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` beside `path` and move it there.

    Whatever happens, also a power cut, `path` holds either what it held before or all of `content`.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    target = Path(path)
    handle: Any = None
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
    """Let the new name survive a power cut, where the system can do that for folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes left half written beside `path`."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*{PARTIAL}"):
        leftover.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_model(path: Any, groups: Collection[str] = MODEL_GROUPS) -> ModelFile:
    """Read a model file without unpickling anything.

    Args:
        path: a file, whose ending `.zip` may be left out, or an open stream.
        groups: the array groups to read; others are not looked at.

    Raises:
        ModelFileError: the file is missing, damaged, not ours, too large or from a newer format.
    """
    if isinstance(path, io.IOBase):
        return _read_archive(Path(getattr(path, "name", "the stream")), path, groups)
    source = Path(path)
    if not source.exists() and not source.suffix:
        source = source.with_suffix(".zip")
    if not source.is_file():
        msg = f"there is no model file {source}; rlhf-train writes one"
        raise ModelFileError(msg)
    return _read_archive(source, source, groups)


def _read_archive(source: Path, content: Any, groups: Collection[str]) -> ModelFile:
    try:
        with zipfile.ZipFile(content) as archive:
            manifest = _read_manifest(source, archive)
            arrays = {
                name.removeprefix(FOLDER).removesuffix(".safetensors"): _read_arrays(
                    source, archive, name, facts
                )
                for name, facts in manifest["members"].items()
                if name.removeprefix(FOLDER).removesuffix(".safetensors") in groups
            }
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
        msg = f"{source} is not a zip file or is damaged ({error}); copy or train it again"
        raise ModelFileError(msg) from error
    return ModelFile(str(source), manifest, arrays)


def _read_manifest(source: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    if MANIFEST not in archive.namelist():
        msg = (
            f"{source} has no {MANIFEST}: it was not saved by rlhf_agents "
            "(if you trust its author, HFDQN.load(path, trust=True) uses SB3's reader)"
        )
        raise ModelFileError(msg)
    try:
        manifest = json.loads(_read_member(source, archive, MANIFEST, MAX_MANIFEST_BYTES))
        version = int(manifest["format_version"])
        names = list(manifest["members"])
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{source} is damaged: its manifest cannot be read ({error})"
        raise ModelFileError(msg) from error
    if version > FORMAT_VERSION:
        msg = (
            f"{source} has format {version}, this version reads up to {FORMAT_VERSION}; "
            "upgrade rlhf-agents"
        )
        raise ModelFileError(msg)
    if f"{FOLDER}{POLICY}.safetensors" not in names:
        msg = f"{source} is damaged: it has no policy"
        raise ModelFileError(msg)
    checked: dict[str, Any] = manifest
    return checked


def _read_member(source: Path, archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    try:
        size = archive.getinfo(name).file_size
    except KeyError as error:
        msg = f"{source} is damaged: {name} is missing"
        raise ModelFileError(msg) from error
    if size > limit:
        msg = f"{source} is refused: {name} has {size} bytes, more than the {limit} allowed"
        raise ModelFileError(msg)
    with archive.open(name) as member:
        return member.read(limit + 1)


def _read_arrays(
    source: Path, archive: zipfile.ZipFile, name: str, facts: dict[str, Any]
) -> Arrays:
    limit = min(int(facts["bytes"]), MAX_MEMBER_BYTES)
    blob = _read_member(source, archive, name, limit)
    if len(blob) != facts["bytes"] or hashlib.sha256(blob).hexdigest() != facts["sha256"]:
        msg = f"{source} is damaged: {name} does not match its digest"
        raise ModelFileError(msg)
    try:
        arrays: Arrays = safetensors.numpy.load(blob)
    except SafetensorError as error:
        msg = f"{source} is damaged: {name} cannot be read ({error})"
        raise ModelFileError(msg) from error
    return arrays


# ---- spaces as JSON ----------------------------------------------------------------------------


def space_to_json(space: spaces.Space[Any]) -> dict[str, Any]:
    """Describe a Box with uniform bounds, a Discrete or a Dict of them.

    Raises:
        TypeError: the space is of another kind.
    """
    if isinstance(space, spaces.Dict):
        return {"dict": {key: space_to_json(part) for key, part in space.spaces.items()}}
    if isinstance(space, spaces.Discrete):
        return {"discrete": int(space.n)}
    if isinstance(space, spaces.Box):
        bounds = [float(space.low.min()), float(space.high.max())]
        return {"box": bounds, "shape": list(space.shape), "dtype": str(space.dtype)}
    msg = f"cannot describe a {type(space).__name__} space"
    raise TypeError(msg)


def space_from_json(facts: dict[str, Any]) -> spaces.Space[Any]:
    """Return the space that `space_to_json` described."""
    if "dict" in facts:
        return spaces.Dict({key: space_from_json(part) for key, part in facts["dict"].items()})
    if "discrete" in facts:
        return spaces.Discrete(int(facts["discrete"]))
    low, high = facts["box"]
    return spaces.Box(low, high, tuple(facts["shape"]), np.dtype(facts["dtype"]).type)
