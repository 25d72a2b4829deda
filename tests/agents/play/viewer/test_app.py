"""Mouse and keyboard, whole games, and what is on the screen afterwards."""

from __future__ import annotations

import random

import pygame
import pytest

from rlhf_agents.play.board_cells import stones_of
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.commands import BUTTONS, COMMANDS, OVERLAYS, help_lines
from rlhf_agents.play.viewer.scene import Target
from rlhf_agents.play.viewer.scene_builder import achieved_words
from rlhf_agents.play.viewer.theme import DARK, LIGHT
from tests.agents.play.viewer.screen import Screen


@pytest.fixture
def three(tmp_path):
    screen = Screen(tmp_path, game="tic_tac_toe")
    yield screen
    screen.app.close()


def picture(screen):
    return pygame.image.tobytes(screen.surface, "RGB")


def stone_colours(screen):
    """Return whose colour is seen at every cell of Connect Four, a little off its middle."""
    theme = screen.app.ui.theme
    grid = screen.app.builder.board.grid(screen.app.layout.board)
    seen = {}
    for row in range(6):
        for column in range(7):
            x, y = grid.centre((row, column))
            colour = screen.colour((x - grid.cell * 0.33, y))
            seen[row, column] = next((s + 1 for s in (0, 1) if colour == theme.seats[s]), 0)
    return seen


def assert_stones_are_shown(screen):
    stones = stones_of(screen.match.game, screen.session.state)
    assert (seen := stone_colours(screen)) == {cell: int(stones[cell]) for cell in seen}


@pytest.mark.parametrize("size", [(1180, 780), (480, 480), (480, 720), (700, 1000)])
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_a_whole_game_by_mouse(tmp_path, size, theme):
    screen = Screen(tmp_path, size=size, game="connect_four", nodes=1)
    screen.app.ui.theme = theme
    while not screen.session.over:
        screen.click("move", screen.session.legal()[-1])
        screen.app.leave()
        screen.at_rest()
        if not screen.session.over:
            screen.app.ui.shown -= {"line", "values"}
            screen.frame()
            assert_stones_are_shown(screen)
    assert screen.scene.banner.startswith(("You", "A draw"))
    assert screen.scene.achieved is not None
    screen.app.close()


@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe"])
def test_a_whole_game_by_keyboard(tmp_path, name):
    screen = Screen(tmp_path, game=name, nodes=1)
    keys = random.Random(0)
    while not screen.session.over:
        for _ in range(200):
            screen.key(keys.choice(["left", "right", "up"]))
            cursor = screen.app.ui.cursor
            if cursor in screen.session.legal():
                break
        before = len(screen.session.moves)
        screen.key("return")
        assert len(screen.session.moves) == before + 1
        screen.at_rest()
    screen.app.close()


def test_a_whole_game_by_watching(tmp_path):
    screen = Screen(tmp_path, game="connect_four", opponent="minimax:2", nodes=8)
    screen.key("=", "=", "=")
    screen.wait(lambda: screen.session.over, 0.1)
    screen.settle()
    assert len(screen.scene.standing) == len(screen.session.moves) + 1
    screen.app.close()


def test_the_last_move_and_the_winning_line_are_marked(screen):
    screen.match.paused = True
    for move in (0, 6, 1, 6, 2, 5, 3):
        screen.match.play(move)
        screen.wait(lambda: screen.match.moving(screen.now) >= 1, 0.2)
        if not screen.session.over:
            assert screen.scene.view.last is not None
    assert screen.scene.view.winning == {(5, c) for c in range(4)}
    screen.frame()
    grid = screen.app.builder.board.grid(screen.app.layout.board)
    assert screen.colour(grid.centre((5, 1))) == DARK.text


def test_a_stone_falls(screen):
    screen.click("move", 3)
    seen = []
    while screen.match.moving(screen.now) < 1:
        seen.append(picture(screen))
        screen.frame(0.04)
    assert len(set(seen)) >= 5
    assert screen.scene.view.moving is None


def test_pointing_shows_where_the_stone_would_lie(screen):
    screen.app.ui.shown -= {"line", "values"}
    screen.settle()
    grid = screen.app.builder.board.grid(screen.app.layout.board)
    x, y = grid.centre((5, 2))
    before = screen.colour((x, y))
    screen.point("move", 2)
    assert screen.scene.view.hover == 2
    assert screen.colour((x, y)) != before


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_overlay_can_be_switched_by_key_and_by_mouse(screen, name):
    screen.app.ui.toast = ""
    screen.settle()
    on = picture(screen)
    screen.key(OVERLAYS[name][0])
    assert name not in screen.app.ui.shown
    screen.app.ui.toast = ""
    screen.settle()
    assert picture(screen) != on
    screen.click("overlay", name)
    assert name in screen.app.ui.shown


