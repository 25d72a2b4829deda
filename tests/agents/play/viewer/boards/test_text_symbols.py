"""Boards of games that only write them: which lines are rows, whose stones, and how they look."""

from __future__ import annotations

import numpy as np
import pygame
import pytest

import rlhf_games
from rlhf_agents.play.board_cells import line_labels
from rlhf_agents.play.viewer.boards import board_for
from rlhf_agents.play.viewer.boards.base import BoardView
from rlhf_agents.play.viewer.boards.text import TextBoard
from rlhf_agents.play.viewer.boards.text_symbols import TextSymbols, cells_of, spread, symbols_of
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import DARK

ROWS = [
    ("6bb..bb", "bb..bb"),
    ("........", "........"),
    (" 1 - - x o - - 1", "--xo--"),
    ("8 r . b q k", "r.bqk"),
    ("  . . x . ", "..x."),
    ("3 .[@]. . O g", ".@..Og"),
]
OTHERS = [
    "Black (x) to play:",
    "  a b c d e f g h",
    " abcdef",
    "w KQkq - 0 4",
    "b - - 0 1",
    "-6-6-6-1-5-0-",
    "7 0 7 7 0 0",
    "Player 1 score = 2",
    "",
    "x",
    "captured by X: 0, by O: 0",
]


@pytest.mark.parametrize(("line", "cells"), ROWS)
def test_rows_are_found(line, cells):
    assert "".join(line[place] for place in cells_of(line)) == cells


@pytest.mark.parametrize("line", OTHERS)
def test_other_lines_are_no_rows(line):
    assert not cells_of(line)


def test_rows_that_stand_together_are_spread_with_their_columns():
    assert spread(["2b.b", "1w.w", " abc", "w - 0"]) == ["2 b . b", "1 w . w", "  a b c", "w - 0"]
    assert spread(["1 x o", "  a b"]) == ["1 x o", "  a b"]


def test_capitals_are_the_pieces_of_one_player():
    symbols = TextSymbols({"P": 0, "n": 1, "A": 0, "a": 1, "*": 1}, pieces=True)
    assert [symbols.seat(one) for one in "PQpk*."] == [0, 0, 1, 1, 1, None]
    assert [TextSymbols({"x": 0}).seat(one) for one in "xo"] == [0, None]


OWNERS = {
    "openspiel:breakthrough(rows=6,columns=6)": {"b": 0, "w": 1},
    "openspiel:othello": {"x": 0, "o": 1},
    "openspiel:hex(board_size=5)": {"x": 0, "o": 1},
    "openspiel:y(board_size=5)": {"O": 0, "@": 1},
    "openspiel:havannah(board_size=4)": {"O": 0, "@": 1},
    "openspiel:oware": {},
    "pettingzoo:go_v5(board_size=5)": {"X": 0, "O": 1},
    "pettingzoo:chess_v6": None,
    "openspiel:chess(max_plies=100)": None,
}
"""None: pieces with letters."""


@pytest.mark.parametrize("name", OWNERS)
def test_stones_of_both_players_are_told_apart_and_drawn(name):
    library = {"openspiel": "pyspiel", "pettingzoo": "pettingzoo"}[name.partition(":")[0]]
    pytest.importorskip(library, reason=f"needs {library}")
    if "chess_v6" in name:
        pytest.importorskip("chess", reason="needs pettingzoo[classic]")
    game = rlhf_games.make(name)
    symbols = symbols_of(game)
    if OWNERS[name] is None:
        assert symbols.pieces
        assert [symbols.seat(piece) for piece in "PKpk"] == [0, 0, 1, 1]
    else:
        assert (dict(symbols.owners), symbols.pieces) == (OWNERS[name], False)
    states, moves = game.initial(1), []
    for _ in range(4):
        moves.append(int(np.flatnonzero(game.legal(states)[0])[1]))
        states = game.step(states, np.array(moves[-1:]))
    board, surface = board_for(game), pygame.Surface((500, 500))
    assert isinstance(board, TextBoard)
    view = BoardView(legal=game.legal(states)[0], names=game.names_of(0), text=game.text(states[0]))
    board.draw(Canvas(surface), Box(0, 0, 500, 500), view, DARK)
    pixels = pygame.surfarray.array3d(surface).reshape(-1, 3)
    for seat in (0, 1):
        drawn = int((pixels == DARK.seats[seat]).all(axis=1).sum())
        assert (drawn > 40) == (OWNERS[name] != {}), seat


def test_expected_moves_have_the_names_of_their_position():
    pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")
    pytest.importorskip("chess", reason="needs pettingzoo[classic]")
    game = rlhf_games.make("pettingzoo:chess_v6")
    state, line = game.initial(1), []
    for wanted in ("e2e4", "e7e5", "g1f3"):
        legal = np.flatnonzero(game.legal(state)[0]).tolist()
        line += [action for action in legal if game.label(state[0], action) == wanted]
        state = game.step(state, np.array(line[-1:]))
    assert line_labels(game, game.initial(1)[0], line) == ["e2e4", "e7e5", "g1f3"]
    assert game.text(state[0]).startswith("8 r n b q k b n r\n7 p p p p . p p p\n")
    own = rlhf_games.make("tic_tac_toe")
    names = own.action_names
    assert line_labels(own, own.initial(1)[0], [4, 0]) == [names[4], names[0]]


def test_places_of_go_have_names():
    pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")
    game = rlhf_games.make("pettingzoo:go_v5(board_size=5)")
    state = game.initial(1)
    labels = [game.label(state[0], action) for action in (0, 4, 5, 24, 25)]
    assert labels == ["A5", "E5", "A4", "E1", "pass"]
    lines = game.text(game.step(state, np.array([7]))[0]).split("\n")
    assert lines[1] == " 4 . . X . ."
    assert lines[5] == "   A B C D E"
