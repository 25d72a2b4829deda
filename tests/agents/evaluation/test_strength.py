"""A look at the strength takes bounded time, whatever the game."""

from __future__ import annotations

import time

import numpy as np
import pytest

import rlhf_games
from rlhf_agents import HFDQN, make_env
from rlhf_agents.evaluation import strength
from rlhf_agents.evaluation.strength import AlphaBetaScore


@pytest.fixture(scope="module")
def model():
    return HFDQN("MultiInputPolicy", make_env("tic_tac_toe", n_envs=2, seed=0), seed=0)


def test_a_cheap_game_is_looked_at_as_deep_as_it_goes(model):
    meter = AlphaBetaScore(seconds=20.0)
    assert str(meter) == ""
    first = meter(model)  # None while it is under way
    meter.wait(60)
    assert first in {None, meter.score}
    assert meter.depth == strength.DEEPEST
    assert 0.0 <= meter.score < 0.5  # it has learnt nothing
    assert str(meter) == f"score {meter.score:.2f} against alpha-beta to depth 4"
    assert meter(model) == meter.score
    meter.close()


class Slow:
    """Alpha-beta whose price explodes with its depth."""

    price = 0.001

    def __init__(self, game, depth):
        self.game, self.seconds = game, self.price * 10 ** (depth - 1)

    def act(self, states, goal="win"):
        time.sleep(self.seconds * len(states))
        return self.game.legal(states).argmax(axis=1).astype(np.int64)


@pytest.mark.parametrize(("price", "depths"), [(0.001, (1, 2)), (5.0, (0,))])
def test_an_expensive_game_is_looked_at_less_deep_or_not_at_all(model, monkeypatch, price, depths):
    monkeypatch.setattr(strength, "MinimaxPlayer", Slow)
    monkeypatch.setattr(Slow, "price", price)
    meter = AlphaBetaScore(seconds=1.0)
    begin = time.monotonic()
    meter(model)
    meter.wait(60)
    assert time.monotonic() - begin < 4 + 2 * price
    assert meter.depth in depths
    assert (meter.score is None) == (meter.depth == 0)


def test_the_end_of_a_run_does_not_wait_for_a_look(model, monkeypatch):
    monkeypatch.setattr(strength, "MinimaxPlayer", Slow)
    monkeypatch.setattr(Slow, "price", 3.0)
    meter = AlphaBetaScore(seconds=1.0)
    meter(model)
    begin = time.monotonic()
    meter.close()
    assert time.monotonic() - begin < 2
    meter.wait()


def test_openings_are_always_the_same():
    game = rlhf_games.make("connect_four")
    assert (strength._openings(game).moves == strength._openings(game).moves).all()
