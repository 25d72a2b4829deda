"""Records: every format gives back the game, reads what others write, refuses what is broken."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rlhf_games
from rlhf_agents.errors import OutputError, SettingError
from rlhf_agents.play.records import (
    FORMATS,
    GameRecord,
    read_record,
    read_records,
    to_text,
    write_record,
    write_records,
)
from rlhf_agents.play.records.record import Replay
from rlhf_agents.play.saved_games import check_game, load_session
from rlhf_agents.play.session import Session
from rlhf_games.base import Game
from tests.agents.play.records.fuzz import fuzz

GAMES = (
    "breakthrough",
    "breakthrough_6x6",
    "connect_four",
    "othello",
    "othello_6x6",
    "tic_tac_toe",
)
FOREIGN = (
    "openspiel:go(board_size=5)",
    "openspiel:hex(board_size=4)",
    "openspiel:havannah(board_size=3)",
    "openspiel:breakthrough(rows=5,columns=4)",
)
WITHOUT_SGF = ("breakthrough", "breakthrough_6x6", *FOREIGN[1:])
MATCH = "4453434343"
CONNECT_FOUR = rlhf_games.make("connect_four")

names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=9).filter(
    lambda name: name != "?"
)


def random_record(game: Game, seed: int, plies: int, **more: object) -> GameRecord:
    """A game of random moves, complete if it has no more than `plies`."""
    rng, played = np.random.default_rng(seed), Replay(game)
    while played.result is None and len(played.moves) < plies:
        played.play(int(rng.choice(played.legal())))
    return played.record(**more)


def test_all_games_are_covered():
    assert rlhf_games.names() == sorted(GAMES)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", [*GAMES, *FOREIGN])
def test_random_games_come_back(name: str, kind: str):
    if kind == "sgf" and name in WITHOUT_SGF:
        pytest.skip("its moves do not place stones")
    if name in FOREIGN:
        pytest.importorskip("pyspiel")
    game = rlhf_games.make(name)
    keeps_all = kind != "txt"

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        seed=st.integers(0, 10**6),
        plies=st.integers(1, 200),
        players=st.tuples(names, names),
        opening=st.integers(0, 1),
        date=st.dates().map(str),
    )
    def comes_back(seed: int, plies: int, players: tuple, opening: int, date: str) -> None:
        more = {"players": players, "opening": opening, "date": date} if keeps_all else {}
        record = random_record(game, seed, plies, **more)
        text = to_text([record, record], game, kind)
        first, second = read_records(text, game)
        assert first == second
        if keeps_all:
            assert first == record
        else:
            assert (first.moves, first.result) == (record.moves, record.result)

    comes_back()


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "txt"])
def test_a_resignation_is_kept_and_an_unfinished_game_has_no_result(kind: str):
    for result in (1, 0, -1, None):
        record = GameRecord("connect_four", (3, 3, 2), result=result)
        assert read_record(to_text([record], CONNECT_FOUR, kind), CONNECT_FOUR).result == result


def test_move_strings_are_those_of_connect_four_sites():
    record = read_record("4453", CONNECT_FOUR)
    assert record.moves == (3, 3, 4, 2)
    assert to_text([record], CONNECT_FOUR, "txt") == "4453\n"
    othello = rlhf_games.make("othello")
    assert read_record("f5d6c3", othello) == read_record("F5 D6, c3  # three moves", othello)
    assert len(read_records("4453\n\n# nothing\n44\n", CONNECT_FOUR)) == 2


def test_forced_passes_may_be_left_out():
    """Othello programs write no passes; here the games contain some."""
    game = rlhf_games.make("othello_6x6")
    passes = 0
    for seed in range(12):
        record = random_record(game, seed, 200)
        words = to_text([record], game, "txt").split()
        passes += words.count("pass")
        while words and words[-1] == "pass":
            words.pop()
        text = "".join(word for word in words if word != "pass")
        assert read_record(text, game).moves[: len(record.moves)] == record.moves
    assert passes > 0


def test_the_winner_stands_in_the_file():
    record = read_record("4141414", CONNECT_FOUR)
    assert record.result == 1
    assert 'Result "1-0"' in to_text([record], CONNECT_FOUR, "pgn")
    assert "RE[B+]" in to_text([record], CONNECT_FOUR, "sgf")
    assert json.loads(to_text([record], CONNECT_FOUR, "json"))["result"] == 1


def test_what_others_write_is_read():
    pgn = """[Event "x \\"quoted\\""]
