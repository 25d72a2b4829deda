"""Input and output: input of any kind becomes lines of text, output is flushed at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TextIO

LONGEST = 1 << 16
"""The most bytes of a line; the rest of a longer one is dropped."""


class Source(Protocol):
    """A source of bytes, buffered or not."""

    def readline(self, size: int, /) -> bytes:
        """Return the next line with its end, up to a number of bytes; empty at the end."""
        ...


def read_lines(stream: Source) -> Iterator[str]:
    """Yield the lines of a stream without their ends; invalid bytes are replaced."""
    while line := stream.readline(LONGEST):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(LONGEST)):
            pass
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def say(out: TextIO, text: str) -> bool:
    """Write and flush, and return whether the other side is still connected."""
    try:
        out.write(text)
        out.flush()
    except (BrokenPipeError, ValueError):  # closed by either side
        return False
    return True
