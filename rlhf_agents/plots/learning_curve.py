"""Learning curves: a model's performance during training, as numbers, CSV and a picture."""

from __future__ import annotations

import csv
import io
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from rlhf_agents.errors import SettingError
from rlhf_agents.plots.curves import curves_picture
from rlhf_agents.plots.style import Chart, available

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

    def _repr_png_(self) -> bytes | None:
        return self.plot().png() if self.values and available() else None
