"""Scripts written for SB3's DQN: files, callbacks, buffers and mistakes behave as they do there."""

from __future__ import annotations

import warnings

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import CheckpointCallback, EvalCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.envs import BitFlippingEnv
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
from stable_baselines3.her.goal_selection_strategy import GoalSelectionStrategy

from rlhf_adapters import make_env
from rlhf_agents import HFDQN, HindsightReplayBuffer, Priorities
from rlhf_agents.bots.exports.env_policy import EnvPolicy
from rlhf_agents.errors import ModelFileError, ObservationError, OutputError, SettingError
from rlhf_agents.files.model_file import read_model
from rlhf_agents.players.actors import load_actor
from rlhf_agents.selfplay.position_buffer import PositionBuffer
from rlhf_agents.settings import Foresight
from tests.agents.files.crafted import with_manifest

BITS = BitFlippingEnv(4)
SMALL = {
    "learning_starts": 20,
    "buffer_size": 200,
    "policy_kwargs": {"net_arch": [8]},
    "seed": 1,
}


class Masked(gymnasium.Wrapper):
    """CartPole that forbids the second action, by a method."""

    def action_masks(self):
        return np.array([True, False])


def cart(**options):
    return HFDQN("MlpPolicy", "CartPole-v1", **{**SMALL, **options})


def bits(env=None, **options):
    return HFDQN("MultiInputPolicy", env or BitFlippingEnv(4), **{**SMALL, **options})


def game(name="tic_tac_toe"):
    options = {"features_extractor_kwargs": {"features_dim": 8}}
    foresight = Foresight(lesson_nodes=60, nodes=12, pool=300)
    env = make_env(name, n_envs=2, seed=0)
    return HFDQN(
        "MultiInputPolicy", env, learning_starts=40, foresight=foresight, policy_kwargs=options
    )


MODELS = {
    "plain": cart,
    "n steps": lambda: cart(n_steps=3),
    "priorities": lambda: bits(replay_buffer_kwargs={"priorities": Priorities()}),
    "hindsight": bits,
    "hindsight, n steps": lambda: bits(n_steps=2),
    "no hindsight": lambda: bits(hindsight=False),
    "foresight": lambda: bits(foresight=True),
    "masks": lambda: HFDQN("MlpPolicy", Masked(gymnasium.make("CartPole-v1")), **SMALL),
    "normalised": lambda: cart_normalised(norm_reward=True),
    "game": game,
}


def cart_normalised(**options):
    env = VecNormalize(DummyVecEnv([lambda: gymnasium.make("CartPole-v1")]), **options)
    return HFDQN("MlpPolicy", env, **SMALL)


# ---- files -------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:`n_steps=")  # SB3 warns of n-step buffers that it chose itself
@pytest.mark.parametrize("name", MODELS)
def test_sb3s_dqn_reads_every_file_without_an_environment(tmp_path, name):
    model = MODELS[name]().learn(60)
    model.save(tmp_path / "model")
    ours, sb3s = HFDQN.load(tmp_path / "model"), DQN.load(tmp_path / "model")
    assert type(sb3s) is DQN
    seen = model.get_env().reset()
    expected = torch.cat([p.flatten() for p in model.policy.parameters()])
    for loaded in (ours, sb3s):
        assert torch.equal(torch.cat([p.flatten() for p in loaded.policy.parameters()]), expected)
    if name not in {"foresight", "masks"}:  # DQN cannot look ahead, nor does it ask for masks
        tensors = model.policy.obs_to_tensor(seen)[0]
        for each in (ours, sb3s):
            torch.testing.assert_close(each.q_net(tensors), model.q_net(tensors))
            if name == "game" and each is sb3s:
                continue  # nearly equal moves: compiled code and torch sum in another order
            actions, _ = each.predict(seen, deterministic=True)
            np.testing.assert_array_equal(actions, model.predict(seen, deterministic=True)[0])


PLAIN = ("plain", "n steps", "no hindsight", "normalised")
"""What SB3's DQN learns in the same way."""


