"""Mistakes in words, and the review of whole games."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.play.game_review import review
from rlhf_agents.play.reasons import double_threats, reason, winning_moves
from rlhf_agents.players.minimax import MinimaxPlayer


@pytest.fixture(scope="module")
def four():
    return rlhf_games.make("connect_four")


def after(game, moves: str):
    states = game.initial(1)
    for name in moves:
        states = game.step(states, np.array([game.action_names.index(name)]))
    return states


def said(game, moves: str, played: str, better: str, values=(0.6, 0.1), goal="win") -> str:
    names = game.action_names
    state = after(game, moves)[0]
    return reason(game, state, names.index(played), names.index(better), values, goal)


@pytest.mark.parametrize(
    ("moves", "played", "better", "words"),
    [
        ("112233", "7", "4", "missed a win: column 4 completes four in a row"),
        ("717171", "2", "7", "missed a win: column 7 completes four in a column"),
        ("71717", "2", "7", "column 7 would have blocked four in a column"),
        ("1122377", "6", "4", "column 4 would have blocked four in a row"),
        ("443", "1", "5", "allowed a double threat on column 5"),
        ("", "1", "4", "lost a position that could be held"),
    ],
)
def test_the_rules_tell_what_was_missed(four, moves: str, played: str, better: str, words: str):
    assert said(four, moves, played, better) == words


def test_a_stone_under_the_opponents_winning_cell(four):
    # The second player has 1, 2 and 3 in the second row; nothing lies in column 4.
    text = said(four, "53651365312236", "4", "7")
    assert text == "gave the opponent four in a row on top of column 4"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((0.97, 0.5), "gave up a won position for a draw"),
        ((0.97, 0.3), "gave up a won position"),
        ((0.5, 0.05), "lost a position that could be held"),
        ((0.7, 0.45), "the chance to win fell from 70% to 45%"),
    ],
)
def test_where_the_rules_say_nothing_the_value_does(four, values, words):
    assert said(four, "", "1", "4", values) == words


def test_other_goals_speak_of_their_own_chance(four):
    text = said(four, "112233", "7", "4", (0.5, 0.2), "win_diagonal")
    assert text == "the chance to win with a diagonal fell from 50% to 20%"


def test_threats(four):
    assert winning_moves(four, after(four, "112233")).tolist() == [3]
    assert winning_moves(four, after(four, "1122")).tolist() == []
    assert double_threats(four, after(four, "4434")).tolist() == [1, 4]


def test_games_without_lines_name_moves():
    game = rlhf_games.make("breakthrough_6x6")
    states, rng = game.initial(1), np.random.default_rng(0)
    while not len(winning_moves(game, states)):
        states = game.step(states, game.random_actions(states, rng))
        if game.outcome(states)[0] != 2:
            states = game.initial(1)
    best = int(winning_moves(game, states)[0])
    wins = winning_moves(game, states)
    other = next(a for a in np.flatnonzero(game.legal(states)[0]) if a not in wins)
    text = reason(game, states[0], int(other), best, (1.0, 0.4))
    assert text == f"missed a win: {game.label(states[0], best)} wins at once"


def test_a_review_finds_the_blunder(four):
    moves = [int(name) - 1 for name in "4455661"]
    found = review(four, moves, MinimaxPlayer(four, 4))
    assert [(one.ply, one.seat, one.played) for one in found] == [(3, 1, 4)]
    assert found[0].reason.startswith("allowed a double threat on column")
    assert found[0].better in (2, 6)
    assert review(four, moves, MinimaxPlayer(four, 4), opening=4) == []
