"""Levels and Elo in UCI and GTP."""

from __future__ import annotations

import pytest

import rlhf_games
from rlhf_agents.bots.protocols.engine import Engine, make_engine
from rlhf_agents.bots.protocols.gtp import Gtp
from rlhf_agents.bots.protocols.move_names import long_algebraic
from tests.agents.bots.protocols.test_uci import Talk

LIMIT = "setoption name UCI_LimitStrength value {}"


@pytest.fixture
def engine() -> Engine:
    return make_engine(rlhf_games.make("connect_four"), "connect_four", long_algebraic, nodes=16)


def test_an_elo_limits_the_strength(engine: Engine):
    talk = Talk(engine)
    (spin,) = [line for line in talk.say("uci") if "UCI_Elo" in line]
    low, high = (int(spin.split()[place]) for place in (-3, -1))
    assert high - low > 1500
    assert talk.say("setoption name UCI_Elo value 99999", LIMIT.format("true")) == []
    assert engine.level_name == f"elo{high}"
    assert talk.say("setoption name UCI_Elo value 900", "position startpos", "go movetime 50")
    assert engine.level_name == "elo900"
    talk.say(LIMIT.format("false"))
    assert (engine.level_name, engine.nodes) == ("", 16)
    talk.say("setoption name Level value 3")
    assert engine.level_name == "level3"


def test_gtp_has_levels_too(engine: Engine):
    client = Gtp(engine)
    assert client.answer("rlhf-set_level 3") == client.answer("kgs-time_settings none") == "=\n\n"
    assert client.answer("rlhf-set_level") == "= level3\n\n"
    assert client.answer("rlhf-set_elo 900") == "=\n\n"
    assert client.answer("rlhf-set_level") == "= elo900\n\n"
    assert client.answer("rlhf-set_elo 90000").startswith("? elo must be ")
    assert client.answer("rlhf-set_level 0") == "=\n\n"
    assert client.answer("rlhf-set_nodes") == "= 16\n\n"