@pytest.mark.filterwarnings("ignore:`n_steps=")
@pytest.mark.parametrize("name", [*MODELS, "double Q", "parallel"])
def test_sb3s_dqn_goes_on_or_says_why_it_cannot(tmp_path, name):
    more = {
        "double Q": lambda: cart(double_q=True),
        "parallel": lambda: HFDQN("MlpPolicy", make_vec_env("CartPole-v1", 8), parallel=True),
    }
    model = {**MODELS, **more}[name]()
    model.learn(60)
    model.save(tmp_path / "model")
    for env in (model.get_env(), None):
        loaded = DQN.load(tmp_path / "model", env=env)
        loaded.set_env(model.get_env())
        before = loaded.num_timesteps
        if name in PLAIN:
            loaded.learn(60, reset_num_timesteps=False)
            assert loaded.num_timesteps >= before + 60
            assert loaded.replay_buffer.size() > 0
        else:
            with pytest.raises(SettingError, match=r"HFDQN\.load"):
                loaded.learn(60)
    trusted = HFDQN.load(tmp_path / "model", env=model.get_env(), trust=True)
    assert type(trusted.learn(60).replay_buffer) is type(model.replay_buffer)


def test_folders_are_made(tmp_path):
    cart().save(tmp_path / "new" / "folder" / "model")
    assert HFDQN.load(tmp_path / "new" / "folder" / "model").num_timesteps == 0
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot make the folder") as failed:
        cart().save(tmp_path / "file" / "model")
    assert isinstance(failed.value, OSError)


def test_a_missing_file_is_what_python_calls_it():
    with pytest.raises(FileNotFoundError, match=r"no model file nowhere\.zip") as failed:
        HFDQN.load("nowhere")
    assert isinstance(failed.value, ModelFileError)


@pytest.mark.parametrize("name", ["plain", "hindsight", "masks", "game"])
def test_what_checkpoints_save_can_be_read_back(tmp_path, name):
    model = MODELS[name]()
    n_envs = model.n_envs
    callback = CheckpointCallback(60 // n_envs, str(tmp_path), save_replay_buffer=True)
    model.learn(60, callback=callback)
    (path,) = tmp_path.glob("*_replay_buffer_*.pkl")
    again = MODELS[name]()
    again.load_replay_buffer(path)
    assert type(again.replay_buffer) is type(model.replay_buffer)
    assert again.replay_buffer.size() == 60 // n_envs - 1  # before the last step is stored
    again.learn(30)


def test_a_file_of_a_game_needs_that_game(tmp_path):
    game().save(tmp_path / "model.zip")
    for env in ("CartPole-v1", "tic_tac_toe", "connect_four"):
        made = gymnasium.make(env) if env == "CartPole-v1" else make_env(env, n_envs=2)
        if env == "tic_tac_toe":
            assert HFDQN.load(tmp_path / "model.zip", env=made).game.name == env
            continue
        with pytest.raises(ModelFileError, match="trained for tic_tac_toe"):
            HFDQN.load(tmp_path / "model.zip", env=made)


def test_the_goal_is_in_the_file(tmp_path):
    for model in (cart(), game()):
        assert model.trained_goal is None
        model.trained_goal = "win"
        model.save(tmp_path / "model.zip")
        assert read_model(tmp_path / "model.zip").manifest["goal"] == "win"
        assert HFDQN.load(tmp_path / "model.zip").trained_goal == "win"
    model.save_agent(tmp_path / "agent.zip")
    assert read_model(tmp_path / "agent.zip").manifest["goal"] == "win"


# ---- VecNormalize ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"norm_reward": False, "clip_obs": 2.0}, {"norm_obs": False}], ids=str
)
def test_statistics_travel_in_the_file(tmp_path, options):
    model = cart_normalised(**options).learn(100)
    trained = model.get_vec_normalize_env()
    model.save(tmp_path / "model")
    loaded = HFDQN.load(tmp_path / "model")
    seen = np.float32([[0.1, -0.2, 0.03, 0.4]])
    np.testing.assert_array_equal(
        loaded.normalizer.normalize_obs(seen), trained.normalize_obs(seen)
    )
    loaded.save(tmp_path / "again")  # and stay there
    raw = DummyVecEnv([lambda: gymnasium.make("CartPole-v1")])
    again = HFDQN.load(tmp_path / "again", env=raw)
    wrapped = again.get_vec_normalize_env()
    np.testing.assert_array_equal(wrapped.normalize_obs(seen), trained.normalize_obs(seen))
    assert wrapped.ret_rms.var == trained.ret_rms.var
    assert (wrapped.clip_obs, wrapped.norm_reward) == (trained.clip_obs, trained.norm_reward)
    assert again.learn(50, reset_num_timesteps=False).num_timesteps >= 150
    own = VecNormalize(DummyVecEnv([lambda: gymnasium.make("CartPole-v1")]))
    assert HFDQN.load(tmp_path / "model", env=own).get_vec_normalize_env() is own


