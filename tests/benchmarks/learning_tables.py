"""Results of `learning_curves.py`: intervals, the table, and the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from rlhf_agents.plots import THEMES

RESAMPLES = 5000
COLUMNS = (
    "environment",
    "learner",
    "seeds",
    "steps",
    "CPU s",
    "score",
    "end",
    "at equal CPU",
    "last 100",
)
LINES = ("#0b62a8", "#d98200", "#4d9221", "#7b3294", "#5b5b5b", "#c51b7d")


@dataclass(frozen=True)
class Result:
    """A run that ended.

    Attributes:
        task: its name.
        learner: who.
        seed: of the run.
        budget: steps or minutes that were asked.
        steps: that were taken.
        seconds: of acting and learning.
        score: what is measured.
        end: the score after the last step.
        best: the best on the way.
        curve: steps, CPU seconds and score of every look on the way; the score of runs that are not
            judged then is that of the last 100 episodes while learning.
        cpu: CPU seconds of acting and learning, of all threads.
        recent: mean return of the last 100 episodes while learning.
    """

    task: str
    learner: str
    seed: int
    budget: float
    steps: int
    seconds: float
    score: str
    end: float
    best: float
    curve: list[tuple[int, float, float]]
    cpu: float | None = None
    recent: float | None = None


Key = tuple[str, str, float]
"""Task, learner and budget."""


def grouped(results: Sequence[Result], order: Sequence[str]) -> dict[Key, list[Result]]:
    """Return the runs that differ in their seeds only, in the order of the tasks."""
    keys = dict.fromkeys((one.task, one.learner, one.budget) for one in results)
    found: dict[Key, list[Result]] = {key: [] for key in keys}
    for one in results:
        found[one.task, one.learner, one.budget].append(one)
    return {key: found[key] for key in sorted(found, key=lambda key: (order.index(key[0]), key[2]))}


def interval(scores: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the mean of some runs, by bootstrap (percentiles).

    The runs of one task and learner are a stratum of their own (Agarwal et al., 2021, whose
    library rliable does the same); with less than two of them there is none, and both are NaN.
    """
    if len(scores) < 2:
        return np.nan, np.nan
    rng = np.random.default_rng(0)
    means = rng.choice(np.asarray(scores), (RESAMPLES, len(scores))).mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def said(scores: Sequence[float]) -> str:
    """Return mean and interval in words, nothing if nothing is known."""
    known = [score for score in scores if not np.isnan(score)]
    if not known:
        return ""
    low, high = interval(known)
    mean = f"{np.mean(known):.2f}"
    return mean if np.isnan(low) else f"{mean} [{low:.2f}, {high:.2f}]"


def score_at(run: Result, cpu: float) -> float:
    """Return the score of a run's last look within some CPU seconds, NaN before the first."""
    within = [score for _, spent, score in run.curve if spent <= cpu]
    return within[-1] if within else np.nan


def equal_cpu(groups: Mapping[Key, list[Result]], task: str, budget: float) -> float:
    """Return the CPU seconds of the fastest learner of a task."""
    known = [
        float(np.mean([one.cpu for one in runs]))
        for key, runs in groups.items()
        if (key[0], key[2]) == (task, budget) and all(one.cpu for one in runs)
    ]
    return min(known, default=np.nan)


def lines(results: Sequence[Result], worlds: Mapping[str, str]) -> list[dict[str, str]]:
    """Return means over the seeds with their 95 % intervals, in words.

    Args:
        results: of all runs.
        worlds: environments by task, in the order of the table.
    """
    found = []
    groups = grouped(results, list(worlds))
    for (task, learner, budget), runs in groups.items():
        cpu = equal_cpu(groups, task, budget)
        spent = [one.cpu for one in runs if one.cpu is not None]
        latest = [one.recent for one in runs if one.recent is not None]
        cells = (
            worlds[task],
            learner,
            str(len(runs)),
            f"{np.mean([one.steps for one in runs]):,.0f}",
            f"{np.mean(spent):,.0f}" if spent else "",
            runs[0].score,
            said([one.end for one in runs]),
            said([score_at(one, cpu) for one in runs]),
            said(latest),
        )
        found.append(dict(zip(COLUMNS, cells, strict=True)))
    return found


def table(results: Sequence[Result], worlds: Mapping[str, str]) -> Table:
    """Return `lines` as a table."""
    shown = Table(title="Learning: mean over seeds [95 % bootstrap interval]")
    for column in COLUMNS:
        shown.add_column(column, justify="left" if column in COLUMNS[:2] else "right")
    for line in lines(results, worlds):
        shown.add_row(*line.values())
    return shown


def draw(results: Sequence[Result], worlds: Mapping[str, str], file: Path) -> None:
    """Draw the curves of all tasks, over steps and over CPU seconds, with their intervals."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an optional extra
    from matplotlib.figure import Figure  # noqa: PLC0415 - an optional extra

    groups = {
        key: runs
        for key, runs in grouped(results, list(worlds)).items()
        if all(len(one.curve) > 1 for one in runs)
    }
    tasks = list(dict.fromkeys(key[0] for key in groups))
    style = THEMES["light"]
    figure = Figure(figsize=(11, 3.2 * max(1, len(tasks))), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(max(1, len(tasks)), 2, squeeze=False, sharey="row")
    for row, task in zip(panels, tasks, strict=False):
        mine = [(key[1], runs) for key, runs in groups.items() if key[0] == task]
        for axes, place, name in zip(row, (0, 1), ("steps", "CPU seconds"), strict=True):
            for colour, (learner, runs) in zip(LINES, mine, strict=False):
                _draw_curve(axes, runs, place, colour, learner)
            axes.set_xlabel(name)
            axes.set_title(worlds[task], loc="left", fontsize=10, color=style.ink)
            axes.grid(color=style.faint, linewidth=0.6)
        row[0].set_ylabel(mine[0][1][0].score)
        row[0].legend(fontsize=8)
    figure.savefig(file)


def _draw_curve(axes: Any, runs: Sequence[Result], place: int, colour: str, name: str) -> None:
    """Draw the mean of some runs over what stands at `place` of a look, and its interval."""
    length = min(len(one.curve) for one in runs)
    looks: NDArray[np.float64] = np.array([one.curve[:length] for one in runs], float)
    along, scores = looks[:, :, place].mean(axis=0), looks[:, :, 2]
    axes.plot(along, scores.mean(axis=0), color=colour, label=f"{name} ({len(runs)})")
    if len(runs) > 1:
        low, high = np.array([interval(scores[:, look].tolist()) for look in range(length)]).T
        axes.fill_between(along, low, high, color=colour, alpha=0.2, linewidth=0)
