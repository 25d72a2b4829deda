"""Model files: one zip, two readers.

SB3 finds its own members in it. We read only the folder `rlhf/`: a JSON manifest and safetensors,
with sizes and digests checked, so that nothing in a file can run code (SB3 unpickles). Files are
written elsewhere and then moved, so that none is ever half written. Data that only a resumed
training run needs is in separate groups (`RUN_GROUPS`), which are not read otherwise.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypedDict, cast

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from rlhf_agents.errors import MissingFileError, ModelFileError
from rlhf_agents.files.atomic import write_atomically
from rlhf_agents.files.types import Arrays, PathOrStream
from rlhf_agents.files.untrusted import (
    DAMAGE,
    DTYPES,
    MAX_MEMBER_BYTES,
    RATIO,
    RATIO_OF_RUNS,
    WRONG,
    LimitedZip,
    read_json,
)

FORMAT_VERSION = 1
FOLDER = "rlhf/"
MANIFEST = FOLDER + "manifest.json"
POLICY = "policy"
OPTIMIZER = "optimizer"
WORLD = "world"
MODEL_GROUPS = (POLICY, OPTIMIZER, WORLD)
RUN, REPLAY = "run", "replay"
RUN_GROUPS = (RUN, REPLAY)
"""Groups that a training run needs, besides the model, to resume as if never interrupted."""
ENDING = ".safetensors"
MAX_MANIFEST_BYTES = 16 * 1024 * 1024
"""The most bytes of this group; it includes the last observations of many environments."""


class Member(TypedDict):
    """A manifest's entry for an array group."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class ModelFile:
    """The content of a model file.

    Attributes:
        path: the file.
        manifest: the JSON manifest.
        arrays: the requested array groups that it has, by name.
    """

    path: str
    manifest: dict[str, Any]
    arrays: dict[str, Arrays]

    def require_game(self, name: str, called: str | None = None) -> None:
        """Raise `ModelFileError` if the model was trained for another game.

        Args:
            name: of the game.
            called: what the error calls the model, by default the file.
        """
        trained = self.manifest.get("game")
        if trained != name:
            trained = f"for {trained}" if trained else "in an environment without exact rules"
            msg = f"{called or self.path} was trained {trained}, not for {name}"
            raise ModelFileError(msg)


def write_model(
    path: str | os.PathLike[str],
    manifest: Mapping[str, object],
    arrays: dict[str, Arrays],
    base: bytes | None = None,
) -> None:
    """Write a model file atomically.

    Args:
        path: the file to write.
        manifest: anything that JSON can hold; format version and digests are added.
        arrays: array groups by name.
        base: a zip, e.g. SB3's, that receives our members.

    Raises:
        OutputError: the path cannot be written.
    """
    write_atomically(path, model_bytes(manifest, arrays, base))


