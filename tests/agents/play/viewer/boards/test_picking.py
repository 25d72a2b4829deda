"""Pieces that are picked up and put down again."""

from __future__ import annotations

from rlhf_agents.play.board_cells import stones_of
from tests.agents.play.viewer.screen import Screen


def test_a_piece_is_clicked_and_then_where_it_goes(tmp_path):
    screen = Screen(tmp_path, size=(480, 480), game="breakthrough_6x6", agent="random")
    screen.at_rest()
    screen.click("piece", 24)
    assert screen.app.ui.picked == 24
    screen.click("piece", 24)  # put down again
    assert screen.app.ui.picked is None
    screen.click("piece", 25)
    screen.click("move", screen.match.game.action_names.index("b2c3"))
    assert screen.app.ui.picked is None
    first = screen.session.moves[0]
    assert screen.match.game.action_names[first] == "b2c3"
    assert stones_of(screen.match.game, screen.session.history[1])[3, 2] == 1
    assert screen.app.close()
