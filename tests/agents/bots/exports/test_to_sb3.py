"""Files of SB3's own DQN become ours, and ours are read by SB3."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3 import DQN

from rlhf_agents import HFDQN
from rlhf_agents.cli.export import main


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    path = tmp_path_factory.mktemp("sb3") / "dqn.zip"
    DQN("MlpPolicy", "CartPole-v1", policy_kwargs={"net_arch": [8]}, seed=3).save(path)
    return path


def test_what_dqn_wrote_becomes_ours(theirs, tmp_path, capsys):
    out = tmp_path / "ours.zip"
    words = ["--agent", str(theirs), "--to", "sb3", "--out", str(out)]
    assert main([*words, "--trust"]) == 0
    seen = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    expected, _ = DQN.load(theirs).predict(seen, deterministic=True)
    for algorithm in (HFDQN, DQN):
        np.testing.assert_array_equal(
            algorithm.load(out).predict(seen, deterministic=True)[0], expected
        )
    capsys.readouterr()
    assert main([*words, "--trust"]) == 2
    assert "--force" in capsys.readouterr().err


def test_without_trust_nothing_is_run(theirs, tmp_path, capsys):
    out = tmp_path / "ours.zip"
    assert main(["--agent", str(theirs), "--to", "sb3", "--out", str(out)]) == 2
    assert "trust" in capsys.readouterr().err
    assert not out.exists()


def test_compact_files_become_files_of_sb3(tmp_path):
    out = tmp_path / "three.zip"
    assert main(["--agent", "tic_tac_toe", "--to", "sb3", "--out", str(out)]) == 0
    assert isinstance(DQN.load(out).observation_space, spaces.Dict)
    assert HFDQN.load(out).game.name == "tic_tac_toe"
