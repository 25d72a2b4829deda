"""Where the names of other libraries are documented, kept in the repository as text.

A file `NAME.txt` begins with the address of a site, its project and version; every further line is
a name, its kind, and its page. Sphinx reads the same as a compressed `objects.inv`.
"""

from __future__ import annotations

import zlib
from pathlib import Path

HEAD = (
    "# Sphinx inventory version 2\n# Project: {}\n# Version: {}\n# zlib compressed follows below.\n"
)


def mapping(texts: Path, build: Path) -> dict[str, tuple[str, str]]:
    """Write an inventory for every text file of a folder; return Sphinx's `intersphinx_mapping`."""
    folder = build / "inventories"
    folder.mkdir(parents=True, exist_ok=True)
    known = {}
    for text in sorted(texts.glob("*.txt")):
        address, project, version, *lines = text.read_text("utf-8").splitlines()
        target = folder / f"{text.stem}.inv"
        content = HEAD.format(project, version).encode() + _packed(lines)
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
        known[text.stem] = (address, str(target))
    return known


def _packed(lines: list[str]) -> bytes:
    entries = [line.split() for line in lines if line]
    text = "".join(f"{name} py:{kind} 1 {page} -\n" for name, kind, page in entries)
    return zlib.compress(text.encode())
