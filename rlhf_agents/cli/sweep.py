"""`rlhf-train --sweep FILE.yaml`: many short runs, a table and a picture of their results."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rlhf_agents.cluster.session import cluster_cores
from rlhf_agents.errors import SettingError
from rlhf_agents.limits import spare_cores
from rlhf_agents.progress import warn

if TYPE_CHECKING:
    from rlhf_agents.training.run import TrainingConfig
    from rlhf_agents.training.sweep import TrialResult

BEST = 10
"""Trials in the printed table."""
NOT_HERE = ("resume", "plot", "tensorboard", "calibrate")


def check(options: argparse.Namespace, usual_file: Path) -> None:
    """Complete the options of a sweep, before heavy imports.

    Raises:
        SettingError: an option makes no sense in a sweep.
    """
    for name in NOT_HERE:
        if getattr(options, name):
            msg = f"--{name} is for a single run, not for --sweep"
            raise SettingError(msg)
    options.out = options.out or usual_file.with_name(f"{usual_file.stem}-sweep")
    if options.out.exists() and not options.out.is_dir():
        msg = f"{options.out} exists; a sweep needs a folder: give --out another name"
        raise SettingError(msg)


def sweep(options: argparse.Namespace, config: TrainingConfig) -> int:
    """Carry out a sweep and return the program's exit code."""
    from rlhf_agents.plots import available, sweep_picture, text_table  # noqa: PLC0415 - heavy
    from rlhf_agents.training.sweep import (  # noqa: PLC0415 - heavy
        PICTURE,
        TABLE,
        best_of,
        run_sweep,
        runner_of,
    )
    from rlhf_agents.training.sweep_plan import read_plan  # noqa: PLC0415 - heavy

    plan = read_plan(options.sweep)
    options.out.mkdir(parents=True, exist_ok=True)
    cluster = options.cluster
    workers = options.workers or (spare_cores() if cluster is None else cluster_cores(cluster))
    runner = runner_of(config, workers, cluster)
    try:
        results = run_sweep(plan, config, options.out, workers, runner)
    except KeyboardInterrupt:
        if (options.out / TABLE).exists():
            sys.stderr.write(f"finished trials are in {options.out}; the same command goes on\n")
        raise
    best = best_of(results)
    if best is None:
        msg = f"all trials failed, the first one because: {results[0].error}"
        raise SettingError(msg)
    measure = next((each.measure for each in results if each.measure), "result")
    print(text_table(measure, _rows(results)))  # noqa: T201 - the program's output
    if available():
        columns = {name: [each.values[name] for each in results] for name in best.values}
        picture = sweep_picture([each.value for each in results], columns, measure, options.theme)
        picture.save(options.out / PICTURE)
    else:
        warn("no picture without matplotlib: pip install 'rlhf-agents[plots]'")
    print(f"all trials: {options.out / TABLE}")  # noqa: T201 - the program's output
    words = ["rlhf-train", "--game", config.game, "--hyper", *options.hyper, *_words(best)]
    print(f"the best: {shlex.join(words)}")  # noqa: T201 - the program's output
    return 0


def _words(trial: TrialResult) -> list[str]:
    return [f"{name}={each}" for name, each in trial.values.items()]


def _rows(results: list[TrialResult]) -> list[list[str]]:
    """Return the rows of the best trials."""
    known = [(k, each) for k, each in enumerate(results) if each.value is not None]
    known.sort(key=lambda pair: -(pair[1].value or 0.0))
    rows = [["trial", "result", "seconds", *results[0].values]]
    for number, each in known[:BEST]:
        cells = [f"{v:.4g}" if type(v) is float else str(v) for v in each.values.values()]
        rows.append([str(number), f"{each.value:.4g}", f"{each.seconds:.0f}", *cells])
    return rows