def test_programs_normalise_or_say_that_they_cannot(tmp_path):
    path = tmp_path / "model.zip"
    model = cart_normalised().learn(100)
    statistics = model.get_vec_normalize_env()
    statistics.obs_rms.mean = np.array([0.5, -2.0, 0.1, 3.0])
    model.save(path)
    actor = load_actor(str(path), gymnasium.make("CartPole-v1"), "CartPole-v1")
    seen = np.random.default_rng(0).normal(0, 3, (50, 4)).astype(np.float32)
    raw, normal = (
        model.predict(each, deterministic=True)[0]
        for each in (seen, statistics.normalize_obs(seen))
    )
    assert (raw != normal).any()
    np.testing.assert_array_equal(actor.predict(seen, deterministic=True)[0], normal)
    assert set(EnvPolicy.load(str(path)).statistics) == {"observation"}


class Parts(gymnasium.ObservationWrapper):
    """CartPole in two parts."""

    def __init__(self):
        super().__init__(gymnasium.make("CartPole-v1"))
        box = spaces.Box(-np.inf, np.inf, (2,), np.float32)
        self.observation_space = spaces.Dict(where=box, how=box)

    def observation(self, observation):
        return {"where": observation[:2], "how": observation[2:]}


def test_statistics_of_dict_observations(tmp_path):
    env = VecNormalize(DummyVecEnv([Parts]), norm_obs_keys=["how"])
    HFDQN("MultiInputPolicy", env, **SMALL).learn(60).save(tmp_path / "model")
    loaded = HFDQN.load(tmp_path / "model")
    seen = env.get_original_obs()
    ours, theirs = loaded.normalizer.normalize_obs(seen), env.normalize_obs(seen)
    assert all(np.array_equal(ours[key], theirs[key]) for key in theirs)
    assert np.array_equal(ours["where"], seen["where"])


@pytest.mark.parametrize(
    "mean", [[0.0], ["x"], None, {"array": "AAAA", "dtype": "<f4", "shape": [9]}]
)
def test_statistics_that_do_not_fit_are_refused(tmp_path, mean):
    cart_normalised().save(tmp_path / "model.zip")
    manifest = read_model(tmp_path / "model.zip").manifest
    manifest["normalization"]["observations"]["observation"][0] = mean
    with_manifest(tmp_path / "model.zip", manifest)
    with pytest.raises(ModelFileError, match="does not describe a model"):
        HFDQN.load(tmp_path / "model.zip")


# ---- reward functions --------------------------------------------------------------------------


class Tells(BitFlippingEnv):
    """Its reward needs what only infos say."""

    def step(self, action):
        seen, reward, terminated, truncated, _ = super().step(action)
        return seen, reward, terminated, truncated, {"x": 1.0}

    def compute_reward(self, achieved_goal, desired_goal, info):
        known = np.array([each["x"] for each in info or [{"x": 1.0}]])
        return super().compute_reward(achieved_goal, desired_goal, info) * known


class Scalar(BitFlippingEnv):
    """Its reward is that of one goal, however many are asked for."""

    def compute_reward(self, achieved_goal, desired_goal, info):
        return -np.float32(np.any(achieved_goal != desired_goal))


