"""The window as a person meets it: the start card, playing without analysis, what comes after."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pygame
import pytest

import rlhf_games
from rlhf_agents.play import auto_level, hints
from rlhf_agents.play.saved_games import save_session, saved_games_in
from rlhf_agents.play.session import Session
from rlhf_agents.play.setup import Setup, file_stem
from rlhf_agents.play.viewer.app import App
from rlhf_agents.play.viewer.boards import board_for
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.cards.side_cards import why_words
from rlhf_agents.play.viewer.cards.thumbnails import draw_thumbnail
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.layout import growth
from rlhf_agents.play.viewer.scene import Mistake, Ui
from rlhf_agents.play.viewer.scene_builder import _hint_words
from rlhf_agents.play.viewer.theme import DARK
from rlhf_agents.players.levelled import Levelled
from tests.agents.play.viewer.screen import Screen


@pytest.fixture
def playing(tmp_path):
    screen = Screen(tmp_path, game="connect_four", ui=Ui(), size=(960, 640), nodes=1)
    yield screen
    screen.app.close()


@pytest.fixture
def lost(playing):
    """Return a game that the person has lost, with the person's mistake before the end."""
    playing.match.swap()
    playing.match.paused = True
    for move in (3, 0, 3, 0, 3, 1, 3):
        assert playing.match.play(move)
        playing.frame(2)
    playing.match.paused = False
    playing.settle()
    assert playing.session.winner == 0
    return playing


# ---- the start card --------------------------------------------------------------------------


def test_the_start_card_chooses_side_strength_and_goal_by_keys(tmp_path):
    screen = Screen(tmp_path, game="connect_four", ui=Ui(page="start"), nodes=None)
    screen.frame(9)
    assert screen.session.moves == []
    assert screen.scene.strengths.words().startswith("casual (level 4, ")
    screen.key("right", "down", "right", "right", "down", "right", "return")
    assert screen.app.ui.page == ""
    assert screen.match.person == 1
    assert screen.match.names[0] == "Connect Four agent, level 6"
    assert screen.session.goals[0] == "draw"
    screen.app.close()


def test_the_start_card_is_clicked_and_nobody_moves_meanwhile(tmp_path):
    screen = Screen(tmp_path, game="connect_four", ui=Ui(page="start"), side="second")
    screen.frame(9)
    screen.frame(9)
    assert screen.session.moves == []
    screen.click("start", "side:first")
    screen.click("start", "strength:0")
    screen.click("start", "goal:-1")
    screen.click("start", "begin")
    assert (screen.match.person, screen.match.strength) == (0, 0)
    assert screen.session.goals[1] == screen.match.game.goals[-1].name
    screen.app.close()


def test_help_over_the_start_card_returns_to_it(playing):
    playing.key("n", "f1")
    assert playing.app.ui.page == "help"
    playing.key("escape")
    assert playing.app.ui.page == "start"
    playing.key("t", "f1", "f1")
    assert playing.app.ui.page == "start"
    assert playing.app.ui.theme.name == "light"


def test_what_is_clicked_while_loading_is_kept(tmp_path):
    app = App(Setup("connect_four", nodes=1), tmp_path, ui=Ui(page="start"))
    screen = Screen.__new__(Screen)  # one that does not wait until the game is loaded
    screen.app, screen.now, screen.surface = app, 0.0, pygame.Surface((960, 640))
    app.draw(Canvas(screen.surface, growth((960, 640))))
    assert app.builder is None
    screen.app.key("return")
    app.draw(screen.canvas)
    screen.app.press(screen.place("move", 3))
    assert "kept" in app._waiting_scene().status
    screen.wait(lambda: app.builder is not None)
    assert screen.session.moves[:1] == [3]
    app.close()


def test_new_in_a_game_asks_and_can_be_left(playing):
    playing.match.play(3)
    playing.at_rest()
    before = list(playing.session.moves)
    playing.key("n")
    assert playing.app.ui.page == "start"
    playing.key("escape")
    assert playing.session.moves == before
    playing.key("n", "return")
    assert playing.session.moves == []
    playing.key("u")
    assert playing.session.moves == before


# ---- playing ---------------------------------------------------------------------------------


def test_nothing_of_the_search_is_shown_until_asked(playing):
    playing.settle()
    scene = playing.scene
    assert scene.view.values is None
    assert (scene.view.ghosts, scene.line, scene.forecast, scene.standing) == ((), (), None, ())
    playing.key("h")
    playing.settle()
    assert playing.scene.view.hint in range(7)
    assert playing.scene.view.values is None
    assert "%" in playing.scene.status
    playing.key("a")
    playing.settle()
    assert playing.scene.view.values is not None


