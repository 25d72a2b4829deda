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
    STRENGTHS,
    Pool,
    RemotePairPlayer,
    calibrate,
    rising,
)
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.levels import SEES_AT_ONCE, LevelTable, Strength
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
    pool = Pool(agent, games=40)
    met = {number for pair in pool.pairs() for number in (pair.one, pair.other)}
    assert met == set(range(len(pool)))
    assert all(pair.games % 2 == 0 and pair.games > 0 for pair in pool.pairs())


@pytest.mark.parametrize("games", [0, 7, 10])
def test_too_few_games_are_refused(agent, games: int):
    with pytest.raises(SettingError, match="even number"):
        Pool(agent, games=games)


def test_a_small_calibration(agent):
    told: list[int] = []
    pool = Pool(agent, FEW, games=60, seed=1)
    table = calibrate(pool, told.append)
    assert told[-1] == sum(pair.games for pair in pool.pairs()) == table.games
    assert LevelTable.from_json(table.to_json()) == table
    assert table.highest - table.lowest > 150
    assert 0 < table.lowest < 400
    file = bundled_agents()["tic_tac_toe"].read_bytes()
    plain = agent.name, file, [astuple(each) for each in FEW], 60, 1
    elsewhere = nullcontext(partial(in_turn, RemotePairPlayer(*plain)))
    assert calibrate(pool, runner=elsewhere) == table
