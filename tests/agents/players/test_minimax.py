"""Alpha-beta equals plain minimax to every depth, ties included."""

from __future__ import annotations

import time

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.players.minimax import MinimaxPlayer
from rlhf_agents.search.budget import TimeBudget
from rlhf_games.base import WAITING
from tests.agents.search.test_tree import random_positions

SOON = 1000
STEPS = 20
"""Fewer than a search takes in a second of the processor."""


def plain(game, states, depth):
    """Value for the mover: SOON - plies for a win, its negative for a loss, 0 at the horizon."""
    outcome = int(game.outcome(states)[0])
    if outcome != 2:
        return outcome * SOON
    if depth == 0:
        return 0
    legal = np.flatnonzero(game.legal(states)[0])
    children = game.step(np.repeat(states, len(legal), axis=0), legal)
    best = max(-plain(game, child[None], depth - 1) for child in children)
    return best - int(np.sign(best))


def plain_choice(game, states, depth):
    order = sorted(range(game.n_actions), key=lambda a: abs(a - (game.n_actions - 1) / 2))
    legal = game.legal(states)[0]
    values = {
        a: -plain(game, game.step(states, np.array([a])), depth - 1) for a in order if legal[a]
    }
    return max(values, key=lambda a: values[a])  # the first of equals, in central order


@pytest.mark.parametrize(("name", "plies"), [("tic_tac_toe", 3), ("connect_four", 30)])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_chooses_what_plain_minimax_chooses(name, plies, depth):
    game = rlhf_games.make(name)
    states = random_positions(game, 120, plies)[:25]
    assert len(states) > 10
    chosen = MinimaxPlayer(game, depth).act(states)
    expected = [plain_choice(game, state[None], depth) for state in states]
    np.testing.assert_array_equal(chosen, expected)


@pytest.mark.parametrize(("name", "plies"), [("tic_tac_toe", 3), ("connect_four", 32)])
@pytest.mark.parametrize("depth", [1, 4])
def test_explains_what_plain_minimax_finds(name, plies, depth):
    game = rlhf_games.make(name)
    player = MinimaxPlayer(game, depth)
    for state in random_positions(game, 120, plies, seed=1)[:10]:
        why = player.explain(state)
        assert why.action == player.act(state[None])[0] == why.line[0]
        assert why.nodes >= game.legal(state[None]).sum()
        for action in np.flatnonzero(game.legal(state[None])[0]):
            after = game.step(state[None], np.array([action]))
            value = -plain(game, after, depth - 1)
            value -= int(np.sign(value))
            far = 0.99 ** (SOON - abs(value))
            assert why.values[action] == pytest.approx(0.5 + 0.5 * np.sign(value) * far)
        best = plain(game, state[None], depth)
        assert why.proven == (best != 0)
        if best != 0:  # the expected line is the whole way to the end
            states = state[None]
            for action in why.line:
                states = game.step(states, np.array([action]))
            assert game.outcome(states)[0] == -1
            assert len(why.line) == SOON - abs(best)


def test_a_batch_is_its_positions_one_by_one():
    game = rlhf_games.make("connect_four")
    states = random_positions(game, 40, 20)
    player, fresh = MinimaxPlayer(game, 5), MinimaxPlayer(game, 5)
    alone = np.concatenate([fresh.act(state[None]) for state in states[::-1]])[::-1]
    np.testing.assert_array_equal(player.act(states), alone)
    np.testing.assert_array_equal(player.act(states), alone)


def test_depth_two_wins_rather_than_blocks():
    game = rlhf_games.make("connect_four")
    states = game.initial(1)
    for move in (0, 6, 0, 6, 0, 6):  # three of each
        states = game.step(states, np.array([move]))
    assert MinimaxPlayer(game, 2).act(states)[0] == 0


def test_ties_go_to_the_centre():
    game = rlhf_games.make("connect_four")
    assert MinimaxPlayer(game, 4).act(game.initial(1))[0] == 3