def test_reward_functions_get_real_infos():
    kwargs = {"copy_info_dict": True}
    model = HFDQN("MultiInputPolicy", Tells(4), replay_buffer_kwargs=kwargs, **SMALL).learn(100)
    assert {0.0, -1.0} >= set(model.replay_buffer.sample(64).rewards.flatten().tolist())
    with pytest.raises(SettingError, match=r"info\['x'\].*copy_info_dict"):
        HFDQN("MultiInputPolicy", Tells(4), **SMALL).learn(100)


def test_a_reward_that_is_not_vectorised_is_named():
    with pytest.raises(SettingError, match=r"compute_reward returned 1 values .* vectorised"):
        HFDQN("MultiInputPolicy", Scalar(4), **SMALL).learn(100)


@pytest.mark.parametrize("strategy", [*GoalSelectionStrategy, "future"], ids=str)
def test_sb3s_strategies_are_known(tmp_path, strategy):
    kwargs = {"goal_selection_strategy": strategy}
    model = bits(replay_buffer_kwargs=kwargs, replay_buffer_class=HindsightReplayBuffer)
    expected = strategy if isinstance(strategy, str) else strategy.name.lower()
    assert model.learn(40).replay_buffer.strategy == expected
    model.save(tmp_path / "model")
    assert HFDQN.load(tmp_path / "model").replay_buffer.strategy == expected


# ---- mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "game"])
def test_a_pair_is_no_observation(name):
    seen = MODELS[name]().observation_space.sample()
    for error in (ObservationError, ValueError):
        with pytest.raises(error, match=r"mixing Gym API.*observation alone"):
            MODELS[name]().predict((seen, {}))


def test_an_observation_without_its_key_gets_a_sentence():
    seen = MODELS["game"]().observation_space.sample()
    del seen["desired_goal"]
    with pytest.raises(ObservationError, match="no 'desired_goal'; its keys are 'achieved_goal'"):
        MODELS["game"]().predict(seen)
    model = bits()
    with pytest.raises(ObservationError, match=r"dictionary with the keys achieved_goal.*ndarray"):
        model.predict(np.zeros(4))
    with pytest.raises(ObservationError, match="'desired_goal' or 'observation'; its"):
        model.predict({"obs": np.zeros(4)})


@pytest.mark.parametrize("value", ["yes", 1, 0.5, PositionBuffer])
@pytest.mark.parametrize("option", ["foresight", "hindsight"])
def test_options_of_the_wrong_kind_are_named(option, value):
    with pytest.raises(SettingError, match=rf"{option} must be .*True.*got"):
        cart(**{option: value})


def test_evaluation_without_masks_warns_once():
    env = Masked(gymnasium.make("CartPole-v1"))
    model = HFDQN("MlpPolicy", env, **SMALL)
    callback = EvalCallback(env, eval_freq=20, n_eval_episodes=1, warn=False)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        model.learn(40, callback=callback)
        evaluate_policy(model, env, 1, warn=False)
    assert [type(each.message) for each in seen if "MaskableEval" in str(each.message)] == [
        UserWarning
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = HFDQN("MlpPolicy", env, **SMALL).learn(40)
        assert model.predict(env.reset()[0], action_masks=env.action_masks())[0] == 0
        evaluate_policy(cart(), gymnasium.make("CartPole-v1"), 1, warn=False)


@pytest.mark.parametrize("name", ["plain", "hindsight"])
def test_sb3s_own_files_become_ours(tmp_path, name):
    kind, env = ("MlpPolicy", "CartPole-v1") if name == "plain" else ("MultiInputPolicy", BITS)
    sb3s = DQN(kind, env, **SMALL).learn(60)
    sb3s.save(tmp_path / "sb3.zip")
    with pytest.raises(ModelFileError, match="trust=True"):
        HFDQN.load(tmp_path / "sb3.zip")
    HFDQN.load(tmp_path / "sb3.zip", trust=True).save(tmp_path / "ours.zip")
    ours = HFDQN.load(tmp_path / "ours.zip")  # which unpickles nothing
    seen = sb3s.get_env().reset()
    assert np.array_equal(*(m.predict(seen, deterministic=True)[0] for m in (ours, sb3s)))
    assert DQN.load(tmp_path / "ours.zip").num_timesteps == 60
