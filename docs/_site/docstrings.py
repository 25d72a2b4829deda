"""Reads docstrings as people write them: indented lines behind an empty one are code."""

from __future__ import annotations


def mark_code(
    _app: object, _what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    """Put reStructuredText's mark of literal text before such lines, in place."""
    marked: list[str] = []
    depth, previous_empty = 0, False
    for line in lines:
        if not line.strip():
            previous_empty = True
            marked.append(line)
            continue
        indent = len(line) - len(line.lstrip())
        if previous_empty and indent >= depth + 4:
            marked += [" " * depth + "::", ""]
        else:
            depth = indent
        previous_empty = False
        marked.append(line)
    lines[:] = marked
