"""Search by the clock: right where it claims a proof, legal however late, anytime."""

from __future__ import annotations

import time

import numpy as np
import pytest

import rlhf_games
from rlhf_agents import load_agent
from rlhf_agents.players.agent import Agent
from rlhf_agents.search import budget, game_search
from rlhf_agents.search.bounds import Bounds
from rlhf_agents.search.budget import NodeBudget
from rlhf_agents.search.game_search import GameSearch
from rlhf_agents.search.prover import DRAW, WIN, Prover
from rlhf_agents.search.subtree import keep_subtree
from rlhf_agents.settings import Foresight
from rlhf_games.base import MOVER, WAITING, Outcome
from rlhf_games.solver_rules import (
    NO,
    YES,
)
from tests.agents.search.test_tree import random_positions, search
from tests.agents.selfplay.exact import negamax
from tests.agents.weights import random_weights


@pytest.fixture(scope="module")
def four():
    return load_agent("connect_four")


def untrained(name):
    game = rlhf_games.make(name)
    return Agent("untrained", game, random_weights(game), Foresight())


@pytest.mark.parametrize("name", ["tic_tac_toe", "connect_four", "othello_6x6"])
def test_what_is_proven_is_right_whatever_the_network_believes(name):
    agent = untrained(name)
    game, cache = agent.game, {}
    late = {"tic_tac_toe": 2, "connect_four": 32, "othello_6x6": 27}[name]
    search_of = agent.new_search()
    for state in random_positions(game, 200, late)[:30]:
        best = negamax(game, state[None], cache)
        for seat in (MOVER, WAITING):
            why = search_of.explain(state, 0, 5.0, seat)
            after = game.step(state[None], np.array([why.action]))
            assert why.proven
            assert -negamax(game, after, cache) == best
            value = why.values[why.action] if seat == MOVER else 1 - why.values[why.action]
            assert (
                round(2 * float(value)) - 1 == best
            )  # a win discounted by its distance is still a win
            assert why.seconds < 5.0


def test_proofs_correct_the_network(four):
    """Far more positions are decided by proofs than by the tree alone."""
    states = random_positions(four.game, 60, 12, seed=3)[:6]  # later the tree ends games alone
    timed = [four.explain_state(state, seconds=1.0) for state in states]
    tree = [four.explain_state(state, nodes=99) for state in states]  # too few for proofs
    assert sum(why.proven for why in timed) > sum(why.proven for why in tree)
    assert sum(why.proof_nodes for why in timed) > 0


def test_a_move_comes_even_after_the_deadline(four):
    for state in random_positions(four.game, 5, 6):
        why = four.explain_state(state, seconds=1e-9)
        assert four.game.legal(state[None])[0, why.action]
        assert why.nodes >= 1


def test_the_clock_ends_the_search(four, monkeypatch):
    """By a clock of CPU time, which other programs do not disturb."""
    monkeypatch.setattr(budget, "now", time.process_time)
    four.explain_state(four.game.initial(1)[0], seconds=0.01)
    for seconds in (0.02, 0.1, 0.3):
        for goal in ("win", "draw"):
            started = time.process_time()
            four.explain_state(four.game.initial(1)[0], goal, seconds=seconds)
            assert 0.4 * seconds < time.process_time() - started < seconds + 0.2


def test_steps_are_short_and_can_be_left(four):
    state = four.game.initial(1)[0]
    steps = four.think(state, "win", seconds=30.0)
    begun, seen = time.perf_counter(), []
    for why in steps:
        seen.append(why)
        if time.perf_counter() - begun > 0.3:
            break
    steps.close()
    assert len(seen) > 5
    assert seen[-1].nodes + seen[-1].proof_nodes > seen[0].nodes
    assert four.explain_state(state, nodes=10).nodes == 10


def test_the_tree_is_kept_from_move_to_move(four):
    game, search_of = four.game, four.new_search()
    states = game.initial(1)
    search_of.explain(states[0], 0, 0.3)
    for action in (3, 3):
        states = game.step(states, np.array([action]))
    first = next(iter(search_of.in_steps(states[0], 0, 0.3)))
    assert first.nodes > 30
    elsewhere = random_positions(game, 3, 9)[0]
    assert next(iter(search_of.in_steps(elsewhere, 0, 0.3))).nodes < 30


