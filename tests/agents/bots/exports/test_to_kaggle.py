"""The Kaggle submission: loaded as Kaggle's client does it, and in that client."""

from __future__ import annotations

import subprocess
import time

import numpy as np
import pytest

import rlhf_games
from rlhf_agents import export
from rlhf_agents.bots.exports.registry import ExportError
from tests.benchmarks.kaggle_client import make_client, match

USUAL = {"columns": 7, "rows": 6, "inarow": 4, "actTimeout": 2}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return export("connect_four", "kaggle", tmp_path_factory.mktemp("kaggle") / "bot.py", nodes=60)


@pytest.fixture(scope="module")
def loaded(file):
    """The names that the file leaves when the client executes it: no __file__, no __name__."""
    names: dict = {}
    exec(file.read_text(), names)
    return names


def test_last_callable_is_the_agent(loaded):
    assert [name for name, value in loaded.items() if callable(value)][-1] == "agent"
    assert loaded["agent"].__code__.co_argcount == 2


def test_moves_are_legal_python_ints(loaded):
    game, rng = rlhf_games.make("connect_four"), np.random.default_rng(0)
    states, board, mark = game.initial(1), [0] * 42, 1
    while game.outcome(states)[0] == 2:
        column = loaded["agent"]({"board": board, "mark": mark}, USUAL)
        assert type(column) is int
        assert game.legal(states)[0, column]
        if mark == 2:
            column = int(game.random_actions(states, rng)[0])
        cell = max(cell for cell in range(column, 42, 7) if not board[cell])
        board[cell], mark = mark, 3 - mark
        states = game.step(states, np.array([column]))
        assert game.outcome(states)[0] != 2 or loaded["seen"](board, mark) == tuple(
            states[0].tolist()
        )


@pytest.mark.parametrize(
    ("columns", "rows", "inarow"),
    [(7, 6, 3), (7, 6, 5), (5, 4, 3), (9, 9, 4), (1, 1, 1), (6, 7, 4)],
)
def test_other_boards_get_legal_moves(loaded, columns, rows, inarow):
    board, mark = [0] * (columns * rows), 1
    configuration = {"columns": columns, "rows": rows, "inarow": inarow}
    for _ in range(columns * rows):
        column = loaded["agent"]({"board": board, "mark": mark}, configuration)
        assert type(column) is int
        assert board[column] == 0
        board[max(c for c in range(column, len(board), columns) if not board[c])] = mark
        mark = 3 - mark


def test_simple_moves_win_and_block(loaded):
    row = [0] * 15 + [1, 1, 0, 2, 2]
    configuration = {"columns": 5, "rows": 4, "inarow": 3}
    assert loaded["agent"]({"board": row, "mark": 1}, configuration) == 2
    row = [0] * 15 + [0, 2, 2, 0, 1]
    assert loaded["agent"]({"board": row, "mark": 1}, configuration) in (0, 3)


def test_impossible_boards_get_legal_moves(loaded):
    board = [1] * 7 + [0] * 35
    board[3] = 0
    assert loaded["agent"]({"board": board, "mark": 2}, USUAL) == 3


def test_a_level_misjudges_plans_and_nothing_at_once(loaded, monkeypatch):
    for name, value in {"NOISE": 3.0, "SIGHT": 2.0, "NODES": 8}.items():
        monkeypatch.setitem(loaded, name, value)
    choose, after = loaded["choose_state"], loaded["start"]()
    for move in (3, 0, 3, 0, 3, 1):
        after = loaded["play"](after, move)
    chosen = set()
    for seed in range(12):
        monkeypatch.setitem(loaded, "SEED", seed)
        assert choose(after, 0) == 3  # four in a column
        chosen.add(choose(loaded["start"](), 0))
    assert len(chosen) > 2


def test_the_clock_has_its_part_of_the_extra_time(loaded, monkeypatch):
    empty = [0] * 42
    assert loaded["seconds_for"](empty, {}, USUAL) == pytest.approx(0.6 * 2)
    late = {"remainingOverageTime": 42}
    assert loaded["seconds_for"](empty, late, USUAL) == pytest.approx(0.6 * (2 + 0.5 * 42 / 21))
    monkeypatch.setitem(loaded, "SECONDS", 0.01)
    monkeypatch.setitem(loaded, "NODES", 10**7)
    begun = time.process_time()
    loaded["choose_state"](loaded["start"](), 0)
    assert time.process_time() - begun < 0.5


def test_other_games_are_refused(tmp_path):
    with pytest.raises(ExportError, match="export connect_four"):
        export("tic_tac_toe", "kaggle", tmp_path / "bot.py")


@pytest.mark.slow
def test_plays_in_the_real_client(file, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp().parent / "kaggle_client"
    try:
        python = make_client(folder)
    except subprocess.CalledProcessError as error:
        if "No matching distribution" in error.stderr or "Connection" in error.stderr:
            pytest.skip("the network does not allow to install kaggle-environments")
        raise
    for opponent in ("negamax", "random"):
        score = match(python, file, opponent, 4)
        assert score["errors"] == 0
        assert score["least_bank"] == 60
        assert score["won"] >= 3
