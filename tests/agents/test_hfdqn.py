"""HFDQN as users of SB3 meet it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import CheckpointCallback
from stable_baselines3.common.evaluation import evaluate_policy

from rlhf_adapters import make_env
from rlhf_agents.errors import ModelFileError, SettingError
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.players.agent import load_agent
from rlhf_agents.selfplay.position_buffer import PositionBuffer
from rlhf_agents.settings import Foresight, Hindsight
from rlhf_games.base import UnknownGoalError

FAST = {"learning_starts": 500, "foresight": Foresight(lesson_nodes=200, nodes=12, pool=2000)}


def new_model(name="tic_tac_toe", seed=0, **changes):
    env = make_env(name, n_envs=32, seed=seed)
    return HFDQN("MultiInputPolicy", env, seed=seed, **{**FAST, "batch_size": 64, **changes})


def weights_of(model):
    return torch.cat([p.detach().flatten() for p in model.policy.parameters()])


@pytest.fixture(scope="module")
def trained():
    model = new_model()
    model.learn(3000)
    return model


@pytest.fixture
def observation():
    return make_env("tic_tac_toe", n_envs=32, seed=1).reset()


def test_is_an_sb3_algorithm(trained):
    assert isinstance(trained, DQN)
    assert isinstance(trained.replay_buffer, PositionBuffer)
    assert trained._n_updates > 0
    assert trained.num_timesteps >= 3000


def test_same_seed_same_weights():
    """Bit for bit, although targets are computed in a second thread."""
    first, second, other = (new_model(seed=seed).learn(2500) for seed in (5, 5, 6))
    assert torch.equal(weights_of(first), weights_of(second))
    assert not torch.equal(weights_of(first), weights_of(other))


def test_predict_plays_legal_moves_for_batches_and_single_positions(trained, observation):
    env = make_env("tic_tac_toe", n_envs=32, seed=1)
    batch = env.reset()
    for _ in range(30):
        actions, _ = trained.predict(batch, deterministic=True)
        assert batch["action_mask"][np.arange(32), actions].all()
        batch, *_ = env.step(actions)
    single = {key: value[0] for key, value in observation.items()}
    action, state = trained.predict(single, deterministic=True, nodes=50, goal="draw")
    assert np.ndim(action) == 0
    assert state is None


def test_predict_honours_masks(trained, observation):
    mask = np.zeros((32, 9), bool)
    mask[:, 7] = True
    actions, _ = trained.predict(observation, deterministic=True, action_masks=mask)
    assert (actions == 7).all()


def test_predict_takes_the_goal_of_the_observation(trained, observation):
    lose = trained.game.goal_index("lose")
    asked = dict(observation, desired_goal=np.eye(5, dtype=np.float32)[[lose] * 32])
    by_observation, _ = trained.predict(asked, deterministic=True, nodes=30)
    by_name, _ = trained.predict(observation, deterministic=True, nodes=30, goal="lose")
    np.testing.assert_array_equal(by_observation, by_name)


def test_impossible_options_are_refused(trained, observation):
    with pytest.raises(SettingError, match="nodes must be a whole number from 0"):
        trained.predict(observation, nodes=-1)
    with pytest.raises(UnknownGoalError, match="did you mean win"):
        trained.predict(observation, goal="wim")


@pytest.mark.parametrize("compact", [False, True])
def test_save_and_load(trained, observation, tmp_path, compact):
    path = tmp_path / "model.zip"
    (trained.save_agent if compact else trained.save)(path)
    loaded = HFDQN.load(path)
    assert loaded.game_name == "tic_tac_toe"
    assert loaded.foresight == trained.foresight
    for goal in ("win", "draw"):
        ours, _ = trained.predict(observation, deterministic=True, goal=goal, nodes=40)
        theirs, _ = loaded.predict(observation, deterministic=True, goal=goal, nodes=40)
        agent = load_agent(path).act(observation, goal=goal, nodes=40)
        np.testing.assert_array_equal(theirs, agent)
        if not compact:  # half precision may turn a tie
            np.testing.assert_array_equal(ours, theirs)


def test_sb3s_reader_reads_the_same_file(trained, tmp_path):
    trained.save(tmp_path / "model")  # SB3 adds the ending
    again = HFDQN.load(tmp_path / "model.zip", trust=True)
    assert torch.equal(weights_of(again), weights_of(trained))


def test_resuming_goes_on_where_it_stopped(trained, tmp_path):
    path = tmp_path / "model.zip"
    trained.save(path)
    env = make_env("tic_tac_toe", n_envs=32, seed=2)
    model = HFDQN.load(path, env=env)
    before, updates = model.num_timesteps, model._n_updates
    moments = model.policy.optimizer.state_dict()["state"]
    assert moments[0]["exp_avg"].abs().sum() > 0
    model.learn(2000, reset_num_timesteps=False)
    assert model.num_timesteps >= before + 2000
    assert model._n_updates > updates


def test_a_model_of_another_game_is_refused(trained, tmp_path):
    path = tmp_path / "model.zip"
    trained.save(path)
    with pytest.raises(ModelFileError, match="trained for tic_tac_toe, not for connect_four"):
        HFDQN.load(path, env=make_env("connect_four", n_envs=2))


def test_callbacks_and_evaluation_of_sb3(tmp_path):
    model = new_model()
    model.learn(1000, callback=CheckpointCallback(500 // 32, str(tmp_path)))
    assert list(tmp_path.glob("rl_model_*_steps.zip"))
    reward, _ = evaluate_policy(
        model, make_env("tic_tac_toe", seed=0), n_eval_episodes=5, warn=False
    )
    assert -1.0 <= reward <= 1.0


def test_defaults_of_a_game_give_way_to_what_the_user_says():
    model = new_model(learning_rate=1e-3, tau=0.5, hindsight=Hindsight(win_share=0.9))
    assert model.lr_schedule(1.0) == pytest.approx(1e-3)
    assert model.tau == 0.5
    assert model.hindsight.win_share == 0.9
    assert new_model().lr_schedule(1.0) == pytest.approx(4e-3)


def test_without_a_game_it_is_dqn():
    """Same seed, same weights as SB3's DQN."""
    models = [
        cls("MlpPolicy", "CartPole-v1", seed=3, learning_starts=50).learn(400)
        for cls in (DQN, HFDQN)
    ]
    assert torch.equal(weights_of(models[0]), weights_of(models[1]))
    with pytest.raises(SettingError, match="need an environment with a `game`"):
        models[1].predict(np.zeros(4, np.float32), nodes=10)
