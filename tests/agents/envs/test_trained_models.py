"""One name per environment; files remember where, and for what, their models were trained."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rlhf_agents.cli import evaluate, train
from rlhf_agents.envs.names import check_name
from rlhf_agents.envs.open_env import EnvConfig, open_env, open_many, open_one
from rlhf_agents.envs.trained_models import load_for
from rlhf_games import UnknownGameError
from rlhf_games.base import GameError

SHORT = ("--steps", "40", "--quiet", "--hyper", "learning_starts=10", "buffer_size=100")


def trained(path, *words):
    assert train.main([*words, "--out", str(path), *SHORT]) == 0
    return str(path)


def evaluated(capsys, *words):
    capsys.readouterr()
    assert evaluate.main([*words, "--episodes", "3", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_two_spellings_are_one_environment():
    assert (
        check_name("CartPole-v1") == check_name("gymnasium:CartPole-v1") == "gymnasium:CartPole-v1"
    )
    assert check_name("tic_tac_toe") == "tic_tac_toe"
    assert check_name("minatar:breakout") == "minatar:breakout"
    assert check_name("tests:Some-v0") == "gymnasium:tests:Some-v0"  # a module that is there
    spaces = [
        open_env(EnvConfig(name), 2).observation_space
        for name in ("CartPole-v1", check_name("CartPole-v1"))
    ]
    assert spaces[0] == spaces[1]


@pytest.mark.parametrize("name", ["CartPole-v2", "gymnasium:CartPole-v2", "CartPol-v1"])
def test_unknown_names_are_refused_at_once(name):
    with pytest.raises(UnknownGameError, match="did you mean CartPole-v1"):
        check_name(name)


@pytest.mark.parametrize("spelt", ["FrozenLake-v1", "gymnasium:FrozenLake-v1"])
def test_models_of_either_spelling_fit_both(tmp_path, capsys, spelt):
    path = trained(tmp_path / "lake.zip", "--env", spelt)
    for name in ("FrozenLake-v1", "gymnasium:FrozenLake-v1"):
        report = evaluated(capsys, "--game", name, "--agent", path)
        assert (report["world"], report["episodes"]) == ("gymnasium:FrozenLake-v1", 3)
    assert train.main(["--resume", path, "--env", "FrozenLake-v1", "--steps", "60"]) == 0


@pytest.mark.parametrize("compact", [(), ("--compact",)])
def test_the_goal_of_the_training_is_the_goal_of_the_evaluation(tmp_path, capsys, compact):
    words = ("--env", "FrozenLake-v1", "--goal", "reach_goal", "--option", "is_slippery=False")
    path = trained(tmp_path / "lake.zip", *words, *compact)
    report = evaluated(capsys, "--game", "FrozenLake-v1", "--agent", path)
    assert report["goal"] == "reach_goal"
    assert report["success_rate"] is not None
    config, _ = load_for(EnvConfig("FrozenLake-v1"), path)
    assert config.options == {"is_slippery": False}
    other, _ = load_for(EnvConfig("FrozenLake-v1", goal="reach_goal_within_20"), path)
    assert other.goal == "reach_goal_within_20"


def test_masks_of_taxi_are_kept_where_nothing_is_asked():
    env = open_env(EnvConfig("Taxi-v4"), 2)
    env.reset()
    masks = np.array(env.env_method("action_masks"))
    assert masks.shape == (2, 6)
    assert not masks.all()


def test_observations_that_sb3_cannot_take_are_flattened():
    assert "observation" in open_env(EnvConfig("Blackjack-v1"), 1).observation_space.spaces


@pytest.mark.parametrize("opened", [open_env, open_one, lambda config: open_many(config, 2)])
def test_continuous_actions_can_be_cut(opened):
    with pytest.raises(GameError, match="--option discretize=5"):
        opened(EnvConfig("Pendulum-v1"))
    for goal in (None, "survive_10"):
        env = opened(EnvConfig("Pendulum-v1", goal=goal, options={"discretize": 5}))
        assert env.action_space.n == 5
    with pytest.raises(GameError, match="at least 2, got 1"):
        opened(EnvConfig("Pendulum-v1", options={"discretize": 1}))


def test_a_model_of_sb3_needs_trust(tmp_path, capsys):
    from stable_baselines3 import DQN  # noqa: PLC0415 - only here

    path = str(tmp_path / "sb3.zip")
    DQN("MlpPolicy", "CartPole-v1", buffer_size=10).save(path)
    words = ["--game", "CartPole-v1", "--agent", path, "--episodes", "2", "--json"]
    assert evaluate.main(words) == 2
    assert evaluate.main([*words, "--trust"]) == 0
    assert json.loads(capsys.readouterr().out)["episodes"] == 2