def test_thoughts_can_be_hidden_on_my_turn_only(screen):
    screen.settle()
    assert screen.scene.view.values is not None
    screen.key("b")
    assert screen.scene.view.values is None
    assert screen.scene.line == ()


def test_number_keys_and_clicks_choose_goals(screen):
    goals = screen.match.game.goals
    screen.key("3")
    assert screen.session.goals[1] == goals[2].name
    screen.key("shift+2")
    assert screen.session.goals[1] == goals[11].name
    screen.click("goal", "draw")
    assert screen.session.goals[1] == "draw"
    screen.key("tab", "1")
    assert screen.session.goals == ["win", "draw"]
    screen.click("card", 1)
    assert screen.match.steered == 1
    screen.key("shift+0")  # there is no 20th goal
    assert screen.session.goals == ["win", "draw"]


def test_pointing_at_a_goal_tells_what_it_would_change(screen):
    screen.match.steered = 0
    screen.settle()
    usual = screen.scene.view.chosen
    screen.point("goal", "lose")
    screen.settle()
    assert "to lose, " in screen.scene.status
    assert screen.scene.view.values is not None
    assert screen.session.goals == ["win", "win"]
    screen.app.leave()
    screen.settle()
    assert screen.scene.view.chosen == usual


def test_pointing_at_the_line_plays_it_out(screen):
    screen.settle()
    assert len(screen.scene.view.ghosts) <= 3
    screen.point("line", 0)
    first = len(screen.scene.view.ghosts)
    screen.frame(5)
    assert len(screen.scene.view.ghosts) > max(first, 3)
    numbers = [ghost.number for ghost in screen.scene.view.ghosts]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_graph_leads_to_a_move(screen):
    screen.click("move", 3)
    screen.at_rest()
    screen.click("move", 3)
    screen.at_rest()
    screen.click("graph", 1)
    assert len(screen.session.moves) == 1
    assert screen.match.paused
    screen.key("end")
    assert len(screen.session.moves) == 4
    screen.key("home")
    assert screen.session.moves == []


def test_the_slider_can_be_dragged(screen):
    layout = screen.app.layout
    y = layout.slider.bottom - 10
    screen.app.press((layout.slider.x + 9, y))
    assert screen.match.strength == 0
    screen.app.point((layout.slider.right - 8, y + 300))
    assert screen.match.strength == 11
    screen.app.release()
    screen.app.point((layout.slider.x + 9, y))
    assert screen.match.strength == 11
    screen.key("[")
    assert screen.match.strength == 10
    assert "champion" in screen.app.ui.toast


def test_hints(screen):
    screen.click("command", "hint")
    screen.settle()
    assert screen.scene.view.hint in range(7)
    assert screen.scene.status.startswith("hint: ")
    screen.click("move", 0)
    assert screen.scene.view.hint is None


def test_every_button_does_something(screen):
    for command in BUTTONS:
        assert screen.place("command", command.name)
        screen.app.ui.page = ""
    screen.click("command", "pause")
    assert screen.match.paused
    screen.click("command", "theme")
    assert screen.app.ui.theme is LIGHT
    screen.click("command", "help")
    assert screen.app.ui.page == "help"


@pytest.mark.parametrize("size", [(1180, 780), (480, 480), (480, 720)])
def test_the_help_page_covers_the_window(tmp_path, size):
    screen = Screen(tmp_path, size=size, game="tic_tac_toe")
    before = picture(screen)
    screen.key("f1")
    assert picture(screen) != before
    page = screen.app
    assert page.ui.page == "help"
    screen.app.press((3, 3))
    assert page.ui.page == ""
    screen.app.close()


def test_help_is_not_cut_off():
    canvas = Canvas(pygame.Surface((1180, 780)))
    for keys, meaning in help_lines():
        assert canvas.text_width(keys, 14, bold=True) < 146, keys
        assert canvas.text_width(meaning, 14) < 247, meaning


def test_saved_games_are_listed_and_opened(screen, tmp_path):
    screen.click("move", 3)
    screen.at_rest()
    screen.key("ctrl+s", "return")
    assert "connect_four-1.json" in screen.app.ui.toast
    moves = list(screen.session.moves)
    screen.key("n", "return", "ctrl+o")
    assert [saved.path.name for saved in screen.app.ui.files] == ["connect_four-1.json"]
    screen.click("file", 0)
    assert screen.session.moves == moves
    assert screen.app.ui.page == ""


