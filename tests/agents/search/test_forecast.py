"""Imagined games: shares that add up, certain where the rules are, fair to both sides."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_agents import load_agent
from rlhf_agents.errors import SettingError
from rlhf_agents.players.players import AgentPlayer
from rlhf_games.base import GameError
from tests.agents.search.test_tree import random_positions


@pytest.fixture(scope="module")
def agent():
    return load_agent("connect_four")


def after(game, *moves):
    states = game.initial(1)
    for move in moves:
        states = game.step(states, np.array([move]))
    return states[0]


@pytest.mark.parametrize("plies", [0, 7, 20, 33])
def test_shares_add_up(agent, plies):
    for state in random_positions(agent.game, 3, plies):
        seen = agent.forecast(state, games=64)
        assert seen.games == 64
        assert seen.win + seen.draw + seen.lose == pytest.approx(1)
        assert seen.goals["win"] == seen.win == seen.theirs["lose"]
        assert seen.goals["lose"] == seen.lose == seen.theirs["win"]
        assert seen.goals["draw"] == seen.draw == seen.theirs["draw"]
        assert set(seen.goals) == set(seen.theirs) == set(agent.goals)


def test_a_win_in_one_is_taken(agent):
    seen = agent.forecast(after(agent.game, 0, 6, 1, 6, 2, 5))
    assert seen.win == 1
    assert seen.goals["win_horizontal"] == 1
    assert seen.goals["win_diagonal"] == 0


def test_a_finished_game_is_certain(agent):
    state = after(agent.game, 0, 6, 1, 6, 2, 5, 3)
    seen = agent.forecast(state, games=16)
    assert (seen.win, seen.draw, seen.lose) == (0, 0, 1)
    assert seen.theirs["win_by_12"] == 1


def test_one_seed_is_one_forecast(agent):
    state = agent.game.initial(1)[0]
    assert agent.forecast(state, seed=3) == agent.forecast(state, seed=3)
    assert agent.forecast(state, seed=3) != agent.forecast(state, seed=4)


def test_a_mirrored_game_ends_alike(agent):
    moves = (5, 0, 5, 2, 6)
    left = agent.forecast(after(agent.game, *moves), games=1000)
    right = agent.forecast(after(agent.game, *(6 - move for move in moves)), games=1000)
    assert left.win == pytest.approx(right.win, abs=0.1)
    assert left.draw == pytest.approx(right.draw, abs=0.1)


def test_goals_change_what_is_expected(agent):
    state = agent.game.initial(1)[0]
    usual = agent.forecast(state, ("win", "win"))
    kind = agent.forecast(state, ("lose", "win"))
    assert kind.lose > 0.95 > usual.lose
    diagonal = agent.forecast(state, ("win_diagonal", "win"))
    assert diagonal.goals["win_diagonal"] > usual.goals["win_diagonal"]


def test_impossible_goals_give_way(agent):
    state = random_positions(agent.game, 1, 20)[0]
    assert agent.forecast(state, ("win_by_12", "win"), seed=1) == agent.forecast(state, seed=1)


def test_mistakes(agent):
    state = agent.game.initial(1)[0]
    with pytest.raises(SettingError, match="at least 1"):
        agent.forecast(state, games=0)
    with pytest.raises(GameError, match="wim"):
        agent.forecast(state, ("wim", "win"))


def test_players_forecast_too(agent):
    state = agent.game.initial(1)[0]
    assert AgentPlayer(agent, 5).forecast(state) == agent.forecast(state)
