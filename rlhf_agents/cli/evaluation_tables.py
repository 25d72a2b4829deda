"""The tables of `rlhf-eval`: lines and colours on a terminal, Markdown elsewhere."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from rlhf_games.base import Game

WIDTH = 160
"""Columns where nobody looks: enough that no cell is cut."""

Record = dict[str, Any]


def show(report: Record, game: Game) -> None:
    """Print the results of `evaluate.evaluate`."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    if "positions" in report:
        marks = report["positions"]
        count = marks[0]["overall"]["positions"]
        console.print(f"\n{game.title}: {report['agent']} on {count} positions of {report['file']}")
        console.print(_positions_table(marks, console))
        console.print(
            f"VP / BS in %: the move keeps the value / is the best one, asked for {report['goal']}"
        )
    for match in report.get("matches", []):
        console.print(f"\n{game.title}: {_heading(match)}, asked for {match['goal']}")
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


def _show_goals(matrix: Record, game: Game, console: Console) -> None:
    console.print(f"\n{game.title}: {_heading(matrix)}, {matrix['games']} games per goal")
    console.print(_asked_table(matrix, console))
    console.print("\nasked (rows) and achieved (columns), % of the games:")
    console.print(_matrix_table(matrix, console))
    rows = [*matrix["rows"], matrix["baseline"]]
    fewest = min(row["distinct"] for row in rows)
    console.print(
        f"{_distinct(fewest, matrix['games'])} per goal; openings of {matrix['opening_plies']} "
        f"plies (seed {matrix['seed']}), each from both seats"
    )


def _heading(result: Record) -> str:
    agent = result["agent"]
    if result["nodes"] is not None and "nodes" not in agent:
        agent += f" ({result['nodes']} nodes)"
    return f"{agent} against {result['opponent']}"


def _distinct(distinct: int, games: int) -> str:
    if distinct == games:
        return f"all {games} games differ"
    return f"only {distinct} of {games} games differ"


def _new_table(console: Console) -> Table:
    return Table(box=box.SIMPLE_HEAD if console.is_terminal else box.MARKDOWN)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _positions_table(marks: list[Record], console: Console) -> Table:
    table = _new_table(console)
    table.add_column("nodes", justify="right")
    table.add_column("all plies", justify="right")
    for band in marks[0]["bands"]:
        table.add_column(f"{band['first_ply']}-{band['last_ply']}", justify="right")
    table.add_column("s.e.", justify="right")
    table.add_column("ms / move", justify="right")
    for mark in marks:
        parts = [mark["overall"], *mark["bands"]]
        rates = [f"{_percent(part['vp'])} / {_percent(part['bs'])}" for part in parts]
        nodes = "-" if mark["nodes"] is None else str(mark["nodes"])
        pace = 1000 * mark["seconds"] / mark["overall"]["positions"]
        table.add_row(nodes, *rates, _percent(mark["overall"]["vp_error"]), f"{pace:.2f}")
    return table


def _match_table(match: Record, console: Console) -> Table:
    table = _new_table(console)
    table.add_column("seat")
    for name in ("games", "won", "drawn", "lost", "score %", "won %", "95 % interval"):
        table.add_column(name, justify="right")
    seats = {"both": "total", "first": "as_first", "second": "as_second"}
    for seat, key in seats.items():
        part = match[key]
        counts = [str(part[name]) for name in ("games", "wins", "draws", "losses")]
        interval = f"{_percent(part['win_low'])} - {_percent(part['win_high'])}"
        table.add_row(seat, *counts, _percent(part["score"]), _percent(part["win_rate"]), interval)
    return table


def _asked_table(matrix: Record, console: Console) -> Table:
    table = _new_table(console)
    table.add_column("asked")
    for name in ("achieved %", "95 % interval", "when asked to win %"):
        table.add_column(name, justify="right")
    for row in matrix["rows"]:
        asked = row["asked"]
        interval = f"{_percent(row['low'])} - {_percent(row['high'])}"
        merely = _percent(matrix["baseline"]["achieved"][asked])
        table.add_row(asked, _percent(row["achieved"][asked]), interval, merely)
    return table


def _matrix_table(matrix: Record, console: Console) -> Table:
    """Return the whole matrix; columns are numbered, because names would not fit."""
    table = _new_table(console)
    table.add_column("asked")
    for number in range(1, len(matrix["goals"]) + 1):
        table.add_column(str(number), justify="right")
    rows = [(f"{n} {row['asked']}", row) for n, row in enumerate(matrix["rows"], start=1)]
    for label, row in [*rows, ("merely win", matrix["baseline"])]:
        cells = [f"{100 * row['achieved'][name]:.0f}" for name in matrix["goals"]]
        table.add_row(label, *cells)
    return table
