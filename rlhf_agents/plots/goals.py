"""Pictures of goal matrices: requested and achieved goals of an agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from rlhf_agents.plots.style import (
    Chart,
    ChartTheme,
    draw_cells,
    dress,
    new_figure,
    theme_named,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELL = 0.62, 0.4
"""Inches of a cell."""
MARGINS = 2.4, 2.0
"""Inches for names beside and below the cells."""


LETTERS, SHORTEST = 13, 50
"""Letters of a title per inch of cells, and the length up to which a title is never broken."""


@dataclass(frozen=True)
class GoalGrid:
    """A goal matrix to draw.

    Attributes:
        title: above it.
        goals: names of the columns.
        rows: name of each row, and its share in [0, 1] of games in which each goal was achieved.
    """

    title: str
    goals: Sequence[str]
    rows: Sequence[tuple[str, Mapping[str, float]]]


def goals_picture(grids: Sequence[GoalGrid], theme: str = "light") -> Chart:
    """Return a picture of goal matrices, one below the other.

    Args:
        grids: one or more.
        theme: "light" or "dark".

    Raises:
        SettingError: matplotlib is missing, or there is no such theme.
    """
    style = theme_named(theme)
    width = MARGINS[0] + CELL[0] * max(len(grid.goals) for grid in grids)
    heights = [MARGINS[1] + CELL[1] * len(grid.rows) for grid in grids]
    figure = new_figure(max(width, 6.0), sum(heights), style)
    panels = figure.subplots(len(grids), squeeze=False, height_ratios=heights)[:, 0]
    for axes, grid in zip(panels, grids, strict=True):
        _draw(axes, grid, style)
    return Chart(figure)


def _draw(axes: Axes, grid: GoalGrid, style: ChartTheme) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - an optional extra

    letters = round(LETTERS * CELL[0] * len(grid.goals))
    dress(axes, style, fill(grid.title, max(letters, SHORTEST)))
    shares = np.array([[row[goal] for goal in grid.goals] for _, row in grid.rows])
    draw_cells(axes, shares, (style.even, style.good), style, numbered=True)
    names = [name for name, _ in grid.rows]
    axes.set_xticks(range(len(grid.goals)), grid.goals, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    for row, name in enumerate(names):
        if name in grid.goals:
            corner = list(grid.goals).index(name) - 0.5, row - 0.5
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=style.ink, linewidth=1.5))
    axes.set_xlabel("achieved, % of games (framed: the requested goal)")
    axes.set_ylabel("asked")
