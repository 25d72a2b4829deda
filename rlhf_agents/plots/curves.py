"""Pictures of learning curves, by steps or by time."""

from __future__ import annotations

from collections.abc import Sequence

from rlhf_agents.plots.shown import Curve
from rlhf_agents.plots.style import (
    MARKERS,
    Chart,
    draw_grid,
    draw_legend,
    dress,
    new_figure,
    theme_named,
)

MARKED = 30
"""The most points for which each is marked."""


def curves_picture(
    curves: Sequence[Curve],
    theme: str = "light",
    *,
    by: str = "steps",
    title: str = "",
) -> Chart:
    """Return a picture of learning curves.

    Args:
        curves: one or more, of one measure.
        theme: "light" or "dark".
        by: "steps" or "seconds".
        title: above it.

    Raises:
        SettingError: matplotlib is missing, or there is no such theme.
    """
    style = theme_named(theme)
    figure = new_figure(8.0, 4.0, style)
    axes = figure.subplots()
    dress(axes, style, title)
    draw_grid(axes, style)
    for number, curve in enumerate(curves):
        axes.plot(
            curve.steps if by == "steps" else curve.seconds,
            curve.values,
            color=style.series[number % len(style.series)],
            marker=MARKERS[number % len(MARKERS)] if len(curve.values) <= MARKED else None,
            markersize=4,
            linewidth=1.8,
            label=curve.name,
        )
    axes.set_xlabel("steps" if by == "steps" else "seconds of training")
    axes.set_ylabel(curves[0].measure)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    if len(curves) > 1:
        draw_legend(axes, style)
    return Chart(figure)
