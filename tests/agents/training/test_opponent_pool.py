"""Snapshots as opponents: frozen copies, legal moves, a pool of them."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.vec_env import VecNormalize

import rlhf_games
from rlhf_agents import HFDQN, PolicyOpponent, SelfPlayCallback, make_env
from rlhf_agents.errors import SettingError
from tests.agents.search.test_tree import random_positions

GAME = rlhf_games.make("tic_tac_toe")


def small(kind, env, **options):
    sizes = {DQN: {"learning_starts": 50}, PPO: {"n_steps": 32, "batch_size": 32}, HFDQN: {}}[kind]
    net = {} if kind is HFDQN else {"policy_kwargs": {"net_arch": [8]}}
    return kind("MultiInputPolicy", env, seed=0, **sizes, **net, **options)


def world(n_envs: int = 4, **options):
    return make_env("tic_tac_toe", n_envs=n_envs, opponent="random", seed=0, **options)


@pytest.fixture(scope="module")
def positions():
    return np.concatenate([random_positions(GAME, 20, plies, seed=plies) for plies in range(8)])


# ---- one snapshot ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [DQN, PPO, HFDQN])
@pytest.mark.parametrize("epsilon", [0.0, 1.0])
def test_copies_play_legal_moves_and_repeat_them(kind, epsilon: float, positions):
    model = small(kind, world())
    goals = np.arange(len(positions)) % len(GAME.goals)
    first, second = (
        PolicyOpponent(model, epsilon=epsilon, seed=3).for_game(GAME)(positions, goals)
        for _ in range(2)
    )
    assert GAME.legal(positions)[np.arange(len(positions)), first].all()
    assert np.array_equal(first, second)
    if epsilon:
        other = PolicyOpponent(model, epsilon=epsilon, seed=4).for_game(GAME)(positions, goals)
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", [DQN, PPO, HFDQN])
def test_copies_do_not_learn(kind, positions):
    model = small(kind, world())
    goals = np.zeros(len(positions), np.int64)
    frozen = PolicyOpponent(model, seed=0).for_game(GAME)
    before = PolicyOpponent(model, seed=0).for_game(GAME)(positions, goals)
    with torch.no_grad():
        for parameter in model.policy.parameters():
            parameter.copy_(torch.randn_like(parameter))
    after = PolicyOpponent(model, seed=0).for_game(GAME)(positions, goals)
    assert np.array_equal(frozen(positions, goals), before)
    assert not np.array_equal(after, before)


def test_a_copy_is_as_good_as_its_model(positions):
    """The best legal action of the Q-network, for the goal that is asked."""
    model = small(DQN, world())
    goals = np.arange(len(positions)) % len(GAME.goals)
    batch = {
        "observation": GAME.observe(positions),
        "achieved_goal": np.zeros((len(positions), len(GAME.goals)), np.float32),
        "desired_goal": np.eye(len(GAME.goals), dtype=np.float32)[goals],
        "action_mask": GAME.legal(positions).astype(np.int8),
    }
    with torch.no_grad():
        values = model.q_net(model.policy.obs_to_tensor(batch)[0]).numpy()
    expected = np.where(batch["action_mask"], values, -np.inf).argmax(axis=1)
    assert np.array_equal(PolicyOpponent(model)(batch, goals), expected)
    assert np.array_equal(PolicyOpponent(model).for_game(GAME)(positions, goals), expected)


def test_a_thinking_copy_looks_ahead(positions):
    model = small(HFDQN, world())
    goals = np.zeros(len(positions), np.int64)
    expected = model.learner.searcher.choose(positions, goals, 50)
    assert np.array_equal(
        PolicyOpponent(model, nodes=50).for_game(GAME)(positions, goals), expected
    )


def test_normalised_observations_are_normalised_for_the_copy(positions):
    env = VecNormalize(world(), norm_obs_keys=["observation"])
    model = small(PPO, env)
    model.learn(128)
    frozen = PolicyOpponent(model, seed=0)
    mean = frozen._chooser.normalizer.obs_rms["observation"].mean.copy()
    model.learn(128)
    assert np.array_equal(frozen._chooser.normalizer.obs_rms["observation"].mean, mean)
    assert not np.array_equal(env.obs_rms["observation"].mean, mean)
    actions = frozen.for_game(GAME)(positions, np.zeros(len(positions), np.int64))
    assert GAME.legal(positions)[np.arange(len(positions)), actions].all()


def test_any_other_policy_plays_legal_moves(positions):
    model = small(DQN, world())

    class Stubborn(BasePolicy):
        def _predict(self, observation, deterministic=False):
            return torch.full((len(observation["action_mask"]),), 4)

    model.policy = Stubborn(model.observation_space, model.action_space)
    actions = PolicyOpponent(model, seed=0).for_game(GAME)(
        positions, np.zeros(len(positions), np.int64)
    )
    legal = GAME.legal(positions)
    assert legal[np.arange(len(positions)), actions].all()
    assert (actions == 4)[legal[:, 4]].all()


# ---- the pool -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [DQN, PPO, HFDQN])
@pytest.mark.parametrize("n_envs", [1, 4])
def test_a_learner_plays_its_past(kind, n_envs: int):
    env = world(n_envs)
    callback = SelfPlayCallback(save_freq=128, window=3)
    small(kind, env).learn(600, callback=callback)
    steps = [int(snapshot.name.split("@")[1]) for snapshot in callback.snapshots]
    assert len(steps) == 3
    assert steps == sorted(steps)
    assert min(np.diff(steps)) >= 128
    names = [who.name for who, _ in callback.opponents()]
    shares = [share for _, share in callback.opponents()]
    assert names == [snapshot.name for snapshot in callback.snapshots]
    assert shares == pytest.approx([0.25, 0.25, 0.5])
    games = callback.training_env.get_attr("games")[0]
    assert all(games.opponents.name(number).startswith("snapshot@") for number in range(games.n))


@pytest.mark.parametrize("n_envs", [1, 3])
def test_a_learner_plays_its_past_without_rules(n_envs: int):
    pytest.importorskip("rlcard", reason="needs the extra pettingzoo")
    env = make_env("pettingzoo:leduc_holdem_v4", n_envs=n_envs, seed=0)
    callback = SelfPlayCallback(save_freq=100, anchors={"random": 0.2})
    small(PPO, env).learn(300, callback=callback)
    assert len(callback.snapshots) >= 3
    with pytest.raises(SettingError, match="opponent 'minimax:2' needs rules"):
        small(PPO, env).learn(9, callback=SelfPlayCallback(9, anchors={"minimax:2": 0.2}))


def test_anchors_keep_their_share():
    env = world()
    callback = SelfPlayCallback(
        save_freq=100, window=2, latest=0.8, anchors={"random": 0.1, "minimax:2": 0.1}
    )
    small(DQN, env).learn(400, callback=callback)
    shares = {
        who if isinstance(who, str) else who.name: share for who, share in callback.opponents()
    }
    earlier, latest = (snapshot.name for snapshot in callback.snapshots)
    assert shares == pytest.approx({"random": 0.1, "minimax:2": 0.1, earlier: 0.16, latest: 0.64})


def test_prioritised_opponents_are_those_that_still_win():
    callback = SelfPlayCallback(save_freq=10, prioritized=True)
    model = small(DQN, world())
    callback.snapshots = [PolicyOpponent(model, f"snapshot@{number}") for number in range(3)]
    for _ in range(18):
        callback._count("snapshot@0", True)
        callback._count("snapshot@1", False)
    shares = [share for _, share in callback.opponents()]
    easy, hard = (1 - 19 / 20) ** 2, (1 - 1 / 20) ** 2
    assert shares == pytest.approx([0.5 * easy / (easy + hard), 0.5 * hard / (easy + hard), 0.5])


def test_success_is_logged_by_kind():
    class Keep(SelfPlayCallback):
        rows: dict = {}  # noqa: RUF012

        def _report(self):
            super()._report()
            self.rows |= self.logger.name_to_value

    callback = Keep(save_freq=200, anchors={"random": 0.3})
    small(DQN, world()).learn(900, callback=callback)
    assert callback.rows["self_play/snapshots"] >= 4
    for kind in ("latest", "past", "anchors"):
        assert 0.0 <= callback.rows[f"self_play/success_{kind}"] <= 1.0


def test_a_seed_repeats_the_run():
    def weights() -> np.ndarray:
        model = small(PPO, world())
        model.learn(300, callback=SelfPlayCallback(save_freq=100))
        return torch.cat([value.detach().flatten() for value in model.policy.parameters()]).numpy()

    assert np.array_equal(weights(), weights())


def test_learning_goes_on_with_the_same_pool():
    callback = SelfPlayCallback(save_freq=100, window=4)
    model = small(DQN, world())
    model.learn(200, callback=callback)
    names = [snapshot.name for snapshot in callback.snapshots]
    model.learn(150, callback=callback, reset_num_timesteps=False)
    assert [snapshot.name for snapshot in callback.snapshots][: len(names)] == names


# ---- mistakes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"save_freq": 0}, "save_freq and window must be at least 1 and latest in [0, 1], got 0"),
        ({"window": 0}, "got 10, 0 and 0.5"),
        ({"latest": 1.5}, "got 10, 10 and 1.5"),
        ({"anchors": {"random": 1.0}}, "the shares of the anchors must sum to less than 1"),
    ],
)
def test_impossible_pools(options, message: str):
    with pytest.raises(SettingError, match=re.escape(message)):
        SelfPlayCallback(**{"save_freq": 10, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nodes": -1}, "nodes must be a whole number from 0 (network alone) to 10000000, got -1"),
        ({"epsilon": 2.0}, "got 2.0"),
        ({"nodes": 5}, "nodes=5 needs an HFDQN for a game; DQN cannot look ahead"),
    ],
)
def test_impossible_copies(options, message: str):
    with pytest.raises(SettingError, match=re.escape(message)):
        PolicyOpponent(small(DQN, world()), **options)


def test_one_player_worlds_have_no_self_play():
    model = DQN("MlpPolicy", "CartPole-v1", seed=0)
    with pytest.raises(SettingError, match="self-play needs a two-player environment"):
        model.learn(10, callback=SelfPlayCallback(save_freq=10))
