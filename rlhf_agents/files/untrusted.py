"""Reading untrusted files: a zip and its JSON, within fixed limits.

Reading a file of N bytes takes at most `RATIO` * N + `SLACK` bytes of memory for members, each of
at most `MAX_MEMBER_BYTES`. `RATIO_OF_RUNS` applies to the replay of a run, whose size is compared
with that of the model's buffer. Nothing is extracted, so names of members are never paths.
"""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
import zlib
from typing import Any, BinaryIO, NoReturn

import numpy as np

MAX_MEMBER_BYTES = 512 * 1024 * 1024
SLACK = 32 * 1024 * 1024
RATIO = 30
"""Weights hardly compress, so a file that unpacks to more than this is not a saved model."""
RATIO_OF_RUNS = 1032
"""The limit of deflate: the replay of a run may be mostly zeros."""
MAX_MEMBERS = 64
MAX_READ = 1024 * 1024
"""The most bytes of the zip's directory, and of every read."""
MAX_PARTS = 200_000
"""The most values in a JSON text."""
MAX_DEPTH = 64
"""The deepest nesting in a JSON text."""
PLAIN_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
DTYPES = {np.dtype(code).str: np.dtype(code) for code in "?bBhHiIlLqQefd"}
"""Dtypes allowed in files, by numpy's names with byte order."""

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
    LookupError,
)
"""Errors that `zipfile` raises for damaged files."""
WRONG = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Errors that Python and libraries raise for values of the wrong kind."""


class _SmallReads(io.RawIOBase):
    """A stream that refuses large reads, because the directory of a zip can claim any size."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self.stream = stream

    def read(self, size: int | None = -1) -> bytes:
        wanted = MAX_READ + 1 if size is None or size < 0 else size
        content = b"" if wanted > MAX_READ + 1 else self.stream.read(wanted)
        if wanted > MAX_READ + 1 or len(content) > MAX_READ:
            msg = f"its directory is larger than {MAX_READ} bytes"
            raise ValueError(msg)
        return bytes(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.stream.seek(offset, whence)

    def tell(self) -> int:
        return self.stream.tell()

    def seekable(self) -> bool:
        return True


class LimitedZip:
    """The members of a zip.

    Args:
        stream: an open binary stream.
        ratio: the most bytes to read for each byte of the file.

    Raises:
        ValueError: there are too many members or two of the same name.
        zipfile.BadZipFile: it is not a zip; further errors are in `DAMAGE`.
    """

    def __init__(self, stream: BinaryIO, ratio: int = RATIO) -> None:
        self.left = SLACK + ratio * stream.seek(0, io.SEEK_END)
        self.archive = zipfile.ZipFile(_SmallReads(stream))
        entries = self.archive.infolist()
        if len(entries) > MAX_MEMBERS:
            msg = f"it has {len(entries)} members, more than the {MAX_MEMBERS} allowed"
            raise ValueError(msg)
        self.entries = {entry.filename: entry for entry in entries}
        if len(self.entries) < len(entries):
            msg = "it has two members of the same name"
            raise ValueError(msg)

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def read(self, name: str, limit: int) -> bytes:
        """Return a member.

        Raises:
            ValueError: it is missing, encrypted, packed in an unusual way or larger than `limit`.
            zipfile.BadZipFile: it is damaged; further errors are in `DAMAGE`.
        """
        if name not in self.entries:
            msg = f"{name} is missing"
            raise ValueError(msg)
        entry = self.entries[name]
        if entry.flag_bits & ENCRYPTED or entry.compress_type not in PLAIN_KINDS:
            msg = f"{name} is refused: it is encrypted or packed in an unusual way"
            raise ValueError(msg)
        limit = min(limit, self.left)
        if entry.file_size > limit:
            msg = f"{name} is refused: it has {entry.file_size} bytes, more than {limit}"
            raise ValueError(msg)
        pieces = []
        with self.archive.open(entry) as member:
            while piece := member.read(MAX_READ // 2):
                pieces.append(piece)
        content = b"".join(pieces)
        self.left -= len(content)
        return content


def read_json(content: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is not JSON, has too many values, or is nested too deeply.
    """
    if sum(content.count(sign) for sign in (b"[", b"{", b",")) > MAX_PARTS:
        msg = f"it has more than {MAX_PARTS} values"
        raise ValueError(msg)
    try:
        value = json.loads(content.decode(), parse_constant=_no_constant)
    except RecursionError:
        msg = "it is nested too deeply"
        raise ValueError(msg) from None
    layer, depth = [value], 0
    while layer:
        layer = [part for holder in layer for part in parts_of(holder)]
        depth += 1
        if depth > MAX_DEPTH:
            msg = f"it is nested more than {MAX_DEPTH} levels deep"
            raise ValueError(msg)
    return value


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def parts_of(value: object) -> list[object]:
    """Return the values of a dict, list or tuple."""
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []


def declared_values(value: object) -> int:
    """Return the total number of values that the shapes in a JSON value declare."""
    total, waiting = 0, [value]
    while waiting:
        part = waiting.pop()
        waiting.extend(parts_of(part))
        if isinstance(part, dict) and isinstance(part.get("shape"), list):
            sizes = [max(int(size), 0) for size in part["shape"][:MAX_DEPTH]]
            total += math.prod(sizes)
    return total
