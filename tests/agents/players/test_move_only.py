"""Players that only name a move: the perfect solver, and bots exported as Python files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rlhf_games
from rlhf_agents import export
from rlhf_agents.errors import SettingError
from rlhf_agents.players.minimax import MinimaxPlayer
from rlhf_agents.players.perfect import PerfectPlayer
from rlhf_agents.players.python_bot import PythonBotPlayer
from rlhf_games.base import Outcome
from tests.agents.players.player_contract import PlayerContract
from tests.agents.search.test_tree import random_positions

CONNECT_FOUR = rlhf_games.make("connect_four")
GAMES = ("connect_four", "tic_tac_toe", "othello_6x6", "breakthrough_6x6")


# ---- the solver -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def perfect() -> PerfectPlayer:
    pytest.importorskip("bitbully")
    return PerfectPlayer(CONNECT_FOUR)


class TestPerfectPlayer(PlayerContract):
    @pytest.fixture
    def player(self, perfect):
        return perfect, CONNECT_FOUR


def test_values_are_those_of_a_search_to_the_end(perfect: PerfectPlayer):
    search = MinimaxPlayer(CONNECT_FOUR, 16)
    states = random_positions(CONNECT_FOUR, 200, 26, seed=5)
    assert len(states) > 5
    for state in states:
        ours = search.explain(state).values
        theirs = perfect.explain(state).values
        np.testing.assert_array_equal(np.sign(ours - 0.5), np.sign(theirs - 0.5))


def test_it_opens_in_the_middle(perfect: PerfectPlayer):
    assert perfect.act(CONNECT_FOUR.initial(1)).tolist() == [3]


def test_other_games_have_no_solver():
    with pytest.raises(SettingError, match="connect_four"):
        PerfectPlayer(rlhf_games.make("tic_tac_toe"))


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "bitbully", None)
    with pytest.raises(SettingError, match=r"rlhf-agents\[solver\]"):
        PerfectPlayer(CONNECT_FOUR)


# ---- exported bots ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bot(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bots") / "four.py"
    export("connect_four", "python", path, nodes=3)
    return path


class TestPythonBot(PlayerContract):
    @pytest.fixture
    def player(self, bot):
        return PythonBotPlayer(CONNECT_FOUR, bot), CONNECT_FOUR


@pytest.mark.parametrize("name", GAMES)
def test_bots_play_in_our_positions_what_they_play_after_the_moves(name: str, tmp_path: Path):
    export(name, "python", tmp_path / "bot.py", nodes=2)
    game = rlhf_games.make(name)
    bot = PythonBotPlayer(game, tmp_path / "bot.py")
    rng = np.random.default_rng(1)
    for _ in range(6):
        states, moves = game.initial(1), []
        while game.outcome(states)[0] == Outcome.ONGOING and len(moves) < 20:
            names = game.names_of(int(game.mover(states)[0]))
            action = int(bot.act(states)[0])
            assert names[action] == bot._module.choose(moves, nodes=2)
            played = game.random_actions(states, rng)
            moves.append(names[int(played[0])])
            states = game.step(states, played)
    assert bot.name == "bot.py@2"


def test_kaggle_bots_and_another_number_of_nodes(tmp_path: Path, bot: Path):
    export("connect_four", "kaggle", tmp_path / "kaggle.py")
    kaggle = PythonBotPlayer(CONNECT_FOUR, tmp_path / "kaggle.py", 8)
    other = PythonBotPlayer(CONNECT_FOUR, bot, 8)
    states = random_positions(CONNECT_FOUR, 30, 8)
    # Their networks are rounded apart, as their programs leave them different numbers of bytes.
    assert (kaggle.act(states) == other.act(states)).mean() > 0.8
    assert (kaggle.name, other.name) == ("kaggle.py@8", "four.py@8")


def test_bots_play_for_goals(bot: Path):
    player = PythonBotPlayer(CONNECT_FOUR, bot)
    states = random_positions(CONNECT_FOUR, 60, 10)
    assert (player.act(states, "win") != player.act(states, "lose")).any()
    with pytest.raises(SettingError, match=r"four\.py.*dance"):
        player.act(states, "dance")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", ["rlhf-export", "choose_state"]),
        ("1 / 0", ["ZeroDivisionError"]),
        ("import sys; sys.exit(3)", ["SystemExit"]),
        ("def", ["SyntaxError"]),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, words: list[str]):
    (tmp_path / "no.py").write_text(text)
    with pytest.raises(SettingError) as caught:
        PythonBotPlayer(CONNECT_FOUR, tmp_path / "no.py")
    assert all(word in str(caught.value) for word in ["no.py", *words])


def test_bots_of_other_games_and_missing_files_are_refused(tmp_path: Path, bot: Path):
    with pytest.raises(SettingError, match="a game other than othello"):
        PythonBotPlayer(rlhf_games.make("othello_6x6"), bot)
    with pytest.raises(SettingError, match="nowhere"):
        PythonBotPlayer(CONNECT_FOUR, tmp_path / "nowhere.py")
