"""Networks in few bytes: grids, error feedback, and the size that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_agents import Agent, load_agent
from rlhf_agents.bots.exports import rounding, sensitivity
from rlhf_agents.bots.exports.error_feedback import Metric, nearest, round_rows, triangle
from rlhf_agents.bots.exports.grid import Grid, grid_of, steps_near
from rlhf_agents.bots.exports.packing import pack
from rlhf_agents.bots.exports.registry import ExportError
from rlhf_agents.settings import Foresight
from tests.agents.weights import random_weights

ROOM = 355_000
"""Bytes that every format has for a network."""


def test_weights_on_a_grid_are_found_on_it():
    rng = np.random.default_rng(0)
    codes = np.rint(rng.laplace(0, 2, (300, 16))).astype(np.int64)
    codes[7] = 0
    rows = steps_near(2.0 ** rng.uniform(-9, -2, 300))
    columns = rng.integers(-2, 3, 16)
    matrix = np.ldexp(codes * rows[:, None], columns).astype(np.float32)
    grid = grid_of(matrix)
    assert (grid.values() == matrix).all()
    assert np.abs(grid.codes).sum() <= np.abs(codes).sum()


def test_steps_are_near_those_wanted():
    wanted = 2.0 ** np.linspace(-12, 3, 400)
    apart = np.abs(np.log2(steps_near(wanted) / wanted))
    assert apart.max() < 0.35


def test_errors_that_others_make_good_matter_less():
    rng = np.random.default_rng(1)
    part = rng.standard_normal((24, 30))
    factor = triangle(part @ part.T)
    matrix = rng.standard_normal((40, 24)).astype(np.float32)
    steps = np.full(40, 0.5, np.float32), np.zeros(24, np.int8)
    grid = Grid(np.zeros(matrix.shape, np.int64), *steps)
    metric = Metric(np.ones(40, np.float32), factor)
    losses, sizes = [], []
    for found in (nearest(matrix, grid), *(round_rows(matrix, grid, metric, p) for p in (0, 0.1))):
        losses.append(np.square((matrix - found.values()) @ factor).sum())
        sizes.append(np.abs(found.codes).sum())
    assert losses[1] < losses[2] < 0.8 * losses[0]
    assert sizes[2] < sizes[1]


def test_a_rounded_network_fits_and_is_left_as_it_is_from_then_on(monkeypatch):
    monkeypatch.setattr(sensitivity, "GAMES", 100)
    agent = load_agent("tic_tac_toe")
    weights, packed = rounding.compact(agent, 30_000)
    assert 0.9 * 30_000 < len(packed) <= 30_000
    assert pack(weights, 30_000) is not None
    assert pack(weights, len(packed) // 2) is None
    assert pack(agent.weights, 10**6) is None


@pytest.mark.parametrize("name", ["othello_6x6", "breakthrough_6x6"])
def test_rounded_agents_are_exported_with_their_very_weights(name):
    agent = load_agent(name)
    assert rounding.compact(agent, ROOM)[0] is agent.weights


def test_networks_that_do_not_fit_are_refused(monkeypatch):
    monkeypatch.setattr(sensitivity, "GAMES", 20)
    with pytest.raises(ExportError, match="too large"):
        rounding.compact(load_agent("tic_tac_toe"), 1000)


def test_networks_without_hidden_layers_are_rounded_too(monkeypatch):
    monkeypatch.setattr(sensitivity, "GAMES", 20)
    game = rlhf_games.make("tic_tac_toe")
    agent = Agent("shallow", game, random_weights(game, width=8, depth=0), Foresight())
    weights, packed = rounding.compact(agent, 9000)
    assert weights.dense.shape == (0, 8, 8)
    assert len(packed) <= 9000
