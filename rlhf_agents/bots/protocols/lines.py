"""Lines in and out: input of any kind becomes lines of text, output is flushed at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TextIO

LONGEST = 1 << 16
"""Bytes of a line; the rest of a longer one is dropped."""


class Source(Protocol):
    """A source of bytes, buffered or not."""

    def readline(self, size: int, /) -> bytes:
        """Return the next line with its end, at most so many bytes of it; nothing at the end."""
        ...


def read_lines(stream: Source) -> Iterator[str]:
    """Yield the lines of a stream without their ends; bytes that are not text are replaced."""
    while line := stream.readline(LONGEST):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(LONGEST)):
            pass
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def say(out: TextIO, text: str) -> bool:
    """Write and flush, and return whether the other side still listens."""
    try:
        out.write(text)
        out.flush()
    except (BrokenPipeError, ValueError):  # closed by the other side, or by ours
        return False
    return True
