"""Puts the tables of `docs/results` into the pages; the scripts of tests/benchmarks write them.

    python docs/_site/results.py          after a benchmark

In a page, a table stands between `<!-- results: NAME -->` and `<!-- end -->`, with the command
that measured it. A test checks that every page says what the files say.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
RESULTS = DOCS / "results"
PLACE = re.compile(r"(<!-- results: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def read(name: str) -> tuple[str, list[dict[str, str]]]:
    """Return the command of a file of results, and its rows."""
    first, *lines = (RESULTS / f"{name}.csv").read_text("utf-8").splitlines()
    return first.removeprefix("# "), list(csv.DictReader(lines))


def table(name: str) -> str:
    """Return a file as a Markdown table, with its command below."""
    command, rows = read(name)
    lines = [[*rows[0]], ["---"] * len(rows[0]), *([*row.values()] for row in rows)]
    shown = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"\n{shown}\n\n    {command}\n\n"


def readme_figures() -> list[str]:
    """Return the figures of the README, as they stand there."""
    vp = {row["budget"]: f"{100 * float(row['VP']):.1f} %" for row in read("clock")[1]}
    alone = next(row for row in read("positions")[1] if row["nodes"] == "0")
    speed = {
        row["engine"].split(",")[0]: int(row["moves per second"].replace(",", "")) / 1e6
        for row in read("games")[1]
        if "playouts" not in row["engine"] and "float32" not in row["engine"]
    }
    arcade = next(row for row in read("minatar_10_million")[1] if row["game"] == "Breakout")
    diagonal = next(r for r in read("goals_connect_four")[1] if r["goal"] == "`win_diagonal`")
    asked, merely = (
        f"{float(share.removesuffix(' %')):.0f}"
        for key, share in diagonal.items()
        if "random" in key
    )
    return [
        f"{vp['0.1 s']} in 0.1 s, {vp['1 s']} in 1 s",
        f"{100 * float(alone['VP']):.1f} %",
        f"(a quarter of an hour on one core) | {float(arcade['by the best actions']):.0f} |",
        f"up to {arcade['best published DQN or AC at 5 M frames']};",
        f"{speed['rlhf_games']:.0f} million",
        f"PettingZoo {speed['PettingZoo']:.3f} million, OpenSpiel {speed['OpenSpiel']:.2f} million",
        f"| {asked} %",
        f"{merely} % when only",
    ]


def filled(page: str) -> str:
    """Return a page with the tables of today."""
    return PLACE.sub(lambda found: f"{found[1]}{table(found[2])}{found[3]}", page)


def main() -> None:
    """Write the tables into all pages."""
    for path in sorted(DOCS.glob("*.md")):
        before = path.read_text("utf-8")
        after = filled(before)
        if after != before:
            path.write_text(after, "utf-8")
            sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
