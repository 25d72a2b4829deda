"""Learning curves: points, files, and the callback that measures."""

from __future__ import annotations

from pathlib import Path

import pytest
from stable_baselines3 import DQN

from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.curves import CurveCallback, LearningCurve


def test_a_repeated_run_replaces_its_points():
    curve = LearningCurve("run", "return")
    for steps, value in ((10, 1.0), (20, 2.0), (30, 3.0), (20, 5.0)):
        curve.add(steps, steps / 10, value)
    assert (curve.steps, curve.values) == ([10, 20], [1.0, 5.0])


def test_csv_and_back(tmp_path: Path):
    curve = LearningCurve("run", "return, last 100", [10, 20], [0.5, 1.5], [1.0, -2.25])
    path = tmp_path / "run.csv"
    path.write_text(curve.to_csv())
    assert LearningCurve.from_csv(path) == curve
    assert "return, last 100 -2.25 after 20 steps" in repr(curve)


@pytest.mark.parametrize(
    "text", ["", "a,b,c\n1,2,3\n", "steps,seconds,x\n1,2\n", "steps,seconds,x\n1,2,nan\n"]
)
def test_other_files_are_refused(text: str, tmp_path: Path):
    path = tmp_path / "other.csv"
    path.write_text(text)
    with pytest.raises(SettingError, match="not a learning curve"):
        LearningCurve.from_csv(path)
    with pytest.raises(SettingError, match="not a learning curve"):
        LearningCurve.from_csv(tmp_path / "missing.csv")


def test_the_callback_measures_at_both_ends_and_in_between():
    model = DQN("MlpPolicy", "CartPole-v1", learning_starts=1000, seed=0)
    callback = CurveCallback("steps so far", lambda model: float(model.num_timesteps), every=40)
    model.learn(100, callback=callback)
    curve = callback.curve
    assert curve.steps == [0, 40, 80, 100]
    assert curve.values == curve.steps
    assert curve.seconds == sorted(curve.seconds)
