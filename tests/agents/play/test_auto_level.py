"""A level that follows its player."""

from __future__ import annotations

import pytest

import rlhf_games
from rlhf_agents.play.auto_level import FILE, FIRST_LEVEL, AutoLevel
from rlhf_agents.play.session import Session

FIRST_WINS = [3, 0, 3, 0, 3, 0, 3]


@pytest.fixture(scope="module")
def won():
    return Session(rlhf_games.make("connect_four"), moves=FIRST_WINS)


def test_one_step_after_each_game(tmp_path, won):
    level = AutoLevel("connect_four", tmp_path)
    assert level.level == FIRST_LEVEL
    assert level.after(won, 0) == FIRST_LEVEL + 1
    assert AutoLevel("connect_four", tmp_path).level == FIRST_LEVEL + 1
    assert AutoLevel("othello_6x6", tmp_path).level == FIRST_LEVEL
    for _ in range(20):
        level.after(won, 1)
    assert level.level == 1
    for _ in range(20):
        level.after(won, 0)
    assert level.level == 12


def test_a_game_that_goes_on_changes_nothing(tmp_path, won):
    level = AutoLevel("connect_four", tmp_path)
    assert level.after(Session(won.game, moves=FIRST_WINS[:-1]), 0) == FIRST_LEVEL
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"connect_four": "9"}', '{"connect_four": 99}'])
def test_a_damaged_file_is_forgotten(tmp_path, won, text: str):
    (tmp_path / FILE).write_text(text)
    level = AutoLevel("connect_four", tmp_path)
    assert level.level == FIRST_LEVEL
    assert level.after(won, 0) == FIRST_LEVEL + 1
