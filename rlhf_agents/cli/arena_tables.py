"""The tables of `rlhf-arena`: lines and colours on a terminal, Markdown elsewhere."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from rlhf_agents.evaluation.league_table import Row, Table

WIDTH = 160
"""Columns without a terminal: enough that no cell is cut."""
CROSSED = 12
"""The most players for which the cross table is printed."""

HEADINGS = (
    *("place", "player", "Elo", "95 %", "above next", "games", "score %"),
    *("won", "drawn", "lost", "first %", "second %", "CPU ms"),
)


def show(table: Table, title: str) -> None:
    """Print the results of a league.

    Args:
        table: the results.
        title: of the game.
    """
    # No markup: names of files may hold square brackets.
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDTH
    zero = "random play = 0" if table.anchored else "mean = 0"
    console.print(f"\n{title}: {table.games} games, {table.distinct} distinct; Elo, {zero}")
    console.print(_ratings(table, console))
    if len(table.rows) <= CROSSED:
        console.print("\nscore of row against column, in percent")
        console.print(_cross_table(table, console))
    console.print(
        f"\nthe first move is worth {table.advantage:+.0f} Elo; equals draw {table.draws:.0%}"
    )
    for warning in table.warnings:
        console.print(f"warning: {warning}", style="yellow")


def _ratings(table: Table, console: Console) -> RichTable:
    grid = _new_table(console, *HEADINGS)
    said = table.said
    for place, row in enumerate(table.rows, 1):
        grid.add_row(str(place), said[row.player], f"{row.elo:.0f}", *_numbers(row))
    return grid


def _numbers(row: Row) -> list[str]:
    return [
        f"{row.low:.0f} .. {row.high:.0f}",
        _percent(row.superiority),
        str(row.games),
        f"{100 * row.score:.1f}",
        str(row.wins),
        str(row.draws),
        str(row.losses),
        _percent(row.score_first),
        _percent(row.score_second),
        f"{row.cpu_ms:.3g}",
    ]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}"


def _cross_table(table: Table, console: Console) -> RichTable:
    names, said = [row.player for row in table.rows], table.said
    scores = {(cell.player, cell.opponent): cell.score for cell in table.cells}
    grid = _new_table(
        console, "place", "player", *(str(place) for place in range(1, len(names) + 1))
    )
    for place, name in enumerate(names, 1):
        cells = (_percent(scores.get((name, other))) for other in names)
        grid.add_row(str(place), said[name], *cells)
    return grid


def _new_table(console: Console, *names: str) -> RichTable:
    grid = RichTable(box=box.SIMPLE if console.is_terminal else box.MARKDOWN)
    for name in names:
        grid.add_column(name, justify="left" if name == "player" else "right", no_wrap=True)
    return grid
