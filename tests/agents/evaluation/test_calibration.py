"""Calibration: who plays whom, and what follows from it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import astuple
from functools import partial

import numpy as np
import pytest

from rlhf_agents import load_agent
from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.calibration import (
    APART,
    STRENGTHS,
    Pool,
    RemotePairPlayer,
    calibrate,
    rescaled,
    rising,
)
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.levels import LEVELS, SEES_AT_ONCE, LevelTable, Measured, Strength
from rlhf_agents.processes import in_turn
from rlhf_agents.search.handicap import EXACT_SIGHT

FEW = (*STRENGTHS[:4], Strength(4, 0.3), Strength(16))


@pytest.fixture(scope="module")
def agent():
    return load_agent("tic_tac_toe")


def test_values_rise_and_stay_near():
    values = rising(np.array([0.0, 50.0, 40.0, 100.0, 90.0, 95.0]))
    assert (np.diff(values) > 0).all()
    assert values == pytest.approx([0, 45, 45, 95, 95, 95], abs=1.0)
    assert rising(np.array([1.0, 2.0, 4.0])) == pytest.approx([1, 2, 4], abs=0.2)


def test_the_usual_settings_can_be_levels():
    assert all(one.sight < EXACT_SIGHT for one in STRENGTHS[: SEES_AT_ONCE - 1])
    assert all(one.sight == EXACT_SIGHT for one in STRENGTHS[SEES_AT_ONCE - 1 :])
    assert STRENGTHS[-1].seconds == 1.0


def test_all_settings_are_connected(agent):
    pool = Pool(agent, STRENGTHS, 40, 0, APART)
    met = {number for pair in pool.pairs() for number in (pair.one, pair.other)}
    assert met == set(range(len(pool)))
    assert all(pair.games % 2 == 0 and pair.games > 0 for pair in pool.pairs())


@pytest.mark.parametrize("games", [0, 10, 21])
def test_too_few_games_are_refused(agent, games: int):
    with pytest.raises(SettingError, match="even number"):
        calibrate(agent, games)


def test_games_between_levels_set_the_scale():
    """A first round whose scale is half as wide is stretched, wherever the settings lie."""
    elo = (100.0, 150.0, 200.0, 250.0, 251.0, 400.0, 650.0)
    strengths = [Strength(1 + place, sight=2.0) for place in range(len(elo))]
    first = LevelTable(
        tuple(Measured(one, value, 9.0) for one, value in zip(strengths, elo, strict=True)),
        "today",
        ("random",),
        10,
    )
    levels = [first.elo_of(level) for level in range(1, LEVELS + 1)]
    second = LevelTable(
        tuple(Measured(first.of_elo(value), 2 * value, 5.0) for value in levels),
        "today",
        ("random",),
        30,
    )
    table = rescaled(first, second)
    assert [one.elo for one in table.measured] == pytest.approx([2 * value for value in elo], abs=1)
    assert [one.strength for one in table.measured] == strengths
    assert {one.error for one in table.measured} == {5.0}
    assert table.games == 40


def test_a_small_calibration(agent):
    table = calibrate(agent, 40, 1, FEW)
    assert LevelTable.from_json(table.to_json()) == table
    assert table.highest - table.lowest > 150
    assert 0 < table.lowest < 400
    file = bundled_agents()["tic_tac_toe"].read_bytes()

    def elsewhere(pool):
        plain = [astuple(each) for each in pool.strengths]
        player = RemotePairPlayer(agent.name, file, plain, pool.games, pool.seed, pool.apart)
        return nullcontext(partial(in_turn, player))

    assert calibrate(agent, 40, 1, FEW, elsewhere) == table
