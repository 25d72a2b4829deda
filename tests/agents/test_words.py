"""The words that people read."""

from __future__ import annotations

import pytest

import rlhf_games
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.words import (
    LEVEL_NAMES,
    agent_words,
    goal_named,
    goal_words,
    league_names,
    level_words,
    number_text,
    player_words,
    readable_name,
    speed_words,
    spelled_out,
    words_of,
)
from rlhf_games.base import Goal, UnknownGoalError


@pytest.mark.parametrize(
    ("game", "goal", "words"),
    [
        ("connect_four", "win_diagonal", "win with a diagonal"),
        ("connect_four", "win_by_18", "win by move 18"),
        ("othello_6x6", "margin_8", "win by 8 discs or more"),
        ("breakthrough_6x6", "take_3", "capture 3 pieces"),
        ("tic_tac_toe", "lose", "lose"),
    ],
)
def test_goals_have_words(game: str, goal: str, words: str):
    assert goal_words(rlhf_games.make(game), goal) == words


@pytest.mark.parametrize("name", rlhf_games.names())
def test_words_name_one_goal_and_look_like_words(name: str):
    game = rlhf_games.make(name)
    said = [words_of(goal) for goal in game.goals]
    assert len({words.casefold() for words in said}) == len(said)
    assert all("_" not in words and len(words) < 32 for words in said)
    for goal in game.goals:
        assert goal_named(game, goal.name) == goal.name
        assert goal_named(game, words_of(goal).upper()) == goal.name


def test_a_goal_without_words_is_spelled_out():
    assert words_of(Goal("reach_goal_within_20", "")) == "reach goal within 20 steps"
    assert spelled_out("keep_all_pieces") == "keep all pieces"
    assert goal_words(rlhf_games.make("tic_tac_toe"), "survive_100") == "survive 100 steps"


def test_a_goal_that_nobody_knows_is_refused():
    with pytest.raises(UnknownGoalError, match="win_by_6"):
        goal_named(rlhf_games.make("tic_tac_toe"), "win by 7")


def test_levels_are_named_from_beginner_to_perfect():
    assert level_words(1) == "level 1, beginner"
    assert level_words(len(LEVEL_NAMES)) == "level 12, perfect"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("connect_four@256", "Connect Four agent, 256 positions per move"),
        ("agent@level7", "Connect Four agent, level 7"),
        ("agent@elo1200", "Connect Four agent, 1200 Elo"),
        ("agent@0.5s", "Connect Four agent, 0.5 s per move"),
        ("folder/my_bot.zip@0", "my_bot, without looking ahead"),
        ("minimax:4", "search 4 moves deep"),
        ("minimax:1@0.5s", "search 1 move deep, 0.5 s per move"),
        ("random", "random player"),
        ("me@home", "me@home"),
    ],
)
def test_players_have_words(spec: str, words: str):
    assert player_words(spec, "connect_four") == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gymnasium:CartPole-v1", "Cart Pole"),
        ("gymnasium:FrozenLake8x8-v1", "Frozen Lake 8x8"),
        ("minigrid:MiniGrid-DoorKey-8x8-v0", "Door Key 8x8"),
        ("gymnasium:highway-fast-v0", "Highway"),
        ("ale:SpaceInvadersNoFrameskip-v4", "Space Invaders"),
        ("pettingzoo:knights_archers_zombies_v11", "Knights Archers Zombies"),
        ("openspiel:go(board_size=9)", "Go 9x9"),
    ],
)
def test_environments_have_names(name: str, words: str):
    assert readable_name(name) == words


def test_agents_and_speeds_have_words():
    assert [agent_words(name) for name in ("archer_0", "leader")] == ["Archer 1", "Leader"]
    assert player_words("CartPole-v1") == "Cart Pole agent"
    said = [speed_words(speed) for speed in (0.125, 0.5, 1, 2, 4)]
    assert said == ["8 times slower", "half speed", "", "double speed", "4 times faster"]


def test_bundled_agents_are_named_after_their_games():
    for name in bundled_agents():
        assert player_words(name) == f"{rlhf_games.make(name).title} agent"


def test_numbers_have_decimals_only_where_they_are_needed():
    assert [number_text(number) for number in (3.0, -0.126)] == ["3", "-0.13"]


def test_leagues_name_players_without_the_game_and_nobody_twice():
    names = ["agent@256", "random", "one/bot.py", "two/bot.py"]
    assert list(league_names(names, "connect_four").values()) == [
        "agent, 256 positions per move",
        "random player",
        "one/bot.py",
        "two/bot.py",
    ]
