"""A sweep on a cluster has the trials that it has here."""

from __future__ import annotations

import csv

import pytest

from rlhf_agents.errors import SettingError
from rlhf_agents.training import sweep
from rlhf_agents.training.run import TrainingConfig
from rlhf_agents.training.sweep_plan import SweepPlan

pytest.importorskip("ray")
pytest.importorskip("optuna")
pytestmark = pytest.mark.filterwarnings("ignore")

PLAN = SweepPlan(3, {"learning_rate": {"from": 1e-4, "to": 0.01, "log": True}})
CONFIG = TrainingConfig("gymnasium:CartPole-v1", steps=300, settings={"learning_starts": 10})


def swept(folder, cluster=None):
    folder.mkdir()
    runner = sweep.runner_of(CONFIG, 2, cluster)
    sweep.run_sweep(PLAN, CONFIG, folder, 2, runner)
    with (folder / sweep.TABLE).open() as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


def test_machines_find_the_same(nodes, tmp_path):
    nodes.want(2)
    here, there = swept(tmp_path / "here"), swept(tmp_path / "there", nodes.cluster.address)
    assert there == here
    assert len(here) == 3
    assert all(float(row["value"]) > 5 for row in here)
    assert (tmp_path / "there" / "trial2.zip").stat().st_size > 1000


def test_another_torch_is_refused(nodes, monkeypatch):
    nodes.want(1)
    ours = {**sweep.facts_of(None), "torch": "0.1"}
    monkeypatch.setattr(sweep, "facts_of", lambda rules: ours)
    pool = sweep.runner_of(CONFIG, 1, nodes.cluster.address)
    with pytest.raises(SettingError, match=r"torch there is \S+, here 0\.1"), pool:
        pass
