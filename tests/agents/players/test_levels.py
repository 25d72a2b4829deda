"""Levels: tables, settings, and agents that have them."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

import rlhf_games
from rlhf_agents import Agent, load_agent
from rlhf_agents.errors import ModelFileError, SettingError
from rlhf_agents.files.model_file import amend, read_model, write_model
from rlhf_agents.players.agent import agent_from_file
from rlhf_agents.players.budgets import split_budget, with_level
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.levels import (
    LEVELS,
    MANIFEST_KEY,
    SEES_AT_ONCE,
    LevelTable,
    Measured,
    Strength,
    table_of,
)
from rlhf_agents.players.players import AgentPlayer, make_player
from rlhf_agents.search.handicap import EXACT_SIGHT
from rlhf_agents.settings import Foresight
from tests.agents.weights import random_weights

ROWS = (
    Measured(Strength(1, 2.0, 0.0), 100.0, 20.0),
    Measured(Strength(1, 1.2, 0.7), 300.0, 15.0),
    Measured(Strength(2, 1.0, 1.6), 450.0, 15.0),
    Measured(Strength(4, 0.9, 2.0), 600.0, 15.0),
    Measured(Strength(64, 0.0, 2.0), 1400.0, 15.0),
    Measured(Strength(64, 0.0, 2.0, 1.0), 1600.0, 30.0),
)
TABLE = LevelTable(ROWS, "2026-11-30", ("random",), 1000)


@pytest.fixture(scope="module")
def agent():
    game = rlhf_games.make("tic_tac_toe")
    return Agent("three", game, random_weights(game), Foresight(), TABLE)


def test_levels_rise_in_even_steps():
    elos = [TABLE.elo_of(level) for level in range(1, LEVELS + 1)]
    assert (elos[0], elos[-1]) == (100.0, 1600.0)
    steps = np.diff(elos)
    assert (steps > 0).all()
    assert elos[:4] == [100.0, 300.0, 450.0, 600.0]
    assert np.ptp(steps[3:]) < 1e-9


def test_above_level_3_nothing_at_once_is_overlooked():
    for level in range(SEES_AT_ONCE, LEVELS + 1):
        assert TABLE.of_level(level).sight >= EXACT_SIGHT
    assert TABLE.of_level(1).sight < EXACT_SIGHT


def test_settings_between_two_are_interpolated():
    middle = TABLE.of_elo(1000)
    assert middle.nodes == 16
    assert middle.noise == pytest.approx(0.45)
    assert TABLE.of_elo(1600) == ROWS[-1].strength
    for below, above in pairwise(range(100, 1600, 10)):
        assert TABLE.of_elo(below).nodes <= TABLE.of_elo(above).nodes


@pytest.mark.parametrize("elo", [99, 1601, -5])
def test_an_elo_out_of_reach_is_refused(elo: int):
    with pytest.raises(SettingError, match="100 to 1600"):
        TABLE.of_elo(elo)


@pytest.mark.parametrize("level", [0, 13, 2.5, True, "3"])
def test_there_are_twelve_levels(level):
    with pytest.raises(SettingError, match=r"1 .* to 12"):
        TABLE.of_level(level)


def test_a_table_survives_json():
    assert LevelTable.from_json(json.loads(json.dumps(TABLE.to_json()))) == TABLE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("nodes", -1),
        ("nodes", 10**9),
        ("nodes", 0),
        ("noise", "1"),
        ("noise", float("nan")),
        ("sight", -1.0),
        ("sight", "2"),
        ("elo", float("inf")),
        ("elo", 5000.0),
        ("seconds", -1.0),
        ("seconds", 1.0),
    ],
)
def test_damaged_tables_are_refused(key: str, value):
    damaged = TABLE.to_json()
    damaged["settings"][1][key] = value
    with pytest.raises(ModelFileError, match="levels"):
        table_of({MANIFEST_KEY: damaged}, "file.zip")


@pytest.mark.parametrize("damaged", [[], {}, {"settings": []}, {"settings": [1, 2]}, "x", 5])
def test_other_things_are_no_tables(damaged):
    with pytest.raises(ModelFileError, match="levels"):
        table_of({MANIFEST_KEY: damaged}, "file.zip")


def test_an_agent_at_a_level(agent):
    weak = agent.at_level(2)
    assert weak.strength == TABLE.of_level(2)
    assert agent.strength is None
    assert AgentPlayer(weak, seed=1).name == "three@level2"
    assert AgentPlayer(agent.at_elo(1000)).name == "three@elo1000"
    assert AgentPlayer(agent, 5).name == "three@5"
    states = agent.game.initial(1)
    assert weak.act_states(states, "win", 9) == agent.act_states(states, "win", 9)


def test_an_agent_without_levels_says_how_to_measure_them():
    game = rlhf_games.make("tic_tac_toe")
    bare = Agent("bare", game, random_weights(game), Foresight())
    with pytest.raises(SettingError, match="--calibrate"):
        bare.at_level(3)


def test_a_new_game_brings_other_mistakes(agent):
    def first_moves() -> list[int]:
        player = AgentPlayer(agent.at_level(1), seed=3)
        start = agent.game.initial(1)[0]
        return [player.explain(start).action for _ in range(30)]

    assert first_moves() == first_moves()
    assert len(set(first_moves())) > 2


def test_goals_stay_what_they_are(agent):
    player = AgentPlayer(agent.at_level(3), seed=0)
    why = player.explain(agent.game.initial(1)[0], "lose")
    assert why.goal == why.pursued == "lose"


@pytest.mark.parametrize(
    ("spec", "player", "given"),
    [
        ("agent@16", "agent", {"nodes": 16}),
        ("agent@0.5s", "agent", {"seconds": 0.5}),
        ("a.zip@level7", "a.zip", {"level": 7}),
        ("agent@elo1200", "agent", {"elo": 1200}),
        ("agent@elo-20", "agent", {"elo": -20}),
    ],
)
def test_budgets_behind_an_at_sign(spec: str, player: str, given: dict):
    word, budget = split_budget(spec)
    assert word == player
    assert {key: value for key, value in vars(budget).items() if value is not None} == given


@pytest.mark.parametrize("spec", ["agent", "me@home", "agent@", "agent@level", "minimax:4"])
def test_other_words_have_no_budget(spec: str):
    assert split_budget(spec) == (spec, None)


def test_options_become_budgets():
    assert with_level("agent", 3, None) == "agent@level3"
    assert with_level("agent", None, 900) == "agent@elo900"
    assert with_level("agent", None, None) == "agent"
    with pytest.raises(SettingError, match="already"):
        with_level("agent@16", 3, None)


def test_players_by_name(agent):
    player = make_player("x@level5", agent.game, nodes=7, seed=2, load=lambda _: agent)
    assert player.name == "three@level5"
    with pytest.raises(SettingError, match=r"1 .* to 12"):
        make_player("x@level13", agent.game, nodes=7, seed=2, load=lambda _: agent)


def test_the_table_lies_in_the_model_file(tmp_path):
    path = tmp_path / "three.zip"
    before = read_model(str(bundled_agents()["tic_tac_toe"]))
    write_model(path, before.manifest, before.arrays)
    amend(path, {MANIFEST_KEY: TABLE.to_json()})
    after = read_model(str(path))
    assert agent_from_file("three", after).levels == TABLE
    assert {**after.manifest, MANIFEST_KEY: None} == {**before.manifest, MANIFEST_KEY: None} | {
        "members": after.manifest["members"]
    }
    for name, group in before.arrays.items():
        assert all((group[key] == after.arrays[name][key]).all() for key in group)


@pytest.mark.parametrize("name", bundled_agents())
def test_bundled_agents_have_levels(name: str):
    agent = load_agent(name, level=1)
    assert agent.levels is not None
    assert agent.levels.lowest < agent.levels.highest
    assert agent.at_level(LEVELS).strength.noise == 0.0
    elos = [agent.levels.elo_of(level) for level in range(1, LEVELS + 1)]
    assert all(below < above for below, above in pairwise(elos))
    assert load_agent(name, elo=round(agent.levels.elo_of(6))).budget_name.startswith("elo")
    with pytest.raises(SettingError, match="not both"):
        load_agent(name, level=3, elo=500)
