"""OpenSpiel's games by name and by options: what is offered, refused, played and learnt."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import rlhf_games
from rlhf_adapters import from_openspiel, make_env
from rlhf_adapters.registry import libraries
from rlhf_adapters.specs import EnvError
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.minimax import MinimaxPlayer
from rlhf_agents.settings import Foresight
from rlhf_games.base import GameError, Outcome, UnknownGameError
from tests.adapters.goal_env_contract import BoardGameContract

pytest.importorskip("pyspiel", reason="needs OpenSpiel: the extra openspiel")


class TestTicTacToeEnv(BoardGameContract):
    def make(self, **options):
        return make_env("openspiel:tic_tac_toe", **options)


class TestDotsAndBoxesEnv(BoardGameContract):
    """Who closes a box moves again."""

    def make(self, **options):
        return make_env("openspiel:dots_and_boxes", **options)


# ---- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "options"),
    [
        ("breakthrough(rows=6,columns=5)", {}),
        ("breakthrough", {"rows": 6, "columns": 5}),
        ("breakthrough(columns=5)", {"rows": 6}),
        ("breakthrough(rows=8,columns=5)", {"rows": 6}),
    ],
)
def test_options_stand_in_the_name_or_beside_it(world: str, options: dict):
    game = make_env(f"openspiel:{world}", **options).game
    assert game.name == "openspiel:breakthrough(columns=5,rows=6)"
    assert game.title == "Breakthrough 6x5"
    again = rlhf_games.make(game.name)
    assert (again.name, again.n_actions) == (game.name, game.n_actions)


def test_a_limit_of_plies_is_part_of_the_name():
    game = rlhf_games.make("openspiel:go(board_size=5,max_plies=30)")
    assert (game.name, game.max_plies) == ("openspiel:go(board_size=5,max_plies=30)", 30)
    assert make_env("openspiel:chess", max_plies=9).game.name == "openspiel:chess(max_plies=9)"


def test_numbers_may_be_whole():
    assert "komi=6.0" in make_env("openspiel:go", board_size=5, komi=6).game.name


def test_games_survive_pickling():
    game = rlhf_games.make("openspiel:breakthrough(columns=4,rows=5)")
    copied = pickle.loads(pickle.dumps(game))
    states = game.step(game.initial(2), game.legal(game.initial(2)).argmax(axis=1))
    assert copied.name == game.name
    assert np.array_equal(copied.observe(states), game.observe(states))


def test_worlds_are_listed_and_described():
    assert "openspiel" in libraries()
    worlds = from_openspiel.worlds()
    assert worlds == sorted(worlds)
    assert {"tic_tac_toe", "othello", "chess"} <= set(worlds)
    assert not {"kuhn_poker", "backgammon", "pathfinding", "efg_game"} & set(worlds)
    world = from_openspiel.describe("othello")
    assert (world.name, world.players, world.actions) == ("openspiel:othello", 2, 65)
    assert (world.goals[:3], world.foresight) == (("win", "draw", "lose"), True)


def test_actions_have_the_librarys_names():
    names = {world: rlhf_games.make(f"openspiel:{world}").action_names for world in NAMES}
    assert {world: row[1] for world, row in names.items()} == NAMES


NAMES = {"tic_tac_toe": "(0,1)", "gomoku": "0,1", "connect_four": "1"}


# ---- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "message"),
    [
        ("brekthrough", r"unknown OpenSpiel game 'brekthrough'; did you mean breakthrough\?"),
        ("breakthrough(rows=6", "is not the name of a game, such as"),
        ("", "is not the name of a game, such as"),
        ("breakthrough(rowz=6)", "unknown option of openspiel:breakthrough 'rowz'; did you mean"),
        ("breakthrough(rows=six)", "rows of openspiel:breakthrough must be of type int, such as 8"),
        ("breakthrough(max_plies=0)", "max_plies must be a number of plies from 1 to 32767, got 0"),
        ("breakthrough(max_plies=x)", "max_plies must be a number of plies .* got 'x'"),
        ("chess(max_plies=17695)", "moves of 13 bits, and a position holds 1260 .*max_plies=1260"),
        ("kuhn_poker", "openspiel:kuhn_poker cannot be played here: it has chance moves"),
        ("dark_hex", "players do not see everything"),
        ("matrix_rps", "players do not move one at a time"),
        ("pathfinding", "cannot be played here"),
        ("efg_game(filename=secret.efg)", "filename is refused"),
    ],
)
def test_mistakes_get_one_sentence(world: str, message: str, capfd: pytest.CaptureFixture[str]):
    with pytest.raises(EnvError, match=message) as error:
        rlhf_games.make(f"openspiel:{world}")
    assert "\n" not in str(error.value)
    assert isinstance(error.value, GameError)
    assert "exception" not in capfd.readouterr().err


def test_what_openspiel_itself_refuses():
    with pytest.raises(EnvError, match=r"does not start with \{'rows': 0\}: rows_ > 1"):
        make_env("openspiel:breakthrough", rows=0)


def test_unknown_libraries():
    with pytest.raises(UnknownGameError, match=r"'openspeil'; did you mean openspiel\?"):
        rlhf_games.make("openspeil:chess")


def test_a_missing_library_names_the_cure(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(from_openspiel.importlib, "import_module", missing)
    with pytest.raises(EnvError, match=r'pip install "rlhf-agents\[openspiel\]"'):
        from_openspiel.game("chess")


# ---- against our own games --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tic_tac_toe", "connect_four"])
def test_perft_agrees_with_our_own_game(name: str):
    ours, theirs = rlhf_games.make(name), rlhf_games.make(f"openspiel:{name}")
    assert [theirs.perft(depth) for depth in range(1, 6)] == [
        ours.perft(depth) for depth in range(1, 6)
    ]


def test_minimax_plays_as_in_our_own_game():
    ours, theirs = rlhf_games.make("tic_tac_toe"), rlhf_games.make("openspiel:tic_tac_toe")
    rng = np.random.default_rng(0)
    here, there = ours.initial(20), theirs.initial(20)
    while len(here):
        moves = MinimaxPlayer(ours, 4).act(here)
        assert np.array_equal(MinimaxPlayer(theirs, 4).act(there), moves)
        actions = np.where(rng.random(len(here)) < 0.5, moves, ours.random_actions(here, rng))
        here, there = ours.step(here, actions), theirs.step(there, actions)
        assert np.array_equal(ours.outcome(here), theirs.outcome(there))
        goes_on = ours.outcome(here) == Outcome.ONGOING
        here, there = here[goes_on], there[goes_on]


# ---- learning ---------------------------------------------------------------------------------


def score_against_random(agent: Agent, games: int) -> float:
    """The share of points of the network alone, taking turns to begin."""
    game, rng = agent.game, np.random.default_rng(1)
    states, ours = game.initial(games), np.arange(games) % 2
    while (goes_on := game.outcome(states) == Outcome.ONGOING).any():
        actions = game.random_actions(states, rng)
        mine = goes_on & (game.mover(states) == ours)
        if mine.any():
            actions[mine] = agent.act_states(states[mine], "win", nodes=0)
        states = game.step(states, actions)
    points = game.outcome(states) * np.where(game.mover(states) == ours, 1, -1)
    return float((points.mean() + 1) / 2)


def test_self_play_learns_and_its_file_finds_the_game_again(tmp_path):
    env = make_env("openspiel:hex(board_size=3)", n_envs=32, seed=0)
    model = HFDQN(
        "MultiInputPolicy",
        env,
        seed=0,
        learning_starts=320,
        gradient_steps=6,
        batch_size=256,
        tau=0.2,
        foresight=Foresight(lesson_nodes=1024, first_nodes=24, nodes=24),
        policy_kwargs={"features_extractor_kwargs": {"features_dim": 32}},
    )
    scores = []
    for steps in (0, 32 * 60):
        model.learn(steps)
        model.save(tmp_path / "model.zip")
        agent = load_agent(tmp_path / "model.zip", env.game.name)
        scores.append(score_against_random(agent, 200))
    assert scores[0] < 0.75
    assert scores[1] > 0.82
    assert HFDQN.load(tmp_path / "model.zip").game.name == "openspiel:hex(board_size=3)"
    observation = env.reset()
    actions, _ = model.predict(observation, deterministic=True, nodes=16)
    assert np.take_along_axis(observation["action_mask"], actions[:, None], 1).all()


# ---- options that OpenSpiel does not check ------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "message"),
    [
        ("y(board_size=-1)", "OpenSpiel crashes, or needs more than 5 seconds or 4 GB"),
        ("y(board_size=1000)", "crashes, or needs more than|may have 1000000 moves"),
        ("gomoku(dims=10)", "crashes, or needs more than"),
        ("dots_and_boxes(num_rows=100,num_cols=100)", "crashes, or needs|may have 20200 moves"),
        ("havannah(board_size=-3)", "does not start with"),
    ],
)
def test_impossible_options_end_in_a_sentence(world, message):
    with pytest.raises(EnvError, match=message) as error:
        rlhf_games.make(f"openspiel:{world}")
    assert "\n" not in str(error.value)


def test_games_with_their_usual_options_need_no_trial(monkeypatch):
    def refuse(*arguments):
        raise AssertionError(arguments)

    monkeypatch.setattr(from_openspiel, "trouble_with", refuse)
    usual = rlhf_games.make("openspiel:connect_four(columns=7,rows=6,x_in_row=4)")
    assert usual.name == rlhf_games.make("openspiel:connect_four").name == "openspiel:connect_four"


def test_long_games_end_after_the_usual_limit():
    chess = rlhf_games.make("openspiel:chess")
    assert (chess.name, chess.max_plies) == ("openspiel:chess(max_plies=512)", 512)
