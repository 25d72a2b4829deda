"""The network in torch and in compiled code, and the extractor as SB3 uses it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import DQN

import rlhf_games
from rlhf_adapters import make_env
from rlhf_adapters.two_player.game_env import make_game_env
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.search.compiled_network import line_windows, windows_of
from rlhf_agents.search.goal_values import goal_rules
from rlhf_agents.search.searcher import goal_table, network_batch
from rlhf_agents.search.tree import SearchContext, new_tree
from rlhf_agents.selfplay.networks import PatternExtractor
from rlhf_agents.settings import Foresight
from rlhf_games.base import Game
from tests.adapters.foreign_games.nim import nim
from tests.agents.search.test_tree import random_positions


@pytest.fixture(scope="module", params=["tic_tac_toe", "connect_four", "nim"])
def model(request):
    """Models for two of our games, and for a foreign one with cells that are not looked at."""
    return wild_model(nim() if request.param == "nim" else rlhf_games.make(request.param))


def wild_model(game: Game) -> HFDQN:
    torch.manual_seed(0)
    env = make_game_env(game, n_envs=2, seed=0)
    model = HFDQN("MultiInputPolicy", env, seed=0)
    for parameter in model.policy.q_net_target.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def assert_compiled_values_equal_torch(model):
    game = model.game
    states = random_positions(game, 50, 4)
    boards = torch.from_numpy(game.observe(states))
    with torch.no_grad():
        expected = model.policy.q_net_target.values(boards).numpy()
    legal = game.legal(states)
    for goal in range(len(game.goals)):
        out = np.empty(legal.shape, np.float32)
        wanted = np.full(len(states), goal)
        network_batch(game.rules, model.learner.target_weights, states, wanted, out)
        np.testing.assert_allclose(out[legal], expected[:, 0, goal][legal], atol=2e-6)
        assert np.isnan(out[~legal]).all()


def test_compiled_values_equal_torch(model):
    assert_compiled_values_equal_torch(model)


def test_compiled_values_equal_torch_where_there_is_a_clock():
    assert_compiled_values_equal_torch(wild_model(rlhf_games.make("breakthrough_6x6")))


def test_deadlines_are_monotone_by_construction(model):
    """Whatever the weights: a goal is never worth more than the goal that bounds it."""
    game = model.game
    states = random_positions(game, 50, 3)
    table = np.empty((len(states), len(game.goals)), np.float32)
    context = SearchContext(game.rules, model.learner.target_weights, goal_rules(game, Foresight()))
    width = model.learner.target_weights.table.shape[1]
    goal_table(context, new_tree(1, game.n_words, game.n_actions, width), states, 0, table)
    parents = model.learner.target_weights.parents
    bounded = np.flatnonzero(parents >= 0)
    if game.name == "connect_four":
        assert len(bounded) >= 7
    for goal in bounded:
        assert (table[:, goal] <= table[:, parents[goal]] + 1e-6).all()


def test_compiled_weights_follow_the_parameters(model):
    before = model.learner.target_weights.head_bias[0]
    with torch.no_grad():
        model.policy.q_net_target.head.heads.bias[0] += 1.0
    assert model.learner.target_weights.head_bias[0] == pytest.approx(before + 1.0)


def test_line_windows_of_connect_four():
    windows = line_windows((6, 7), 4)
    assert windows.shape == (69, 4)
    assert len({tuple(sorted(window)) for window in windows.tolist()}) == 69
    assert windows.min() == 0
    assert windows.max() == 41


def test_line_windows_stay_within_the_visible_cells():
    assert line_windows((2, 4), 1, 5).tolist() == [[0], [1], [2], [3], [4]]
    assert line_windows((2, 3), 2, 4).tolist() == [[0, 1], [1, 2], [0, 3], [1, 3]]
    assert windows_of((4, 2, 3), 2, 4).tolist()[4:] == [[9, 8]]  # the clock, behind all cells


@pytest.mark.parametrize("name", ["othello_6x6", "breakthrough_6x6"])
def test_extractor_sees_what_four_planes_tell(name: str):
    """Playable cells as the rules name them, and the number of plies in a window of its own."""
    game = rlhf_games.make(name)
    states = np.concatenate([random_positions(game, 9, plies) for plies in range(0, 30, 3)])
    extractor = PatternExtractor(make_env(name, n_envs=2).observation_space, line_length=4)
    assert len(extractor.windows) == 55  # 54 lines and the clock
    rows = extractor.rows(torch.from_numpy(game.observe(states))).numpy()
    symbols, places = game.symbols(states).astype(int), 4 ** np.arange(3, -1, -1)
    expected = symbols[:, extractor.windows[:54]] @ places + 256 * np.arange(54)
    assert np.array_equal(rows[:, :54], expected)
    assert np.array_equal(rows[:, 54], 256 * 54 + game.plies(states))
    assert len(set(game.plies(states).tolist())) > 5


def test_extractor_sees_what_is_playable():
    game = rlhf_games.make("connect_four")
    space = spaces.Box(0.0, 1.0, game.observation_shape, np.float32)
    extractor = PatternExtractor(space, features_dim=8)
    empty = torch.from_numpy(game.observe(game.initial(1)))
    rows = extractor.rows(empty)[0]
    bottom = [i for i, cells in enumerate(extractor.windows.tolist()) if min(cells) >= 35]
    assert len(bottom) == 4
    for window, row in enumerate(rows.tolist()):
        content = row - window * 256
        assert (content == 255) == (window in bottom)


def test_extractor_gradient_equals_torch_embedding_bag():
    game = rlhf_games.make("connect_four")
    space = spaces.Box(0.0, 1.0, game.observation_shape, np.float32)
    extractor = PatternExtractor(space, features_dim=8)
    boards = torch.from_numpy(game.observe(random_positions(game, 30, 12)))
    weights = torch.randn(len(boards), 8)
    (extractor(boards) * weights).sum().backward()
    mine = extractor.table.grad.clone()
    extractor.table.grad = None
    rows = extractor.rows(boards)
    bag = torch.nn.functional.embedding_bag(rows, extractor.table, mode="sum")
    (bag * weights).sum().backward()
    torch.testing.assert_close(mine, extractor.table.grad)


def test_extractor_serves_a_plain_sb3_algorithm():
    env = make_env("connect_four", seed=0)
    kwargs = {"features_extractor_class": PatternExtractor}
    model = DQN("MultiInputPolicy", env, policy_kwargs=kwargs, learning_starts=20, seed=0)
    model.learn(60)
    action, _ = model.predict(env.reset()[0])
    assert env.action_space.contains(int(action))


def test_extractor_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"needs observations \[2, H, W\]"):
        PatternExtractor(spaces.Box(0.0, 1.0, (4,), np.float32))
    for shape, options in [
        ((2, 50, 50), {}),
        ((2, 1000, 101), {"line_length": 1}),
        ((2, 3, 3), {"line_length": 0}),
        ((2, 3, 3), {"visible_cells": 10}),
    ]:
        with pytest.raises(ValueError, match=r"at most .* cells"):
            PatternExtractor(spaces.Box(0.0, 1.0, shape, np.float32), 2, **options)
