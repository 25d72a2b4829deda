"""OpenSpiel's tree search as a player."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.arena import MatchSettings, play_match
from rlhf_agents.players.openspiel_mcts import (
    MANY_SIMULATIONS,
    BotPlayer,
    OpenSpielMCTS,
    parse_simulations,
)
from rlhf_agents.players.players import RandomPlayer
from rlhf_games.base import Game, Outcome, States
from tests.agents.players.player_contract import PlayerContract

needs_openspiel = pytest.mark.skipif(
    find_spec("pyspiel") is None, reason="needs the extra openspiel"
)


def after(game: Game, actions: list[int]) -> States:
    states = game.initial(1)
    for action in actions:
        states = game.step(states, np.array([action]))
    return states


@needs_openspiel
@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe"])
class TestContract(PlayerContract):
    @pytest.fixture
    def player(self, name: str):
        game = rlhf_games.make(name)
        return OpenSpielMCTS(game, 30), game


@needs_openspiel
def test_a_signal_is_heard_in_a_long_search():
    """Ten million simulations take some 20 seconds."""
    game = rlhf_games.make("connect_four")
    player = OpenSpielMCTS(game, 10_000_000)
    begin = time.monotonic()
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        player.act(game.initial(1), "win")
    assert time.monotonic() - begin < 2


@needs_openspiel
def test_a_long_search_finds_what_a_short_one_finds():
    game = rlhf_games.make("connect_four")
    state = after(game, [0, 6, 0, 6, 0, 6])[0]  # three of each in a column
    why = OpenSpielMCTS(game, MANY_SIMULATIONS).explain(state, "win")
    assert (why.action, why.proven) == (0, True)


@needs_openspiel
@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe"])
def test_positions_reach_openspiel_as_they_are(name: str):
    """Board, turn and legal moves agree with OpenSpiel's own, over whole random games."""
    game = rlhf_games.make(name)
    player = OpenSpielMCTS(game, simulations=1)
    world = import_module("pyspiel").load_game(name)
    rng = np.random.default_rng(0)
    for _ in range(20):
        states, theirs = game.initial(1), world.new_initial_state()
        while game.outcome(states)[0] == Outcome.ONGOING:
            ours = player.position(states[0])
            assert str(ours) == str(theirs)
            assert ours.current_player() == theirs.current_player()
            assert ours.legal_actions() == theirs.legal_actions()
            action = game.random_actions(states, rng)
            states = game.step(states, action)
            theirs.apply_action(int(action[0]))
        assert theirs.is_terminal()


@needs_openspiel
@pytest.mark.parametrize("moves", [[3, 0, 3, 0, 3, 0], [3, 0, 3, 0, 3]])
def test_it_wins_and_blocks(moves: list[int]):
    game = rlhf_games.make("connect_four")
    assert OpenSpielMCTS(game, 500).act(after(game, moves), "win").tolist() == [3]


@needs_openspiel
def test_a_batch_is_answered_row_by_row():
    game = rlhf_games.make("connect_four")
    win_at_3, win_at_6 = after(game, [3, 0, 3, 0, 3, 0]), after(game, [6, 1, 6, 2, 6, 2])
    states = np.concatenate([win_at_3, win_at_6, win_at_3])
    actions = OpenSpielMCTS(game, 300).act(states, "win")
    assert actions.dtype == np.int64
    assert actions.tolist() == [3, 6, 3]
    assert OpenSpielMCTS(game, 300).act(states[:0], "win").shape == (0,)


@needs_openspiel
def test_seeds_repeat():
    game = rlhf_games.make("connect_four")
    states = game.initial(12)
    first, again = (OpenSpielMCTS(game, 15, seed=4).act(states, "win") for _ in range(2))
    assert first.tolist() == again.tolist()
    assert len(set(first.tolist())) > 1  # so few simulations leave it undecided


