"""Sweeps: many short runs with other settings, chosen by Optuna (extra `sweep`).

A file says what to try:

    trials: 30
    settings:
      learning_rate: {from: 0.0001, to: 0.01, log: true}
      batch_size: [32, 64, 128]
      foresight.nodes: {from: 24, to: 96}

Trials run in groups, in processes of their own, and Optuna learns of a whole group at once, in
order. So a sweep depends on its seed and on the size of the groups, not on which trial ends first.
"""

from __future__ import annotations

import csv
import io
import math
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeGuard

import yaml

from rlhf_agents.dqn.hyperparams import from_words
from rlhf_agents.errors import SettingError, UserError
from rlhf_agents.evaluation.strength import AlphaBetaScore
from rlhf_agents.files.atomic import write_atomically
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.progress import Verbosity, note, set_verbosity
from rlhf_agents.selfplay.learner import GameLearner
from rlhf_agents.training.curve_file import last_episodes
from rlhf_agents.training.run import TrainingConfig
from rlhf_agents.training.train import train

HINT = "sweeps need the extra `sweep`: pip install 'rlhf-agents[sweep]'"
TABLE, PICTURE = "trials.csv", "sweep.png"
MOST_TRIALS = 10_000
SCORE_SECONDS = 5.0
FIRST_COLUMNS = ("trial", "value", "seconds", "error")

Values = dict[str, Any]


@dataclass(frozen=True)
class SweepPlan:
    """What to try.

    Attributes:
        trials: how many runs.
        settings: for each hyperparameter, as `--hyper` names them, a range or a list of choices.
    """

    trials: int
    settings: Mapping[str, Any]

    def chosen(self, values: Values) -> Values:
        """Return values with the choices themselves in place of their text."""
        return {
            name: next((each for each in self.settings[name] if str(each) == value), value)
            for name, value in values.items()
        }


@dataclass
class TrialResult:
    """A finished trial.

    Attributes:
        values: of the hyperparameters.
        value: the measured strength, None if there is none.
        seconds: it took.
        error: why it failed, "" if it did not.
        measure: what `value` is.
    """

    values: Values
    value: float | None
    seconds: float
    error: str = ""
    measure: str = ""


def read_plan(path: Path) -> SweepPlan:
    """Read what to try.

    Raises:
        SettingError: the file cannot be read, or does not describe a sweep.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        msg = f"{path} cannot be read: {reason:.200}"
        raise SettingError(msg) from error
    settings = found.get("settings") if isinstance(found, dict) else None
    trials = found.get("trials") if isinstance(found, dict) else None
    if not isinstance(settings, dict) or not settings or set(found) - {"settings", "trials"}:
        msg = f"{path} must have `trials` and `settings`, and nothing else"
        raise SettingError(msg)
    if type(trials) is not int or not 1 <= trials <= MOST_TRIALS:
        msg = f"trials in {path} must be a whole number from 1 to {MOST_TRIALS}, got {trials!r}"
        raise SettingError(msg)
    for name, each in settings.items():
        from_words([f"{name}=0"])
        settings[name] = _checked_range(name, each)
    return SweepPlan(trials, settings)


def _checked_range(name: str, given: Any) -> Any:
    """Return a list of choices, or a range whose ends are numbers of one kind."""
    if isinstance(given, list) and given:
        return given
    if isinstance(given, dict) and set(given) - {"log"} == {"from", "to"}:
        low, high = (_number(given[end]) for end in ("from", "to"))
        logs = given.get("log", False)
        numbers = _is_number(low) and _is_number(high) and type(logs) is bool
        if numbers and low < high and not (logs and low <= 0):
            return {"from": low, "to": high, "log": logs}
    msg = (
        f"{name} needs a list of choices, or {{from: LOW, to: HIGH}} with `log: true` if both are "
        f"above 0; got {given!r}"
    )
    raise SettingError(msg)


def _number(given: Any) -> Any:
    """Return a number for text such as 1e-4, which YAML does not take for one."""
    try:
        return float(given) if isinstance(given, str) else given
    except ValueError:
        return given


def _is_number(given: Any) -> TypeGuard[float]:
    return isinstance(given, int | float) and type(given) is not bool and math.isfinite(given)


# ---- trials ------------------------------------------------------------------------------------


def run_sweep(
    plan: SweepPlan, config: TrainingConfig, folder: Path, workers: int
) -> list[TrialResult]:
    """Carry out the trials that `folder` does not have yet, and write table and picture.

    Args:
        plan: what to try.
        config: of every trial; its settings are kept where the plan has none.
        folder: for the table, the picture and the models.
        workers: trials at a time.

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
    results = read_table(folder / TABLE, list(spaces))
    sampler = optuna.samplers.TPESampler(seed=(config.seed or 0) + len(results))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for known in results:
        _tell_known(optuna, study, spaces, known)
        known.values = plan.chosen(known.values)
    while len(results) < plan.trials:
        asked = [study.ask(spaces) for _ in range(min(workers, plan.trials - len(results)))]
        first = len(results)
        configs = [
            replace(
                with_values(config, plan.chosen(each.params)),
                out=folder / f"trial{first + number}.zip",
            )
            for number, each in enumerate(asked)
        ]
        for trial, found in zip(asked, _at_once(configs, workers), strict=True):
            found.values = plan.chosen(trial.params)
            failed = optuna.trial.TrialState.FAIL if found.value is None else None
            study.tell(trial, found.value, state=failed)
            results.append(found)
            note(f"trial {len(results) - 1} of 0 to {plan.trials - 1}: {_said(found)}")
        write_atomically(folder / TABLE, table_of(results).encode())
    return results


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


def _at_once(configs: Sequence[TrainingConfig], workers: int) -> list[TrialResult]:
    """Return the results of trials that run side by side, in order."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        try:
            return list(pool.map(run_trial, configs))
        except BrokenProcessPool as error:
            msg = "a trial's process died, perhaps because memory ran out: try fewer --workers"
            raise SettingError(msg) from error


def run_trial(config: TrainingConfig) -> TrialResult:
    """Train and measure; the process of a trial."""
    set_verbosity(Verbosity.QUIET)
    begun = time.monotonic()
    try:
        model, interrupted = train(replace(config, quiet=True, compact=True, keep_replay=False))
    except UserError as error:
        return TrialResult({}, None, time.monotonic() - begun, str(error))
    if interrupted:
        raise KeyboardInterrupt
    measure, value = measured(model)
    missing = "" if value is not None else "it was too short to measure anything"
    return TrialResult({}, value, time.monotonic() - begun, missing, measure)


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
