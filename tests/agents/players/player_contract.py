"""What every player must do, for any test class with a fixture `player`."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_agents.players.openspiel_mcts import BotPlayer, OpenSpielMCTS
from rlhf_agents.players.players import RandomPlayer
from rlhf_games.base import MOVER, WAITING
from tests.agents.search.test_tree import random_positions


class PlayerContract:
    """Inherit, and give a fixture `player` that returns `(player, game)`."""

    def test_has_a_name(self, player):
        assert player[0].name

    def test_acts_legally_everywhere(self, player):
        who, game = player
        for plies in range(0, game.max_plies - 1, 3):
            states = random_positions(game, 30, plies, seed=plies)
            if len(states) == 0:
                continue
            actions = who.act(states, "win")
            assert actions.shape == (len(states),)
            assert actions.dtype == np.int64
            assert game.legal(states)[np.arange(len(states)), actions].all()

    def test_leaves_positions_alone(self, player):
        who, game = player
        states = random_positions(game, 10, 3)
        before = states.copy()
        who.act(states, "win")
        who.explain(states[0], "win")
        np.testing.assert_array_equal(states, before)

    def test_explains_a_legal_move(self, player):
        who, game = player
        for state in random_positions(game, 8, 4):
            why = who.explain(state, "win")
            legal = game.legal(state[None])[0]
            assert legal[why.action]
            assert why.line[0] == why.action
            assert why.goal == "win"
            np.testing.assert_array_equal(np.isnan(why.values), ~legal)
            assert ((why.values[legal] >= 0) & (why.values[legal] <= 1)).all()

    def test_expects_a_line_that_can_be_played(self, player):
        who, game = player
        for state in random_positions(game, 8, 4):
            line, states = who.explain(state, "win").line, state[None]
            for action in line:
                assert game.legal(states)[0, action]
                states = game.step(states, np.array([action]))

    def test_batches_may_be_empty(self, player):
        who, game = player
        assert who.act(game.initial(0), "win").shape == (0,)

    def test_the_waiting_player_sees_the_same_moves(self, player):
        who, game = player
        for state in random_positions(game, 8, 4):
            why = who.explain(state, "win", WAITING)
            legal = game.legal(state[None])[0]
            assert why.seat == WAITING
            assert legal[why.action]
            assert why.line[0] == why.action
            np.testing.assert_array_equal(np.isnan(why.values), ~legal)
            assert ((why.values[legal] >= 0) & (why.values[legal] <= 1)).all()
            self._playable(game, state, why.line)

    @pytest.mark.parametrize("seat", [MOVER, WAITING])
    def test_thinking_ends_with_the_explanation(self, player, seat):
        who, game = player
        for state in random_positions(game, 4, 4):
            thoughts = list(who.think(state, "win", seat))
            for thought in thoughts:
                assert game.legal(state[None])[0, thought.action]
                self._playable(game, state, thought.line)
            if not isinstance(
                who, RandomPlayer | OpenSpielMCTS | BotPlayer
            ):  # they play the same only once
                why, last = who.explain(state, "win", seat), thoughts[-1]
                np.testing.assert_array_equal(last.values, why.values)
                assert (last.action, last.line, last.nodes) == (why.action, why.line, why.nodes)
                assert (last.seat, last.proven) == (seat, why.proven)

    def test_thinking_can_be_stopped(self, player):
        who, game = player
        state = game.initial(1)[0]
        thoughts = who.think(state, "win")
        assert next(iter(thoughts)).goal == "win"
        del thoughts
        assert who.explain(state, "win").goal == "win"

    @staticmethod
    def _playable(game, state, line):
        states = state[None]
        for action in line:
            assert game.legal(states)[0, action]
            states = game.step(states, np.array([action]))

    def test_refuses_to_explain_a_finished_game(self, player):
        who, game = player
        rng = np.random.default_rng(0)
        states = game.initial(1)
        while game.outcome(states)[0] == 2:
            states = game.step(states, game.random_actions(states, rng))
        for ask in (who.explain, who.think):
            with pytest.raises(ValueError, match="the game is over"):
                ask(states[0], "win")
