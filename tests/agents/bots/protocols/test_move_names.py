"""Every game's moves in both protocols: one word, which is read back as the move that it names."""

from __future__ import annotations

import random

import numpy as np
import pytest

import rlhf_games
from rlhf_adapters import from_openspiel
from rlhf_agents.bots.protocols import scores
from rlhf_agents.bots.protocols.chess_start import from_fen
from rlhf_agents.bots.protocols.engine import Engine
from rlhf_agents.bots.protocols.move_names import (
    gtp_name,
    long_algebraic,
    one_word,
    openspiel_name,
    read_move,
)
from rlhf_agents.errors import SettingError
from rlhf_agents.players.players import RandomPlayer

pytest.importorskip("pyspiel", reason="needs the extra openspiel")

GAMES = [*rlhf_games.names(), *(f"openspiel:{name}" for name in from_openspiel.worlds())]
PLIES, ASKED = 40, 4
COUNTED = ("openspiel:go(board_size=5)", "openspiel:othello", "openspiel:mancala")
COUNTED += ("openspiel:oware", "openspiel:dots_and_boxes", "othello_6x6")


@pytest.mark.parametrize("name", GAMES)
def test_every_move_is_one_word_that_reads_back(name: str):
    game, rng = rlhf_games.make(name), random.Random(0)
    for spell in (gtp_name, long_algebraic):
        engine = Engine(game, RandomPlayer(game, 0), spell)
        for _ in range(PLIES):
            legal, state = engine.session.legal(), engine.session.state
            if engine.session.over:
                break
            for action in rng.sample(legal, min(ASKED, len(legal))):
                word = engine.spelled(action)
                assert word.split() == [word]
                assert "#" not in word
                assert read_move(game, state, word, spell) == action
                if spell is gtp_name:
                    raw = openspiel_name(game, state, action)
                    assert read_move(game, state, raw, spell) == action
            engine.play_action(rng.choice(legal))


def test_blanks_become_underscores_and_vertices_are_those_of_gtp():
    assert one_word("X From (10, 7)") == "X_From_(10,7)"
    assert one_word("pile:4, take:2;") == "pile:4,take:2;"
    assert (one_word("B d7"), one_word("W PASS"), one_word("Qh7#")) == ("D7", "pass", "Qh7")


def test_case_matters_where_two_moves_differ_in_nothing_else():
    """A pawn and a bishop can both take on c3."""
    start = ["4k3/8/8/8/8/2n5/1P1B4/4K3", "w", "-", "-", "0", "1"]
    game = from_fen(rlhf_games.make("openspiel:chess(max_plies=512)"), start)
    state = game.initial(1)[0]
    pawn, bishop = (read_move(game, state, name, gtp_name) for name in ("bxc3", "Bxc3"))
    assert pawn != bishop
    assert gtp_name(game, state, pawn) == "bxc3"
    with pytest.raises(SettingError, match="ambiguous"):
        read_move(game, state, "BXC3", gtp_name)


@pytest.mark.parametrize("name", COUNTED)
def test_points_agree_with_the_rules(name: str):
    """Whoever leads at the end has won; komi, stores and boxes included."""
    game, rng = rlhf_games.make(name), random.Random(1)
    for _ in range(6):
        engine = Engine(game, RandomPlayer(game, 0), gtp_name)
        while not engine.session.over:
            engine.play_action(rng.choice(engine.session.legal()))
        lead = scores.lead(game, engine.session.state)
        assert lead is not None
        assert np.sign(lead) == {None: 0, 0: 1, 1: -1}[engine.session.winner]


def test_games_without_points_have_none():
    game = rlhf_games.make("connect_four")
    assert scores.lead(game, game.initial(1)[0]) is None
