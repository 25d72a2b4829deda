"""All players keep the contract, and words name them."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.errors import SettingError, UnknownPlayerError
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.players import AgentPlayer, RandomPlayer, make_player
from rlhf_agents.settings import Foresight
from rlhf_games.base import MOVER, WAITING, Outcome
from tests.agents.players.player_contract import PlayerContract
from tests.agents.search.test_tree import random_positions
from tests.agents.weights import random_weights

GAMES = ("tic_tac_toe", "connect_four")


def untrained(game):
    return Agent("untrained", game, random_weights(game), Foresight())


def make(spec, game, nodes=20, seed=None, seconds=None):
    def load(name):
        return untrained(game) if name == "file" else load_agent(name)

    return make_player(spec, game, nodes=nodes, seed=seed, load=load, seconds=seconds)


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
    advice = "train one with rlhf-train --game .* or use --agent minimax:4"
    with pytest.raises(UnknownPlayerError, match=f"has no bundled agent: {advice}"):
        make("agent", rlhf_games.make("connect_four(columns=4,rows=4)"))


def test_negative_budgets():
    with pytest.raises(SettingError, match="nodes must be a whole number from 0"):
        make("random", rlhf_games.make("connect_four"), nodes=-1)


@pytest.mark.parametrize(
    ("spec", "nodes", "seconds", "name"),
    [
        ("agent@16", 16, None, "connect_four@16"),
        ("agent@0", 0, None, "connect_four@0"),
        ("file@7", 7, None, "untrained@7"),
        ("agent@0.5s", 256, 0.5, "connect_four@0.5s"),
        ("agent@2s", 256, 2.0, "connect_four@2s"),
    ],
)
def test_an_agent_may_have_a_budget_of_its_own(spec, nodes, seconds, name):
    player = make(spec, rlhf_games.make("connect_four"), nodes=99, seconds=9.0)
    assert (player.nodes, player.seconds, player.name) == (nodes, seconds, name)


@pytest.mark.parametrize("spec", ["random@16", "minimax:4@16", "agent@", "@16", "agent@x", "a@-1"])
def test_only_agents_have_budgets(spec):
    with pytest.raises((UnknownPlayerError, SettingError)):
        make(spec, rlhf_games.make("connect_four"))


def test_a_seeded_agent_does_not_always_play_the_same_line():
    game = rlhf_games.make("tic_tac_toe")
    lines = set()
    player = make("agent", game, nodes=300, seed=0)
    for _ in range(20):
        states, line = game.initial(1), []
        while game.outcome(states)[0] == Outcome.ONGOING:
            line.append(int(player.act(states)[0]))
            states = game.step(states, np.array(line[-1:]))
        lines.add(tuple(line))
    assert len(lines) > 3


@pytest.mark.parametrize("name", GAMES)
class TestPlayersByTheClock:
    """The contract, but for what only a fixed number of nodes makes the same twice."""

    def test_plays_a_game(self, name):
        game = rlhf_games.make(name)
        player, other = make("file", game, seconds=0.01), make("random", game, seed=1)
        states = game.initial(1)
        while game.outcome(states)[0] == Outcome.ONGOING:
            who = (player, other)[game.mover(states)[0]]
            action = who.act(states, "win")
            assert game.legal(states)[0, action[0]]
            states = game.step(states, action)

    def test_explains_both_seats_in_steps(self, name):
        game = rlhf_games.make(name)
        player = make("file", game, seconds=0.05)
        for seat in (MOVER, WAITING):
            for goal in ("win", "draw", "lose"):
                state = random_positions(game, 5, 4)[0]
                legal = game.legal(state[None])[0]
                for why in player.think(state, goal, seat):
                    assert (why.goal, why.seat) == (goal, seat)
                    np.testing.assert_array_equal(np.isnan(why.values), ~legal)
                    assert ((why.values[legal] >= 0) & (why.values[legal] <= 1 + 1e-6)).all()
                    PlayerContract._playable(game, state, why.line)
