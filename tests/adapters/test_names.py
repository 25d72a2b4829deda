"""Names: how an environment may be spelled, and what unknown names are answered with."""

from __future__ import annotations

import sys
import types
from importlib.util import find_spec

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import rlhf_games
from rlhf_adapters import make_env
from rlhf_adapters.registry import Library, full_name, libraries
from rlhf_adapters.specs import EnvError
from rlhf_games.base import GameError, UnknownGameError


class Toy(gymnasium.Env):
    """Ends after five steps; each pays 1."""

    observation_space = spaces.Box(0, 1, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.zeros(2, np.float32), 1.0, self.steps == 5, False, {}


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("CartPole-v1", "gymnasium:CartPole-v1"),
        ("gymnasium:CartPole-v1", "gymnasium:CartPole-v1"),
        ("connect_four", "connect_four"),
        ("connect_four(columns=7,rows=6,x_in_row=4)", "connect_four"),
        ("minatar:breakout", "minatar:breakout"),
        ("json:Toy-v0", "gymnasium:json:Toy-v0"),
    ],
)
def test_every_environment_has_one_name(name, full):
    assert full_name(name) == full


def test_an_id_of_another_adapter_is_its_own():
    pytest.importorskip("minigrid", reason="needs the extra minigrid")
    assert full_name("MiniGrid-Empty-8x8-v0") == "minigrid:MiniGrid-Empty-8x8-v0"


@pytest.mark.parametrize("name", ["PongNoFrameskip-v4", "ALE/Pong-v5", "Pong-ramDeterministic-v4"])
def test_an_atari_id_is_that_of_its_adapter_or_says_what_to_install(name, monkeypatch):
    for installed in (True, False):
        monkeypatch.setattr(Library, "installed", property(lambda _, found=installed: found))
        if installed:
            assert full_name(name) == full_name(f"ale:{name}") == f"ale:{name.removeprefix('ALE/')}"
            continue
        with pytest.raises(EnvError, match=rf"{name} needs .*rlhf-agents\[ale\]"):
            full_name(name)


def test_both_spellings_make_the_same_environment():
    bare, full = (make_env(name, seed=3) for name in ("CartPole-v1", "gymnasium:CartPole-v1"))
    assert bare.observation_space == full.observation_space
    assert bare.goal_names == full.goal_names
    first, second = bare.reset()[0], full.reset()[0]
    assert all(np.array_equal(first[key], second[key]) for key in first)


def test_gymnasiums_own_spelling_imports_the_module(monkeypatch):
    module = types.ModuleType("toys_for_tests")
    module.__spec__ = types.SimpleNamespace(name="toys_for_tests")
    monkeypatch.setitem(sys.modules, "toys_for_tests", module)
    monkeypatch.setitem(
        gymnasium.registry, "Toy-v3", gymnasium.envs.registration.EnvSpec("Toy-v3", Toy)
    )
    env = make_env("toys_for_tests:Toy-v3")
    assert env.batched.name == "gymnasium:toys_for_tests:Toy-v3"
    assert env.goal_names == ("score",)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("minigrid", "minigrid is a library, not an environment: .*minigrid:MiniGrid-Empty-8x8-v0"),
        ("no_such_module:Toy-v0", "no_such_module is neither a library .* nor a module"),
        ("gymnasim:CartPole-v1", "did you mean gymnasium"),
        ("gymnasim:cart", "unknown library 'gymnasim'; did you mean gymnasium"),
        ("CartPole-v2", "'CartPole-v2'; did you mean CartPole-v1 or CartPole-v0"),
        ("gymnasium:CartPole-v2", "'CartPole-v2'; did you mean CartPole-v1 or CartPole-v0"),
        ("cartpole", "unknown game 'cartpole'"),
        ("conect_four", "did you mean connect_four"),
        ("connect_four(rows=7)", "rows=4 to 6, columns=4 to 7, x_in_row=4, got rows=7; openspi"),
        ("connect_four(rows=4.0)", "got rows=4.0"),
        ("connect_four(rows", "unknown game"),
        ("connect_four(7)", "must be written like"),
        ("tic_tac_toe(rows=3)", "tic_tac_toe takes no options, got rows"),
    ],
)
def test_unknown_names_get_one_short_sentence(name, says):
    with pytest.raises(GameError, match=says) as error:
        make_env(name)
    assert len(str(error.value)) < 300
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("library", ["ale", "minigrid", "mpe2", "openspiel", "pettingzoo"])
@pytest.mark.parametrize("name", ["Brekout-v5", "zzz"])
def test_libraries_with_many_environments_say_how_to_list_them(library, name):
    if not libraries()[library].installed:
        pytest.skip(f"needs the extra {library}")
    with pytest.raises(GameError) as error:
        make_env(f"{library}:{name}")
    assert len(str(error.value)) < 350
    assert "\n" not in str(error.value)


