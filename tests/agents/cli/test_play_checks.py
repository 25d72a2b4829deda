"""What `rlhf-play` checks and asks before it loads anything."""

from __future__ import annotations

import pytest
from PIL import Image

import rlhf_games
from rlhf_agents.cli import play_checks
from rlhf_agents.errors import SettingError
from rlhf_agents.words import readable_name
from tests.agents.cli.programs import run

# ---- files are not overwritten ---------------------------------------------------------------


@pytest.mark.parametrize("game", ["tic_tac_toe", "gymnasium:CartPole-v1"])
@pytest.mark.parametrize(("option", "name"), [("--record", "a.gif"), ("--screenshot", "a.PNG")])
def test_existing_files_are_kept_without_force(game, option, name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"precious")
    words = [game, "--watch", "--agent", "random", option, path, "--plies", 1, "--size", "320x320"]
    done = run("play", *words)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert path.read_bytes() == b"precious"
    assert run("play", *words, "--force").returncode == 0
    with Image.open(path) as image:
        assert image.format == path.suffix[1:].upper()


# ---- choosing a game -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ("", "connect_four"),
        ("1", "breakthrough"),
        ("Tic-Tac-Toe", "tic_tac_toe"),
        ("othello_6x6", "othello_6x6"),
        ("openspiel:go", "openspiel:go"),
    ],
)
def test_a_game_is_chosen_by_number_or_name(typed, chosen, monkeypatch, capsys):
    monkeypatch.setattr(play_checks, "is_interactive", lambda: True)
    answers = iter(["99", "conect_four", typed])
    assert play_checks.choose_game(lambda _prompt: next(answers)) == chosen
    out = capsys.readouterr().out
    assert "Connect Four" in out
    assert "'99' is not in the list" in out
    assert "did you mean connect_four?" in out


def test_leaving_without_a_choice(monkeypatch):
    monkeypatch.setattr(play_checks, "is_interactive", lambda: True)

    def leave(_prompt):
        raise EOFError

    with pytest.raises(SettingError, match="no game was chosen"):
        play_checks.choose_game(leave)


@pytest.mark.parametrize("words", [["connect_four"], ["connect_four", "--game", "connect_four"]])
def test_a_game_needs_no_option(words, tmp_path):
    path = tmp_path / "a.png"
    words = [*words, "--watch", "--nodes", "1e0", "--plies", 0, "--screenshot", path]
    done = run("play", *words)
    assert done.returncode == 0, done.stderr
    assert path.exists()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("tic_tac_toe", "Tic-Tac-Toe"),
        ("breakthrough_6x6", "Breakthrough 6x6"),
        ("openspiel:chess", "Chess"),
        ("openspiel:breakthrough(columns=6,rows=6)", "Breakthrough 6x6"),
        ("openspiel:go(board_size=9,komi=5.5)", "Go 9x9 (komi=5.5)"),
    ],
)
def test_names_are_readable_before_the_rules_are_loaded(name, title):
    assert readable_name(name) == title


def test_readable_names_are_the_titles_of_our_own_games():
    for name in rlhf_games.names():
        assert readable_name(name) == rlhf_games.make(name).title
