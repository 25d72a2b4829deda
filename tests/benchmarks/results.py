"""The CSV files of `docs/results`: what `docs/benchmarks.md` shows, and the command of each.

`docs/_site/results.py` puts them into the pages.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from rlhf_agents.files.atomic import write_atomically

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "results"


def write_results(path: Path, command: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows with the same keys as CSV, the command that measured them in the first line."""
    text = io.StringIO()
    text.write(f"# {command}\n")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.getvalue().encode())


def known_results(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file, none if there is no such file."""
    if not path.exists():
        return []
    lines = path.read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def replace_results(
    path: Path, command: str, rows: Sequence[Mapping[str, object]], keys: Sequence[str]
) -> None:
    """Write rows over those of a file that have the same values in `keys`; others stay."""
    fresh = {tuple(str(row[key]) for key in keys): dict(row) for row in rows}
    merged = [fresh.pop(tuple(old[key] for key in keys), old) for old in known_results(path)]
    write_results(path, command, [*merged, *fresh.values()])