def test_examples_of_libraries_can_be_made():
    for library in libraries().values():
        if library.installed and library.example != "NAME":
            make_env(f"{library.name}:{library.example}").close()


# ---- boards by their size ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "game"),
    [
        ("connect_four(columns=7,rows=6,x_in_row=4)", {}, "connect_four"),
        ("connect_four()", {}, "connect_four"),
        ("connect_four", {"columns": 7}, "connect_four"),
        ("connect_four", {"rows": 4}, "connect_four(columns=7,rows=4)"),
        ("connect_four(rows=4,x_in_row=4,columns=5)", {}, "connect_four(columns=5,rows=4)"),
        ("breakthrough(rows=6,columns=6)", {}, "breakthrough_6x6"),
        ("breakthrough", {"rows": 6, "columns": 6}, "breakthrough_6x6"),
        ("othello(board_size=6)", {}, "othello_6x6"),
        ("othello_6x6(board_size=8)", {}, "othello"),
    ],
)
def test_a_board_may_be_named_by_its_size(name, options, game):
    assert make_env(name, **options).game.name == game
    assert rlhf_games.make(name, options).name == game


# ---- objects ----------------------------------------------------------------------------------


def test_a_game_object_is_an_environment():
    game = rlhf_games.make("tic_tac_toe")
    assert make_env(game).game is game
    assert make_env(game, n_envs=3).num_envs == 3
    assert make_env(game, goal="draw", opponent="self").games.fixed_goal == 1
    with pytest.raises(GameError, match="Tic-Tac-Toe takes no options, got rows"):
        make_env(game, rows=3)


def test_an_environment_object_is_an_environment():
    env = make_env(gymnasium.make("CartPole-v1"), goal="survive_50")
    named = make_env("CartPole-v1", goal="survive_50")
    assert (env.goal_names, env.action_names) == (named.goal_names, named.action_names)
    assert env.observation_space == named.observation_space


@pytest.mark.parametrize("source", [Toy, lambda: gymnasium.wrappers.TimeLimit(Toy(), 9)])
def test_a_function_makes_many_environments(source):
    envs = make_env(source, n_envs=3, goal="survive_2", seed=0)
    envs.reset()
    dones = [envs.step(np.zeros(3, int))[2].tolist() for _ in range(2)]
    assert dones == [[False] * 3, [True] * 3]


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((3,), {}, "takes a name, a Game, a Gymnasium environment or a function"),
        ((dict,), {}, "must return a Gymnasium environment"),
        ((Toy(),), {"n_envs": 2}, "give make_env a function"),
        ((Toy,), {"n_envs": 0}, "n_envs must be at least 1"),
        ((Toy,), {"opponent": "random"}, "has one player"),
        ((Toy,), {"rows": 3}, "Toy already exists: .* got rows"),
        ((Toy,), {"discretize": 3}, "leave discretize out"),
    ],
)
def test_what_cannot_be_an_environment(arguments, options, says):
    with pytest.raises(GameError, match=says) as error:
        make_env(*arguments, **options)
    assert not isinstance(error.value, UnknownGameError)


@pytest.mark.skipif(find_spec("highway_env") is not None, reason="highway-env is installed")
@pytest.mark.parametrize("name", ["highway-fast-v0", "gymnasium:merge-v1"])
def test_a_road_that_is_not_installed_says_what_to_install(name):
    with pytest.raises(GameError, match=r'needs highway-env: pip install "rlhf-agents\[driving\]"'):
        make_env(name)