def test_a_file_that_is_no_record_gets_a_message(screen, tmp_path):
    screen.app.open_file(tmp_path / "nothing.json")
    assert "cannot read" in screen.app.ui.toast


def test_a_saved_game_of_another_game_gets_a_message(three, tmp_path):
    (tmp_path / "four.json").write_text('{"game": "connect_four"}')
    three.app.open_file(tmp_path / "four.json")
    assert "rlhf-play --game connect_four --load" in three.app.ui.toast


def test_saving_where_nothing_can_be_saved(screen, tmp_path):
    screen.app.folder = tmp_path / "nowhere"
    screen.key("ctrl+s", "return")
    assert "there is no folder" in screen.app.ui.toast


def test_leaving_takes_two_escapes(screen):
    screen.key("escape")
    assert not screen.app.leaving
    screen.frame(10)
    screen.key("escape")
    assert not screen.app.leaving
    screen.key("escape")
    assert screen.app.leaving


def test_impossible_moves_get_a_message(screen):
    screen.match.paused = True
    for _ in range(6):
        screen.match.play(0)
        screen.frame(1)
    screen.click("move", 0)
    assert "not possible" in screen.app.ui.toast
    screen.match.paused = False
    screen.match.play(1)
    screen.click("move", 1)
    assert "not your turn" in screen.app.ui.toast


def test_after_the_game_mistakes_can_be_visited(screen):
    screen.match.paused = True
    for move in (0, 6, 1, 6, 2, 5, 6, 3, 3, 6, 6, 5, 5, 5, 4, 4, 4, 4):
        if not screen.session.over:
            screen.match.play(move)
            screen.frame(2)
    while not screen.session.over:
        screen.match.play(screen.session.legal()[0])
        screen.frame(2)
    screen.settle()
    assert any(m.ply == 6 for m in screen.scene.mistakes)
    screen.match.go_to(6)
    screen.settle()
    assert screen.scene.view.hint == 3
    assert "better" in screen.scene.status


def test_nothing_is_drawn_again_while_nothing_changes(screen):
    screen.settle()
    screen.frame(5)
    screen.settle()
    assert not screen.app.stale
    screen.app.touch()
    assert screen.app.stale


@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe"])
def test_a_thousand_random_events_never_crash_it(tmp_path, name):
    screen = Screen(tmp_path, game=name, nodes=4)
    dice = random.Random(1)
    keys = [key for command in COMMANDS for key in command.keys if command.name != "quit"]
    keys += [key for key, _ in OVERLAYS.values()] + list("1234567890")
    keys += ["left", "right", "up", "down", "return", "tab", "escape", "x", "f5", "shift+3"]
    for _ in range(1000):
        size = screen.surface.get_size()
        place = dice.randrange(-20, size[0] + 20), dice.randrange(-20, size[1] + 20)
        kind = dice.randrange(12)
        if kind < 4:
            screen.app.press(place)
        elif kind < 6:
            screen.app.point(place)
        elif kind < 7:
            screen.app.release()
        elif kind < 8:
            screen.app.wheel(dice.choice([-3, -1, 1, 3]))
        elif kind < 9 and dice.random() < 0.2:
            screen.resize((dice.randrange(200, 900), dice.randrange(200, 700)))
        elif kind < 10 and dice.random() < 0.1:
            screen.app.leave()
        else:
            screen.app.key(dice.choice(keys))
        screen.frame(dice.choice([0.0, 0.02, 0.7]))
    assert screen.app.ui.hover is None or isinstance(screen.app.ui.hover, Target)
    screen.app.close()


@pytest.mark.parametrize(
    ("others", "reached", "words"),
    [
        (["draw", "last"], True, ["wanted to draw and did; also: last", "wanted to draw and did"]),
        (
            ["a", "b"],
            False,
            [
                "wanted to draw and did not, but did: a, b",
                "wanted to draw and did not, but did: a",
                "wanted to draw and did not",
            ],
        ),
    ],
)
def test_hindsight_in_words(others, reached, words):
    assert achieved_words("draw", others, reached=reached) == words


def test_a_new_game_is_not_paused(screen):
    screen.key("space", "n", "return")
    assert not screen.match.paused


def test_values_are_always_the_persons(screen):
    screen.settle()
    assert screen.scene.status == "your turn (values: your chances)"
    assert screen.scene.view.eyes == 0
    screen.match.play(3)
    screen.settle()
    assert screen.match.computer
    assert screen.scene.view.eyes == 0
    assert "your chances" in screen.scene.status
