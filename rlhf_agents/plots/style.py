"""The style of all pictures: colours of the light and the dark theme, and parts of figures.

The colours of series are Okabe and Ito's, which colour-blind people can distinguish; numbers,
markers and positions carry the same information as colours.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rlhf_agents.errors import SettingError
from rlhf_agents.files.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HINT = "pictures need matplotlib: pip install 'rlhf-agents[plots]'"
DPI = 100
COLOURS = 128
"""Colours in the PNG: a palette makes it a third as large."""
MARKERS = "osD^vP"


@dataclass(frozen=True)
class ChartTheme:
    """Colours of a picture.

    Attributes:
        paper: the background.
        ink: text.
        faint: lines of the grid and edges.
        point: players.
        bad: a score of 0.
        even: a score of one half.
        good: a score of 1.
        series: lines and bars, in this order.
    """

    paper: str
    ink: str
    faint: str
    point: str
    bad: str
    even: str
    good: str
    series: tuple[str, ...]


THEMES = {
    "light": ChartTheme(
        paper="#ffffff",
        ink="#1f2328",
        faint="#d0d7de",
        point="#0b62a8",
        bad="#d98200",
        even="#f6f6f4",
        good="#0b62a8",
        series=("#0072b2", "#d55e00", "#000000", "#cc79a7", "#e69f00", "#009e73"),
    ),
    "dark": ChartTheme(
        paper="#14171c",
        ink="#e6e8eb",
        faint="#3a414b",
        point="#5cb0ff",
        bad="#e8930c",
        even="#23282f",
        good="#3f9bf0",
        series=("#56b4e9", "#d55e00", "#f0e442", "#cc79a7", "#009e73", "#ffffff"),
    ),
}


def available() -> bool:
    """Return whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def theme_named(name: str) -> ChartTheme:
    """Return the colours of a theme.

    Raises:
        SettingError: there is no such theme.
    """
    if name not in THEMES:
        msg = f"unknown theme {name!r}; themes: {', '.join(THEMES)}"
        raise SettingError(msg)
    return THEMES[name]


@dataclass(frozen=True)
class Chart:
    """A drawn figure; notebooks show it.

    Attributes:
        figure: matplotlib's, which may be changed.
    """

    figure: Figure

    def __repr__(self) -> str:
        width, height = self.figure.canvas.get_width_height()
        return (
            f'a chart of {width} x {height} pixels; notebooks show it, save("chart.png") writes it'
        )

    def png(self) -> bytes:
        """Return it as PNG; the same figure always gives the same bytes."""
        canvas: Any = self.figure.canvas
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        stream = io.BytesIO()
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
        return stream.getvalue()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as PNG, replacing an existing file, and return the path.

        Raises:
            OutputError: the path cannot be written.
        """
        write_atomically(path, self.png())
        return Path(path)

    def _repr_png_(self) -> bytes:
        return self.png()


def new_figure(width: float, height: float, style: ChartTheme) -> Figure:
    """Return an empty figure of a size in inches.

    Raises:
        SettingError: matplotlib is missing.
    """
    if not available():
        raise SettingError(HINT)
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an optional extra
    from matplotlib.figure import Figure  # noqa: PLC0415 - an optional extra

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor=style.paper)
    FigureCanvasAgg(figure)
    return figure


def dress(axes: Axes, style: ChartTheme, title: str = "") -> None:
    """Give a panel its title and the colours of the theme."""
    axes.set_facecolor(style.paper)
    axes.tick_params(colors=style.ink, labelsize=9, length=0)
    for edge in axes.spines.values():
        edge.set_color(style.faint)
    for text in (axes.xaxis.label, axes.yaxis.label):
        text.set_color(style.ink)
    axes.set_title(title, color=style.ink, loc="left", fontsize=11)


def draw_grid(axes: Axes, style: ChartTheme, axis: Literal["both", "x", "y"] = "both") -> None:
    """Draw faint lines behind the data."""
    axes.grid(visible=True, axis=axis, color=style.faint, linewidth=0.6)
    axes.set_axisbelow(True)


def draw_legend(parent: Axes | Figure, style: ChartTheme, **where: Any) -> None:
    """Draw the names of the series."""
    parent.legend(frameon=False, labelcolor=style.ink, fontsize=9, **where)


def draw_cells(
    axes: Axes,
    shares: NDArray[np.float64],
    colours: Sequence[str],
    style: ChartTheme,
    *,
    numbered: bool,
) -> None:
    """Draw shares in [0, 1] as coloured cells, with numbers in percent.

    Args:
        axes: the axes to draw on.
        shares: float64 `[rows, columns]`; NaN is left empty.
        colours: from 0 to 1.
        style: of the paper.
        numbered: write the numbers.
    """
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 - an optional extra

    scale = LinearSegmentedColormap.from_list("share", list(colours))
    axes.imshow(shares, cmap=scale.with_extremes(bad=style.paper), vmin=0, vmax=1, aspect="auto")
    if not numbered:
        return
    for place, share in np.ndenumerate(shares):
        if not np.isnan(share):
            axes.text(
                place[1],
                place[0],
                f"{100 * share:.0f}",
                ha="center",
                va="center",
                fontsize=8,
                color=readable_on(scale(share)),
            )


def readable_on(colour: Sequence[float]) -> str:
    """Return black or white, the one with more contrast (by WCAG) to an RGB colour."""
    parts = [
        part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]
    ]
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return "#000000" if luminance > 0.18 else "#ffffff"