@needs_openspiel
def test_it_explains_itself():
    game = rlhf_games.make("connect_four")
    why = OpenSpielMCTS(game, 400).explain(after(game, [3, 0, 3, 0, 3, 0])[0], "win")
    assert (why.action, why.values[3], why.proven, why.line) == (3, 1.0, True, (3,))
    # The middle column is full: no move there, hence no value.
    why = OpenSpielMCTS(game, 400).explain(after(game, [3] * 6)[0], "lose")
    assert np.isnan(why.values).tolist() == [False, False, False, True, False, False, False]
    assert np.nanmax(why.values) <= 1.0
    assert np.nanmin(why.values) >= 0.0
    assert why.action == why.line[0]
    assert (why.goal, why.pursued, why.nodes, why.proven) == ("lose", "win", 400, False)


@pytest.mark.parametrize(
    "spec", ["openspiel-mcts", "openspiel-mcts:", "openspiel-mcts:-3", "mcts:3"]
)
def test_specs_without_a_number_are_refused(spec: str):
    with pytest.raises(SettingError, match="openspiel-mcts:1000"):
        parse_simulations(spec)


def test_specs_with_a_number():
    assert parse_simulations("openspiel-mcts:250") == 250


@pytest.mark.parametrize("simulations", [0, 10**9])
def test_impossible_simulations_are_refused(simulations: int):
    with pytest.raises(SettingError, match=f"not {simulations}"):
        OpenSpielMCTS(rlhf_games.make("tic_tac_toe"), simulations)


def test_the_cure_for_the_missing_library_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyspiel", None)
    with pytest.raises(SettingError, match=r"pip install 'rlhf-agents\[openspiel\]'"):
        OpenSpielMCTS(rlhf_games.make("tic_tac_toe"), 10)


@needs_openspiel
@pytest.mark.parametrize("name", ["othello_6x6", "breakthrough_6x6", "openspiel:mancala"])
def test_it_plays_every_game(name: str):
    """It beats random play, in OpenSpiel's positions and over our rules, passes included."""
    game = rlhf_games.make(name)
    players = OpenSpielMCTS(game, 60, seed=1), RandomPlayer(game, 0)
    assert play_match(game, players, MatchSettings(games=6)).total.wins >= 5
    states = game.initial(1)
    why = players[0].explain(states[0], "win")
    assert game.legal(states)[0, why.action]
    assert (why.line[0], why.nodes) == (why.action, 60)


@needs_openspiel
def test_it_proves_wins_over_our_rules():
    game = rlhf_games.make("breakthrough_6x6")
    states, rng = game.initial(1), np.random.default_rng(2)
    while True:  # to a position in which the mover can win at once
        legal = np.flatnonzero(game.legal(states)[0])
        after = game.step(np.repeat(states, len(legal), axis=0), legal)
        if (game.outcome(after) == Outcome.LOSS).any():
            break
        states = game.step(states, game.random_actions(states, rng))
    why = OpenSpielMCTS(game, 300).explain(states[0], "win")
    assert (why.proven, why.values[why.action]) == (True, 1.0)


@needs_openspiel
class TestAnyBot(PlayerContract):
    """OpenSpiel's uniformly random bot as a player."""

    @pytest.fixture
    def player(self):
        make, game = (
            import_module("pyspiel").make_uniform_random_bot,
            rlhf_games.make("tic_tac_toe"),
        )
        return BotPlayer(game, (make(0, 1), make(1, 2)), "uniform"), game


@needs_openspiel
def test_bots_play_openspiels_games_and_no_game_they_cannot_see():
    pyspiel, game = import_module("pyspiel"), rlhf_games.make("openspiel:mancala")
    rollouts = pyspiel.RandomRolloutEvaluator(1, 0)
    bot = pyspiel.MCTSBot(pyspiel.load_game("mancala"), rollouts, 2.0, 50, 100, True, 0, False)
    players = BotPlayer(game, (bot, bot)), RandomPlayer(game, 0)
    assert play_match(game, players, MatchSettings(games=6)).total.wins >= 5
    with pytest.raises(SettingError, match="use openspiel:NAME"):
        BotPlayer(rlhf_games.make("othello_6x6"), (bot, bot))
