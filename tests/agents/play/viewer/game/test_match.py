"""The game behind the window: turns, time, taking back, steering, looking back."""

from __future__ import annotations

import json

import pytest

from rlhf_agents.errors import SettingError
from rlhf_agents.words import LEVEL_NAMES
from tests.agents.play.viewer.screen import Screen


@pytest.fixture
def watched(tmp_path):
    screen = Screen(tmp_path, game="connect_four", opponent="minimax:2", side="first")
    yield screen
    screen.app.close()


def play(screen, *actions):
    """Play for the person and wait for each answer."""
    for action in actions:
        assert screen.match.play(action)
        screen.at_rest()


def line(screen, moves):
    """Set up a position, all moves given."""
    screen.match.paused = True
    for move in moves:
        assert screen.match.play(move)
        screen.wait(lambda: screen.match.moving(screen.now) >= 1, 0.2)


def test_the_person_begins_and_the_agent_answers(screen):
    assert not screen.match.computer
    assert screen.match.names == ("you", "Connect Four agent, 16 positions per move")
    play(screen, 3)
    assert len(screen.session.moves) == 2
    assert not screen.match.play(99)


def test_the_agent_takes_its_time_but_not_too_long(screen):
    screen.match.play(3)
    screen.frame()
    moved = screen.now
    screen.wait(lambda: len(screen.session.moves) == 2)
    assert 0.5 < screen.now - moved < 3


def test_nobody_moves_for_the_agent(screen):
    screen.match.play(3)
    assert screen.match.computer
    assert not screen.match.play(3)


def test_undo_takes_back_both_plies_and_redo_plays_them_again(screen):
    play(screen, 3, 3)
    moves = list(screen.session.moves)
    assert screen.match.undo()
    assert screen.session.moves == moves[:2]
    assert screen.match.undo()
    assert not screen.match.undo()
    assert screen.match.redo()
    assert screen.match.redo()
    assert screen.session.moves == moves
    assert not screen.match.redo()


def test_swapping_sides_swaps_goals(screen):
    screen.match.steer("lose")
    assert screen.session.goals == ["win", "lose"]
    screen.match.swap()
    assert screen.session.goals == ["lose", "win"]
    assert screen.match.names[0] == "Connect Four agent, 16 positions per move"
    screen.at_rest()
    assert len(screen.session.moves) == 1


@pytest.mark.parametrize(
    ("goal", "opposite"),
    [("win", "lose"), ("lose_by_24", "win_by_24"), ("win_diagonal", "win"), ("draw", "win")],
)
def test_flipping_a_goal(screen, goal, opposite):
    screen.match.steer(goal)
    assert screen.match.flip_goal() == opposite
    assert screen.session.goals[1] == opposite


def test_steering_changes_values_and_line_at_once(screen):
    screen.match.steered = 0
    screen.settle()
    before = screen.match.explanation()
    screen.match.steer("lose")
    screen.settle()
    after = screen.match.explanation()
    assert (before.goal, after.goal) == ("win", "lose")
    assert (before.values != after.values).any()


def test_pausing_lets_the_person_play_both_sides(screen):
    line(screen, [3, 2, 3, 2])
    assert screen.session.moves == [3, 2, 3, 2]
    screen.match.paused = False
    assert not screen.match.computer


def test_step_plays_one_move_for_whoever_is_to_move(screen):
    for count in (1, 2, 3):
        screen.match.step()
        screen.wait(lambda count=count: len(screen.session.moves) == count, 0.2)
        screen.frame(5)
        screen.frame(5)
        assert len(screen.session.moves) == count


def test_going_back_and_forth(watched):
    screen = watched
    screen.wait(lambda: len(screen.session.moves) == 4, 0.3)
    moves = list(screen.session.moves)
    screen.match.go_to(1)
    assert screen.match.paused
    screen.frame(9)
    assert screen.session.moves == moves[:1]
    screen.match.go_to(99)
    assert screen.session.moves == moves
    screen.match.go_to(2)
    screen.match.step()
    assert screen.session.moves == moves[:3]
    assert screen.match.moving(screen.now) < 1


def test_watched_games_go_on_by_themselves_and_are_counted(tmp_path):
    screen = Screen(tmp_path, game="tic_tac_toe", opponent="random", games=2, nodes=1, seed=3)
    screen.wait(lambda: sum(screen.match.results) == 2, 0.5)
    assert screen.match.session.over
    screen.frame(99)
    assert screen.match.session.over
    screen.app.close()


def test_speed_has_limits(watched):
    for _ in range(20):
        watched.match.faster(1)
    assert watched.match.speed == 8
    for _ in range(20):
        watched.match.faster(-1)
    assert watched.match.speed == 0.25


