"""Our games as environments of PettingZoo, checked by PettingZoo."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

import rlhf_games
from rlhf_adapters.specs import EnvError
from rlhf_adapters.to_pettingzoo import aec_env
from rlhf_games.base import CLOCK, UnknownGameError, UnknownGoalError
from tests.adapters.foreign_games.nim import nim

pettingzoo = pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")
checks = pytest.importorskip("pettingzoo.test", reason="needs the extra pettingzoo")

# What the checker says of every environment with masks that is not on its own list of names.
EXPECTED_WARNINGS = (
    "Observation space for each agent probably should be gymnasium.spaces.box or .*",
    "Observation is not a NumPy array",
    "Observation numpy array is all zeros.",
    r"Action mask numpy array is all zeros \(no legal actions\).",
)


@pytest.mark.parametrize("goal", [None, "mixed"])
@pytest.mark.parametrize("name", rlhf_games.names())
def test_pettingzoo_is_content(name: str, goal: str | None):
    with warnings.catch_warnings():
        for message in EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message, UserWarning)
        checks.api_test(aec_env(name, goal, render_mode="ansi"), num_cycles=200)
        checks.seed_test(lambda: aec_env(name, goal), num_cycles=100)


def test_it_behaves_as_pettingzoos_own():
    """The same agents, masks, rewards and ends in random games of Connect Four."""
    ours = aec_env("connect_four")
    theirs = pettingzoo.make("aec", "classic/connect_four-v3")
    rng = np.random.default_rng(0)
    for _ in range(20):
        ours.reset(seed=0)
        theirs.reset(seed=0)
        for agent in theirs.agent_iter():
            assert ours.agent_selection == agent
            assert ours.agents == theirs.agents
            seen, reward, over, cut, info = ours.last()
            board, their_reward, their_over, their_cut, _ = theirs.last()
            assert (reward, over, cut) == (their_reward, their_over, their_cut)
            assert np.array_equal(seen["observation"], np.moveaxis(board["observation"], -1, 0))
            assert np.array_equal(info["action_mask"], seen["action_mask"])
            action = None
            if not over:
                assert np.array_equal(seen["action_mask"], board["action_mask"])
                action = int(rng.choice(np.flatnonzero(seen["action_mask"])))
            ours.step(action)
            theirs.step(action)
        assert ours.agents == []


def test_whoever_waits_sees_its_own_stones_and_no_moves():
    env = aec_env("tic_tac_toe")
    env.reset()
    env.step(4)
    first, second = (env.observe(agent) for agent in env.possible_agents)
    assert (first["observation"][0, 1, 1], first["observation"][1].sum()) == (1, 0)
    assert (second["observation"][1, 1, 1], second["observation"][0].sum()) == (1, 0)
    assert not first["action_mask"].any()
    assert second["action_mask"].tolist() == [1, 1, 1, 1, 0, 1, 1, 1, 1]


def test_whoever_waits_sees_the_board_from_its_own_side():
    """The same planes as in its own turn, a moment before: only the last move differs."""
    game = rlhf_games.make("breakthrough_6x6")
    env = aec_env("breakthrough_6x6", render_mode="ansi")
    env.reset()
    states = game.initial(1)
    before = game.observe(states)[0]
    states = game.step(states, game.legal(states).argmax(axis=1))
    env.step(int(game.legal(game.initial(1))[0].argmax()))
    waiting = env.observe("player_0")["observation"]
    assert np.array_equal(waiting[1], before[1])
    assert np.abs(waiting[0] - before[0]).sum() == 2
    assert np.array_equal(waiting[CLOCK], env.observe("player_1")["observation"][CLOCK])
    assert [row.replace(" ", "") for row in env.render().splitlines()] == [
        "OOOOOO",
        "OOOOOO",
        "......",
        "X.....",
        ".XXXXX",
        "XXXXXX",
    ]


def test_foreign_games_are_printed_as_they_are_written():
    env = aec_env(nim(), render_mode="ansi")
    env.reset()
    assert env.render() == "10 stones"


def test_goals_are_seen_and_paid():
    env = aec_env("tic_tac_toe", goal="lose")
    env.reset(seed=0)
    row = rlhf_games.make("tic_tac_toe").goal_index("lose")
    assert env.observe("player_1")["desired_goal"].argmax() == row
    for action in (0, 3, 1, 4, 2):  # the first player completes the top row
        env.step(action)
    assert env.rewards == {"player_0": -1.0, "player_1": 1.0}


def test_an_illegal_move_loses():
    env = aec_env("tic_tac_toe")
    env.reset()
    env.step(4)
    env.step(4)
    assert env.rewards == {"player_0": 0, "player_1": -1}
    assert all(env.terminations.values())


def test_boards_are_printed():
    env = aec_env("tic_tac_toe", render_mode="ansi")
    env.reset()
    for action in (4, 0):
        env.step(action)
    assert env.render() == "O . .\n. X .\n. . ."
    assert aec_env("tic_tac_toe").unwrapped.render() is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("conect_four",), UnknownGameError, "did you mean connect_four"),
        (("connect_four", "wni"), UnknownGoalError, "'wni'; did you mean win"),
        (("connect_four", None, "human"), EnvError, "None or one of ansi, rgb_array"),
    ],
)
def test_mistakes(arguments, error, message: str):
    with pytest.raises(error, match=message):
        aec_env(*arguments)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pettingzoo.utils.wrappers", None)
    with pytest.raises(EnvError, match="PettingZoo environments need pettingzoo: pip install"):
        aec_env("connect_four")
