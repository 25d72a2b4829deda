"""Chess from a FEN: what can be set up plays as chess does, and nothing else is tried."""

from __future__ import annotations

import random
import subprocess
import sys
from importlib.util import find_spec

import pytest

import rlhf_games
from rlhf_agents.bots.protocols.chess_start import from_fen
from rlhf_agents.bots.protocols.engine import make_engine
from rlhf_agents.bots.protocols.move_names import long_algebraic
from rlhf_agents.errors import SettingError

pytest.importorskip("pyspiel", reason="needs the extra openspiel")

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
FENS = [
    START,
    "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R b KQkq - 3 17",
    "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1",
    "rnbqkbnr/ppp1p1pp/8/3pPp2/8/8/PPPP1PPP/RNBQKBNR w KQkq f6 0 3",
]


@pytest.fixture(scope="module")
def chess_game():
    return rlhf_games.make("openspiel:chess(max_plies=512)")


@pytest.mark.skipif(find_spec("chess") is None, reason="needs python-chess")
@pytest.mark.parametrize("fen", FENS)
def test_it_has_the_moves_of_chess(chess_game, fen: str):
    import chess  # noqa: PLC0415 - optional

    engine = make_engine(chess_game, "random", long_algebraic)
    engine.use_game(from_fen(chess_game, fen.split()))
    board, rng = chess.Board(fen), random.Random(0)
    for _ in range(30):
        legal = engine.session.legal()
        assert {engine.spelled(action) for action in legal} == {m.uci() for m in board.legal_moves}
        action = rng.choice(legal)
        board.push_uci(engine.spelled(action))
        engine.play_action(action)
        if engine.session.over:
            break


def test_who_moves_first_is_the_first_player(chess_game):
    engine = make_engine(chess_game, "minimax:2", long_algebraic)
    engine.use_game(from_fen(chess_game, ["r5k1/5ppp/8/8/8/8/5PPP/6K1", "b", "-", "-", "0", "1"]))
    why = engine.explain()
    assert engine.spelled(why.action) == "a8a1"
    assert why.values[why.action] > 0.9
    engine.play("a8a1")
    assert engine.session.winner == 0


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        ("garbage", "eight ranks"),
        ("8/8 w - - 0 1", "eight ranks"),
        ("9/8/8/8/8/8/8/8 w - - 0 1", "eight ranks"),
        ("44/8/8/8/8/8/8/k w - - 0 1", "eight squares"),
        ("4k3/8/8/8/8/8/8/8 w - - 0 1", "one king"),
        ("4k2P/8/8/8/8/8/8/4K3 w - - 0 1", "no pawn"),
        ("4k3/8/8/8/8/8/8/4K3 w K - 0 1", "castling K"),
        ("4k3/8/8/8/8/8/8/4K3 w - e6 0 1", "no pawn to capture"),
        ("4k3/8/8/8/8/8/8/4K3 x - - 0 1", "w or b"),
        ("4k3/8/8/8/8/8/4R3/4K3 w - - 0 1", "take the king"),
        ("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1", "over"),
    ],
)
def test_other_texts_are_refused(chess_game, fen: str, words: str):
    with pytest.raises(SettingError, match=words):
        from_fen(chess_game, fen.split())


def test_missing_fields_are_filled_in(chess_game):
    assert from_fen(chess_game, ["4k3/8/8/8/8/8/4P3/4K3"]).name == chess_game.name


FUZZ = """
import random, sys
import numpy as np
import rlhf_games
from rlhf_agents.bots.protocols.chess_start import from_fen
from rlhf_agents.errors import SettingError
game, rng, made = rlhf_games.make("openspiel:chess(max_plies=512)"), random.Random(0), 0
for _ in range(1500):
    fen = list(rng.choice(sys.argv[1:]))
    for _ in range(rng.randrange(1, 4)):
        fen[rng.randrange(len(fen))] = rng.choice("pnbrqkPNBRQK12345678/w -b0e3")
    try:
        other = from_fen(game, "".join(fen).split())
        state = other.initial(1)
        for _ in range(6):
            if other.outcome(state)[0] != 2:
                break
            state = other.step(state, other.random_actions(state, np.random.default_rng(0)))
        made += 1
    except SettingError:
        pass
print(made)
"""


def test_damaged_fens_never_end_the_process():
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, *FENS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 50