def test_hints_name_moves_as_the_board_does():
    game = rlhf_games.make("openspiel:go(board_size=5)")
    match = SimpleNamespace(game=game, session=Session(game))
    values = np.linspace(0.5, 0.25, game.n_actions)
    assert _hint_words(match, SimpleNamespace(action=0, proof="", values=values)) == (
        "hint: a1 (50 %)"
    )


def test_a_search_of_our_own_advises_where_no_agent_can(monkeypatch):
    monkeypatch.setattr(hints, "HINT_SECONDS", 0.05)
    game = rlhf_games.make("tic_tac_toe")
    adviser, session = hints.adviser_for(game, None), Session(game)
    match = SimpleNamespace(game=game, session=session)
    assert _hint_words(match, adviser.explain(session.state, "win")) == hints.NO_HINT
    for cell in (0, 3, 1, 4):
        session.play(cell)
    assert _hint_words(match, adviser.explain(session.state, "win")).startswith("hint: 3")


def test_hints_are_the_advisers_even_if_a_computer_is_to_move(tmp_path):
    screen = Screen(tmp_path, game="connect_four", agent="random", opponent="random", ui=Ui())
    screen.match.paused = True
    screen.key("h")
    screen.settle()
    assert screen.match.hint_question().player is screen.match.matchup.analyst
    assert screen.scene.view.hint is not None
    screen.app.close()


def test_a_hint_is_as_good_as_the_analyst_however_weak_the_opponent(playing):
    playing.key("h")
    playing.settle()
    assert playing.match.hint().nodes >= 500


@pytest.mark.parametrize("name", ["breakthrough_6x6", "othello_6x6"])
def test_the_board_turns_around(name):
    board, box = board_for(rlhf_games.make(name)), Box(0, 0, 500, 500)
    before = board.cell_centre(box, (0, 0))
    board.flipped = True
    after = board.cell_centre(box, (0, 0))
    assert after[0] > before[0]
    assert after[1] > before[1]


def test_a_board_with_gravity_does_not_turn(playing):
    playing.key("i")
    assert "cannot be turned" in playing.app.ui.toast


def test_large_windows_have_larger_text():
    assert growth((960, 560)) == 1
    assert growth((1920, 1080)) > 1.3


def test_moves_are_heard_unless_sound_is_off(playing):
    playing.match.play(3)
    playing.at_rest()
    assert playing.app.sounds == ["move", "move"]
    playing.app.sounds.clear()
    playing.key("q")
    playing.match.play(3)
    playing.at_rest()
    assert playing.app.sounds == []


# ---- afterwards ------------------------------------------------------------------------------


def test_the_result_is_in_words_with_what_to_do_next(lost):
    card = lost.scene.side_card
    assert card.title == "You lost"
    names = {name for name, _ in card.buttons}
    assert {"rematch", "swap", "review"} <= names
    assert any("mistake" in line for line in card.lines)
    lost.click("command", "rematch")
    assert (lost.match.person, lost.session.moves) == (1, [])


def test_swap_after_the_game_begins_a_game_with_the_other_side(lost):
    lost.click("command", "swap")
    assert (lost.match.person, lost.session.moves) == (0, [])


def test_a_review_goes_from_mistake_to_mistake_and_back(lost):
    mistakes = lost.app.builder.mistakes()
    assert mistakes
    assert {m.seat for m in mistakes} == {1}
    lost.key("e")
    assert len(lost.session.moves) == mistakes[0].ply
    lost.settle()
    assert lost.scene.view.hint == mistakes[0].better
    assert "1 of" in lost.scene.side_card.title
    lost.key("left")
    assert len(lost.session.moves) == mistakes[-1].ply
    lost.key("escape")
    assert lost.session.over


def test_a_dot_of_the_graph_leads_to_its_mistake(lost):
    mistake = lost.app.builder.mistakes()[-1]
    lost.click("mistake", mistake.ply)
    assert len(lost.session.moves) == mistake.ply
    assert lost.app.ui.review is not None


def test_mistakes_of_the_opponent_are_shown_too(lost):
    mistake = lost.app.builder.mistakes()[-1]
    lost.match.swap()
    lost.settle()
    assert mistake not in lost.app.builder.mistakes()
    lost.click("mistake", mistake.ply)
    lost.settle()
    assert len(lost.session.moves) == mistake.ply
    assert lost.scene.side_card.title == "The opponent's mistake"
    assert mistake.names[1] in lost.scene.side_card.lines[0]


