"""Thinking in steps is thinking at once, for both seats and any goal."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import rlhf_games
from rlhf_agents import load_agent
from rlhf_agents.players.agent import Agent
from rlhf_agents.search.searcher import step_budgets
from rlhf_agents.settings import Foresight
from rlhf_games.base import MOVER, WAITING
from tests.agents.search.test_tree import random_positions
from tests.agents.weights import random_weights


@pytest.fixture(scope="module", params=["tic_tac_toe", "connect_four"])
def agent(request):
    game = rlhf_games.make(request.param)
    return Agent("a", game, random_weights(game), Foresight())


@pytest.fixture(scope="module")
def four():
    return load_agent("connect_four")


@pytest.mark.parametrize("nodes", [0, 1, 30, 64, 65, 700])
@pytest.mark.parametrize("goal", ["win", "draw", "lose"])
def test_steps_grow_the_same_tree(agent, nodes, goal):
    for state in random_positions(agent.game, 3, 3):
        *_, last = agent.think(state, goal, nodes)
        at_once = agent._searcher.think(state[None], np.array([agent.game.goal_index(goal)]), nodes)
        np.testing.assert_array_equal(last.values, at_once.values[0])
        assert last.nodes == at_once.used[0]


@pytest.mark.parametrize("name", ["tic_tac_toe", "connect_four"])
def test_the_network_alone_plays_what_it_explains(name):
    """Also where the rules know better: wins and losses in one, settled goals."""
    agent = load_agent(name)
    for plies in range(2, agent.game.max_plies - 2, 4):
        for state in random_positions(agent.game, 4, plies, seed=plies):
            for row, goal in enumerate(agent.goals):
                why = agent.explain_state(state, goal, 0)
                thought = agent._searcher.think(state[None], np.array([row]), 0)
                np.testing.assert_array_equal(why.values, thought.values[0])
                assert why.action == agent.act_states(state[None], goal, 0)[0]
                assert agent.goals.index(why.pursued) == thought.pursued[0]


@pytest.mark.parametrize("nodes", [0, 1, 100])
def test_every_goal_has_values_for_both_seats(agent, nodes):
    for state in random_positions(agent.game, 2, 4):
        legal = agent.game.legal(state[None])[0]
        for seat in (MOVER, WAITING):
            for goal in agent.goals:
                why = agent.explain_state(state, goal, nodes, seat)
                np.testing.assert_array_equal(np.isnan(why.values), ~legal)
                assert ((why.values[legal] >= 0) & (why.values[legal] <= 1 + 1e-6)).all()
                assert legal[why.action]
                assert all(0 <= value <= 1 + 1e-6 for value in why.goal_values.values())


def test_explanations_come_at_once_and_grow(four):
    thoughts = list(four.think(four.game.initial(1)[0], "win", 3000))
    nodes = [thought.nodes for thought in thoughts]
    assert nodes == sorted(set(nodes))
    assert nodes[0] <= 8
    assert nodes[-1] == 3000


@pytest.mark.parametrize("nodes", [0, 1, 64, 1000, 64000])
def test_budgets_end_where_they_should(nodes):
    budgets = step_budgets(nodes)
    assert budgets == sorted(set(budgets))
    assert (budgets[-1] if budgets else 0) == nodes
    assert all(b - a <= 2000 for a, b in pairwise(budgets))


@pytest.mark.parametrize("nodes", [0, 200])
def test_winning_is_zero_sum_to_both_seats(four, nodes):
    for state in random_positions(four.game, 10, 8):
        mine = four.explain_state(state, "win", nodes, MOVER)
        theirs = four.explain_state(state, "win", nodes, WAITING)
        legal = ~np.isnan(mine.values)
        np.testing.assert_allclose(mine.values[legal], 1 - theirs.values[legal], atol=1e-5)
        if not nodes:
            np.testing.assert_array_equal(1 - mine.values, theirs.values)
            assert mine.action == theirs.action


def test_the_waiting_player_knows_what_threatens(four):
    game = four.game
    states = game.initial(1)
    for action in (0, 6, 1, 6, 2, 5):  # the mover wins with 3
        states = game.step(states, np.array([action]))
    why = four.explain_state(states[0], "win", 100, WAITING)
    assert why.action == 3
    assert why.values[3] == pytest.approx(0, abs=0.02)
    assert why.proven
    lost = four.explain_state(states[0], "lose", 100, WAITING)
    assert lost.goal_values["lose"] > 0.9
    assert lost.action == 3


def test_an_impossible_goal_gives_way_at_once(four):
    game = four.game
    state = random_positions(game, 1, 20)[0]
    for seat in (MOVER, WAITING):
        first = next(iter(four.think(state, "win_by_12", 100, seat)))
        assert (first.goal, first.pursued) == ("win_by_12", "win")
        assert first.goal_values["win_by_12"] == 0


@pytest.mark.parametrize("goal", ["win", "lose"])
def test_choices_do_not_hang_on_the_order_of_sums(four, goal):
    """Sums in another order end in other digits; to `lose` most moves are worth 1 - 1e-6."""
    order = np.random.default_rng(0).permutation(four.weights.table.shape[1])
    weights = four.weights._replace(
        table=four.weights.table[:, order],
        scale=four.weights.scale[:, order],
        shift=four.weights.shift[:, order],
        dense=four.weights.dense[:, order][:, :, order],
        bias=four.weights.bias[:, order],
        heads=four.weights.heads[:, order],
    )
    arrays = {name: np.ascontiguousarray(array) for name, array in weights._asdict().items()}
    other = Agent("other", four.game, type(weights)(**arrays), Foresight())
    states = np.concatenate([random_positions(four.game, 30, ply, ply) for ply in range(35)])
    same = [four.act_states(states, goal, 1) == other.act_states(states, goal, 1)]
    assert len(states) > 500
    assert np.mean(same) >= 0.999
