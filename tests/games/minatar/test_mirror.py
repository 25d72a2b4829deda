"""Games that say they are the same in a mirror, played beside their mirror image."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_games import minatar
from rlhf_games.arcade.rules import CHANCE, LAST_ACTION, SIDE
from rlhf_games.minatar import asterix, breakout

GAMES, STEPS = 200, 300


def _swap(states, *words):
    for word in words:
        states[:, word] = SIDE - 1 - states[:, word]


def mirrored_breakout(states):
    _swap(states, breakout.PADDLE, breakout.BALL_X, breakout.TRAIL_X)
    states[:, breakout.DX] *= -1
    for word in range(breakout.BRICKS, breakout.N_WORDS):
        bits = (states[:, word, None] >> np.arange(SIDE)) & 1
        states[:, word] = (bits[:, ::-1] << np.arange(SIDE)).sum(axis=1)


def mirrored_asterix(states):
    _swap(states, asterix.PLAYER_X, *range(asterix.X, asterix.GOES))
    states[:, asterix.GOES :] *= -1


MIRRORS = {"asterix": mirrored_asterix, "breakout": mirrored_breakout}


def test_which_games_have_a_mirror():
    having = {name for name in minatar.names() if minatar.make(name).mirrored is not None}
    assert having == set(MIRRORS)


@pytest.mark.parametrize("name", sorted(MIRRORS))
def test_a_game_and_its_mirror_image_in_lockstep(name):
    game, rng = minatar.make(name), np.random.default_rng(5)
    actions_there = np.array(game.mirrored)
    states = game.initial(rng.random((GAMES, game.n_draws)))
    there = states.copy()
    MIRRORS[name](there)
    there[:, LAST_ACTION] = actions_there[there[:, LAST_ACTION]]
    earned = 0.0
    for _ in range(STEPS):
        actions, draws = rng.integers(game.n_actions, size=GAMES), rng.random((GAMES, game.n_draws))
        draws_there = draws.copy()
        draws_there[:, CHANCE] = 1.0 - draws[:, CHANCE]  # from the left or from the right
        states, points = game.step(states, actions, draws)
        there, points_there = game.step(there, actions_there[actions], draws_there)
        assert np.array_equal(points, points_there)
        assert np.array_equal(game.over(states), game.over(there))
        assert np.array_equal(game.observe(states), game.observe(there)[..., ::-1])
        earned += points.sum()
    assert earned > GAMES / 4
