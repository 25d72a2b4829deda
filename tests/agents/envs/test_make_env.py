"""`rlhf_agents.make_env`: opponents by the words of the command line."""

from __future__ import annotations

import re

import gymnasium
import numpy as np
import pytest
from stable_baselines3.common.envs import BitFlippingEnv

import rlhf_games
from rlhf_agents import HFDQN, load_agent, make_env
from rlhf_agents.dqn.dqn import PlainDQN
from rlhf_agents.errors import ModelFileError, SettingError, UnknownPlayerError
from rlhf_agents.players.minimax import MinimaxPlayer
from rlhf_agents.players.opponents import NamedOpponent
from rlhf_games.base import GameError

GAME = rlhf_games.make("tic_tac_toe")


def lowest(states, goals):
    return GAME.legal(states).argmax(axis=1)


@pytest.fixture(scope="module")
def game_file(tmp_path_factory):
    """An untrained HFDQN of the game."""
    path = tmp_path_factory.mktemp("models") / "agent.zip"
    HFDQN("MultiInputPolicy", make_env("tic_tac_toe", n_envs=2, seed=0), seed=0).save(path)
    return path


def replies(opponent, goal: str = "win") -> list[int]:
    """What an opponent answers to each first move of the learner."""
    env = make_env("tic_tac_toe", opponent=opponent, goal=goal)
    answers = []
    for action in range(9):
        env.reset(seed=0)
        before = env.games.states.copy()
        observation, *_ = env.step(action)
        after = GAME.step(before, np.array([action]))
        taken = GAME.legal(after)[0] & ~observation["action_mask"].astype(bool)
        answers.append(int(np.flatnonzero(taken)[0]))
    return answers


def after_first_moves():
    return GAME.step(GAME.initial(9), np.arange(9))


@pytest.mark.parametrize(("goal", "nodes"), [("win", 0), ("lose", 0), ("win", 64)])
def test_agents_play_for_their_goal(goal: str, nodes: int):
    word = f"agent@{nodes}" if nodes else "tic_tac_toe"
    expected = load_agent("tic_tac_toe").act_states(after_first_moves(), goal, nodes)
    assert replies(word, goal) == expected.tolist()


def test_minimax_plays_as_it_does_in_the_arena():
    expected = MinimaxPlayer(GAME, 3).act(after_first_moves(), "win")
    assert replies("minimax:3") == expected.tolist()


def test_a_file_plays(game_file):
    expected = load_agent(game_file).act_states(after_first_moves(), "win", 0)
    assert replies(str(game_file)) == expected.tolist()


def test_mixtures_of_words_and_functions():
    env = make_env(
        "tic_tac_toe", n_envs=32, opponent={"minimax:2": 1, lowest: 1, "random": 2}, seed=0
    )
    observation, seen = env.reset(), set()
    for _ in range(40):
        observation, _, _, infos = env.step(observation["action_mask"].argmax(axis=1))
        seen |= {info["opponent"] for info in infos if info}
    assert seen == {"minimax:2", "lowest", "random"}


