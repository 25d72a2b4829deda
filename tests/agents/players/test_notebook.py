"""What agents, explanations, forecasts and games look like where Python shows a value."""

from __future__ import annotations

import io
import pickle
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

import rlhf_games
from rlhf_agents import load_agent, make_env
from rlhf_agents.play.session import Session
from rlhf_agents.players.notebook import COLOURS, board_svg


@pytest.fixture(scope="module")
def agent():
    return load_agent("connect_four")


@pytest.fixture(scope="module")
def why(agent):
    observation, _ = make_env("connect_four").reset(seed=0)
    return agent.explain(observation, goal="win", nodes=16)


def test_an_explanation_says_move_goal_values_and_line(why):
    lines = repr(why).split("\n")
    assert lines[0].startswith("Connect Four: plays 4 to win (")
    assert all(f" {column} " in lines[1] for column in range(1, 8))
    assert len(lines[2].split()) == 1 + len(why.line)


def test_an_explanation_as_html_has_the_board_and_a_row_per_move(why):
    html = why._repr_html_()
    ET.fromstring(html.replace("<br>", "<br/>"))
    assert html.count("<tr ") == 7
    assert "<svg" in html


def test_explanations_can_be_copied_between_processes(why):
    assert repr(pickle.loads(pickle.dumps(why))) == repr(why)


def test_a_forecast_says_how_the_game_ends(agent):
    state = agent.game.initial(1)[0]
    expected = agent.forecast(state, games=32)
    assert "of 32 imagined games" in repr(expected)
    assert "<svg" in expected._repr_html_()


def test_an_agent_lists_its_goals_in_words(agent):
    assert "an agent for Connect Four" in repr(agent)
    assert "win by move 18" in repr(agent)
    assert agent._repr_html_().count("<tr>") == len(agent.goals)


def test_the_board_has_every_stone_in_its_colour():
    game = rlhf_games.make("tic_tac_toe")
    session = Session(game, moves=[4, 0, 8])
    picture = board_svg(game, session.state)
    assert picture.count(COLOURS[0]) == 2
    assert picture.count(COLOURS[1]) == 1
    assert ET.fromstring(picture).tag.endswith("svg")


def test_games_and_sessions_can_be_read():
    game = rlhf_games.make("tic_tac_toe")
    assert repr(game).startswith("Tic-Tac-Toe: a board of 3 x 3, 9 actions")
    session = Session(game, moves=[4, 0, 8, 2])
    words = repr(session)
    assert "Tic-Tac-Toe, the game is not over" in words
    assert words.count("X") == words.count("O") == 2
    assert "<svg" in session._repr_html_()


def test_all_of_them_are_pictures_too(agent, why):
    game = agent.game
    shown = {
        "agent": agent,
        "explanation": why,
        "forecast": agent.forecast(game.initial(1)[0], games=8),
        "game": Session(game, moves=[3, 3]),
    }
    sizes = {name: Image.open(io.BytesIO(one._repr_png_())).size for name, one in shown.items()}
    assert sizes["game"] == (476, 408)
    assert all(width >= 476 and height >= 408 for width, height in sizes.values())
    assert sizes["explanation"][0] > 476  # the values stand beside the board


def test_what_is_proven_has_no_percent_beside_it(agent):
    state = Session(agent.game, moves=[3, 0, 3, 0, 3, 1]).state
    why = agent.explain_state(state, nodes=16)
    assert why.proof == "wins in 1"
    assert "4 wins in 1" in repr(why)
    assert "99" not in repr(why).partition("\n")[0]
    assert ">100%<" in why._repr_html_()
