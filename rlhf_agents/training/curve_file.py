"""The learning curve of `rlhf-train --plot FILE.png`: a picture, and a CSV next to it."""

from __future__ import annotations

from pathlib import Path

from stable_baselines3.common.utils import safe_mean

from rlhf_agents.evaluation.curves import LearningCurve
from rlhf_agents.files.atomic import write_atomically
from rlhf_agents.hfdqn import HFDQN

POINTS = 200
"""The most points of a curve: one for each 1/200 of the budget."""


def csv_beside(picture: Path) -> Path:
    """Return the file of the numbers behind a picture."""
    return picture.with_suffix(".csv")


class CurveFile:
    """Collects the points of a run's curve and writes them.

    Args:
        picture: the file of the picture.
        name: of the run.
        theme: "light" or "dark".
        goes_on: continue an existing curve.
    """

    def __init__(self, picture: Path, name: str, theme: str, *, goes_on: bool) -> None:
        self.picture = picture
        self.name = name
        self.theme = theme
        self.curve: LearningCurve | None = None
        if goes_on and csv_beside(picture).exists():
            self.curve = LearningCurve.from_csv(csv_beside(picture), name)
        self._next = 0.0

    def note_episodes(self, model: HFDQN, share: float, seconds: float) -> None:
        """Add the result of the last episodes if a point is due and there were any.

        Args:
            model: in training.
            share: the used share of the budget.
            seconds: of training so far.
        """
        if share >= self._next and (known := last_episodes(model)) is not None:
            self._next = share + 1 / POINTS
            self.add(known[0], model.num_timesteps, seconds, known[1])

    def add(self, measure: str, steps: int, seconds: float, value: float) -> None:
        """Add a point; the first one defines the measure."""
        if self.curve is None:
            self.curve = LearningCurve(self.name, measure)
        self.curve.add(steps, seconds, value)

    def write(self) -> None:
        """Write picture and CSV if there are points.

        Raises:
            OutputError: they cannot be written.
        """
        if self.curve is not None:
            write_atomically(csv_beside(self.picture), self.curve.to_csv().encode())
            self.curve.plot(theme=self.theme).save(self.picture)


def last_episodes(model: HFDQN) -> tuple[str, float] | None:
    """Return the success rate of the last episodes, or else their mean return, and its name.

    None if no episode has ended yet.
    """
    if model.ep_success_buffer:
        most = model.ep_success_buffer.maxlen
        return f"success, last {most} episodes", float(safe_mean(model.ep_success_buffer))
    if model.ep_info_buffer:
        returns = [info["r"] for info in model.ep_info_buffer]
        return f"mean return, last {model.ep_info_buffer.maxlen} episodes", float(
            safe_mean(returns)
        )
    return None
