"""Targets: `win` with w = 1 is negamax, and luck does not look like skill."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.search.goal_values import goal_rules
from rlhf_agents.settings import Foresight
from tests.agents.selfplay.exact import negamax, solve

WIN = 0


@pytest.fixture(scope="module")
def game():
    return rlhf_games.make("tic_tac_toe")


def states_of(game, key):
    return np.frombuffer(key, np.uint64).reshape(1, game.n_words)


@pytest.mark.parametrize("zero_sum", [True, False], ids=["sign flip", "w = 1 over both seats"])
def test_win_with_full_paranoia_equals_negamax(game, zero_sum):
    """Everywhere in the game tree, by the flip and by the two-seat recursion with w = 1."""
    goals = goal_rules(game, Foresight(paranoia=1.0, discount=1.0))
    goals.zero_sum[WIN] = zero_sum
    table = solve(game, goals)
    assert len(table) == 4520  # unfinished among the 5478 reachable positions
    cache: dict[bytes, int] = {}
    for key, values in table.items():
        states = states_of(game, key)
        for action in np.flatnonzero(game.legal(states)[0]):
            after = game.step(states, np.array([action]))
            value = -negamax(game, after, cache)
            assert values[0, WIN, action] == pytest.approx((value + 1) / 2)


def test_zero_sum_targets_of_the_seats_are_complements(game):
    goals = goal_rules(game, Foresight(discount=0.97))
    for key, values in solve(game, goals).items():
        legal = game.legal(states_of(game, key))[0]
        np.testing.assert_allclose(values[0, WIN, legal] + values[1, WIN, legal], 1.0, atol=1e-6)


def test_discount_prefers_the_sooner_win(game):
    goals = goal_rules(game, Foresight(discount=0.97))
    table = solve(game, goals)
    # X to move: 2 completes the top row at once, 5 completes the middle row as well as 3, 4.
    moves = [0, 3, 1, 8]
    states = game.initial(1)
    for move in moves:
        states = game.step(states, np.array([move]))
    values = table[states.tobytes()][0, WIN]
    assert values[2] == 1.0
    assert 0.5 < np.delete(values, 2).max() < 1.0  # 5 wins as well, later


def test_goals_that_imply_others_are_never_worth_more(game):
    goals = goal_rules(game, Foresight(paranoia=0.3))
    names = [goal.name for goal in game.goals]
    child, parent = names.index("lose_by_6"), names.index("lose")
    for key, values in solve(game, goals).items():
        legal = game.legal(states_of(game, key))[0]
        assert (values[:, child][:, legal] <= values[:, parent][:, legal] + 1e-6).all()


def test_a_softer_opponent_is_worth_more_to_every_other_goal(game):
    """The less paranoid, the more often an opponent is expected to let a goal happen."""
    values = [
        solve(game, goal_rules(game, Foresight(paranoia=w)))[game.initial(1).tobytes()][0]
        for w in (0.0, 0.5, 1.0)
    ]
    others = slice(1, None)
    assert (values[0][others] >= values[1][others] - 1e-6).all()
    assert (values[1][others] >= values[2][others] - 1e-6).all()
    assert values[0][others].sum() > values[2][others].sum()
