"""Every game of OpenSpiel has a reader that understands random games, and no reader misreads."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.play.pictures import find_reader, reader_of
from rlhf_agents.play.pictures.base import MisreadError, Move
from rlhf_agents.play.pictures.chess import checked_king
from rlhf_agents.play.pictures.lines import BoxesReader, MorrisReader, QuoridorReader
from rlhf_agents.play.pictures.names import plain_name
from rlhf_agents.play.pictures.nested import UltimateReader
from rlhf_agents.play.pictures.proof import random_moves, understood
from rlhf_agents.play.pictures.squares import Block, SquaresReader

pytest.importorskip("pyspiel")

STYLES = {
    "amazons": "amazons",
    "antichess": "chess",
    "breakthrough": "pieces",
    "checkers": "pieces",
    "chess": "chess",
    "chinese_checkers": "star",
    "clobber": "pieces",
    "connect_four": "cells",
    "crazyhouse": "chess",
    "cursor_go": "go",
    "dots_and_boxes": "boxes",
    "go": "go",
    "gomoku": "go",
    "havannah": "havannah",
    "hex": "hex",
    "hive": "hive",
    "lines_of_action": "pieces",
    "mancala": "pits",
    "mnk": "go",
    "nim": "nim",
    "nine_mens_morris": "morris",
    "othello": "cells",
    "oware": "pits",
    "pentago": "pentago",
    "quoridor": "quoridor",
    "shogi": "shogi",
    "tic_tac_toe": "cells",
    "twixt": "twixt",
    "ultimate_tic_tac_toe": "ultimate",
    "xiangqi": "xiangqi",
    "y": "y",
}
OPTIONS = (
    "go(board_size=9)",
    "hex(board_size=5)",
    "dots_and_boxes(num_rows=4,num_cols=5)",
    "quoridor(board_size=5)",
    "y(board_size=9)",
    "havannah(board_size=5)",
    "breakthrough(rows=6,columns=6)",
)


def test_the_list_is_that_of_the_library():
    from rlhf_adapters import from_openspiel  # noqa: PLC0415

    assert set(from_openspiel.worlds()) == set(STYLES)


@pytest.mark.parametrize("name", OPTIONS)
def test_other_sizes_have_their_readers(name):
    game = rlhf_games.make(f"openspiel:{name}")
    reader = reader_of(game)
    assert reader is not None
    assert reader.style == STYLES[name.partition("(")[0]]


def moves_of_a_hundred_games(game):
    """Yield one move in ten of a hundred random games, and all of the first."""
    backend, rng = game.cache.backend, random.Random(11)
    for number in range(100):
        position = backend.initial()
        while not position.is_terminal() and position.move_number() < 400:
            legal = backend.legal(position)
            action = rng.choice(legal)
            onward = backend.child(position, action)
            if number == 0 or rng.random() < 0.1:
                named = legal if rng.random() < 0.1 else [action]
                yield Move(
                    backend.text(position),
                    {move: backend.label(position, move) for move in named},
                    action,
                    backend.mover(position),
                    backend.text(onward),
                )
            position = onward


@pytest.mark.parametrize("name", STYLES)
def test_a_hundred_random_games_are_understood(name):
    game = rlhf_games.make(f"openspiel:{name}")
    reader = reader_of(game)
    assert reader is not None
    assert reader.style == STYLES[name]
    assert understood(reader, moves_of_a_hundred_games(game))


@pytest.mark.parametrize("name", ["chess", "go", "hex", "quoridor", "oware"])
def test_moves_that_are_not_those_played_are_noticed(name):
    """The proof can fail: a picture of another position is not explained by the move."""
    game = rlhf_games.make(f"openspiel:{name}")
    reader = reader_of(game)
    moves = list(random_moves(game, 1))
    wrong = [
        not understood(reader, [Move(a.before, a.labels, a.action, a.seat, c.after)])
        for a, (_, c) in zip(moves, pairwise(moves), strict=False)
    ]
    assert np.mean(wrong) > 0.9


def test_text_that_is_not_the_games_is_refused():
    for name in STYLES:
        reader = reader_of(rlhf_games.make(f"openspiel:{name}"))
        for text in ("", "nothing", "1 2 3\n4 5 6"):
            with pytest.raises(MisreadError):
                reader.read(text)


def test_a_wrong_orientation_is_not_proven():
    game = rlhf_games.make("openspiel:breakthrough")
    moves = list(random_moves(game, 2, share=0.2))
    for bottom_up in (True, False):
        reader = SquaresReader("pieces", (8, 8), Block(0, 8), bottom_up=bottom_up)
        proven = reader.learn(moves) and understood(reader, moves)
        assert proven == bottom_up


def test_games_without_text_have_no_reader():
    assert find_reader(rlhf_games.make("connect_four")) is None


def test_check():
    game = rlhf_games.make("openspiel:chess")
    reader = reader_of(game)
    rows = ["....k...", "........", "........", "........", "....R...", "........", "........"]
    text = "\n".join([*rows, "....K...", "b - - 0 1"])
    assert checked_king(reader.read(text), 1) == (0, 4)
    assert checked_king(reader.read(text), 0) is None
    blocked = text.replace("........", "....p...", 1)
    assert checked_king(reader.read(blocked), 1) is None


def crosses(one, other):
    """Tell whether two links cross, not only meet at an end."""

    def side(a, b, c):
        return np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    (a, b), (c, d) = one, other
    if {a, b} & {c, d}:
        return False
    return side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b)


def test_links_of_twixt_are_those_of_the_rules():
    """A peg is linked to all of its player's a knight's move away that no link is in between."""
    game = rlhf_games.make("openspiel:twixt")
    reader = reader_of(game)
    links, pegs = {}, {}
    for move in random_moves(game, 1, seed=3):
        cell = reader.path(move.labels[move.action], move.action, move.seat, None)[0]
        pegs[cell] = move.seat
        for other, seat in pegs.items():
            apart = sorted((abs(cell[0] - other[0]), abs(cell[1] - other[1])))
            link = tuple(sorted((cell, other)))
            if (
                seat == move.seat
                and apart == [1, 2]
                and not any(crosses(link, old) for old in links)
            ):
                links[link] = seat
        seen = {(tuple(sorted((a, b))), seat) for a, b, seat in reader.read(move.after).links}
        assert seen == set(links.items())
    assert len(links) > 5


@pytest.mark.parametrize(
    ("reader", "label", "words"),
    [
        (SquaresReader("cells", (6, 7), Block(0, 6), by_column=True), "x0", "1"),
        (SquaresReader("cells", (3, 3), Block(0, 3)), "(1,0)", "4"),
        (SquaresReader("go", (9, 9), Block(0, 9)), "B a1", "a1"),
        (SquaresReader("go", (15, 15), Block(0, 15)), "0,0", "a15"),
        (SquaresReader("pieces", (8, 8), Block(0, 8)), "a7a6", "a7a6"),
        (MorrisReader(), "Move 0 -> 1", "a7-d7"),
        (BoxesReader((5, 5)), "P1(h,0,1)", "across, row 1, column 2"),
        (UltimateReader(), "Local board 4: x(0,1)", "board 5, 2"),
        (QuoridorReader((17, 17)), "e3h", "wall below e3"),
    ],
)
def test_moves_have_names_for_people(reader, label, words):
    assert plain_name(label, reader) == words
