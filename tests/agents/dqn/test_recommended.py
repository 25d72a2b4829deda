"""Settings that environments recommend are taken where the user left them open, and only there."""

from __future__ import annotations

import gymnasium
import pytest
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.vec_env import DummyVecEnv

from rlhf_agents.dqn import hyperparams
from rlhf_agents.dqn.recommended import recommended_by
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.parallel.learner import ParallelLearner
from rlhf_agents.parallel.networks import PlanesExtractor
from rlhf_agents.settings import Parallel

BREAKOUT, CART = "minatar:breakout", "gymnasium:CartPole-v1"


def breakout(n_envs=32, **options):
    return make_env(BREAKOUT, n_envs=n_envs, seed=0, fast=True, **options)


def model(env, **settings):
    return HFDQN("MultiInputPolicy", env, **settings)


def test_many_games_are_learnt_side_by_side(capsys):
    chosen = model(breakout(), seed=0)
    assert isinstance(chosen.learner, ParallelLearner)
    assert type(chosen.q_net.features_extractor) is PlanesExtractor
    assert (chosen.batch_size, chosen.train_freq.frequency) == (128, 32)
    assert (chosen.learning_rate(1.0), chosen.learning_rate(0.0)) == pytest.approx((5e-4, 1e-5))
    chosen.learn(1024)
    err = capsys.readouterr().err
    assert "parallel=True" in err
    assert "recommended=False" in err
    assert "--plain" in err
    chosen.learn(1024, reset_num_timesteps=False)
    assert capsys.readouterr().err == ""


def test_what_the_user_says_is_kept():
    chosen = model(breakout(), batch_size=32, parallel=Parallel(epochs=1))
    assert (chosen.batch_size, chosen.parallel.epochs) == (32, 1)
    assert HFDQN("MultiInputPolicy", breakout(), 1e-3).learning_rate == 1e-3  # by position
    assert model(breakout(), parallel=False, buffer_size=100).learner is None


@pytest.mark.parametrize("asked", [{"buffer_size": 50}, {"double_q": True, "buffer_size": 50}])
def test_arguments_that_only_replay_has_keep_replay(asked):
    chosen = model(breakout(), **asked)
    assert chosen.learner is None
    assert chosen.batch_size == 32
    assert chosen._taken == {}


def test_a_few_games_keep_replay():
    chosen = model(breakout(n_envs=2), buffer_size=100)
    assert chosen.learner is None
    assert type(chosen.q_net.features_extractor) is PlanesExtractor
    assert (chosen.double_q, chosen.n_steps, chosen.batch_size) == (True, 3, 64)


def test_environments_with_an_entry_of_their_own():
    env = make_env(CART)
    assert model(env).train_freq.frequency == 256
    wrapped = gymnasium.wrappers.TimeLimit(env, 100)
    assert model(DummyVecEnv([lambda: wrapped])).batch_size == 64
    assert recommended_by(make_env("gymnasium:Blackjack-v1")) == {}
    assert recommended_by(gymnasium.make("CartPole-v1")) == {}
    assert hyperparams.recommended("connect_four", 64) == {}


def test_without_recommendations_it_is_dqn_bit_for_bit(capsys):
    def weights(kind, **settings):
        env = make_env(CART, seed=0)
        learner = kind("MultiInputPolicy", env, seed=0, learning_starts=50, **settings)
        learner.learn(400)
        return torch.cat([part.flatten() for part in learner.q_net.parameters()])

    plain = {"recommended": False, "hindsight": False}
    assert torch.equal(weights(HFDQN, **plain), weights(DQN))
    assert capsys.readouterr().err == ""
