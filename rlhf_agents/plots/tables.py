"""Tables of results as text and as HTML, for where Python shows a value."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

Rows = Sequence[Sequence[str]]
"""Cells, of which the first row names the columns and the first column the rows."""


def text_table(title: str, rows: Rows) -> str:
    """Return a title and aligned rows: names to the left, the rest to the right."""
    wide = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [title]
    for first, *rest in rows:
        cells = (f"{cell:>{width}}" for cell, width in zip(rest, wide[1:], strict=True))
        lines.append("  ".join([f"{first:<{wide[0]}}", *cells]))
    return "\n".join(lines)


def html_table(title: str, rows: Rows) -> str:
    """Return the same as HTML."""
    lines = []
    for number, row in enumerate(rows):
        tags = ["th" if number == 0 or place == 0 else "td" for place in range(len(row))]
        cells = (f"<{tag}>{escape(cell)}</{tag}>" for tag, cell in zip(tags, row, strict=True))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><caption>{escape(title)}</caption>{''.join(lines)}</table>"
