"""All players keep the contract, and words name them."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.errors import SettingError, UnknownPlayerError
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.players import AgentPlayer, RandomPlayer, make_player
from rlhf_agents.settings import Foresight
from tests.agents.players.player_contract import PlayerContract
from tests.agents.weights import random_weights

GAMES = ("tic_tac_toe", "connect_four")


def untrained(game):
    return Agent("untrained", game, random_weights(game), Foresight())


def make(spec, game, nodes=20, seed=0):
    def load(name):
        return untrained(game) if name == "file" else load_agent(name)

    return make_player(spec, game, nodes=nodes, seed=seed, load=load)


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("spec", ["random", "minimax:1", "minimax:4", "file"])
class TestPlayers(PlayerContract):
    @pytest.fixture
    def player(self, name, spec):
        game = rlhf_games.make(name)
        return make(spec, game), game


def test_random_players_of_one_seed_play_alike():
    game = rlhf_games.make("connect_four")
    states = game.initial(200)
    first, second, other = (RandomPlayer(game, seed).act(states) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
    assert set(first.tolist()) == set(range(7))


def test_agent_is_the_bundled_one_of_the_game():
    game = rlhf_games.make("connect_four")
    player = make("agent", game, nodes=5)
    assert isinstance(player, AgentPlayer)
    assert player.name == "connect_four@5"


@pytest.mark.parametrize("spec", ["minimax", "minimax:", "minimax:0", "minimax:x", "minimax:999"])
def test_impossible_depths(spec):
    with pytest.raises(SettingError, match="needs a depth from 1 to 64"):
        make(spec, rlhf_games.make("tic_tac_toe"))


def test_unknown_players_list_what_there_is():
    with pytest.raises(UnknownPlayerError, match="players: random, minimax:DEPTH"):
        make("stockfish", rlhf_games.make("connect_four"))


def test_games_without_an_agent_say_how_to_get_one():
    advice = "train one with rlhf-train --game othello .* or use --agent minimax:4"
    with pytest.raises(UnknownPlayerError, match=f"Othello has no bundled agent: {advice}"):
        make("agent", rlhf_games.make("othello"))


def test_negative_budgets():
    with pytest.raises(SettingError, match="nodes must be a whole number from 0"):
        make("random", rlhf_games.make("connect_four"), nodes=-1)
