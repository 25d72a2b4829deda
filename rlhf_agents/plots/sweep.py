"""Pictures of sweeps: how the results got better, and what each hyperparameter did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rlhf_agents.plots.style import Chart, ChartTheme, draw_grid, dress, new_figure, theme_named

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE = 20.0
"""Numbers whose largest is so many times the smallest have a logarithmic axis."""


def sweep_picture(
    results: Sequence[float | None],
    settings: Mapping[str, Sequence[Any]],
    measure: str,
    theme: str = "light",
) -> Chart:
    """Return a picture of a sweep.

    Args:
        results: of all trials in order, None where one failed.
        settings: for each hyperparameter, its value in every trial.
        measure: what the results are.
        theme: "light" or "dark".

    Raises:
        SettingError: matplotlib is missing, or there is no such theme.
    """
    style = theme_named(theme)
    figure = new_figure(3.2 * (1 + len(settings)), 3.4, style)
    first, *rest = figure.subplots(1, 1 + len(settings), sharey=True, squeeze=False)[0]
    numbers = [k for k, result in enumerate(results) if result is not None]
    known = [result for result in results if result is not None]
    best = [max(known[: k + 1]) for k in range(len(known))]
    dress(first, style, "trials")
    draw_grid(first, style)
    first.plot(numbers, known, "o", color=style.series[0], markersize=4)
    first.plot(numbers, best, color=style.series[1], drawstyle="steps-post", linewidth=1.6)
    first.xaxis.get_major_locator().set_params(integer=True)
    first.set_xlabel("trial (line: the best so far)")
    first.set_ylabel(measure)
    for axes, (name, values) in zip(rest, settings.items(), strict=True):
        _draw_setting(axes, name, [values[k] for k in numbers], known, style)
    return Chart(figure)


def _draw_setting(
    axes: Axes, name: str, values: Sequence[Any], results: Sequence[float], style: ChartTheme
) -> None:
    dress(axes, style, name)
    draw_grid(axes, style)
    numeric = all(type(each) in {int, float} for each in values)
    shown = values if numeric else [str(each) for each in values]
    axes.plot(shown, results, "o", color=style.series[0], markersize=4)
    if numeric and values and min(values) > 0 and max(values) > WIDE * min(values):
        axes.set_xscale("log")
    elif numeric:
        axes.locator_params(axis="x", nbins=4)  # long numbers would touch
