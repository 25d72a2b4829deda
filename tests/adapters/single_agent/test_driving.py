"""Goals of driving follow from arrays, whoever simulates the cars."""

from __future__ import annotations

import numpy as np

from rlhf_adapters.single_agent import driving
from rlhf_adapters.single_agent.driving import Drive, Progress
from rlhf_adapters.single_agent.goals import EventGoals, StepBatch

ALL = np.ones(2, np.bool_)


def drive(right, fast, gaps):
    return Drive(np.array(right), np.array(fast), np.array(gaps, float))


def judged(table, flags, progress, step, crashes):
    """Judge a table after a step, as an environment with `DrivingEnvs` does."""
    observation = np.zeros((2, 5, 8), np.float32)
    observation[..., -3:] = progress.counts[:, None]
    over, points = np.array(crashes, np.bool_), np.zeros(2)
    infos = [{"crashed": bool(one)} for one in crashes]
    now = StepBatch(observation, points, points, np.full(2, step), over, ~ALL, infos)
    table.judge(flags, now)
    return flags.tolist()


def test_goals_count_steps_in_a_row_and_cars():
    table = EventGoals((driving.keep_right(2), driving.keep_speed(2), driving.overtake(1)))
    flags, progress = np.zeros((2, 3), np.float32), Progress(2)
    nan = np.nan
    progress.start(ALL, drive([True, True], [False, True], [[10, -5], [10, nan]]))
    progress.step(drive([True, False], [True, True], [[5, -9], [3, nan]]))
    assert judged(table, flags, progress, 1, [0, 0]) == [[0, 0, 0], [0, 0, 0]]
    progress.step(drive([True, True], [False, True], [[-1, 4], [-2, nan]]))  # overtakes, overtaken
    assert judged(table, flags, progress, 2, [0, 0]) == [[1, 0, 0], [0, 1, 1]]
    progress.step(drive([True, True], [False, True], [[-6, -1], [-5, nan]]))
    assert judged(table, flags, progress, 3, [1, 0]) == [[1, -1, -1], [1, 1, 1]]  # in a crash


def test_a_new_episode_counts_from_zero():
    progress = Progress(2)
    progress.start(ALL, drive([True, True], [True, True], [[5.0], [5.0]]))
    progress.step(drive([True, True], [True, True], [[-5.0], [-5.0]]))
    progress.start(np.array([True, False]), drive([True, True], [True, True], [[-5.0], [-5.0]]))
    progress.step(drive([True, True], [True, True], [[-5.0], [-5.0]]))
    np.testing.assert_allclose(progress.counts * driving.SCALE, [[1, 1, 0], [2, 2, 1]], rtol=1e-6)
