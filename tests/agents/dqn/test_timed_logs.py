"""How often the log is written where episodes are short."""

from __future__ import annotations

import pytest

from rlhf_agents import HFDQN, make_env
from rlhf_agents.dqn import timed_logs
from rlhf_agents.errors import SettingError

SMALL = {"learning_starts": 8, "buffer_size": 64, "batch_size": 8, "train_freq": 4}


@pytest.fixture
def tables(monkeypatch):
    """Return the tables that were written: one entry for each; machines here are fast enough."""
    monkeypatch.setattr(timed_logs, "LEAST_SECONDS", 1e6)
    written = []

    def write(model):
        written.append(model.num_timesteps)

    monkeypatch.setattr("stable_baselines3.dqn.DQN.dump_logs", write)
    return written


def learn(name, n_envs, steps=600):
    model = HFDQN("MultiInputPolicy", make_env(name, n_envs=n_envs, seed=0), seed=0, verbose=1)
    return model.learn(steps, log_interval=1)


def test_games_by_the_hundred_are_two_tables_the_first_and_the_last(tables):
    model = learn("tic_tac_toe", 64)
    assert model.episodes > 20
    assert len(tables) == 2
    assert tables[-1] == model.num_timesteps


def test_a_run_without_a_finished_episode_is_logged_too(tables, monkeypatch):
    monkeypatch.setattr(timed_logs, "MOST_SECONDS", -1.0)
    model = HFDQN("MultiInputPolicy", make_env("tic_tac_toe", n_envs=4, seed=0), seed=0)
    model.learn(16, log_interval=10**6)
    assert tables


def test_plain_dqn_follows_the_clock_unless_an_interval_is_given(tables):
    env = make_env("FrozenLake-v1", seed=0)
    model = HFDQN("MultiInputPolicy", env, seed=0, **SMALL)
    model.learn(200)
    assert model._episode_num > 8
    assert len(tables) == 2
    assert model.curve.steps[-1] == tables[-1]
    assert "successes" in model.curve.measure or "return" in model.curve.measure
    assert model.plot().png().startswith(b"\x89PNG")
    tables.clear()
    model.learn(200, log_interval=1)
    assert len(tables) == model._episode_num > 3


def test_without_learning_there_is_no_curve():
    with pytest.raises(SettingError, match="no learning curve yet"):
        HFDQN("MlpPolicy", "CartPole-v1", **SMALL).plot()
