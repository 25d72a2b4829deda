"""Pictures of a league: the ladder, strength against time, and the cross table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlhf_agents.plots.shown import RatedPlayer, ShownLeague
from rlhf_agents.plots.style import (
    Chart,
    ChartTheme,
    draw_cells,
    draw_grid,
    dress,
    new_figure,
    theme_named,
)
from rlhf_agents.words import league_names, readable_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.transforms import Bbox

WIDTH = 13.0
"""Inches."""
ROW = 0.36
"""Inches per player."""
SHORTEST = 7.0
NUMBERED = 16
"""The most players for which the cells of the cross table have numbers."""
LABEL_PLACES = ((7, 0), (7, 9), (7, -9), (-7, 0), (-7, 9), (-7, -9), (7, 18), (7, -18))
"""Possible places of a point's label, in points (1/72 inch); on the left, the label ends there."""


def league_picture(table: ShownLeague, theme: str = "light") -> Chart:
    """Return a picture of a league: ladder, cross table, strength and time.

    Args:
        table: the league's results.
        theme: "light" or "dark".

    Raises:
        SettingError: matplotlib is missing, or there is no such theme.
    """
    style = theme_named(theme)
    height = max(SHORTEST, 5 + 1.2 * ROW * len(table.rows))
    figure = new_figure(WIDTH, height, style)
    panels = figure.subplot_mosaic([["ladder", "cross"], ["time", "time"]], height_ratios=[1.2, 1])
    draw_ladder(panels["ladder"], table, style)
    draw_cross_table(panels["cross"], table, style)
    draw_time(panels["time"], table.rows, style)
    figure.suptitle(_title(table), color=style.ink, fontsize=13)
    _name_points(figure.canvas, panels["time"], table.rows, style, table.game)
    return Chart(figure)


def strength_and_time(
    rows: Sequence[RatedPlayer],
    theme: str = "light",
    title: str = "Strength and time",
    game: str = "",
) -> Chart:
    """Return a picture of ratings against CPU milliseconds per move.

    Args:
        rows: the players of a league, see `league_table.read_rows`.
        theme: "light" or "dark".
        title: of the picture.
        game: its name, which the names of the players then leave out.

    Raises:
        SettingError: matplotlib is missing, or there is no such theme.
    """
    style = theme_named(theme)
    figure = new_figure(8.0, 4.2, style)
    axes = figure.subplots()
    draw_time(axes, rows, style, title)
    _name_points(figure.canvas, axes, rows, style, game)
    return Chart(figure)


def _name_points(
    canvas: FigureCanvasBase,
    axes: Axes,
    rows: Sequence[RatedPlayer],
    style: ChartTheme,
    game: str,
) -> None:
    canvas.draw()  # labels depend on the layout of everything else
    _label_points(axes, rows, style, game)


def _title(table: ShownLeague) -> str:
    zero = "random play = 0" if table.anchored else "mean = 0"
    return f"{readable_name(table.game)}: {table.games} games, {zero}, 95 % intervals"


def draw_ladder(axes: Axes, table: ShownLeague, style: ChartTheme) -> None:
    """Draw the players, the strongest at the top, with the intervals of their ratings."""
    dress(axes, style, "Ladder")
    places = np.arange(len(table.rows))
    elo = np.array([row.elo for row in table.rows])
    _bars(axes, elo, places, table.rows, style, across=True)
    axes.set_yticks(places, _names(table.rows, table.game))
    axes.invert_yaxis()
    for place, row in zip(places, table.rows, strict=True):
        axes.annotate(
            f"{row.elo:.0f}",
            (row.high, float(place)),
            (6, 0),
            textcoords="offset points",
            va="center",
            color=style.ink,
            fontsize=8,
        )
    lowest, highest = axes.get_xlim()
    axes.set_xlim(lowest, highest + 0.1 * (highest - lowest))  # space for the numbers
    axes.set_xlabel("Elo")


def draw_time(
    axes: Axes, rows: Sequence[RatedPlayer], style: ChartTheme, title: str = "Strength and time"
) -> None:
    """Draw the rating of each player against its CPU milliseconds per move."""
    dress(axes, style, title)
    elo = np.array([row.elo for row in rows])
    _bars(axes, _times(rows), elo, rows, style, across=False)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    lowest, highest = axes.get_xlim()
    axes.set_xlim(lowest, highest * (highest / lowest) ** 0.12)  # space for a name
    axes.margins(y=0.12)
    axes.set_xlabel("CPU milliseconds per move")
    axes.set_ylabel("Elo")


def _times(rows: Sequence[RatedPlayer]) -> NDArray[np.float64]:
    return np.maximum([row.cpu_ms for row in rows], 1e-4)


def _bars(
    axes: Axes,
    x: ArrayLike,
    y: ArrayLike,
    rows: Sequence[RatedPlayer],
    style: ChartTheme,
    *,
    across: bool,
) -> None:
    """Draw points with the intervals of the ratings."""
    spread = np.array([[row.elo - row.low, row.high - row.elo] for row in rows]).T
    draw_grid(axes, style, "x" if across else "both")
    axes.errorbar(
        x,
        y,
        xerr=spread if across else None,
        yerr=None if across else spread,
        fmt="o",
        color=style.point,
        ecolor=style.ink,
        elinewidth=1.2,
        capsize=3,
        markersize=6,
    )


def _names(rows: Sequence[RatedPlayer], game: str) -> list[str]:
    """Return the readable names of players."""
    return list(league_names([row.player for row in rows], game).values())


def _label_points(axes: Axes, rows: Sequence[RatedPlayer], style: ChartTheme, game: str) -> None:
    """Write the names beside the points, if possible without overlaps."""
    taken = _bar_boxes(axes, rows)
    frame = axes.get_window_extent()
    points = zip(_times(rows), [row.elo for row in rows], strict=True)
    for name, point in zip(_names(rows, game), points, strict=True):
        for shift in LABEL_PLACES:
            label = axes.annotate(
                name,
                point,
                shift,
                textcoords="offset points",
                ha="left" if shift[0] > 0 else "right",
                va="center",
                color=style.ink,
                fontsize=8,
            )
            box = label.get_window_extent()
            inside = frame.x0 < box.x0 and box.x1 < frame.x1
            free = inside and not any(box.overlaps(other) for other in taken)
            if free or shift == LABEL_PLACES[-1]:
                taken.append(box)
                break
            label.remove()


def _bar_boxes(axes: Axes, rows: Sequence[RatedPlayer]) -> list[Bbox]:
    """Return the places of the points and their intervals, in pixels."""
    from matplotlib.transforms import Bbox  # noqa: PLC0415 - an optional extra

    boxes = []
    for row, time in zip(rows, _times(rows), strict=True):
        (left, bottom), (right, top) = axes.transData.transform([(time, row.low), (time, row.high)])
        boxes.append(Bbox.from_extents(left - 5, bottom - 5, right + 5, top + 5))
    return boxes


def draw_cross_table(axes: Axes, table: ShownLeague, style: ChartTheme) -> None:
    """Draw the score of row against column in percent: blue is good for the row, amber is bad."""
    dress(axes, style, "Score of row against column, in percent")
    names = [row.player for row in table.rows]
    scores = np.full((len(names), len(names)), np.nan)
    for cell in table.cells:
        scores[names.index(cell.player), names.index(cell.opponent)] = cell.score
    colours = style.bad, style.even, style.good
    draw_cells(axes, scores, colours, style, numbered=len(names) <= NUMBERED)
    axes.set_aspect("equal")
    said = _names(table.rows, table.game)
    axes.set_xticks(range(len(names)), said, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), said)
