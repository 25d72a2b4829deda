"""The picture of `rlhf-eval --plot`: a plot of the tables."""

from __future__ import annotations

import argparse

from rlhf_agents import plots
from rlhf_agents.cli.evaluate_tables import Record, heading
from rlhf_agents.errors import SettingError
from rlhf_agents.files.atomic import check_writable


def check_plot(options: argparse.Namespace) -> None:
    """Check before the work that a requested picture can be drawn and written.

    Raises:
        SettingError: matplotlib is missing, or the results do not fit into one picture.
        OutputError: the file cannot be written, or exists and must not be replaced.
    """
    if options.plot is None:
        return
    if not plots.available():
        raise SettingError(plots.HINT)
    if options.positions is not None and (options.opponent or options.goals is not None):
        msg = "--plot draws one result: measure --positions and games one after the other"
        raise SettingError(msg)
    check_writable(options.plot, force=options.force)


def picture_of(report: Record, title: str, theme: str) -> plots.Chart:
    """Return the picture of the results of `evaluate.evaluate`.

    Args:
        report: the results; of positions, of matches or of goals.
        title: of the game.
        theme: "light" or "dark".
    """
    if "positions" in report:
        return _positions(report, title, theme)
    if "goals" in report:
        grids = [_grid(matrix, title) for matrix in report["goals"]]
        return plots.goals_picture(grids, theme)
    rows = [(heading(match), _shares(match["total"])) for match in report["matches"]]
    first = report["matches"][0]
    asked = f"{title}: {first['total']['games']} games, asked for {first['goal']}"
    return plots.matches_picture(asked, rows, theme)


def _positions(report: Record, title: str, theme: str) -> plots.Chart:
    marks = report["positions"]
    names = [_budget(mark) for mark in marks]
    parts = [mark["overall"] for mark in marks]
    series = [
        (label, [part[rate] for part in parts], [part[f"{rate}_error"] for part in parts])
        for rate, label in (("vp", "keeps the value (VP)"), ("bs", "is best (BS)"))
    ]
    count = parts[0]["positions"]
    text = f"{title}: {report['agent']} on {count} solved positions, asked for {report['goal']}"
    return plots.positions_picture(text, names, series, theme)


def _budget(mark: Record) -> str:
    if "time" in mark:
        return f"{mark['time']:g} s"
    return "-" if mark["nodes"] is None else str(mark["nodes"])


def _grid(matrix: Record, title: str) -> plots.GoalGrid:
    rows = [(row["asked"], row["achieved"]) for row in matrix["rows"]]
    rows.append(("merely win", matrix["baseline"]["achieved"]))
    text = f"{title}: {heading(matrix)}, {matrix['games']} games per goal"
    return plots.GoalGrid(text, list(matrix["goals"]), rows)


def _shares(total: Record) -> tuple[float, float, float]:
    games = total["games"]
    return total["wins"] / games, total["draws"] / games, total["losses"] / games
