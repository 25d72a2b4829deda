"""Pictures of a league: the ladder, what strength costs in time, who did what against whom.

Needs the extra `rlhf-agents[plots]`; matplotlib is imported when a picture is drawn. Amber and blue
keep apart for colour-blind eyes, numbers and positions say the same as colours.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.league_table import Row, Table
from rlhf_agents.evaluation.ratings import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

HINT = "pictures need matplotlib: pip install 'rlhf-agents[plots]'"
DPI = 100
WIDTH = 13.0
"""Inches."""
COLOURS = 128
"""Of the PNG: a palette makes it a third as large."""
ROW = 0.36
"""Inches per player."""
SHORTEST = 7.0
NUMBERED = 16
"""Up to so many players, the cells of the cross table have numbers."""
LABEL_PLACES = ((7, 0), (7, 9), (7, -9), (-7, 0), (-7, 9), (-7, -9), (7, 18), (7, -18))
"""Where the name of a point may stand, in points (1/72 inch); left of it, it ends there."""


@dataclass(frozen=True)
class Theme:
    """Colours of a picture.

    Attributes:
        paper: the background.
        ink: text.
        faint: lines of the grid and edges.
        point: players.
        bad: a score of 0.
        even: a score of one half.
        good: a score of 1.
    """

    paper: str
    ink: str
    faint: str
    point: str
    bad: str
    even: str
    good: str


THEMES = {
    "light": Theme("#ffffff", "#1f2328", "#d0d7de", "#0b62a8", "#d98200", "#f6f6f4", "#0b62a8"),
    "dark": Theme("#14171c", "#e6e8eb", "#3a414b", "#5cb0ff", "#e8930c", "#23282f", "#3f9bf0"),
}


def available() -> bool:
    """Tell whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def league_png(table: Table, theme: str = "light") -> bytes:
    """Return a picture of a league as PNG.

    Args:
        table: what the league says.
        theme: "light" or "dark".

    Raises:
        SettingError: matplotlib is missing.
    """
    if not available():
        raise SettingError(HINT)
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an optional extra
    from matplotlib.figure import Figure  # noqa: PLC0415 - an optional extra

    style = THEMES[theme]
    height = max(SHORTEST, 5 + 1.2 * ROW * len(table.rows))
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained", facecolor=style.paper)
    canvas: Any = FigureCanvasAgg(figure)
    panels = figure.subplot_mosaic([["ladder", "cross"], ["time", "time"]], height_ratios=[1.2, 1])
    for axes in panels.values():
        _dress(axes, style)
    draw_ladder(panels["ladder"], table, style)
    draw_cross_table(panels["cross"], table, style)
    draw_time(panels["time"], table, style)
    figure.suptitle(_title(table), color=style.ink, fontsize=13)
    canvas.draw()  # labels need to know where everything lies
    _label_points(panels["time"], table.rows, style)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    stream = io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _title(table: Table) -> str:
    zero = "random play = 0" if table.anchored else "mean = 0"
    return f"{table.game}: {table.games} games, {zero}, 95 % intervals"


def _dress(axes: Axes, style: Theme) -> None:
    """Give a panel the colours of the theme."""
    axes.set_facecolor(style.paper)
    axes.tick_params(colors=style.ink, labelsize=9, length=0)
    for edge in axes.spines.values():
        edge.set_color(style.faint)
    for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
        text.set_color(style.ink)


def draw_ladder(axes: Axes, table: Table, style: Theme) -> None:
    """Draw the players, the strongest at the top, with the intervals of their ratings."""
    places = np.arange(len(table.rows))
    elo = np.array([row.elo for row in table.rows])
    _bars(axes, elo, places, table.rows, style, across=True)
    axes.set_yticks(places, [row.player for row in table.rows])
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
    axes.set_xlim(lowest, highest + 0.1 * (highest - lowest))  # room for the numbers
    axes.set_xlabel("Elo")
    axes.set_title("Ladder", color=style.ink, loc="left", fontsize=11)


def draw_time(axes: Axes, table: Table, style: Theme) -> None:
    """Draw the rating of each player against its CPU milliseconds per move."""
    elo = np.array([row.elo for row in table.rows])
    _bars(axes, _times(table.rows), elo, table.rows, style, across=False)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    lowest, highest = axes.get_xlim()
    axes.set_xlim(lowest, highest * (highest / lowest) ** 0.12)  # room for a name
    axes.margins(y=0.12)
    axes.set_xlabel("CPU milliseconds per move")
    axes.set_ylabel("Elo")
    axes.set_title("Strength and time", color=style.ink, loc="left", fontsize=11)


def _times(rows: Sequence[Row]) -> Floats:
    return np.maximum([row.cpu_ms for row in rows], 1e-4)


def _bars(
    axes: Axes, x: ArrayLike, y: ArrayLike, rows: Sequence[Row], style: Theme, *, across: bool
) -> None:
    """Draw points with the intervals of the ratings."""
    spread = np.array([[row.elo - row.low, row.high - row.elo] for row in rows]).T
    axes.grid(visible=True, axis="x" if across else "both", color=style.faint, linewidth=0.6)
    axes.set_axisbelow(True)
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


def _label_points(axes: Axes, rows: Sequence[Row], style: Theme) -> None:
    """Write the names beside the points, where they cover no other name if that can be."""
    taken = _bar_boxes(axes, rows)
    frame = axes.get_window_extent()
    points = zip(_times(rows), [row.elo for row in rows], strict=True)
    for row, point in zip(rows, points, strict=True):
        for shift in LABEL_PLACES:
            label = axes.annotate(
                row.player,
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


def _bar_boxes(axes: Axes, rows: Sequence[Row]) -> list[Bbox]:
    """Return where the points and their intervals are, in pixels."""
    from matplotlib.transforms import Bbox  # noqa: PLC0415 - an optional extra

    boxes = []
    for row, time in zip(rows, _times(rows), strict=True):
        (left, bottom), (right, top) = axes.transData.transform([(time, row.low), (time, row.high)])
        boxes.append(Bbox.from_extents(left - 5, bottom - 5, right + 5, top + 5))
    return boxes


def draw_cross_table(axes: Axes, table: Table, style: Theme) -> None:
    """Draw the score of row against column in percent: blue is good for the row, amber bad."""
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 - an optional extra

    names = [row.player for row in table.rows]
    scores = np.full((len(names), len(names)), np.nan)
    for cell in table.cells:
        scores[names.index(cell.player), names.index(cell.opponent)] = cell.score
    colours = LinearSegmentedColormap.from_list("score", [style.bad, style.even, style.good])
    axes.imshow(scores, cmap=colours.with_extremes(bad=style.paper), vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    if len(names) <= NUMBERED:
        for place, score in np.ndenumerate(scores):
            if not np.isnan(score):
                axes.text(
                    place[1],
                    place[0],
                    f"{100 * score:.0f}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    color=_readable_on(colours(score)),
                )
    title = "Score of row against column, in percent"
    axes.set_title(title, color=style.ink, loc="left", fontsize=11)


def _readable_on(colour: Sequence[float]) -> str:
    """Return black or white, whichever stands out more (WCAG's contrast) from an RGB colour."""
    parts = [
        part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]
    ]
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return "#000000" if luminance > 0.18 else "#ffffff"