[White "Anna"] [Black "Ben"]

1. 4 {good} 4 (4... 3 2. 1 (2. 2 2)) 2. 5 $1 3! ; a remark
% escaped
3... 3 1/2-1/2"""
    record = read_record(pgn, CONNECT_FOUR)
    assert (record.moves, record.players, record.result) == ((3, 3, 4, 2, 2), ("Anna", "Ben"), 0)
    sgf = r"""(;FF[4]GM[4]SZ[7:6]PB[An\]na]C[a (comment\]);B[zz\]]
      ;B[df];W[de]N[x](;B[ef](;W[cf])(;W[aa];B[zz]))(;B[af];W[ag]))"""
    record = read_record(sgf, CONNECT_FOUR)
    assert (record.moves, record.players[0]) == ((3, 3, 4, 2), "An]na")


def test_go_is_the_go_that_other_programs_read():
    pytest.importorskip("pyspiel")
    sgfmill = pytest.importorskip("sgfmill.sgf")
    game = rlhf_games.make("openspiel:go(board_size=5)")
    record = random_record(game, 3, 30, players=("a]b", "c\\d"))
    theirs = sgfmill.Sgf_game.from_string(to_text([record], game, "sgf"))
    assert (theirs.get_size(), theirs.get_player_name("b")) == (5, "a]b")
    points = [node.get_move()[1] for node in theirs.get_main_sequence()[1:]]
    assert points == [None if move == 25 else divmod(move, 5) for move in record.moves]
    assert read_record(theirs.serialise().decode(), game).moves == record.moves


def test_chess_programs_read_the_tags():
    chess = pytest.importorskip("chess.pgn")
    record = read_record(MATCH, CONNECT_FOUR)
    text = to_text([replace(record, players=("minimax:4", "C"))], CONNECT_FOUR, "pgn")
    headers = chess.read_headers(io.StringIO(text))
    assert (headers["White"], headers["Variant"]) == ("minimax:4", "connect_four")


def test_files_are_read_and_written(tmp_path: Path):
    record = read_record(MATCH, CONNECT_FOUR)
    for kind in (*FORMATS, "jsonl"):
        path = tmp_path / f"game.{kind}"
        write_record(path, record, CONNECT_FOUR)
        assert read_record(path, CONNECT_FOUR) == read_record(str(path), CONNECT_FOUR) == record
        with pytest.raises(OutputError, match="exists"):
            write_records(path, [record, record], CONNECT_FOUR)
        write_records(path, [record, record], CONNECT_FOUR, force=True)
        assert read_records(path, CONNECT_FOUR) == [record, record]
    with pytest.raises(SettingError, match="1 to 2"):
        read_record(path, CONNECT_FOUR, 3)


def test_the_window_and_the_records_read_each_other():
    session = Session(CONNECT_FOUR, moves=[3, 3, 2], opening=1)
    record = read_record(json.dumps(session.to_record(), indent=1), CONNECT_FOUR)
    assert (record.moves, record.opening) == ((3, 3, 2), 1)
    plain = json.loads(to_text([record], CONNECT_FOUR, "json"))
    assert Session.from_record(CONNECT_FOUR, plain).moves == [3, 3, 2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["no game"]),
        ("4458", ["move 4", "8"]),
        ("44444441", ["move 7", "4"]),
        ("41414145", ["move 8", "end of the game"]),
        ("4453\n4459", ["game 2", "move 4"]),
        ("1. 4 9", ["move 2", "9"]),
        ('[Variant "othello"]\n\n1. d3 *', ["othello", "connect_four"]),
        ("1. 4 (2", ["variation"]),
        ("1. 4) 2", ["variation"]),
        ('[FEN "x"]\n1. 4', ["FEN"]),
        ("1. 4 4 {never ends", ["not PGN"]),
        ('[OpeningPlies "5"]\n1. 4 *', ["opening", "5"]),
        ("1. 4 1 2. 4 1 3. 4 1 4. 4 0-1", ["result", "rules"]),
        ("(;GM[1]SZ[7:6])", ["GM[1]"]),
        ("(;GM[4]SZ[19])", ["SZ[19]"]),
        ("(;GM[4]SZ[7:6]RU[tic_tac_toe])", ["tic_tac_toe"]),
        ("(;GM[4]SZ[7:6];B[da])", ["move 1", "B[da]"]),
        ("(;GM[4]SZ[7:6];W[df])", ["move 1", "W[df]"]),
        ("(;GM[4]SZ[7:6];B[])", ["move 1"]),
        ("(;GM[4]SZ[7:6]AB[aa])", ["AB"]),
        ("(;GM[4]SZ[7:6]", ["too early"]),
        ("(;GM[4]SZ[7:6]))", ["outside"]),
        ("(;GM[4]SZ[7:6]) x", ["outside"]),
        ("(;GM[4", ["not SGF"]),
        ('{"game": "connect_four"', ["JSON"]),
        ('{"game": 4}', ["name its game"]),
        ('{"game": "othello", "format": 1}', ["othello"]),
        ('{"game": "connect_four", "format": 2}', ["format"]),
        ('{"game": "connect_four", "format": 1, "moves": [true]}', ["moves"]),
        ('{"game": "connect_four", "format": 1, "moves": [1e300]}', ["moves"]),
        ('{"game": "connect_four", "format": 1, "moves": [-1]}', ["move 1"]),
        ('{"game": "connect_four", "format": 1, "moves": [3], "result": 7}', ["result"]),
        ('{"game": "connect_four", "format": 1, "moves": [3], "players": [1, 2]}', ["players"]),
        ("{" * 100_000, ["cannot read"]),
        ('{"a":' * 100_000, ["JSON"]),
        ("(;" * 100_000, ["too early"]),
        ("9" * 5_000_000, ["move 1"]),
    ],
)
def test_broken_texts_get_one_sentence(text: str, words: list[str]):
    with pytest.raises(SettingError) as caught:
        read_records(text, CONNECT_FOUR)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert len(message) < 300
    assert "\n" not in message


def test_files_that_cannot_be_read_get_one_sentence(tmp_path: Path):
    with pytest.raises(SettingError, match="No such file"):
        read_record("nowhere.sgf", CONNECT_FOUR)
    with pytest.raises(SettingError, match="directory"):
        read_record(tmp_path, CONNECT_FOUR)
    (tmp_path / "x.pgn").write_bytes(b'\xff\xfe[White "J\xf6rg"]')
    with pytest.raises(SettingError, match=r"x\.pgn"):
        read_record(tmp_path / "x.pgn", CONNECT_FOUR)
    (tmp_path / "y.pgn").write_bytes(b'[White "J\xf6rg"]\n1. 4 *')
    assert read_record(tmp_path / "y.pgn", CONNECT_FOUR).players[0] == "Jörg"


def test_formats_that_cannot_hold_a_game_say_so(tmp_path: Path):
    game = rlhf_games.make("breakthrough")
    with pytest.raises(SettingError, match=r"SGF.*pgn"):
        write_record(tmp_path / "x.sgf", GameRecord("breakthrough", ()), game)
    with pytest.raises(SettingError, match=r"\.sgf, \.pgn, \.txt, \.json"):
        write_record(tmp_path / "x.doc", GameRecord("breakthrough", ()), game)
    assert list(tmp_path.iterdir()) == []


def test_an_illegal_record_is_not_written(tmp_path: Path):
    for kind in FORMATS:
        with pytest.raises(SettingError, match="move 2"):
            write_record(tmp_path / f"x.{kind}", GameRecord("connect_four", (3, 9)), CONNECT_FOUR)
    assert list(tmp_path.iterdir()) == []


def test_mutants_are_read_or_refused_in_one_sentence():
    assert fuzz(400, seed=0) > 100


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "json"])
def test_saved_games_of_other_formats_are_opened(tmp_path: Path, kind: str):
    path = tmp_path / f"game.{kind}"
    write_record(path, read_record(MATCH, CONNECT_FOUR), CONNECT_FOUR)
    check_game(path, "connect_four")
    assert load_session(path, CONNECT_FOUR).moves == list(read_record(MATCH, CONNECT_FOUR).moves)
    path.write_text("!", encoding="utf-8")
    with pytest.raises(SettingError, match=r"game\."):
        load_session(path, CONNECT_FOUR)
