"""Pictures of matches and of solved positions."""

from __future__ import annotations

from collections.abc import Sequence

from rlhf_agents.plots.style import (
    MARKERS,
    Chart,
    draw_grid,
    draw_legend,
    dress,
    new_figure,
    theme_named,
)


def matches_picture(
    title: str, rows: Sequence[tuple[str, tuple[float, float, float]]], theme: str = "light"
) -> Chart:
    """Return a picture of matches: a bar for each, divided into wins, draws and losses.

    Args:
        title: above it.
        rows: name of each match; shares of games won, drawn and lost, in [0, 1].
        theme: "light" or "dark".

    Raises:
        SettingError: matplotlib is missing, or there is no such theme.
    """
    style = theme_named(theme)
    figure = new_figure(8.0, 1.6 + 0.45 * len(rows), style)
    axes = figure.subplots()
    dress(axes, style, title)
    names = [name for name, _ in rows]
    begins = [0.0] * len(rows)
    for number, label in enumerate(("won", "drawn", "lost")):
        shares = [100 * row[number] for _, row in rows]
        colour = (style.good, style.faint, style.bad)[number]
        bars = axes.barh(names, shares, left=begins, color=colour, label=label, height=0.6)
        texts = [f"{share:.1f}" if share >= 5 else "" for share in shares]
        # The outline keeps numbers readable on all three colours.
        for text in axes.bar_label(bars, texts, label_type="center", fontsize=9):
            text.set_bbox({"boxstyle": "round,pad=0.15", "fc": style.paper, "ec": "none"})
            text.set_color(style.ink)
        begins = [begin + share for begin, share in zip(begins, shares, strict=True)]
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of games")
    draw_legend(figure, style, loc="outside lower center", ncol=3)
    return Chart(figure)


def positions_picture(
    title: str,
    budgets: Sequence[str],
    series: Sequence[tuple[str, Sequence[float], Sequence[float]]],
    theme: str = "light",
    *,
    across: str = "positions searched per move",
) -> Chart:
    """Return a picture of the shares of moves that keep the value of solved positions, by budget.

    Args:
        title: above it.
        budgets: names of the budgets, or of what `across` says.
        series: name of each rate, its values in [0, 1] and their standard errors, one per budget.
        theme: "light" or "dark".
        across: the meaning of the horizontal axis.

    Raises:
        SettingError: matplotlib is missing, or there is no such theme.
    """
    style = theme_named(theme)
    figure = new_figure(8.0, 4.0, style)
    axes = figure.subplots()
    dress(axes, style, title)
    draw_grid(axes, style)
    for number, (name, values, errors) in enumerate(series):
        axes.errorbar(
            budgets,
            values,
            yerr=[1.96 * error for error in errors],
            color=style.series[number % len(style.series)],
            marker=MARKERS[number % len(MARKERS)],
            capsize=3,
            label=name,
        )
    axes.set_xlabel(across)
    known = any(any(errors) for _, _, errors in series)
    axes.set_ylabel("share of moves, 95 % intervals" if known else "share of moves")
    draw_legend(axes, style, loc="lower right")
    return Chart(figure)