def test_a_subtree_is_what_it_was():
    game = rlhf_games.make("connect_four")
    states = random_positions(game, 1, 6)
    tree, used = search(game, states, nodes=400)
    first = int(tree.child[0][tree.child[0] >= 0][0])
    words, value = tree.words[first].copy(), tree.value[first].copy()
    visits = tree.visits[first].copy()
    left = keep_subtree(tree, first, int(used[0]))
    np.testing.assert_array_equal(tree.words[0], words)
    np.testing.assert_array_equal(tree.value[0], value)
    assert left == 1 + visits.sum()
    for node in range(left):
        for action, child in enumerate(tree.child[node]):
            if child >= 0:
                after = game.step(tree.words[node : node + 1], np.array([action]))
                np.testing.assert_array_equal(tree.words[child], after[0])
                assert (tree.parent[child], tree.action[child]) == (node, action)
                assert tree.ours[child] != tree.ours[node]


def test_an_impossible_goal_gives_way_by_the_clock_too(four):
    state = random_positions(four.game, 1, 20)[0]
    why = four.explain_state(state, "win_by_12", seconds=0.05)
    assert (why.goal, why.pursued) == ("win_by_12", "win")


def test_bounds_move_values_and_never_pass_each_other():
    values = np.array([0.9, 0.2, 0.6, np.nan], np.float32)
    bounds = Bounds(4)
    bounds.narrow(np.array([[-1, 1], [-1, 1], [-1, 1], [1, -1]]))
    np.testing.assert_array_equal(bounds.applied(values, values), values)
    bounds.learn(WIN, NO, None)
    assert bounds.answers(WIN)
    assert not bounds.settled
    assert bounds.applied(values, values)[0] == pytest.approx(0.5, abs=0.01)
    bounds.learn(DRAW, YES, 1)
    assert bounds.settled
    assert bounds.of_move(1)
    assert np.nanargmax(bounds.applied(values, values)) == 1  # the only one that is known to draw


def test_without_draws_undecided_positions_get_no_time_for_proofs(four, monkeypatch):
    search_of, state = four.new_search(), four.game.initial(1)[0]
    with budget.cpu_time():
        assert search_of.explain(state, 0, 0.05).proof_nodes > 0
        monkeypatch.setitem(search_of.prover.__dict__, "questions", (WIN,))
        monkeypatch.setattr(game_search, "UNDECIDED", (0.0, 1.0))
        assert search_of.explain(state, 0, 0.05).proof_nodes == 0


def test_games_of_other_libraries_are_proven_by_their_own_rules():
    pytest.importorskip("pyspiel", reason="OpenSpiel is not installed")
    game = rlhf_games.make("openspiel:tic_tac_toe")
    prover, ours = Prover(game), rlhf_games.make("tic_tac_toe")
    rng, cache = np.random.default_rng(0), {}
    for _ in range(6):
        theirs, states = game.initial(1), ours.initial(1)
        for _ in range(4):
            action = ours.random_actions(states, rng)
            theirs, states = game.step(theirs, action), ours.step(states, action)
        if ours.outcome(states)[0] == Outcome.ONGOING:
            assert prover.prove(theirs[0], 100_000) == negamax(ours, states, cache)


def test_one_prover_serves_threads_and_games(four):
    assert isinstance(four.new_search(), GameSearch)
    assert four.new_search().prover is four.new_search().prover


def test_another_game_uses_the_same_memory_and_finds_the_same(four):
    game = four.game
    first, second = game.initial(1), game.step(game.initial(1), np.array([3]))
    used, fresh = four.new_search(), four.new_search()
    grown = used.take(first, 0, 0)
    for _ in used.grow(grown, first, NodeBudget(3000)):
        pass
    used.put_back(grown)
    again = used.take(game.step(second, np.array([0])), 1, 0)
    assert again.tree is grown.tree
    assert again.used == 0
    other = fresh.take(second, 1, 0)
    for one, tree in ((used, again), (fresh, other)):
        for _ in one.grow(tree, second, NodeBudget(2000)):
            pass
    assert again.used == other.used
    for here, there in zip(again.tree, other.tree, strict=True):
        legal = slice(0, again.used)
        if here.ndim < 2 or here.shape[1] != game.n_actions:
            assert (here[legal] == there[legal]).all()
    assert (again.tree.child[: again.used] == other.tree.child[: other.used]).all()
