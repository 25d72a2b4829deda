"""What is proven of moves holds, corrects trees, and decides in searches that count nodes."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_agents import load_agent
from rlhf_agents.players.agent import Agent
from rlhf_agents.search.proven_values import correct_trees
from rlhf_agents.search.prover import Prover
from rlhf_agents.search.root_proofs import LEAST_EVALUATIONS
from rlhf_agents.settings import Foresight
from rlhf_games.base import MOVER, WAITING, Outcome
from tests.agents.search.test_solver import late_positions
from tests.agents.search.test_tree import random_positions
from tests.agents.selfplay.exact import negamax
from tests.agents.weights import random_weights

BOARDS = ("tic_tac_toe", "connect_four", "othello_6x6")


def values_of(game, state, cache):
    """Return the exact value of every legal move."""
    legal = np.flatnonzero(game.legal(state[None])[0])
    after = game.step(np.repeat(state[None], len(legal), axis=0), legal)
    return legal, np.array([-negamax(game, child[None], cache) for child in after])


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("nodes", [0, 30, 1_000_000])
def test_bounds_hold_and_large_budgets_close_them(name, nodes):
    game, states = late_positions(name, 20)
    found, cache = Prover(game).bounds_of(states, np.full(len(states), nodes)), {}
    for state, bounds in zip(states, found, strict=True):
        legal, exact = values_of(game, state, cache)
        low, high = bounds[legal].T
        assert ((low <= exact) & (exact <= high)).all()
        assert np.array_equal(low, high) or nodes < 1_000_000
        assert (np.delete(bounds, legal, axis=0) == [1, -1]).all()


def test_trees_take_up_what_is_proven_below():
    """Bounds of the root hold after proofs of deeper nodes alone, and its values obey them."""
    game, states = late_positions("connect_four", 20)
    agent = Agent("untrained", game, random_weights(game), Foresight())
    searcher, nodes, cache = agent._searcher, 60, {}
    wins = np.zeros(len(states), np.int64)
    tree, used = searcher.search(states, wins, nodes)
    budgets = np.full(len(tree.words), 100_000)
    budgets[:: len(tree.words) // len(states)] = 0  # the roots
    bounds = np.full((len(tree.words), game.n_actions, 2), (-1, 1), np.int8)
    grown = np.flatnonzero(tree.words.any(axis=1))
    bounds[grown] = Prover(game).bounds_of(tree.words[grown], budgets[grown])
    correct_trees(searcher.context, tree, wins, used, bounds, game.max_plies)
    narrowed = 0
    for state, row in zip(states, range(0, len(tree.words), len(tree.words) // 20), strict=False):
        legal, exact = values_of(game, state, cache)
        low, high = bounds[row, legal].T
        assert ((low <= exact) & (exact <= high)).all()
        narrowed += ((low > -1) | (high < 1)).sum()
        value = tree.value[row, legal]
        assert (value[low == 1] > 0.5).all()
        assert (value[high == -1] < 0.5).all()
        np.testing.assert_allclose(value[(low == 0) & (high == 0)], 0.5, atol=1e-6)
    assert narrowed > 40


@pytest.mark.parametrize("name", ["connect_four", "othello_6x6"])
def test_searches_by_nodes_prove_late_moves(name):
    """Even with a network that knows nothing the moves are right, and say that they are proven."""
    game, states = late_positions(name, 12)
    agent, cache = Agent("untrained", game, random_weights(game), Foresight()), {}
    actions = agent.act_states(states, "win", 1000)
    for state, action in zip(states, actions, strict=True):
        legal, exact = values_of(game, state, cache)
        assert exact[legal.tolist().index(action)] == exact.max()
        for seat in (MOVER, WAITING):
            why = agent.explain_state(state, "win", 1000, seat)
            assert why.proven
            assert why.nodes <= 1000
            assert seat == WAITING or why.action == action


def test_proofs_by_nodes_do_not_hang_on_what_was_asked_before():
    four = load_agent("connect_four")
    states = random_positions(four.game, 30, 14)[:8]
    first = four._searcher.think(states, np.zeros(8, np.int64), 300).values
    again = four._searcher.think(states[::-1], np.zeros(8, np.int64), 300).values[::-1]
    np.testing.assert_array_equal(first, again)


def test_small_searches_and_openings_prove_nothing():
    four = load_agent("connect_four")
    late = random_positions(four.game, 30, 26)[0]
    assert four.explain_state(late, "win", LEAST_EVALUATIONS - 1).proof_nodes == 0
    assert four.explain_state(late, "win", LEAST_EVALUATIONS).proof_nodes > 0
    assert four.explain_state(four.game.initial(1)[0], "win", 300).proof_nodes == 0


def test_games_know_from_where_proofs_pay():
    tic_tac_toe = rlhf_games.make("tic_tac_toe")
    agent = Agent("untrained", tic_tac_toe, random_weights(tic_tac_toe), Foresight())
    assert agent.explain_state(tic_tac_toe.initial(1)[0], "win", 400).proven


def end_of(game, state, cache):
    """Return a position's value and in how many plies best play ends the game, by brute force."""
    key = state.tobytes()
    if key not in cache:
        outcome = int(game.outcome(state[None])[0])
        if outcome != Outcome.ONGOING:
            cache[key] = outcome, 0
        else:
            legal = np.flatnonzero(game.legal(state[None])[0])
            after = game.step(np.repeat(state[None], len(legal), axis=0), legal)
            ends = [end_of(game, child, cache) for child in after]
            value, plies = max(((-v, -n if v < 0 else n) for v, n in ends))
            cache[key] = value, 1 + abs(plies)
    return cache[key]


@pytest.mark.parametrize("seconds", [None, 1.0])
@pytest.mark.parametrize("seat", [MOVER, WAITING])
def test_proofs_say_when_the_game_ends(seat, seconds):
    game, states = late_positions("connect_four", 30)
    agent = Agent("untrained", game, random_weights(game), Foresight())
    cache, seen = {}, set()
    for state in states:
        budget = {"nodes": 1000} if seconds is None else {"seconds": seconds}
        why = agent.explain_state(state, "win", seat=seat, **budget)
        value, plies = end_of(game, game.step(state[None], np.array([why.action]))[0], cache)
        mine = -value if seat == MOVER else value
        seen.add(mine)
        if mine == 0:
            assert why.proof == "draws"
            continue
        assert why.proof.startswith("wins in " if mine > 0 else "loses in ")
        assert why.distance.exact
        assert why.distance.plies == plies + 1
    assert seen == {-1, 0, 1}


def test_early_proofs_give_an_upper_bound():
    four = load_agent("connect_four")
    why = four.explain_state(random_positions(four.game, 40, 20, seed=4)[3], "win", 120)
    assert why.proven
    assert (why.distance is None) == (why.proof == "draws")
    if why.distance is not None:
        assert 1 <= why.distance.plies <= 22
