"""PettingZoo's worlds: in lockstep with ours, copied, or only shown."""

from __future__ import annotations

import gc
import hashlib
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import rlhf_games
from rlhf_adapters import make_env
from rlhf_adapters.foreign_games.game import HistoryGame, goal_table
from rlhf_adapters.foreign_games.pettingzoo import PettingZooBackend
from rlhf_adapters.from_pettingzoo import describe, game, worlds
from rlhf_adapters.pettingzoo_names import kind_of, new_aec
from rlhf_adapters.specs import EnvError
from rlhf_adapters.two_player.goal_env import FORFEIT
from rlhf_games.base import GameError, Outcome, UnknownGoalError
from tests.adapters.goal_env_contract import BoardGameContract, random_action

pettingzoo = pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")

EXACT = {"connect_four_v3": {}, "tictactoe_v3": {}, "go_v5": {"board_size": 4}, "chess_v6": {}}
SHOWN = ("leduc_holdem_v4", "texas_holdem_v4", "texas_holdem_no_limit_v6", "hanabi_v5")

TEAMS = (
    "cooperative_pong_v6",
    "knights_archers_zombies_v11",
    "multiwalker_v9",
    "pistonball_v6",
    "pursuit_v5",
    "rps_v2",
)


def world(name: str, **options):
    return make_env(f"pettingzoo:{name}", **{**EXACT.get(name, {}), **options})


class TestTicTacToe(BoardGameContract):
    def make(self, **options):
        return world("tictactoe_v3", **options)


class TestGo(BoardGameContract):
    def make(self, **options):
        return world("go_v5", **options)


class TestLeducHoldem(BoardGameContract):
    def make(self, **options):
        return world("leduc_holdem_v4", **options)


# ---- names ----------------------------------------------------------------------------------


def test_worlds_are_described():
    assert worlds() == sorted([*EXACT, *SHOWN, *TEAMS])
    for name in (*EXACT, *SHOWN):
        facts = describe(name)
        assert facts.name == f"pettingzoo:{name}"
        assert facts.players == 2
        assert facts.goals[:3] == ("win", "draw", "lose")
        assert facts.foresight == (name in EXACT)


@pytest.mark.parametrize("name", ["go", "go_v5", "go-v5", "classic/go-v5", "classic/go_v5"])
def test_names_may_be_spelled_as_pettingzoo_does(name: str):
    rules = game(name, {"board_size": 4})
    assert rules.name == "pettingzoo:go_v5(board_size=4)"
    assert game(rules.name.removeprefix("pettingzoo:")).name == rules.name
    assert rules.n_actions == 17


def test_what_is_also_ours_is_ours():
    """So its agents, goals and models are, too."""
    assert game("connect_four_v3").name == "connect_four"
    assert world("tictactoe_v3", n_envs=2).game.name == "tic_tac_toe"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("chess_v5", {}, "'chess_v5'; did you mean chess_v6?"),
        ("conect_four_v3", {}, "did you mean connect_four_v3?"),
        ("pistonball_v6", {}, "pettingzoo:pistonball_v6 has the actions Box(-1.0, 1.0, (1,)"),
        ("hanabi_v5", {"players": 3}, "pettingzoo:hanabi_v5(players=3) has 3 players; only"),
        ("go_v5", {"board_sise": 9}, "unknown option of pettingzoo:go_v5 'board_sise'; did you me"),
        (
            "go_v5",
            {"board_size": -1},
            "pettingzoo:go_v5 does not start with {'board_size': -1}: ne",
        ),
        ("go_v5", {"max_plies": 0}, "max_plies must be a number of plies from 1 to 32767, got 0"),
        ("go_v5", {"max_plies": 1.5}, "max_plies must be a number of plies from 1 to 32767, got 1"),
        ("connect_four_v3", {"max_plies": 9}, "unknown option of pettingzoo:connect_four_v3 'max"),
        ("leduc_holdem_v4", {"max_plies": 9}, "unknown option of pettingzoo:leduc_holdem_v4 'max"),
        ("go_v5(9)", {}, "the options of 'go_v5(9)' must be written like (board_size=9,komi=5.5)"),
        ("go_v5(board_size=0)", {}, "boards have 1 to 625 cells, not 0"),
        ("go_v5(board_size=1000)", {}, "boards have 1 to 625 cells, not 1000000"),
        ("pursuit_v10", {}, "did you mean pursuit_v5"),
        ("go_v5(a=b)", {}, "the options of 'go_v5(a=b)' must be written like"),
        ("go_v5(", {}, "'go_v5(' is not the name of an environment, such as chess_v6 or go_v5("),
        ("leduc_holdem_v4", {"n_envs": 0}, "n_envs must be at least 1, got 0"),
    ],
)
def test_impossible_worlds(name: str, options: dict, message: str):
    with pytest.raises(GameError, match=re.escape(message)):
        make_env(f"pettingzoo:{name}", **options)


