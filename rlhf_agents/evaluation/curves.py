"""Learning curves: a model's performance during training, as numbers, CSV and a picture."""

from __future__ import annotations

import csv
import io
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.plots import Chart, curves_picture

COLUMNS = ("steps", "seconds")


@dataclass
class LearningCurve:
    """A model's performance during training.

    Attributes:
        name: of the model or the run.
        measure: the meaning of the values, e.g. "mean return of 100 episodes".
        steps: environment steps at each point.
        seconds: training time at each point.
        values: the value at each point.
    """

    name: str
    measure: str
    steps: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        if not self.values:
            return f"LearningCurve({self.name!r}, no points yet)"
        last = f"{self.measure} {self.values[-1]:.3g} after {self.steps[-1]:,} steps"
        return f"LearningCurve({self.name!r}, {len(self)} points, {last})"

    def add(self, steps: int, seconds: float, value: float) -> None:
        """Add a point, and remove any at or after it, because a run may be repeated."""
        while self.steps and self.steps[-1] >= steps:
            for column in (self.steps, self.seconds, self.values):
                column.pop()
        self.steps.append(steps)
        self.seconds.append(seconds)
        self.values.append(value)

    def to_csv(self) -> str:
        """Return the points as CSV; the third column is named after the measure."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*COLUMNS, self.measure])
        for steps, seconds, value in zip(self.steps, self.seconds, self.values, strict=True):
            writer.writerow([steps, round(seconds, 3), value])
        return text.getvalue()

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str], name: str = "") -> Self:
        """Return the curve from a file of `to_csv`.

        Args:
            path: of the file.
            name: of the curve; "" uses the file's name.

        Raises:
            SettingError: there is no such file, or it is not a curve.
        """
        try:
            head, *rows = csv.reader(Path(path).read_text("utf-8").splitlines())
            if tuple(head[:2]) != COLUMNS or len(head) != len(COLUMNS) + 1:
                raise ValueError(head)
            points = [(int(steps), float(seconds), float(value)) for steps, seconds, value in rows]
            if not all(math.isfinite(number) for point in points for number in point):
                raise ValueError(points)
        except (OSError, ValueError) as error:
            msg = f"{path} is not a learning curve: rlhf-train --plot writes such files"
            raise SettingError(msg) from error
        curve = cls(name or Path(path).stem, head[2])
        for point in points:
            curve.add(*point)
        return curve

    def plot(self, *others: LearningCurve, theme: str = "light", by: str = "steps") -> Chart:
        """Return a picture, together with other curves of the same measure.

        Args:
            others: more curves.
            theme: "light" or "dark".
            by: "steps" or "seconds".

        Raises:
            SettingError: matplotlib is missing, or there is no such theme.
        """
        title = "" if others else self.name
        return curves_picture([self, *others], theme, by=by, title=title)


class CurveCallback(BaseCallback):
    """Measures a model during training: `model.learn(steps, callback=CurveCallback(...))`.

    Args:
        measure: a description of the value.
        score: returns the value of a model.
        every: environment steps between two points.
        name: of the curve.

    Attributes:
        curve: the points so far; its seconds do not include the time for measuring.
    """

    def __init__(
        self, measure: str, score: Callable[[BaseAlgorithm], float], every: int, name: str = "HFDQN"
    ) -> None:
        super().__init__()
        self.curve = LearningCurve(name, measure)
        self._score = score
        self._every = every
        self._next = 0
        self._begun = 0.0

    def _on_training_start(self) -> None:
        self._begun = time.perf_counter()

    def _on_rollout_start(self) -> None:
        if self.num_timesteps >= self._next:
            self._measure()

    def _on_step(self) -> bool:
        return True

    def _on_training_end(self) -> None:
        self._measure()

    def _measure(self) -> None:
        model: object = self.model
        assert isinstance(model, BaseAlgorithm)
        paused = time.perf_counter()
        self._next = self.num_timesteps + self._every
        self.curve.add(self.num_timesteps, paused - self._begun, self._score(model))
        self._begun += time.perf_counter() - paused
