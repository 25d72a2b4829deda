"""Models that were trained in a `VecFrameStack` or in other wrappers play as they were trained."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack, VecNormalize

from rlhf_agents import make_env
from rlhf_agents.bots.exports.env_policy import EnvPolicy
from rlhf_agents.envs.open_env import EnvConfig, open_one
from rlhf_agents.envs.trained_models import load_for
from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.model_file import read_model
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.players.actors import load_actor
from tests.agents.files.crafted import with_manifest

FAST = {"learning_starts": 20, "buffer_size": 200, "policy_kwargs": {"net_arch": [8]}, "seed": 1}
CART = "CartPole-v1"


def cart():
    return DummyVecEnv([lambda: gymnasium.make(CART)])


def shown(env, actions):
    """Return the observations of an episode: of a program's environment, or of a VecEnv."""
    if isinstance(env, gymnasium.Env):
        seen = [env.reset(seed=7)[0], *(env.step(action)[0] for action in actions)]
        return [each["observation"] for each in seen]
    env.seed(7)
    return [env.reset()[0].copy(), *(env.step([action])[0][0].copy() for action in actions)]


@pytest.mark.parametrize("normalises", [False, True])
def test_a_file_says_how_frames_are_stacked(tmp_path, normalises):
    env = VecFrameStack(cart(), 3)
    env = VecNormalize(env) if normalises else env
    HFDQN("MlpPolicy", env, **FAST).learn(60).save(tmp_path / "model.zip")
    model = HFDQN.load(tmp_path / "model.zip", env=cart())
    env.training = model.get_env().training = False
    actions = [0, 1, 1, 0, 1]
    expected = shown(env, actions)
    np.testing.assert_array_equal(shown(model.get_env(), actions), expected)
    model.learn(30, reset_num_timesteps=False).save(tmp_path / "again.zip")
    assert HFDQN.load(tmp_path / "again.zip").frame_stack.frames == 3

    config, loaded = load_for(EnvConfig(CART), str(tmp_path / "model.zip"))
    seen = np.array(shown(open_one(config, loaded.observation_space), actions))
    if normalises:
        seen = loaded.normalizer.normalize_obs(seen)
    np.testing.assert_array_equal(seen, expected)
    policy = EnvPolicy.load(str(tmp_path / "model.zip"))
    assert policy.frame_stack == {"frames": 3, "order": "last"}
    assert bool(policy.statistics) == normalises


@pytest.mark.parametrize(
    "change", [{"frames": 0}, {"order": "up"}, {"order": {"a": "last"}}], ids=str
)
def test_other_facts_are_refused(tmp_path, change):
    HFDQN("MlpPolicy", VecFrameStack(cart(), 2), **FAST).save(tmp_path / "model.zip")
    manifest = read_model(tmp_path / "model.zip").manifest
    with_manifest(
        tmp_path / "model.zip", {**manifest, "frame_stack": {**manifest["frame_stack"], **change}}
    )
    for env in (None, cart()):
        with pytest.raises(ModelFileError, match="does not describe a model"):
            HFDQN.load(tmp_path / "model.zip", env=env)


class Doubled(gymnasium.ObservationWrapper):
    def observation(self, observation):
        return 2 * observation


def test_other_wrappers_are_named(tmp_path, capsys):
    path = str(tmp_path / "model.zip")
    model = HFDQN("MlpPolicy", Doubled(gymnasium.make(CART)), **FAST)
    model.save(path)
    HFDQN.load(path).save(path)
    assert read_model(path).manifest["wrappers"] == ["Doubled"]
    for env in (Doubled(gymnasium.make(CART)), make_env(Doubled(gymnasium.make(CART)))):
        load_actor(path, env, CART)
    assert capsys.readouterr().err == ""
    load_actor(path, gymnasium.make(CART), CART)
    assert "trained in Doubled" in capsys.readouterr().err
    with pytest.raises(ModelFileError, match=r"does not fit.*trained in Doubled"):
        load_actor(path, gymnasium.make("MountainCar-v0"), "MountainCar-v0")