@pytest.mark.parametrize("n_envs", [1, 2])
@pytest.mark.parametrize("name", ["tictactoe_v3", "leduc_holdem_v4"])
def test_impossible_goals_and_opponents(name: str, n_envs: int):
    with pytest.raises(UnknownGoalError, match=r"goal .*'wni'; did you mean win"):
        world(name, goal="wni", n_envs=n_envs)
    with pytest.raises(GameError, match="unknown opponent 'perfect'"):
        world(name, opponent="perfect", n_envs=n_envs)


def test_card_games_have_no_rules_to_look_ahead_with():
    assert not hasattr(world("leduc_holdem_v4"), "game")
    with pytest.raises(EnvError, match="pettingzoo:leduc_holdem_v4 has no rules to look ahead"):
        game("leduc_holdem_v4")


def test_what_pettingzoo_lacks_is_named(monkeypatch):
    load = sys.modules["pettingzoo.env_registry.registration"]._load_env_creator
    for module in [name for name in sys.modules if name.startswith("pettingzoo.classic.chess.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "chess", None)
    load.cache_clear()
    message = "pettingzoo:chess_v6 needs chess, which is not installed: pip install"
    with pytest.raises(EnvError, match=re.escape(message)):
        world("chess_v6")
    load.cache_clear()


def test_old_versions_of_pettingzoo_are_refused(monkeypatch):
    monkeypatch.delattr(pettingzoo, "aec_registry")
    with pytest.raises(EnvError, match=re.escape("environments need PettingZoo 1.27 or newer")):
        worlds()


# ---- turns ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["connect_four_v3", "tictactoe_v3", "go_v5", *SHOWN[:3]])
def test_the_loser_receives_its_loss(name: str):
    """PettingZoo's SB3 tutorial never shows it: it reads the reward right after its own move."""
    env = world(name, seed=1, opponent="random")
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(120):
        observation, _ = env.reset()
        seat = int(env.learner if name in SHOWN else env.games.learner[0])
        rewards, over, info = [], False, {}
        while not over:
            action = random_action(observation["action_mask"], rng)
            observation, reward, over, _, info = env.step(action)
            rewards.append(reward)
        total = info["total"] if name in SHOWN else _result(env, seat)
        assert rewards[:-1] == [0.0] * (len(rewards) - 1)
        assert rewards[-1] == np.sign(total)
        assert info["opponent"] == "random"
        assert info["seat_achieved"][seat][1 - int(rewards[-1])]
        seen.add((seat, rewards[-1]))
        if seen >= {(0, 1.0), (1, 1.0), (0, -1.0), (1, -1.0)}:
            return
    pytest.fail(f"only {seen} happened")


def _result(env, seat: int) -> float:
    outcome = int(env.game.outcome(env.games.states)[0])
    return outcome if env.game.mover(env.games.states)[0] == seat else -outcome


def test_pettingzoo_itself_has_played_the_game():
    env = world("connect_four_v3", opponent=lambda states, goals: np.zeros(len(states), np.int64))
    env.reset()
    for column in (3, 3, 3):
        env.step(column)
    (theirs,) = env.games.cross_check.envs
    assert [theirs.board[41 - 7 * row] for row in range(6)] == [0] * 6
    assert [theirs.board[35 - 7 * row] for row in range(6)] == [2, 2, 2, 0, 0, 0]
    assert [theirs.board[38 - 7 * row] for row in range(6)] == [1, 1, 1, 0, 0, 0]
    _, reward, over, *_ = env.step(3)
    assert (reward, over) == (1.0, True)
    assert theirs.rewards == {"player_0": 1, "player_1": -1}


@pytest.mark.parametrize(
    ("attribute", "value", "column", "what"),
    [
        ("check_for_winner", lambda: False, 3, "whether the game is over"),
        ("_legal_moves", lambda: [0], 2, "the legal moves"),
        ("agent_selection", "player_1", 2, "the board"),
        ("_agent_selector", SimpleNamespace(next=lambda: "player_0"), 2, "who moves next"),
    ],
)
def test_other_rules_are_noticed(monkeypatch, attribute: str, value, column: int, what: str):
    env = world("connect_four_v3", opponent="self")
    env.reset()
    for before in (3, 2, 3, 2, 3, 1):
        env.step(before)
    monkeypatch.setattr(env.games.cross_check.envs[0], attribute, value)
    message = f"pettingzoo:connect_four_v3 and our Connect Four disagree about {what} after the"
    with pytest.raises(EnvError, match=message):
        env.step(column)


# ---- copied environments --------------------------------------------------------------------


@pytest.mark.parametrize(("name", "plies"), [("go_v5", 24), ("chess_v6", 12)])
def test_copies_are_what_pettingzoo_would_play(name: str, plies: int):
    """Many lines from shared positions, each compared with a fresh environment."""
    options = EXACT[name]
    backend = PettingZooBackend(new_aec(kind_of(name, options)), 1000)
    backend._env = backend._env.unwrapped
    rng = np.random.default_rng(0)
    known = {(): backend.initial()}
    for _ in range(6):
        line = ()
        fresh = pettingzoo.make("aec", f"classic/{name}", **options).unwrapped
        fresh.reset(seed=0)
        for _ in range(plies):
            here = known[line]
            seen = fresh.observe(fresh.agent_selection)
            bits = np.frombuffer(backend.features(here, 0), np.bool_)
            assert np.array_equal(bits, seen["observation"].reshape(-1))
            if backend.score(here) is not None:
                assert any(fresh.terminations.values())
                assert backend.score(here) == fresh.rewards[fresh.possible_agents[0]]
                break
            assert not any(fresh.terminations.values())
            assert list(backend.legal(here)) == np.flatnonzero(seen["action_mask"]).tolist()
            assert backend.mover(here) == fresh.possible_agents.index(fresh.agent_selection)
            action = int(rng.choice(backend.legal(here)[:4]))  # few, so that lines share positions
            line = (*line, action)
            known[line] = backend.child(here, action)
            fresh.step(action)


def test_copies_are_exact_rules():
    """Tic-Tac-Toe by copies of PettingZoo's environment is Tic-Tac-Toe by our rules."""
    ours = rlhf_games.make("tic_tac_toe")
    env = pettingzoo.make("aec", "classic/tictactoe_v3").unwrapped
    backend = PettingZooBackend(env, max_actions=9)
    copied = HistoryGame("copied", "Copied", backend, goal_table(), alternates=True)
    assert copied.perft(3) == ours.perft(3) == 504
    rng = np.random.default_rng(0)
    here, there = copied.initial(30), ours.initial(30)
    for _ in range(10):
        assert np.array_equal(copied.legal(here), ours.legal(there))
        assert np.array_equal(copied.outcome(here), ours.outcome(there))
        assert np.array_equal(copied.mover(here), ours.mover(there))
        assert np.array_equal(copied.achieved(here), ours.achieved(there)[:, :, :3])
        actions = ours.random_actions(there, rng)
        here, there = copied.step(here, actions), ours.step(there, actions)
    assert (ours.outcome(there) != Outcome.ONGOING).all()


def test_boards_of_different_sizes_do_not_disturb_each_other():
    """Go keeps its board size in a module."""
    envs = [world("go_v5", board_size=size, seed=0) for size in (3, 5, 4)]
    rng = np.random.default_rng(0)
    observations = [env.reset()[0] for env in envs]
    for _ in range(6):
        for number, env in enumerate(envs):
            action = random_action(observations[number]["action_mask"][:-1], rng)
            observations[number], _, over, *_ = env.step(action)
            if over:
                observations[number], _ = env.reset()
    assert [env.action_space.n for env in envs] == [10, 26, 17]


def test_max_plies_end_in_a_draw():
    env = world("go_v5", opponent="self", max_plies=4)
    env.reset()
    steps = [env.step(action) for action in (0, 5, 10, 15)]
    assert [step[2] for step in steps] == [False, False, False, True]
    assert steps[-1][0]["achieved_goal"].tolist()[:3] == [0, 1, 0]
    assert env.game.name == "pettingzoo:go_v5(board_size=4,max_plies=4)"


@pytest.mark.parametrize(
    ("name", "mode", "n_envs"),
    [("chess_v6", "ansi", 1), ("tictactoe_v3", "rgb_array", 1), ("tictactoe_v3", "rgb_array", 2)],
)
def test_pettingzoo_draws(name: str, mode: str, n_envs: int):
    env = world(name, render_mode=mode, n_envs=n_envs, opponent="random", seed=0)
    env.reset()
    assert env.render_mode == mode
    env.step(env.action_masks().argmax(axis=-1))
    picture = env.render()
    if mode == "ansi":
        assert "r n b q k" in picture
    else:
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
    env.close()


def test_many_boards_are_printed():
    env = world("chess_v6", render_mode="ansi", n_envs=2)
    env.reset()
    env.step(env.action_masks().argmax(axis=1))
    first, second = env.env_method("render")
    assert env.render() == f"{first}\n\n{second}"
    assert first == second
    assert "R N B Q K B N R" in first


# ---- all of them ----------------------------------------------------------------------------

FUZZ = {
    "tictactoe_v3": (128, 83_072),
    "connect_four_v3": (64, 11_840),
    "go_v5": (32, 2_880),
    "chess_v6": (4, 100),
    "leduc_holdem_v4": (4, 1_000),
    "texas_holdem_v4": (4, 400),
    "texas_holdem_no_limit_v6": (4, 308),
    "hanabi_v5": (4, 400),
}


def test_the_fuzz_plays_a_hundred_thousand_actions():
    assert sum(actions for _, actions in FUZZ.values()) == 100_000
    assert set(FUZZ) == set(worlds()) - set(TEAMS)  # for those: benchmarks/storms.py


@pytest.mark.parametrize("name", FUZZ)
def test_random_and_illegal_actions_do_no_harm(name: str):
    n_envs, actions = FUZZ[name]
    env = world(name, n_envs=n_envs, opponent={"self": 3, "random": 1}, goal="mixed", seed=5)
    rng = np.random.default_rng(5)
    observation, half, objects = env.reset(), actions // n_envs // 2, []
    for step in range(actions // n_envs):
        if step in (half // 2, half):
            gc.collect()
            objects.append(len(gc.get_objects()))
        mask = observation["action_mask"].astype(bool)
        assert mask.any(axis=1).all()
        chosen = (rng.random(mask.shape) * mask).argmax(axis=1)
        wild = rng.random(n_envs) < 0.3
        chosen[wild] = rng.integers(-2, mask.shape[1] + 2, wild.sum())
        exists = (chosen >= 0) & (chosen < mask.shape[1])
        legal = exists & mask[np.arange(n_envs), np.where(exists, chosen, 0)]
        observation, rewards, dones, infos = env.step(chosen)
        for number in np.flatnonzero(dones):
            last = infos[number]["terminal_observation"]
            assert (last["achieved_goal"] == FORFEIT).all() == (not legal[number])
            assert not last["action_mask"].any()
        assert dones[~legal].all()
        assert (rewards[~legal] == -1).all()
        assert (np.abs(rewards) <= 1).all()
    if name not in ("go_v5", "chess_v6"):  # they keep positions, a bounded number
        assert objects[1] - objects[0] < 2_000


def digest() -> str:
    """Of what happens in some worlds with a seed."""
    told = hashlib.sha256()
    for name in ("connect_four_v3", "go_v5", "leduc_holdem_v4"):
        env = world(name, n_envs=3, opponent={"self": 1, "random": 2}, goal="mixed", seed=7)
        rng = np.random.default_rng(7)
        observation = env.reset()
        for _ in range(20):
            mask = observation["action_mask"]
            chosen = (rng.random(mask.shape) * mask).argmax(axis=1)
            observation, rewards, dones, _ = env.step(chosen)
            for array in (*observation.values(), rewards, dones):
                told.update(np.ascontiguousarray(array).tobytes())
    return told.hexdigest()


def test_another_process_plays_the_same_games():
    script = "from tests.adapters.test_from_pettingzoo import digest; print(digest())"
    other = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )
    assert other.stdout.split()[-1] == digest()
