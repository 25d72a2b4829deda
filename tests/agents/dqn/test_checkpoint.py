"""Models of plain environments: saved as JSON and safetensors, read without unpickling."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections import deque

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import DQN, HerReplayBuffer
from stable_baselines3.common.envs import BitFlippingEnv
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.common.type_aliases import TrainFreq, TrainFrequencyUnit
from stable_baselines3.common.utils import ConstantSchedule, FloatSchedule, LinearSchedule

from rlhf_adapters import make_env
from rlhf_agents.errors import ModelFileError, SettingError
from rlhf_agents.files.json_codec import Custom, decode, encode
from rlhf_agents.files.model_file import MANIFEST, read_model
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.settings import Cosine, Foresight, Hindsight, ModelForesight, Priorities
from tests.agents.files.crafted import with_manifest

VALUES = [
    None,
    True,
    3,
    -2.5,
    "text",
    (1, (2.0, "x")),
    [1, [2]],
    {"a": {1: None}},
    {2: (3,)},
    TrainFreq(2, TrainFrequencyUnit.EPISODE),
    Hindsight(win_share=0.1),
    Foresight(nodes=7),
    ModelForesight(model="table", bold=False, members=2),
    Priorities(alpha=0.9),
    Cosine(0.1, 0.2),
    torch.nn.Tanh,
    torch.optim.RMSprop,
    HerReplayBuffer,
    spaces.Discrete(4, start=2),
    spaces.MultiBinary(5),
    spaces.MultiBinary([2, 3]),
    spaces.MultiDiscrete([3, 4]),
    spaces.Box(0, 255, (3, 36, 36), np.uint8),
    spaces.Box(np.float32([-1.0, -np.inf]), np.float32([1.0, np.inf]), dtype=np.float32),
    spaces.Dict(b=spaces.Discrete(2), a=spaces.Box(-1.0, 1.0, (2,), np.float64)),
]

OTHER_PARTS = {
    "net_arch": [8],
    "activation_fn": torch.nn.ELU,
    "optimizer_class": torch.optim.RMSprop,
}


def small(env="CartPole-v1", policy="MlpPolicy", **changes):
    settings = {"learning_starts": 20, "buffer_size": 500, "train_freq": 1, "seed": 0, **changes}
    return HFDQN(policy, env, **settings)


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_values_survive_json(value):
    again = decode(json.loads(json.dumps(encode(value), allow_nan=False)))
    assert again == value
    assert type(again) is type(value)


def test_parts_of_observations_keep_their_order():
    space = spaces.Dict(b=spaces.Discrete(2), a=spaces.Discrete(3))
    again = decode(json.loads(json.dumps(encode(space))))
    assert list(again.spaces) == ["b", "a"]


def test_schedules_arrays_and_queues_survive_json():
    for schedule in (ConstantSchedule(0.5), FloatSchedule(LinearSchedule(1.0, 0.1, 0.5))):
        again = decode(json.loads(json.dumps(encode(schedule))))
        assert [again(p) for p in (1.0, 0.7, 0.0)] == [schedule(p) for p in (1.0, 0.7, 0.0)]
    array = np.arange(6, dtype=np.int16).reshape(2, 3)
    np.testing.assert_array_equal(decode(encode(array)), array)
    queue = decode(encode(deque([{"r": 1.0}, np.float32(2.0)], maxlen=5)))
    assert queue.maxlen == 5
    assert list(queue) == [{"r": 1.0}, 2.0]


def test_what_only_code_can_bring_back_is_named():
    assert isinstance(decode(encode(lambda _: 0.1)), Custom)
    assert "BitFlippingEnv" in decode(encode(BitFlippingEnv)).name


@pytest.mark.parametrize(
    "value",
    [
        {"class": "os:system"},
        {"class": "torch.optim.adam:Path"},
        {"class": "torch.optim.sgd:_single_tensor_sgd"},
        {"array": "AAAA", "dtype": "|O", "shape": [1]},
        {"array": "AAAA", "dtype": "<f4", "shape": [10**12]},
        {"box": [0, 1], "shape": [10**6, 10**6], "dtype": "<f4"},
        {"discrete": [10**15, 0]},
        {"multi_binary": 10**12},
        {"settings": "Popen", "values": {}},
        {"strange": 1},
        {},
    ],
    ids=str,
)
def test_what_no_model_holds_is_refused(value):
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode(value)


@pytest.mark.parametrize(
    ("env", "policy", "changes"),
    [
        ("CartPole-v1", "MlpPolicy", {"learning_rate": LinearSchedule(1e-3, 1e-4, 0.5)}),
        ("CartPole-v1", "MlpPolicy", {"n_steps": 3, "policy_kwargs": OTHER_PARTS}),
        (BitFlippingEnv(4), "MultiInputPolicy", {}),
        (BitFlippingEnv(4), "MultiInputPolicy", {"replay_buffer_class": HerReplayBuffer}),
        (BitFlippingEnv(2, image_obs_space=True), "MultiInputPolicy", {"hindsight": False}),
    ],
)
def test_save_and_load_without_an_environment(tmp_path, env, policy, changes):
    model = small(env, policy, **changes).learn(60)
    path = tmp_path / "model"
    model.save(path)
    file = io.BytesIO((tmp_path / "model.zip").read_bytes())
    loaded, streamed = HFDQN.load(path), HFDQN.load(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SB3 2.9.2 warns of n-step buffers that it chose itself
        sb3 = DQN.load(path, env=model.get_env())
    observation = model.get_env().reset()
    expected, _ = model.predict(observation, deterministic=True)
    for other in (loaded, streamed, sb3):
        actions, _ = other.predict(observation, deterministic=True)
        np.testing.assert_array_equal(actions, expected)
        for ours, theirs in zip(model.policy.parameters(), other.policy.parameters(), strict=True):
            assert torch.equal(ours, theirs)
    assert loaded.num_timesteps == 60
    assert loaded.train_freq == model.train_freq
    loaded.learning_starts = 80  # SB3's buffer for goals needs a finished episode
    loaded.set_env(model.get_env())
    loaded.learn(60, reset_num_timesteps=False)
    moments = [slot["step"].item() for slot in loaded.policy.optimizer.state.values()]
    assert min(moments) > 60


def test_foresight_is_saved_with_its_world_model(tmp_path):
    settings = ModelForesight(model="network", hidden=8, trust=0.2)
    model = small(BitFlippingEnv(4), "MultiInputPolicy", foresight=settings).learn(60)
    assert model.lookahead.world.steps > 0
    path = tmp_path / "model"
    model.save(path)
    alone = HFDQN.load(path)
    assert alone.model_foresight == settings
    assert alone.lookahead.goals is None
    observation = model.get_env().reset()
    expected, actions = (m.predict(observation, deterministic=True)[0] for m in (model, alone))
    assert actions.shape == expected.shape
    loaded = HFDQN.load(path, env=model.get_env())
    known, again = (m.lookahead.world.state() for m in (model, loaded))
    assert known.keys() == again.keys()
    for name, array in known.items():
        np.testing.assert_array_equal(array, again[name])
    steps = loaded.lookahead.world.steps
    loaded.learn(60, reset_num_timesteps=False)
    assert loaded.lookahead.world.steps > steps
    small(BitFlippingEnv(4), "MultiInputPolicy", foresight=True).save(path)
    assert HFDQN.load(path).model_foresight == ModelForesight()


def test_a_buffer_of_dicts_without_end_is_refused(tmp_path):
    path = tmp_path / "model.zip"
    small(BitFlippingEnv(4), "MultiInputPolicy", replay_buffer_class=HerReplayBuffer).save(path)
    manifest = read_model(path).manifest
    manifest["data"]["buffer_size"] = 10**9
    with_manifest(path, manifest)
    with pytest.raises(ModelFileError, match="HerReplayBuffer of 1000000000 steps is refused"):
        HFDQN.load(path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hidden": 10**6}, "world model of .* weights is refused"),
        ({"model": "pickle"}, "must be one of auto, table, network"),
        ({"bold": 1}, "bold is 1, not a bool"),
        ({"members": 1}, "members is 1"),
    ],
)
def test_foresight_of_strangers_is_checked(tmp_path, changes, reason):
    path = tmp_path / "model.zip"
    small(BitFlippingEnv(4), "MultiInputPolicy", foresight=True).save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members[MANIFEST])
    manifest["data"]["model_foresight"]["values"].update(changes)
    members[MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ModelFileError, match=reason):
        HFDQN.load(path)


class OwnExtractor(FlattenExtractor):
    """A class that no file can hold."""


def test_custom_parts_must_be_brought_or_trusted(tmp_path):
    path = tmp_path / "model.zip"
    small(policy_kwargs={"features_extractor_class": OwnExtractor, "net_arch": [8]}).save(path)
    with pytest.raises(ModelFileError, match=r"OwnExtractor as p.*custom_objects=.*trust=True"):
        HFDQN.load(path)
    kwargs = {"features_extractor_class": OwnExtractor, "net_arch": [8]}
    for options in ({"custom_objects": {"policy_kwargs": kwargs}}, {"trust": True}):
        network = HFDQN.load(path, **options).q_net
        assert type(network.features_extractor) is OwnExtractor


def halving(progress):
    """A schedule that is code."""
    return 2e-3 * progress


@pytest.mark.parametrize("kind", ["plain", "game"])
def test_a_schedule_that_is_code_is_only_missed_when_learning(tmp_path, kind):
    path = tmp_path / "model.zip"
    if kind == "plain":
        env, model = gymnasium.make("CartPole-v1"), small(learning_rate=halving)
    else:
        env = make_env("tic_tac_toe", n_envs=2)
        model = HFDQN("MultiInputPolicy", env, learning_rate=halving)
    model.save(path)
    for again in range(2):  # saving it once more changes nothing
        loaded = HFDQN.load(path, env=env)
        assert loaded.predict(loaded.get_env().reset(), deterministic=True)[0].size
        with pytest.raises(SettingError, match=r"halving.*learning_rate=\.\.\..*trust=True"):
            loaded.learn(10)
        if not again:
            loaded.save(path)
    assert HFDQN.load(path, env=env, learning_rate=5e-4).learn(10).lr_schedule(0.5) > 0
    model.save(path)
    assert HFDQN.load(path, trust=True).learning_rate(1.0) == 2e-3


@pytest.mark.parametrize(
    "schedule",
    [LinearSchedule(1e-3, 1e-4, 0.5), ConstantSchedule(1e-3), Cosine(1e-3), 1e-3],
    ids=lambda schedule: type(schedule).__name__,
)
def test_known_schedules_are_data(tmp_path, schedule):
    path = tmp_path / "model.zip"
    env = make_env("tic_tac_toe", n_envs=2)
    for model in (
        small(learning_rate=schedule),
        HFDQN("MultiInputPolicy", env, learning_rate=schedule),
    ):
        model.save(path)
        loaded = HFDQN.load(path)
        for progress in (1.0, 0.75, 0.5, 0.2):
            assert loaded.lr_schedule(progress) == pytest.approx(model.lr_schedule(progress))


def test_the_zoos_linear_schedule_is_data():
    """Known by its name, because RL Zoo need not be installed."""
    zoos = type("SimpleLinearSchedule", (), {"__module__": "rl_zoo3.utils", "initial_value": 2e-3})
    schedule = decode(encode(zoos()))
    assert [schedule(progress) for progress in (1.0, 0.25, 0.0)] == pytest.approx([2e-3, 5e-4, 0])


def test_files_of_sb3_itself_need_trust(tmp_path):
    path = tmp_path / "dqn.zip"
    DQN("MlpPolicy", "CartPole-v1", buffer_size=100).save(path)
    with pytest.raises(ModelFileError, match=r"not saved by rlhf_agents.*trust=True"):
        HFDQN.load(path)
    assert isinstance(HFDQN.load(path, trust=True), HFDQN)


def test_sb3s_pickles_in_our_files_are_not_read(tmp_path):
    """Everything of SB3's may be replaced by poison: we read our own members only."""
    path, canary = tmp_path / "model.zip", tmp_path / "canary"
    small().save(path)
    poison = b"cposix\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR."
    with zipfile.ZipFile(path) as archive:
        members = {n: archive.read(n) for n in archive.namelist() if n.startswith("rlhf/")}
        others = [n for n in archive.namelist() if not n.startswith("rlhf/")]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**members, **dict.fromkeys(others, poison)}.items():
            archive.writestr(name, content)
    assert HFDQN.load(path).num_timesteps == 0
    assert not canary.exists()


def test_a_manifest_that_describes_no_model(tmp_path):
    path = tmp_path / "model.zip"
    small().save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members[MANIFEST])
    manifest["data"]["policy_class"] = {"class": "subprocess:Popen"}
    members[MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ModelFileError, match="does not describe a model"):
        HFDQN.load(path)