def test_strength_changes_who_thinks(screen):
    screen.match.play(3)
    why = lambda: screen.match.explained(screen.match.question(1), final=True)  # noqa: E731
    screen.wait(lambda: why() is not None, 0)
    assert why().nodes <= 16
    assert screen.match.strength is None  # 16 nodes are no level
    assert screen.match.names[1] == "Connect Four agent, 16 positions per move"
    screen.match.set_strength(LEVEL_NAMES.index("master"))
    screen.wait(lambda: why() is not None, 0)
    assert why().nodes > 16
    assert screen.match.names[1] == "Connect Four agent, level 10"


def test_games_are_saved_and_opened(screen, tmp_path):
    play(screen, 3, 2)
    screen.match.steer("win_diagonal")
    play(screen, 2)
    path = screen.match.save(tmp_path)
    record = json.loads(path.read_text())
    assert record["asked"][:4] == ["win"] * 4
    assert record["asked"][5] == "win_diagonal"
    again = screen.match.save(tmp_path)
    assert again != path
    moves, asked = list(screen.session.moves), list(screen.session.asked)
    screen.match.new()
    assert screen.session.moves == []
    assert screen.session.goals == ["win", "win_diagonal"]
    screen.match.load(path)
    assert (screen.session.moves, screen.session.asked) == (moves, asked)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not a readable game record"),
        ("[1, 2]", "not a game record"),
        (
            '{"game": "tic_tac_toe", "format": 1, "goals": [], "moves": []}',
            "rlhf-play --game tic_tac_toe --load",
        ),
        ('{"game": "connect_four", "format": 99}', "newer version"),
        ('{"game": "connect_four", "format": 1, "goals": ["win", "wim"], "moves": []}', "wim"),
        ('{"game": "connect_four", "format": 1, "goals": ["win", "win"], "moves": [9]}', "record"),
        (
            '{"game": "connect_four", "format": 1, "goals": ["win", "win"], "moves": [1e999]}',
            "record",
        ),
    ],
)
def test_bad_records_change_nothing(screen, tmp_path, text, sentence):
    play(screen, 3)
    moves = list(screen.session.moves)
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(SettingError, match=sentence):
        screen.match.load(path)
    assert screen.session.moves == moves


def test_a_missed_win_is_a_mistake_with_the_better_move(screen):
    line(screen, [0, 6, 1, 6, 2, 5, 6, 3])  # the first player could have won with 3 (4 in a row)
    screen.settle()
    (worst,) = (m for m in screen.match.review.mistakes if m.ply == 6)
    assert (worst.seat, worst.action, worst.better) == (0, 6, 3)
    assert worst.drop > 0.3


def test_the_story_of_a_game(screen):
    line(screen, [0, 6, 1, 6, 2, 5, 3])
    screen.settle()
    standing = screen.match.review.standing
    assert len(standing) == 8
    assert standing[-1] == 1
    assert standing[6] > 0.9
    assert all(0 <= value <= 1 for value in standing)
    assert screen.match.ended
    screen.match.go_to(2)
    assert screen.match.ended
    assert not screen.session.over


def test_failing_players_are_reported(screen):
    class Broken:
        name = "broken"
        nodes = 5

        def think(self, state, goal, seat=0):
            msg = "no idea"
            raise RuntimeError(msg)

    screen.match.matchup.__dict__["agent"] = Broken()
    screen.match.play(3)
    screen.wait(lambda: screen.app.ui.toast)
    assert screen.app.ui.toast == "Broken agent failed: no idea"


# ---- a new game can be undone ----------------------------------------------------------------


@pytest.mark.parametrize("side", ["first", "second"])
def test_undo_brings_back_the_game_that_new_ended(tmp_path, side):
    screen = Screen(tmp_path, game="connect_four", side=side, nodes=4)
    screen.at_rest()
    play(screen, 3, 3)
    before, goals = list(screen.session.moves), ["lose", "win"]
    screen.session.goals = list(goals)
    screen.key("n", "return")
    assert "undo returns" in screen.app.ui.toast
    screen.at_rest()
    assert len(screen.session.moves) == (0 if side == "first" else 1)
    screen.key("u")
    assert screen.session.moves == before
    assert screen.session.goals == goals
    screen.at_rest()
    play(screen, 2)
    assert screen.session.moves[: len(before)] == before
    screen.app.close()


def test_undo_in_a_new_game_takes_back_its_moves_first(screen):
    play(screen, 3)
    screen.key("n", "return")
    play(screen, 2)
    screen.key("u")
    assert screen.session.moves == []
    screen.key("u")
    assert screen.session.moves[0] == 3
    screen.key("u")
    assert not screen.match.undo()


def test_a_new_game_before_the_first_move_says_nothing(screen):
    screen.key("n", "return")
    assert screen.app.ui.toast == ""
    assert not screen.match.undo()


def test_undo_brings_back_the_game_that_a_file_replaced(screen, tmp_path):
    play(screen, 3)
    before = list(screen.session.moves)
    path = screen.match.save(tmp_path)
    screen.match.new()
    play(screen, 1)
    screen.match.load(path)
    assert screen.session.moves == before
    assert screen.match.undo()
    assert screen.match.undo()
    assert screen.session.moves[0] == 1
