"""Sweeps: many short runs with other settings, chosen by Optuna (extra `sweep`).

Trials run in groups, in processes of their own or on a Ray cluster, and Optuna learns of a whole
group at once, in order. So a sweep depends on its seed and on the size of the groups, not on which
trial ends first.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

import rlhf_games
from rlhf_agents.cluster.actors import actor_pool
from rlhf_agents.cluster.session import LEARNING, Facts, facts_here
from rlhf_agents.envs.names import game_name
from rlhf_agents.errors import SettingError, UserError
from rlhf_agents.evaluation.strength import AlphaBetaScore
from rlhf_agents.files.atomic import write_atomically
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.processes import JobRunner, process_pool
from rlhf_agents.progress import Verbosity, note, set_verbosity
from rlhf_agents.selfplay.learner import GameLearner
from rlhf_agents.training.curve_file import last_episodes
from rlhf_agents.training.run import TrainingConfig
from rlhf_agents.training.sweep_plan import SweepPlan, Values
from rlhf_agents.training.train import train

HINT = "sweeps need the extra `sweep`: pip install 'rlhf-agents[sweep]'"
TABLE, PICTURE, CONSTANTS = "trials.csv", "sweep.png", "sweep.json"
SCORE_SECONDS = 5.0
FIRST_COLUMNS = ("trial", "value", "seconds", "error")


@dataclass
class TrialResult:
    """A finished trial, or one of its runs.

    Attributes:
        values: of the hyperparameters.
        value: the measured strength, None if there is none.
        seconds: it took.
        error: why it failed, "" if it did not.
        measure: what `value` is.
        model: the file of a run's model.
    """

    values: Values
    value: float | None
    seconds: float
    error: str = ""
    measure: str = ""
    model: bytes = b""


# ---- trials ------------------------------------------------------------------------------------


def run_sweep(
    plan: SweepPlan,
    config: TrainingConfig,
    folder: Path,
    workers: int,
    runner: AbstractContextManager[JobRunner],
) -> list[TrialResult]:
    """Carry out the trials that `folder` does not have yet, and write table and picture.

    Args:
        plan: what to try.
        config: of every trial; its settings are kept where the plan has none.
        folder: for the table, the picture and the models.
        workers: trials at a time.
        runner: see `runner_of`.

    Returns:
        all trials in order.

    Raises:
        SettingError: Optuna is not installed, or the folder has another sweep.
        OutputError: a file cannot be written.
        KeyboardInterrupt: from the keyboard; finished groups are saved.
    """
    if find_spec("optuna") is None:
        raise SettingError(HINT)
    import optuna  # noqa: PLC0415 - an optional extra

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    spaces = {name: _space(optuna, each) for name, each in plan.settings.items()}
    _check_constants(folder / CONSTANTS, config, plan.seeds)
    results = read_table(folder / TABLE, list(spaces))
    sampler = optuna.samplers.TPESampler(seed=(config.seed or 0) + len(results))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for known in results:
        _tell_known(optuna, study, spaces, known)
        known.values = plan.chosen(known.values)
    if len(results) >= plan.trials:
        return results
    with runner as carry_out:
        while len(results) < plan.trials:
            at_once = min(max(1, workers // plan.seeds), plan.trials - len(results))
            asked = [study.ask(spaces) for _ in range(at_once)]
            chosen = [plan.chosen(each.params) for each in asked]
            found = _carried_out(carry_out, [with_values(config, each) for each in chosen], plan)
            for trial, values, runs in zip(asked, chosen, found, strict=True):
                _keep_models(runs, folder / f"trial{len(results)}.zip")
                result = mean_of(runs, values)
                failed = optuna.trial.TrialState.FAIL if result.value is None else None
                study.tell(trial, result.value, state=failed)
                results.append(result)
                note(f"{len(results)} of {plan.trials} trials: {_said(result)}")
            write_atomically(folder / TABLE, table_of(results).encode())
    return results


def _carried_out(
    carry_out: JobRunner, configs: Sequence[TrainingConfig], plan: SweepPlan
) -> list[list[TrialResult]]:
    """Return the runs of each trial, one per seed."""
    seeds = range(plan.seeds)
    jobs = [replace(each, seed=(each.seed or 0) + seed) for each in configs for seed in seeds]
    found = dict(carry_out(jobs))
    return [[found[k * plan.seeds + seed] for seed in seeds] for k in range(len(configs))]


def mean_of(runs: Sequence[TrialResult], values: Values) -> TrialResult:
    """Return the result of a trial, of whose runs none may fail."""
    known = [run.value for run in runs if run.value is not None]
    value = sum(known) / len(runs) if len(known) == len(runs) else None
    error = next((run.error for run in runs if run.error), "")
    return TrialResult(values, value, sum(run.seconds for run in runs), error, runs[0].measure)


def _check_constants(path: Path, config: TrainingConfig, seeds: int) -> None:
    """Write what all trials have in common, or raise `SettingError` if `path` says otherwise."""
    facts = {name: getattr(config, name) for name in ("game", "minutes", "steps", "seed")}
    facts["seeds"] = seeds
    facts |= {"settings": config.settings, "options": config.options, "goal": config.goal}
    ours = json.loads(json.dumps(facts, default=repr))
    try:
        theirs = json.loads(path.read_text("utf-8")) if path.exists() else ours
    except ValueError:
        theirs = {}
    for name, value in ours.items():
        if theirs.get(name) != value:
            msg = (
                f"{path.parent} has a sweep with {name} {theirs.get(name)}, not {value}: "
                "give --out another folder"
            )
            raise SettingError(msg)
    write_atomically(path, json.dumps(ours).encode())


def _keep_models(runs: Sequence[TrialResult], path: Path) -> None:
    """Write the models of a trial; those of further seeds have a number in their names."""
    for number, run in enumerate(runs):
        if run.model:
            name = f"{path.stem}-seed{number}.zip" if number else path.name
            write_atomically(path.with_name(name), run.model)


def _space(optuna: Any, given: Any) -> Any:
    if isinstance(given, list):
        return optuna.distributions.CategoricalDistribution([str(each) for each in given])
    low, high, logs = given["from"], given["to"], given["log"]
    whole = type(low) is int and type(high) is int
    kind = optuna.distributions.IntDistribution if whole else optuna.distributions.FloatDistribution
    return kind(low, high, log=logs)


def _tell_known(optuna: Any, study: Any, spaces: Values, known: TrialResult) -> None:
    state = optuna.trial.TrialState
    try:
        params = {name: _as_in(spaces[name], text) for name, text in known.values.items()}
        trial = optuna.trial.create_trial(
            params=params,
            distributions=spaces,
            value=known.value,
            state=state.FAIL if known.value is None else state.COMPLETE,
        )
    except ValueError as error:
        msg = f"the folder has trials of another sweep ({error}); give --out another one"
        raise SettingError(msg) from error
    known.values = params
    study.add_trial(trial)


def _as_in(space: Any, text: str) -> Any:
    """Return the value of a hyperparameter that a table has as text."""
    if hasattr(space, "choices"):
        return text
    return type(space.low)(float(text))


def with_values(config: TrainingConfig, values: Values) -> TrainingConfig:
    """Return a config with other hyperparameters, by their names in `--hyper`."""
    settings = dict(config.settings)
    for name, each in values.items():
        first, _, part = name.partition(".")
        if part:
            whole = settings.get(first)
            each = {**(whole if isinstance(whole, dict) else {}), part: each}  # noqa: PLW2901
        settings[first] = each
    return replace(config, settings=settings)


def runner_of(
    config: TrainingConfig, workers: int, cluster: str | None = None
) -> AbstractContextManager[JobRunner]:
    """Return what carries out trials.

    Args:
        config: of every trial.
        workers: processes on this machine.
        cluster: address of a Ray cluster to use instead, see `actor_pool`.
    """
    rules = game_name(config.game)
    if cluster is not None:
        return actor_pool(cluster, TrialRunner, (rules,), facts_of(rules))
    return process_pool(TrialRunner, (rules,), workers)


def facts_of(rules: str | None) -> Facts:
    """Return what a trial depends on; `rules` is the name of its game, if it is one."""
    return facts_here(None if rules is None else rlhf_games.make(rules), LEARNING)


class TrialRunner:
    """Carries out trials in another process.

    Args:
        rules: name of the game, if it is one.
    """

    def __init__(self, rules: str | None) -> None:
        self._rules = rules
        set_verbosity(Verbosity.QUIET)
        torch.set_num_threads(1)  # the others have trials of their own

    def facts(self) -> Facts:
        """Return what a trial depends on here, see `facts_of`."""
        return facts_of(self._rules)

    def work(self, job: TrainingConfig) -> TrialResult:
        """Train and measure."""
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "trial.zip"
            alone = replace(job, out=out, quiet=True, compact=True, keep_replay=False, cluster=None)
            try:
                model, interrupted = train(alone)
            except UserError as error:
                return TrialResult({}, None, time.monotonic() - begun, str(error))
            if interrupted:
                raise KeyboardInterrupt
            measure, value = measured(model)
            missing = "" if value is not None else "it was too short to measure anything"
            seconds = time.monotonic() - begun
            return TrialResult({}, value, seconds, missing, measure, out.read_bytes())


def measured(model: HFDQN) -> tuple[str, float | None]:
    """Return how good a trained model is, and what that number is."""
    if isinstance(model.learner, GameLearner):
        meter = AlphaBetaScore(SCORE_SECONDS)
        meter.look(model.learner.searcher)
        return f"score against alpha-beta to depth {meter.depth}", meter.score
    return last_episodes(model) or ("", None)


# ---- results -----------------------------------------------------------------------------------


def _said(found: TrialResult) -> str:
    values = " ".join(
        f"{name}={each:.4g}" if type(each) is float else f"{name}={each}"
        for name, each in found.values.items()
    )
    result = found.error if found.value is None else f"{found.value:.4g}"
    return f"{result} with {values}"


def best_of(results: Sequence[TrialResult]) -> TrialResult | None:
    """Return the best trial, None if all failed."""
    known = [each for each in results if each.value is not None]
    return max(known, key=lambda each: each.value or 0.0, default=None)


def table_of(results: Sequence[TrialResult]) -> str:
    """Return the trials as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*FIRST_COLUMNS, *results[0].values])
    for number, each in enumerate(results):
        value = "" if each.value is None else repr(float(each.value))
        row = [number, value, f"{each.seconds:.1f}", each.error, *each.values.values()]
        writer.writerow(row)
    return out.getvalue()


def read_table(path: Path, names: Sequence[str]) -> list[TrialResult]:
    """Read what `table_of` wrote; values are text.

    Raises:
        SettingError: the file has other hyperparameters, or is damaged.
    """
    if not path.exists():
        return []
    found = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if list(rows.fieldnames or ()) != [*FIRST_COLUMNS, *names]:
                msg = "it has other columns"
                raise ValueError(msg)
            for row in rows:
                values = {name: row[name] for name in names}
                value = float(row["value"]) if row["value"] else None
                found.append(TrialResult(values, value, float(row["seconds"]), row["error"]))
    except (OSError, ValueError, TypeError, csv.Error) as error:
        msg = f"{path} is not the table of this sweep ({error}); give --out another folder"
        raise SettingError(msg) from error
    return found