def model_bytes(
    manifest: Mapping[str, object], arrays: dict[str, Arrays], base: bytes | None = None
) -> bytes:
    """Return the bytes of a model file, see `write_model`."""
    blobs = {
        f"{FOLDER}{name}{ENDING}": safetensors.numpy.save(
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
            # Replay is large and written often: speed matters more than size.
            fast = name not in {f"{FOLDER}{group}{ENDING}" for group in MODEL_GROUPS}
            archive.writestr(name, blob, compresslevel=1 if fast else None)
    return buffer.getvalue()


def amend(path: str | os.PathLike[str], facts: dict[str, Any]) -> None:
    """Change entries of the manifest of a model file; all else in it stays as it is.

    Args:
        path: the file, which is replaced in one step.
        facts: entries that are added or replaced.

    Raises:
        ModelFileError: the file is missing, damaged or not ours.
        OutputError: it cannot be written.
    """
    manifest = {**read_model(str(path)).manifest, **facts}
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != MANIFEST:
                new.writestr(info, old.read(info))
        new.writestr(MANIFEST, json.dumps(manifest, indent=1))
    write_atomically(path, buffer.getvalue())


def read_groups(path: str, most: dict[str, int]) -> dict[str, Arrays]:
    """Read some array groups of a model file.

    Args:
        path: a file that `read_model` has read.
        most: the groups to read, and the most bytes that each may have.

    Raises:
        ModelFileError: as for `read_model`, or a group is larger.
    """
    return read_model(path, tuple(most), most).arrays


def read_model(
    path: PathOrStream, groups: Collection[str] = MODEL_GROUPS, most: dict[str, int] | None = None
) -> ModelFile:
    """Read a model file without unpickling anything, within the limits of `untrusted`.

    Args:
        path: a file, with or without `.zip`, or an open stream.
        groups: the array groups to read; others are ignored.
        most: the most bytes that some of the groups may have, where the reader knows.

    Raises:
        ModelFileError: the file is missing, damaged, not ours, too large or from a newer format.
    """
    if isinstance(path, io.IOBase):
        return _read_archive(
            str(getattr(path, "name", "the stream")), cast("BinaryIO", path), groups, most or {}
        )
    source = Path(path)
    try:
        if not source.exists() and not source.suffix:
            source = source.with_suffix(".zip")
        found = source.is_file()
    except ValueError:  # a NUL in it, or empty
        found = False
    if not found:
        msg = f"there is no model file {source}; rlhf-train writes one"
        raise MissingFileError(msg)
    try:
        with source.open("rb") as stream:
            return _read_archive(str(source), stream, groups, most or {})
    except OSError as error:
        msg = f"{source} cannot be read: {error.strerror or error}"
        raise ModelFileError(msg) from error


def _read_archive(
    source: str, stream: BinaryIO, groups: Collection[str], most: dict[str, int]
) -> ModelFile:
    resumes = not set(groups) <= set(MODEL_GROUPS)
    try:
        archive = LimitedZip(stream, RATIO_OF_RUNS if resumes else RATIO)
        manifest = _read_manifest(source, archive)
        arrays = {}
        for group in (group for group in groups if _member(group) in manifest["members"]):
            facts, limit = manifest["members"][_member(group)], most.get(group, MAX_MEMBER_BYTES)
            arrays[group] = _read_arrays(archive, _member(group), facts, limit)
    except DAMAGE as error:
        msg = f"{source} is not a zip file or is damaged ({_said(error)}); copy or train it again"
        raise ModelFileError(msg) from error
    return ModelFile(source, manifest, arrays)


def _said(error: Exception) -> str:
    return str(error.args[0]) if isinstance(error, LookupError) and error.args else str(error)


def _read_manifest(source: str, archive: LimitedZip) -> dict[str, Any]:
    if MANIFEST not in archive:
        msg = (
            f"{source} has no {MANIFEST}: it was not saved by rlhf_agents; if you trust its "
            f"author, convert it with rlhf-export --agent {source} --to sb3 --trust --out NEW.zip "
            "(in Python HFDQN.load(path, trust=True) uses SB3's reader)"
        )
        raise ModelFileError(msg)
    manifest: dict[str, Any] = read_json(archive.read(MANIFEST, MAX_MANIFEST_BYTES))
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if type(version) is not int:
        msg = "its manifest has no format_version"
        raise ValueError(msg)
    if version > FORMAT_VERSION:
        msg = (
            f"{source} has format {version}, this version reads up to {FORMAT_VERSION}; "
            "upgrade rlhf-agents"
        )
        raise ModelFileError(msg)
    _check_members(manifest.get("members"))
    return manifest


def _check_members(members: object) -> None:
    if not isinstance(members, dict) or f"{FOLDER}{POLICY}{ENDING}" not in members:
        msg = "its manifest names no policy"
        raise ValueError(msg)
    for name, facts in members.items():
        if name not in {f"{FOLDER}{group}{ENDING}" for group in (*MODEL_GROUPS, *RUN_GROUPS)}:
            msg = f"its manifest names the unknown policy {name!r}"
            raise ValueError(msg)
        if not isinstance(facts, dict) or type(facts.get("bytes")) is not int:
            msg = f"its manifest does not give the size of {name}"
            raise ValueError(msg)


def _member(group: str) -> str:
    return f"{FOLDER}{group}{ENDING}"


def _read_arrays(archive: LimitedZip, name: str, facts: Member, most: int) -> Arrays:
    if facts["bytes"] > min(most, MAX_MEMBER_BYTES):
        msg = f"{name} is refused: it has {facts['bytes']} bytes, more than the limit of {most}"
        raise ValueError(msg)
    blob = archive.read(name, facts["bytes"])
    if len(blob) != facts["bytes"] or hashlib.sha256(blob).hexdigest() != facts.get("sha256"):
        msg = f"{name} does not match its digest"
        raise ValueError(msg)
    try:
        arrays: Arrays = safetensors.numpy.load(blob)
    except (SafetensorError, *WRONG) as error:
        msg = f"{name} cannot be read: {error}"
        raise ValueError(msg) from error
    for key, value in arrays.items():
        if value.dtype.str not in DTYPES:
            msg = f"{key} has the dtype {value.dtype}, which model files do not use"
            raise ValueError(msg)
    return arrays


def prefixed(prefix: str, arrays: Arrays) -> Arrays:
    """Return arrays with `prefix` before each of their names."""
    return {prefix + name: array for name, array in arrays.items()}


def unprefixed(prefix: str, arrays: Arrays) -> Arrays:
    """Return the arrays whose names begin with `prefix`, and remove it."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
