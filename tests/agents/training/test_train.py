"""Training runs: they learn, they save, and Ctrl-C loses nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from stable_baselines3 import DQN

from rlhf_agents.errors import ModelFileError, SettingError
from rlhf_agents.files.model_file import MODEL_GROUPS, POLICY, RUN_GROUPS, read_model
from rlhf_agents.players.agent import load_agent
from rlhf_agents.training.train import TrainingConfig, train
from rlhf_games.base import GameError, UnknownGameError


@pytest.fixture
def plan(tmp_path):
    return TrainingConfig(
        "tic_tac_toe", minutes=0.05, out=tmp_path / "out.zip", n_envs=32, quiet=True
    )


def test_a_run_writes_a_model_with_its_command(plan):
    _, interrupted = train(replace(plan, command="rlhf-train ..."))
    assert not interrupted
    file = read_model(plan.out)
    assert file.manifest["notes"]["command"] == "rlhf-train ..."
    assert file.manifest["settings"]["training_seconds"] >= 3  # 0.05 minutes
    assert "optimizer" in file.arrays


def test_strength_is_measured_on_the_way_and_stays_out_of_the_budget(plan):
    scores = []

    def strength(model):
        scores.append(model.num_timesteps)
        return 0.5

    train(replace(plan, strength_seconds=0.5), strength)
    assert len(scores) >= 3


def test_ctrl_c_saves(plan):
    def interrupt(_model):
        raise KeyboardInterrupt

    model, interrupted = train(replace(plan, minutes=5, strength_seconds=0.2), interrupt)
    assert interrupted
    assert load_agent(plan.out).game.name == "tic_tac_toe"
    resumed, _ = train(replace(plan, resume=plan.out, out=plan.out))
    assert resumed.num_timesteps > model.num_timesteps


def test_compact_files_play_and_are_small(plan):
    train(replace(plan, compact=True))
    assert set(read_model(plan.out).arrays) == {"policy"}
    assert load_agent(plan.out).act_states(np.zeros((1, 2), np.uint64), "win", 5) >= 0


def test_resuming_another_games_model_is_refused(plan):
    train(plan)
    with pytest.raises(ModelFileError, match="not for connect_four"):
        train(replace(plan, game="connect_four", resume=plan.out))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"minutes": 0}, "minutes must be above 0, got 0"),
        ({"minutes": float("nan")}, "minutes must be above 0"),
        ({"n_envs": 1}, "at least 2 games side by side"),
        ({"steps": 5}, "either minutes or steps"),
        ({"minutes": None, "steps": 0}, "steps must be a whole number from 1"),
        ({"checkpoint_steps": 0}, "checkpoint_steps must be a whole number"),
        ({"seed": -1}, "a seed must be a whole number"),
        ({"game": "CartPole-v1", "n_envs": 0}, "n_envs must be a whole number from 1"),
        ({"game": "CartPole-v1", "goal": "win"}, "unknown goal 'win'"),
        ({"game": "Pendulum-v1"}, "not discrete: .*discretize=5"),
        ({"game": "CartPole-v1", "policy": "Mlp"}, "with these hyperparameters: Policy Mlp"),
        ({"settings": {"gamma": "high"}}, "gamma is a number, not 'high'"),
    ],
)
def test_impossible_plans(plan, change, said):
    with pytest.raises((SettingError, GameError), match=said):
        train(replace(plan, **change))


def test_worlds_that_nobody_knows_are_named_with_near_ones(plan):
    with pytest.raises(UnknownGameError, match=r"did you mean CartPole-v\d"):
        train(replace(plan, game="CartPol-v1"))
    with pytest.raises(GameError, match="did you mean gymnasium"):
        train(replace(plan, game="gymnasum:CartPole-v1"))
    with pytest.raises(GameError, match=r"CartPole-v1 cannot be made with wheels=3"):
        train(replace(plan, game="CartPole-v1", options={"wheels": 3}))


def test_a_world_of_gymnasium_brings_its_hyper_parameters(plan):
    model, _ = train(replace(plan, game="CartPole-v1", minutes=None, steps=256, n_envs=1))
    assert model.batch_size == 64
    assert model.exploration_final_eps == 0.04
    assert model.policy_kwargs == {"net_arch": [256, 256]}
    assert [info["l"] for info in model.ep_info_buffer] == [
        info["r"] for info in model.ep_info_buffer
    ]
    assert DQN.load(plan.out).num_timesteps == 256
    facts = read_model(plan.out).manifest["run"]
    assert (facts["world"], facts["steps"], facts["n_envs"]) == ("gymnasium:CartPole-v1", 256, 1)


def test_an_environment_brings_the_goal_that_leads_to_its_rewards(plan):
    world = "minigrid:MiniGrid-DoorKey-5x5-v0"
    short = replace(plan, game=world, minutes=None, steps=256, n_envs=8)
    model, _ = train(short)
    assert (model.trained_goal, model.policy.goals) == ("reach_goal", 3)
    assert read_model(short.out).manifest["run"]["goal"] == "reach_goal"
    asked, _ = train(replace(short, goal="score", out=plan.out.with_name("score.zip")))
    assert asked.trained_goal == "score"


def test_compact_files_of_other_environments_hold_the_network_only(plan):
    changes = {"game": "CartPole-v1", "minutes": None, "steps": 50, "n_envs": 2, "compact": True}
    train(replace(plan, **changes))
    assert set(read_model(plan.out, (*MODEL_GROUPS, *RUN_GROUPS)).arrays) == {POLICY}


def test_leftovers_of_killed_runs_are_removed(plan):
    leftover = plan.out.parent / f".{plan.out.name}.abc.partial"
    other = plan.out.parent / ".other.zip.abc.partial"
    for path in (leftover, other):
        path.write_bytes(b"half")
    train(replace(plan, minutes=None, steps=64, n_envs=32))
    assert not leftover.exists()
    assert other.exists()


@pytest.mark.slow
def test_who_has_learnt_tic_tac_toe_never_loses(plan):
    """Against every reply of every opponent, over the full game tree, in both seats."""
    train(replace(plan, minutes=None, steps=100_000, n_envs=256, seed=0), lambda _model: 0.0)
    agent = load_agent(plan.out)
    for nodes in (0, 64):
        for ours in (0, 1):
            assert losses(agent, nodes, ours) == 0


def losses(agent, nodes, ours):
    """Positions in which the agent has lost, when the opponent tries everything."""
    game = agent.game
    states, lost = game.initial(1), 0
    while len(states):
        over = game.outcome(states) != 2
        winners_waiting = game.outcome(states) == -1
        lost += int((winners_waiting & (game.mover(states) == ours)).sum())
        states = states[~over]
        turn = game.mover(states) == ours
        mine, theirs = states[turn], states[~turn]
        following = [game.step(mine, agent.act_states(mine, "win", nodes))]
        rows, actions = np.nonzero(game.legal(theirs))
        following.append(game.step(theirs[rows], actions))
        states = np.unique(np.concatenate(following), axis=0)
    return lost
