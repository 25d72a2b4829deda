"""The tables of `rlhf-eval`: lines and colours on a terminal, Markdown elsewhere."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from rlhf_games.base import Game

WIDTH = 160
"""Columns without a terminal: enough that no cell is cut."""

Record = dict[str, Any]


def show(report: Record, game: Game) -> None:
    """Print the results of `evaluate.evaluate`."""
    # No markup: names of files may hold square brackets.
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDTH
    if "positions" in report:
        marks = report["positions"]
        count = marks[0]["overall"]["positions"]
        console.print(f"\n{game.title}: {report['agent']} on {count} positions of {report['file']}")
        console.print(_positions_table(marks, console))
        console.print(
            f"share of moves, asked for {report['goal']}, that keep the position's value (VP) or "
            "are best (BS), by ply"
        )
    for match in report.get("matches", []):
        console.print(f"\n{game.title}: {heading(match)}, asked for {match['goal']}")
        console.print(_match_table(match, console))
        console.print(
            f"{_distinct(match['distinct'], match['total']['games'])}; {match['openings']} "
            f"openings of {match['opening_plies']} plies (seed {match['seed']}), each from both "
            f"seats; {match['mean_plies']:.1f} plies a game"
        )
        if match["goal"] != "win":
            console.print(f"{match['goal']} achieved: {match['goal_rate']:.1%}")
    for matrix in report.get("goals", []):
        _show_goals(matrix, game, console)


def show_scores(report: Record) -> None:
    """Print the results of `evaluate_envs.evaluate_env`."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDTH
    against = f" against {report['opponent']}" if report["opponent"] else ""
    asked = f", asked for {report['goal']}" if report["goal"] else ""
    console.print(f"\n{report['world']}: {report['agent']}{against}{asked}")
    names = ("episodes", "return", "+/-", "worst", "best", "success %", "steps", "seconds")
    table = _new_table(console, *names)
    success = report["success_rate"]
    numbers = [report[key] for key in ("mean_return", "std_return", "min_return", "max_return")]
    table.add_row(
        str(report["episodes"]),
        *(f"{number:.2f}" for number in numbers),
        "-" if success is None else _percent(success),
        f"{report['mean_length']:.1f}",
        f"{report['seconds']:.1f}",
    )
    console.print(table)


def _show_goals(matrix: Record, game: Game, console: Console) -> None:
    console.print(f"\n{game.title}: {heading(matrix)}, {matrix['games']} games per goal")
    console.print(_asked_table(matrix, console))
    console.print("\n% of the games by requested (rows) and achieved goal (columns):")
    console.print(_matrix_table(matrix, console))
    rows = [*matrix["rows"], matrix["baseline"]]
    fewest = min(row["distinct"] for row in rows)
    console.print(
        f"{_distinct(fewest, matrix['games'])} per goal; openings of {matrix['opening_plies']} "
        f"plies (seed {matrix['seed']}), each from both seats"
    )


def heading(result: Record) -> str:
    """Return a heading with both players and the budget of the agent."""
    agent = result["agent"]
    if result["nodes"] is not None and "nodes" not in agent and "@" not in agent:
        agent += f" ({result['nodes']} nodes)"
    return f"{agent} against {result['opponent']}"


def _distinct(distinct: int, games: int) -> str:
    if distinct == games:
        return f"all {games} games differ"
    return f"only {distinct} of {games} games differ"


def _new_table(console: Console, *names: str) -> Table:
    """Return an empty table; all columns but the first are aligned to the right."""
    if console.is_terminal:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    else:
        table = Table(box=box.MARKDOWN)
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    return table


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _positions_table(marks: list[Record], console: Console) -> Table:
    bands = [f"{band['first_ply']}-{band['last_ply']}" for band in marks[0]["bands"]]
    table = _new_table(console, "nodes", "", "all", *bands, "s.e.", "ms/move")
    for mark in marks:
        parts = [mark["overall"], *mark["bands"]]
        timed = f"{mark['time']:g} s" if "time" in mark else "-"
        nodes = timed if mark["nodes"] is None else str(mark["nodes"])
        pace = 1000 * mark["seconds"] / mark["overall"]["positions"]
        for rate, label, ending in (("vp", nodes, f"{pace:.2f}"), ("bs", "", "")):
            cells = [f"{part[rate]:.3f}" for part in parts]
            error = f"{mark['overall'][f'{rate}_error']:.3f}"
            table.add_row(label, rate.upper(), *cells, error, ending)
    return table


def _match_table(match: Record, console: Console) -> Table:
    table = _new_table(
        console, "seat", "games", "won", "drawn", "lost", "score %", "won %", "95 % interval"
    )
    seats = {"both": "total", "first": "as_first", "second": "as_second"}
    for seat, key in seats.items():
        part = match[key]
        counts = [str(part[name]) for name in ("games", "wins", "draws", "losses")]
        interval = f"{_percent(part['win_low'])} - {_percent(part['win_high'])}"
        table.add_row(seat, *counts, _percent(part["score"]), _percent(part["win_rate"]), interval)
    return table


def _asked_table(matrix: Record, console: Console) -> Table:
    table = _new_table(console, "asked", "achieved %", "95 % interval", "when asked to win %")
    for number, row in enumerate(matrix["rows"], start=1):
        asked = row["asked"]
        interval = f"{_percent(row['low'])} - {_percent(row['high'])}"
        merely = _percent(matrix["baseline"]["achieved"][asked])
        table.add_row(f"{number} {asked}", _percent(row["achieved"][asked]), interval, merely)
    return table


def _matrix_table(matrix: Record, console: Console) -> Table:
    """Return the whole matrix; columns are numbered because their names would not fit."""
    goals = matrix["goals"]
    table = _new_table(console, "asked", *(str(number + 1) for number in range(len(goals))))
    longest = max(len(name) for name in goals)
    has_room = console.width > longest + 4 + len("100 ") * len(goals)
    for number, row in enumerate(matrix["rows"], start=1):
        label = f"{number} {row['asked']}" if has_room else str(number)
        table.add_row(label, *_shares(row, goals))
    table.add_row("merely win" if has_room else "win", *_shares(matrix["baseline"], goals))
    return table


def _shares(row: Record, goals: list[str]) -> list[str]:
    return [f"{100 * row['achieved'][name]:.0f}" for name in goals]