def test_retry_plays_on_and_undo_returns(lost):
    whole = list(lost.session.moves)
    lost.key("e")
    ply = len(lost.session.moves)
    lost.click("command", "retry")
    assert lost.session.undone == []
    assert not lost.match.paused
    assert lost.match.play(lost.session.legal()[0])
    assert len(lost.session.moves) == ply + 1
    lost.key("u", "u", "u", "u", "u")
    assert lost.session.line == whole


def test_a_review_says_what_was_overlooked(lost):
    mistake = Mistake(5, 1, 1, 3, 0.5, "win", ("2", "4"), 0.6)
    assert why_words(lost.match, mistake) == "..."
    lost.settle()
    assert why_words(lost.match, mistake) == "Column 4 would have blocked four in a column."


def test_without_levels_a_number_of_positions_is_chosen(tmp_path, monkeypatch):
    unknown = property(lambda _: None, lambda *_: None)
    monkeypatch.setattr(Levelled, "levels", unknown, raising=False)
    screen = Screen(tmp_path, game="tic_tac_toe", ui=Ui(page="start"), nodes=None)
    assert screen.scene.strengths.words() == "256 positions"
    screen.click("start", "strength:0")
    screen.key("return")
    assert screen.match.names[1] == "Tic-Tac-Toe agent, without looking ahead"
    screen.app.close()


def test_the_level_follows_the_person(lost, tmp_path, monkeypatch):
    monkeypatch.setattr(auto_level, "state_folder", lambda: tmp_path)
    match = lost.match
    match.follows, match._counted, match.strength = True, False, 3
    lost.frame()
    assert "the next game is at level 3, learner" in lost.scene.side_card.lines
    assert match.names[0].endswith("level 4")
    lost.click("command", "rematch")
    assert match.names[0].endswith("level 3")
    assert (tmp_path / auto_level.FILE).exists()


@pytest.mark.parametrize("ending", [".json", ".sgf", ".pgn", ".txt"])
def test_games_are_saved_in_every_format_and_listed(lost, tmp_path, ending):
    moves = list(lost.session.moves)
    lost.key("ctrl+s")
    lost.click("format", lost.app.ui.formats.index(ending))
    (path,) = tmp_path.glob(f"*{ending}")
    lost.key("ctrl+o")
    (saved,) = lost.app.ui.files
    assert saved.path == path
    assert saved.stones.any()
    assert "7 moves" in saved.result
    assert saved.date
    lost.click("file", 0)
    assert lost.session.moves == moves


def test_a_game_saved_during_its_review_is_listed_with_its_result(lost):
    lost.key("e")
    assert lost.session.undone
    lost.key("ctrl+s")
    lost.click("format", lost.app.ui.formats.index(".json"))
    lost.key("ctrl+o")
    (saved,) = lost.app.ui.files
    assert "7 moves" in saved.result


@pytest.mark.parametrize("size", [(420, 400), (480, 400), (480, 800), (960, 560), (1920, 1080)])
def test_every_page_fits_every_window(lost, size):
    lost.resize(size)
    for name, _ in lost.scene.side_card.buttons:
        assert lost.place("command", name)
    lost.key("e")
    assert lost.place("command", "retry")
    lost.key("n")
    for choice in ("side:second", "strength:11", "goal:1", "begin"):
        assert lost.place("start", choice)


@pytest.mark.parametrize("name", ["openspiel:chess", "openspiel:hex", "openspiel:nim"])
def test_every_game_has_a_small_board_in_the_list(tmp_path, name):
    game = rlhf_games.make(name)
    session = Session(game)
    session.play(session.legal()[0])
    save_session(tmp_path / f"{file_stem(game.name)}-1.json", session, ("you", "random player"))
    (saved,) = saved_games_in(tmp_path, game)
    surface = pygame.Surface((80, 80))
    draw_thumbnail(Canvas(surface), Box(4, 4, 72, 72), (board_for(game), saved), DARK)
    drawn = pygame.surfarray.array3d(surface).any(axis=2)
    assert drawn[4:76, 4:76].sum() > 500
    assert drawn.sum() == drawn[4:76, 4:76].sum()


def test_a_game_without_an_agent_says_why_nothing_is_known(playing):
    assert playing.scene.unknown == ""
    playing.match.matchup = replace(playing.match.matchup, analyst=None)
    playing.key("a")
    assert "train one" in playing.scene.unknown


def test_long_pages_scroll(playing):
    playing.resize((420, 400))
    playing.key("f1")
    assert playing.app.ui.page_scroll == 0
    playing.key("down")
    playing.app.wheel(-2)
    assert playing.app.ui.page_scroll == 3
    playing.key("end")
    shown = playing.app.ui.page_scroll
    playing.key("down")
    assert playing.app.ui.page_scroll == shown > 3
    playing.resize((960, 640))
    assert playing.app.ui.page_scroll == 0
