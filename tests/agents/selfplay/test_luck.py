"""Plain relabelling takes luck for skill; targets over all replies do not (DESIGN section 1)."""

from __future__ import annotations

import numpy as np
import pytest
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.vec_env import DummyVecEnv

from rlhf_agents.search.alpha_beta import new_table
from rlhf_agents.search.goal_values import goal_rules
from rlhf_agents.search.tree import SearchContext, new_tree, search_batch
from rlhf_agents.selfplay.targets import Proofs, tree_targets
from rlhf_agents.settings import Foresight
from tests.agents.selfplay.gamble import CHANCES, GAMBLE, SAFE, GambleEnv, GambleGame
from tests.agents.weights import random_weights

PRIZE = 2
GAMES = 2000


@pytest.fixture(scope="module")
def relabelled():
    """The value of (action, prize) that SB3's hindsight buffer teaches: the mean of its rewards."""
    env = DummyVecEnv([GambleEnv])
    env.seed(0)
    buffer = HerReplayBuffer(
        GAMES, env.observation_space, env.action_space, env=env, n_sampled_goal=4
    )
    rng = np.random.default_rng(0)
    np.random.seed(0)  # noqa: NPY002 - HerReplayBuffer draws from the global generator
    observation = env.reset()
    for _ in range(GAMES):
        action = rng.integers(2, size=1)
        following, rewards, dones, infos = env.step(action)
        last = {key: infos[0]["terminal_observation"][key][None] for key in following}
        buffer.add(observation, last, action[:, None], rewards, dones, infos)
        observation = following
    batch = buffer.sample(20_000)
    asked = batch.observations["desired_goal"].numpy().ravel() == 1
    actions = batch.actions.numpy().ravel()
    rewards = batch.rewards.numpy().ravel()
    return [float(rewards[asked & (actions == action)].mean()) for action in (SAFE, GAMBLE)]


def our_targets(nodes):
    game = GambleGame()
    goals = goal_rules(game, Foresight(paranoia=0.0))
    tree = new_tree(nodes, game.n_words, game.n_actions, 8)
    used = np.zeros(1, np.int64)
    ask, seat = np.array([PRIZE]), np.zeros(1, np.int64)
    weights = random_weights(game, width=8, seed=1, scale=0.0)
    context = SearchContext(game.rules, weights, goals)
    search_batch(context, tree, game.initial(1), ask, seat, nodes, used)
    values = np.full((nodes, 2, 3, game.n_actions), 0.9, np.float32)  # a wildly optimistic network
    values[:, 0, 0], values[:, 1, 0] = 0.5, 0.5
    known = np.zeros((nodes, game.n_actions), np.bool_)
    bounds = np.tile(np.array([-1, 1], np.int8), (nodes, game.n_actions, 1))
    proofs = Proofs(new_table(game), 99, 0, bounds)
    tree_targets(context, tree, ask, used, values, known, proofs)
    assert known[0, :2].all()
    return values[0, 0, PRIZE, :2]


def test_plain_relabelling_believes_in_luck(relabelled):
    """Relabelled goals are drawn from what followed, so successes are over-represented."""
    assert relabelled[GAMBLE] > 2 * CHANCES[GAMBLE]
    assert relabelled[SAFE] > CHANCES[SAFE] + 0.2


def test_targets_over_all_replies_are_free_of_luck():
    np.testing.assert_allclose(our_targets(nodes=16), CHANCES, atol=1e-6)


def test_hindsight_cannot_change_a_target(relabelled):
    """However often a lucky pair is proposed, its target stays the chance of luck."""
    lucky = our_targets(nodes=16)[GAMBLE]
    assert lucky == pytest.approx(CHANCES[GAMBLE], abs=1e-6)
    assert abs(lucky - CHANCES[GAMBLE]) < abs(relabelled[GAMBLE] - CHANCES[GAMBLE]) / 100