def test_depth_two_blocks():
    game = rlhf_games.make("connect_four")
    states = game.initial(1)
    for move in (0, 6, 0, 6, 0):  # three of the first player's in column 0
        states = game.step(states, np.array([move]))
    assert MinimaxPlayer(game, 2).act(states)[0] == 0
    assert MinimaxPlayer(game, 2).explain(states[0]).action == 0


def test_full_depth_never_loses_tic_tac_toe():
    game = rlhf_games.make("tic_tac_toe")
    player, rng = MinimaxPlayer(game, 9), np.random.default_rng(0)
    states = game.initial(300)
    ours = np.arange(300) % 2
    while (on := game.legal(states).any(axis=1)).any():
        actions = game.random_actions(states, rng)
        turn = on & (game.mover(states) == ours)
        actions[turn] = player.act(states[turn])
        states = game.step(states, actions)
    lost = (game.outcome(states) == -1) & (game.mover(states) == ours)
    assert not lost.any()


def test_what_the_mover_gets_the_waiting_player_loses():
    game = rlhf_games.make("connect_four")
    player = MinimaxPlayer(game, 4)
    for state in random_positions(game, 10, 20):
        mine, theirs = player.explain(state), player.explain(state, "win", WAITING)
        np.testing.assert_array_equal(theirs.values, 1 - mine.values)
        assert (theirs.action, theirs.line) == (mine.action, mine.line)


@pytest.mark.parametrize(("name", "plies"), [("tic_tac_toe", 2), ("connect_four", 25)])
def test_the_line_is_what_both_would_play(name, plies):
    game = rlhf_games.make(name)
    for state in random_positions(game, 20, plies, seed=2):
        states = state[None]
        for ply, move in enumerate(MinimaxPlayer(game, 5).explain(state).line):
            assert move == MinimaxPlayer(game, 5 - ply).act(states)[0]
            states = game.step(states, np.array([move]))


def test_deepening_shows_every_depth_and_ends_where_explain_does():
    game = rlhf_games.make("connect_four")
    state = game.initial(1)[0]
    thoughts = list(MinimaxPlayer(game, 5).think(state))
    depths = [len(thought.line) for thought in thoughts]
    assert depths == sorted(depths)
    assert set(depths) == {0, 1, 2, 3, 4, 5}  # 0: not all moves are searched yet
    last, why = thoughts[-1], MinimaxPlayer(game, 5).explain(state)
    assert (last.action, last.line, last.proven) == (why.action, why.line, why.proven)
    np.testing.assert_array_equal(last.values, why.values)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_slices_of_any_size_choose_the_same(monkeypatch, size):
    game = rlhf_games.make("connect_four")
    states = random_positions(game, 20, 20, seed=5)
    expected = MinimaxPlayer(game, 4).act(states)
    why = MinimaxPlayer(game, 4).explain(states[0])
    monkeypatch.setattr(TimeBudget, "next_slice", lambda _budget: size)
    np.testing.assert_array_equal(MinimaxPlayer(game, 4).act(states), expected)
    sliced = MinimaxPlayer(game, 4).explain(states[0])
    np.testing.assert_array_equal(sliced.values, why.values)
    assert sliced.line == why.line


@pytest.mark.parametrize("name", ["connect_four", "othello"])
def test_a_search_that_would_take_years_pauses_often(name):
    """Many steps in a second, with the best move so far, at any depth."""
    game = rlhf_games.make(name)
    state = game.initial(1)[0]
    for _ in zip(range(30), MinimaxPlayer(game, 64).think(state), strict=False):
        pass  # compiled
    begin, steps = time.thread_time(), 0
    thoughts = MinimaxPlayer(game, 64).think(state)
    while time.thread_time() < begin + 1:
        why = next(thoughts)
        steps += 1
    assert steps > STEPS
    assert game.legal(state[None])[0, why.action]
    assert len(why.line) >= 2
