"""The tree: legal, within its budget, exact where the rules decide, and the same in any batch."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.search.choices import expected_line
from rlhf_agents.search.equal_moves import hopes_of, told_apart
from rlhf_agents.search.goal_values import goal_rules
from rlhf_agents.search.opponent_model import avoid_blunder
from rlhf_agents.search.tree import ILLEGAL, SearchContext, new_tree, search_batch
from rlhf_agents.settings import Foresight
from tests.agents.selfplay.exact import negamax
from tests.agents.weights import random_weights

WIN = 0


def search(game, states, goal=WIN, nodes=100, seat=0, seed=0):
    context = SearchContext(
        game.rules, random_weights(game, seed=seed), goal_rules(game, Foresight())
    )
    room = max(nodes, game.n_actions + 1)
    tree = new_tree(len(states) * room, game.n_words, game.n_actions, 16)
    used = np.zeros(len(states), np.int64)
    wanted = np.full(len(states), goal)
    search_batch(context, tree, states, wanted, np.full(len(states), seat), nodes, used)
    return tree, used


def random_positions(game, count, plies, seed=0):
    rng = np.random.default_rng(seed)
    states = game.initial(count)
    for _ in range(plies):
        states = game.step(states, game.random_actions(states, rng))
    return states[game.outcome(states) == 2]


@pytest.fixture(scope="module", params=["tic_tac_toe", "connect_four"])
def game(request):
    return rlhf_games.make(request.param)


def test_budget_is_kept_and_counts_expanded_positions(game):
    states = random_positions(game, 20, 2)
    for nodes in (0, 1, 30, 200):
        tree, used = search(game, states, nodes=nodes)
        assert (used <= max(nodes, game.n_actions + 1)).all()
        assert (used >= 1).all()
        assert (used == 1).all() if nodes == 0 else (used > 1).all()
        del tree


def test_one_ply_looks_at_every_move(game):
    states = random_positions(game, 20, 3)
    tree, _ = search(game, states, nodes=1)
    roots = np.arange(len(states)) * (game.n_actions + 1)
    legal = game.legal(states)
    assert ((tree.child[roots] == ILLEGAL) == ~legal).all()
    looked_at = (tree.child[roots] >= 0) | tree.exact[roots]
    assert (looked_at == legal).all()


def test_a_batch_gives_the_same_trees_as_single_positions(game):
    states = random_positions(game, 8, 4)
    room = 60
    together, _ = search(game, states, nodes=room)
    for i in range(len(states)):
        alone, used = search(game, states[i : i + 1], nodes=room)
        rows = slice(i * room, i * room + int(used[0]))
        np.testing.assert_array_equal(alone.words[: int(used[0])], together.words[rows])
        np.testing.assert_array_equal(alone.value[: int(used[0])], together.value[rows])


def test_a_finished_game_has_no_tree(game):
    rng = np.random.default_rng(0)
    states = game.initial(5)
    for _ in range(game.max_plies):
        states = game.step(states, game.random_actions(states, rng))
    _, used = search(game, states)
    assert (used == 0).all()


def test_with_enough_nodes_tic_tac_toe_is_proven_and_the_proof_is_right():
    """Whatever the network believes: exact values follow from the rules alone."""
    game = rlhf_games.make("tic_tac_toe")
    cache: dict[bytes, int] = {}
    for plies in (2, 3, 4, 5):
        states = random_positions(game, 15, plies, seed=plies)
        room = 6000
        tree, _ = search(game, states, nodes=room, seed=3)
        for i, state in enumerate(states):
            legal = np.flatnonzero(game.legal(state[None])[0])
            values = {
                a: -negamax(game, game.step(state[None], np.array([a])), cache) for a in legal
            }
            exact = [a for a in legal if tree.exact[i * room, a]]
            assert exact
            for action in exact:
                value = tree.value[i * room, action]
                assert np.sign(round(float(value) - 0.5, 6)) == values[action]
            best = max(legal, key=lambda a: tree.value[i * room, a])
            assert values[best] == max(values.values())


def test_the_expected_line_is_legal(game):
    for state in random_positions(game, 10, 3):
        tree, _ = search(game, state[None], nodes=150)
        action = int(np.where(tree.child[0] != ILLEGAL, tree.value[0], -1).argmax())
        line = expected_line(goal_rules(game, Foresight()), tree, action, WIN)
        assert line[0] == action
        states = state[None]
        for move in line:
            states = game.step(states, np.array([move]))  # raises on an illegal move


def test_values_are_probabilities_for_every_goal_and_seat(game):
    states = random_positions(game, 6, 4)
    for goal in range(len(game.goals)):
        for seat in (0, 1):
            tree, used = search(game, states, goal=goal, nodes=40, seat=seat)
            for i, count in enumerate(used):
                rows = slice(i * 40, i * 40 + int(count))
                values = tree.value[rows][tree.child[rows] != ILLEGAL]
                assert ((values >= 0) & (values <= 1 + 1e-6)).all()
                replies = tree.reply[rows].sum(axis=1)
                np.testing.assert_allclose(replies, 1.0, atol=1e-5)


def test_replies_that_lose_at_once_become_unlikely():
    goals = goal_rules(rlhf_games.make("tic_tac_toe"), Foresight())
    replies = np.array([0.6, 0.3, 0.1], np.float32)
    avoid_blunder(goals, replies, 0)
    assert replies.sum() == pytest.approx(1.0)
    assert replies[0] < 0.05
    assert replies[1] / replies[2] == pytest.approx(3.0)
    only = np.array([1.0, 0.0], np.float32)  # a double threat: it has no other reply
    avoid_blunder(goals, only, 0)
    np.testing.assert_allclose(only, [1.0, 0.0])
    avoid_blunder(goals._replace(temperature=1e-6), only, 0)  # nor is it lost in rounding
    np.testing.assert_allclose(only, [1.0, 0.0])
    blind = np.array([0.6, 0.3, 0.1], np.float32)  # it moves at random, and sees nothing
    avoid_blunder(goals._replace(temperature=1e6), blind, 0)
    np.testing.assert_allclose(blind, [0.6, 0.3, 0.1], rtol=1e-5)


def test_of_equal_moves_that_is_best_after_which_the_opponent_can_err():
    tree = new_tree(3, 1, 2, 1)
    tree.child[:] = [[1, 2], [-3, -3], [-3, -3]]  # two moves, each with two replies
    tree.exact[:] = True
    tree.ours[:3] = [True, False, False]
    tree.value[:3] = [[0.5, 0.5], [0.5, 0.5], [1.0, 0.5]]
    tree.reply[1:3] = [[0.5, 0.5], [0.1, 0.9]]
    hopes = hopes_of(tree, np.array([3]), np.array([True]))[0]
    np.testing.assert_allclose(hopes, [0.5, 0.65])  # 0.75 by chance, 0.55 by what it wants
    values = told_apart(tree.value[0], tree.exact[0], hopes)
    assert values[1] > values[0] == 0.5
    assert values[1] < 0.501
