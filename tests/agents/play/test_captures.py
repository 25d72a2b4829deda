"""Captured stones of a game, counted from its positions."""

from __future__ import annotations

import numpy as np

import rlhf_games
from rlhf_agents.play.captures import Captures
from rlhf_agents.play.session import Session
from rlhf_agents.play.viewer.boards import board_for
from rlhf_agents.play.viewer.boards.base import BoardView


def played(game, *points):
    """Return a session after stones on some points."""
    session = Session(game)
    for point in points:
        labels = {game.label(session.state, action): action for action in session.legal()}
        session.play(next(action for label, action in labels.items() if label.endswith(point)))
    return session


def test_a_stone_without_liberties_is_counted_once_and_taken_back():
    game, captures = rlhf_games.make("openspiel:go(board_size=5)"), Captures()
    session = played(game, "c3", "a1", "a2", "c4", "b1")
    assert captures.of(session) == (1, 0)
    assert captures.of(session) == (1, 0)
    session.undo()
    assert captures.of(session) == (0, 0)
    session.redo()
    board = board_for(game)
    picture = board.reader.read(game.text(session.state))
    view = BoardView(stones=np.zeros((5, 5), np.int8), captured=captures.of(session))
    assert board.notes(picture, view) == {"0": "1 captured", "1": "0 captured"}
    assert board.notes(picture, BoardView()) == {}