def test_every_goal_of_a_batch_is_played_for():
    """One call for positions that are played for different goals."""
    goals = np.arange(9) % len(GAME.goals)
    names = [GAME.goals[goal].name for goal in goals]
    expected = load_agent("tic_tac_toe").act_states(after_first_moves(), names, 0)
    opponent = NamedOpponent("agent").for_game(GAME)
    assert opponent(after_first_moves(), goals).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("opponent", "error", "message"),
    [
        (
            "perfect",
            UnknownPlayerError,
            "unknown opponent 'perfect'; opponents: self, random, mini",
        ),
        ("minimax:0", SettingError, "'minimax:0' needs a depth from 1 to 64"),
        ("minimax:x", SettingError, "'minimax:x' needs a depth from 1 to 64"),
        ({"random": 1, "minimax:99": 1}, SettingError, "'minimax:99' needs a depth"),
        ("connect_four", ModelFileError, "was trained for connect_four, not for tic_tac_toe"),
        ("missing.zip", ModelFileError, "there is no model file missing.zip"),
        ({"agent": -1}, GameError, "the weight of opponent 'agent' must be above 0, got -1"),
    ],
)
def test_impossible_opponents(opponent, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        make_env("tic_tac_toe", opponent=opponent)


def test_worlds_without_rules_say_who_can_play_there():
    with pytest.raises(
        SettingError, match="opponent 'minimax:3' needs rules that can be simulated"
    ):
        NamedOpponent("minimax:3").for_game(None)


@pytest.mark.parametrize("n_envs", [1, 2])
def test_a_file_plays_where_there_are_no_rules(tmp_path, n_envs: int):
    """A model that learnt from rewards alone: its network and the mask decide."""
    pytest.importorskip("rlcard", reason="needs the extra pettingzoo")
    world = "pettingzoo:leduc_holdem_v4"
    model = HFDQN("MultiInputPolicy", make_env(world, seed=0), learning_starts=50, seed=0)
    model.learn(200)
    model.save(tmp_path / "leduc.zip")
    env = make_env(world, n_envs=n_envs, opponent=str(tmp_path / "leduc.zip"), seed=0)
    loaded = NamedOpponent(str(tmp_path / "leduc.zip")).for_game(None)
    observation, _ = make_env(world, seed=3).reset()
    batch = {key: value[None] for key, value in observation.items()}
    expected, _ = model.predict(batch, deterministic=True)
    assert loaded(batch, np.zeros(1, np.int64)).tolist() == expected.tolist()
    other = HFDQN("MultiInputPolicy", env, learning_starts=50, seed=0).learn(100)
    assert other.num_timesteps >= 100
    with pytest.raises(SettingError, match="opponent 'agent' needs rules that can be simulated"):
        make_env(world, n_envs=n_envs, opponent={"random": 1, "agent": 1})


def test_the_exploit_of_a_known_bad_opponent_is_learnt():
    """Whoever always takes the first free cell loses to a learner that finds it out in seconds."""

    def success(model) -> float:
        env = make_env("tic_tac_toe", n_envs=50, opponent=lowest, goal="win", seed=9)
        observation, results = env.reset(), []
        while len(results) < 200:
            actions, _ = model.predict(observation, deterministic=True)
            observation, _, dones, infos = env.step(actions)
            results += [infos[number]["is_success"] for number in np.flatnonzero(dones)]
        return float(np.mean(results))

    env = make_env("tic_tac_toe", n_envs=8, opponent=lowest, goal="win", seed=0)
    model = PlainDQN(
        "MultiInputPolicy",
        env,
        learning_rate=1e-3,
        learning_starts=500,
        batch_size=64,
        gamma=0.95,
        train_freq=1,
        gradient_steps=2,
        target_update_interval=200,
        exploration_fraction=0.5,
        policy_kwargs={"net_arch": [64, 64]},
        seed=0,
    )
    before = success(model)
    model.learn(6000)
    assert before < 0.8
    assert success(model) >= 0.95


# ---- games and environments as objects -------------------------------------------------------


def cart():
    return gymnasium.make("CartPole-v1")


def test_objects_and_functions_become_goal_environments():
    assert make_env(GAME, n_envs=2).reset()["observation"].shape[0] == 2
    one = make_env(cart(), goal="survive_50")
    assert one.reset(seed=0)[0]["desired_goal"].shape == (4,)
    several = make_env(cart, n_envs=3, goal=lambda now: now.steps > 4)
    assert several.reset()["observation"].shape[0] == 3
    by_id = make_env("CartPole-v1").reset(seed=3)[0]
    by_name = make_env("gymnasium:CartPole-v1").reset(seed=3)[0]
    assert (by_id["observation"] == by_name["observation"]).all()


def test_goals_of_its_own_are_kept():
    env = make_env(lambda: BitFlippingEnv(n_bits=3), n_envs=2)
    assert (
        env.observation_space["desired_goal"]
        == BitFlippingEnv(n_bits=3).observation_space["desired_goal"]
    )


def test_objects_that_cannot_be_made():
    with pytest.raises(GameError, match="give make_env a function"):
        make_env(cart(), n_envs=2)
    with pytest.raises(GameError, match="must return a Gymnasium environment"):
        make_env(dict)
    with pytest.raises(GameError, match="takes a name, a Game"):
        make_env(3)
