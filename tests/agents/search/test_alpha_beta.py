"""Proofs are exact, count plies, and give up within their budget."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.search.alpha_beta import HORIZON, UNKNOWN, new_table, prove_batch
from tests.agents.search.test_tree import random_positions
from tests.agents.selfplay.exact import negamax


def prove(game, states, budget=10**9, bits=14):
    out = np.zeros(len(states), np.int64)
    prove_batch(game.rules, new_table(game, bits), states, budget, out)
    return out


def plies_to_end(game, states):
    """Value and length of best play in plain Python: win soon, lose late."""
    outcome = int(game.outcome(states)[0])
    if outcome != 2:
        return outcome * HORIZON
    legal = np.flatnonzero(game.legal(states)[0])
    children = game.step(np.repeat(states, len(legal), axis=0), legal)
    values = [-plies_to_end(game, child[None]) for child in children]
    best = max(values)
    return best - np.sign(best)


def test_tic_tac_toe_is_a_draw():
    game = rlhf_games.make("tic_tac_toe")
    assert prove(game, game.initial(1))[0] == 0


@pytest.mark.parametrize("bits", [4, 14])
def test_values_and_distances_equal_plain_search(bits):
    """Also with a table so small that every slot is fought over."""
    game = rlhf_games.make("tic_tac_toe")
    for plies in (3, 4, 5):
        states = random_positions(game, 40, plies, seed=plies)
        proven = prove(game, states, bits=bits)
        expected = [plies_to_end(game, state[None]) for state in states]
        np.testing.assert_array_equal(proven, expected)


def test_connect_four_endgames_equal_plain_negamax():
    game = rlhf_games.make("connect_four")
    states = random_positions(game, 400, 33)
    assert len(states) > 20
    proven = prove(game, states)
    cache: dict[bytes, int] = {}
    expected = [negamax(game, state[None], cache) for state in states]
    np.testing.assert_array_equal(np.sign(proven), expected)


def test_a_small_budget_gives_up():
    game = rlhf_games.make("connect_four")
    assert prove(game, game.initial(1), budget=50)[0] == UNKNOWN
