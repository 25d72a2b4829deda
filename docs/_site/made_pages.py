"""The parts of the site that code and measurements say: goals, pictures, the game to play."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import rlhf_games
from _site import results
from rlhf_agents import export
from rlhf_agents.bots.exports.registry import FORMATS
from rlhf_agents.bots.exports.registry import page as registry_page
from rlhf_agents.evaluation.league_table import Row, read_rows
from rlhf_agents.plots import (
    THEMES,
    Chart,
    matches_picture,
    positions_picture,
    strength_and_time,
)
from rlhf_agents.words import words_of
from rlhf_games.base import Goal

LEAGUE = Path(__file__).resolve().parents[1] / "league" / "connect_four.csv"
"""Written by `rlhf-arena`; the command stands on the page."""


def make(folder: Path) -> None:
    """Write all of them into a folder; files whose content is the same are left alone."""
    extra = folder / "extra"
    extra.mkdir(parents=True, exist_ok=True)
    export("connect_four", "web", folder / "page.html", force=True)
    put(extra / "connect_four.html", (folder / "page.html").read_bytes())
    for name in FORMATS:
        put(folder / f"export_{name}.md", registry_page(name).encode())
    rows = read_rows(LEAGUE)
    put(folder / "league.md", league_table(rows).encode())
    for theme in THEMES:
        chart = strength_and_time(rows, theme, game="connect_four")
        put(folder / f"league_{theme}.png", chart.png())
        put(folder / f"clock_{theme}.png", clock_chart(theme).png())
        put(folder / f"opponents_{theme}.png", opponents_chart(theme).png())
    for name in rlhf_games.names():
        put(folder / f"goals_{name}.md", goal_table(name).encode())


def put(path: Path, content: bytes) -> None:
    """Write a file unless it has this content: Sphinx reads again what is new."""
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def clock_chart(theme: str) -> Chart:
    """Return the picture of VP by ply, for every budget of `results/clock.csv`."""
    _, rows = results.read("clock")
    bands = [name for name in rows[0] if name.startswith("plies")]
    plies = [name.removeprefix("plies ") for name in bands]
    exact = [0.0] * len(bands)
    series = [(row["budget"], [float(row[band]) for band in bands], exact) for row in rows]
    title = "Moves that keep the perfect solver's result"
    return positions_picture(title, plies, series, theme, across="plies played")


def opponents_chart(theme: str) -> Chart:
    """Return the picture of the matches of `results/opponents.csv`."""
    _, rows = results.read("opponents")
    matches = []
    for row in rows:
        shares = [float(row[key].removesuffix(" %")) / 100 for key in ("won", "drawn", "lost")]
        name = f"{row['game']}, {row['nodes']} nodes, {row['opponent'].strip('`')}"
        matches.append((name, (shares[0], shares[1], shares[2])))
    return matches_picture("The bundled agents", matches, theme)


def league_table(rows: Sequence[Row]) -> str:
    """Return the players of a league as a Markdown table, the strongest first."""
    lines = [
        f"| `{row.player}` | {row.elo:.0f} | {row.low:.0f} .. {row.high:.0f} | {row.games} | "
        f"{100 * row.score:.1f} % | {row.cpu_ms:.3g} |"
        for row in rows
    ]
    head = "| player | Elo | 95 % interval | games | score | CPU ms per move |"
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- |", *lines, ""])


def goal_table(name: str) -> str:
    """Return the goals of a game as a Markdown table."""
    rows = [_goal_row(goal) for goal in rlhf_games.make(name).goals]
    return "\n".join(
        [
            "| goal | in words | the agent tries to | also achieves |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _goal_row(goal: Goal) -> str:
    implied = f"`{goal.implies}`" if goal.implies else ""
    return f"| `{goal.name}` | {words_of(goal)} | {goal.text} | {implied} |"
