"""ONNX files of models of environments without rules: as torch computes, in every preset."""

from __future__ import annotations

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.envs import FakeImageEnv
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from rlhf_agents.bots.exports.env_policy import EnvPolicy
from rlhf_agents.bots.exports.registry import ExportError, export
from rlhf_agents.cli.export import main
from rlhf_agents.dqn.goal_features import GoalExtractor
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.parallel.networks import TrafficExtractor
from rlhf_agents.players.bundled import bundled_policies

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime runs the files")

BATCHES = (1, 5)


class Signals(gymnasium.Env):
    """Shows every kind of number; some actions are forbidden."""

    observation_space = spaces.Dict(
        observation=spaces.Box(-1.0, 1.0, (2, 3), np.float32),
        achieved_goal=spaces.Box(-1.0, 1.0, (2,), np.float32),
        desired_goal=spaces.Box(-1.0, 1.0, (2,), np.float32),
        room=spaces.Discrete(4),
        switches=spaces.MultiBinary(3),
        dials=spaces.MultiDiscrete([2, 3]),
        action_mask=spaces.Box(0, 1, (3,), np.int8),
    )
    action_space = spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed, options=options)
        return self._shown(), {}

    def step(self, action):
        return self._shown(), 0.0, False, False, {}

    def _shown(self):
        return {**self.observation_space.sample(), "action_mask": np.array([0, 1, 1], np.int8)}


class Far(gymnasium.Env):
    """Numbers that are large, and differ little; some never change."""

    observation_space = spaces.Dict(
        observation=spaces.Box(-np.inf, np.inf, (2, 3), np.float32),
        room=spaces.Discrete(4),
        plain=spaces.Box(-1.0, 1.0, (2,), np.float32),
    )
    action_space = spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed, options=options)
        return self._shown(), {}

    def step(self, action):
        return self._shown(), 0.0, False, False, {}

    def _shown(self):
        numbers = self.np_random.normal([[5000.0, -3.0, 0.0], [1e-3, 7.0, 70.0]], 0.5)
        numbers[1, 1] = 7.0
        return {**self.observation_space.sample(), "observation": numbers.astype(np.float32)}


class Doors(gymnasium.Env):
    """Masks stand beside the observations."""

    observation_space = spaces.Box(-1.0, 1.0, (3,), np.float32)
    action_space = spaces.Discrete(4)

    def action_masks(self):
        return np.array([True, False, True, True])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed, options=options)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 0.0, False, False, {}


class Cars(gymnasium.Env):
    """Shows cars and their features, in any order."""

    observation_space = spaces.Box(-1.0, 1.0, (4, 5), np.float32)
    action_space = spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed, options=options)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 0.0, False, False, {}


def trained(env, policy, **changes):
    """A model with weights that are not those of the beginning."""
    settings = {"learning_starts": 8, "buffer_size": 64, "seed": 0, "hindsight": False, **changes}
    model = HFDQN(policy, env, **settings).learn(24)
    with torch.no_grad():
        for parameter in model.q_net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


ENVS = {
    "numbers": lambda: trained("CartPole-v1", "MlpPolicy"),
    "layers": lambda: trained(
        "CartPole-v1",
        "MlpPolicy",
        policy_kwargs={"net_arch": [8, 8], "activation_fn": torch.nn.ELU},
    ),
    "states": lambda: trained("FrozenLake-v1", "MlpPolicy"),
    "parts": lambda: trained(Signals(), "MultiInputPolicy"),
    "goals": lambda: trained(
        Signals(), "MultiInputPolicy", policy_kwargs={"features_extractor_class": GoalExtractor}
    ),
    "masks": lambda: trained(Doors(), "MlpPolicy"),
    "cars": lambda: trained(
        Cars(),
        "MlpPolicy",
        policy_kwargs={"net_arch": [], "features_extractor_class": TrafficExtractor},
    ),
    "pictures": lambda: trained(
        FakeImageEnv(screen_height=40, screen_width=44, n_channels=3), "CnnPolicy"
    ),
}


@pytest.fixture(scope="module", params=ENVS)
def made(request, tmp_path_factory):
    """A model, and the path of its zip."""
    torch.manual_seed(0)
    model = ENVS[request.param]()
    path = tmp_path_factory.mktemp(request.param) / "model.zip"
    model.save(path)
    return model, path


def session_of(path: Path):
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def seen_by(model, count: int):
    """Observations as the model takes them, and as the file does; and masks, None if all may."""
    space = model.observation_space
    parts = space.spaces if isinstance(space, spaces.Dict) else {"observation": space}
    samples, inputs = {}, {}
    for index, (key, part) in enumerate(parts.items()):
        part.seed(index)
        samples[key] = np.stack([np.asarray(part.sample()) for _ in range(count)])
        inputs[key] = one_hot(part, samples[key])
    masks = None
    if EnvPolicy("", model).masked:
        masks = np.random.default_rng(0).integers(0, 2, (count, model.action_space.n))
        masks[:, 1] |= ~masks.any(axis=1)
        inputs["action_mask"] = masks.astype(np.float32)
        if "action_mask" in samples:
            samples["action_mask"] = masks.astype(np.int8)
    return (samples if len(parts) > 1 else samples["observation"]), inputs, masks


def one_hot(space, values):
    if isinstance(space, spaces.Discrete):
        return np.eye(space.n, dtype=np.float32)[values]
    if isinstance(space, spaces.MultiDiscrete):
        parts = [np.eye(n, dtype=np.float32)[values[:, i]] for i, n in enumerate(space.nvec)]
        return np.concatenate(parts, axis=1)
    return values.astype(np.float32)


def expected(model, observations, masks):
    """Return torch's values and the model's own choice."""
    with torch.no_grad():
        values = model.q_net(model.policy.obs_to_tensor(observations)[0]).numpy()
    actions, _ = model.predict(observations, deterministic=True, action_masks=masks)
    return values, actions


@pytest.mark.parametrize("opset", [13, 17])
def test_plain(made, tmp_path, opset):
    model, path = made
    file = export(path, "onnx", tmp_path / "bot.onnx", opset=opset)
    assert [one.name for one in tmp_path.iterdir()] == ["bot.onnx"]
    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = session_of(file)
    for count in BATCHES:
        observations, inputs, masks = seen_by(model, count)
        assert {one.name for one in session.get_inputs()} == set(inputs)
        values, actions = expected(model, observations, masks)
        said = dict(
            zip([one.name for one in session.get_outputs()], session.run(None, inputs), strict=True)
        )
        np.testing.assert_allclose(said["q"], values, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(said["action"], actions)
        assert ("masked_q" in said) == (masks is not None)
        if masks is not None:
            wanted = np.where(masks > 0, values, np.float32(-1e30))
            np.testing.assert_allclose(said["masked_q"], wanted, rtol=0, atol=1e-5)
    notes = {one.key: one.value for one in onnx.load(file).metadata_props}
    assert json.loads(notes["layout"]) == {
        key: list(value.shape[1:]) for key, value in inputs.items()
    }
    assert int(notes["actions"]) == model.action_space.n


def test_godot(made, tmp_path):
    model, path = made
    session = session_of(export(path, "onnx", tmp_path / "g.onnx", preset="godot"))
    assert [one.name for one in session.get_inputs()] == ["obs", "state_ins"]
    assert [one.name for one in session.get_outputs()] == ["output", "state_outs"]
    observations, inputs, masks = seen_by(model, 5)
    names = in_order(model, inputs)
    flat = np.concatenate([inputs[name].reshape(5, -1) for name in names], axis=1)
    kept = np.zeros(5, np.float32)
    values, after = session.run(None, {"obs": flat, "state_ins": kept})
    assert (after == kept).all()
    np.testing.assert_allclose(values.max(axis=1), 30.0, atol=1e-5)
    _, actions = expected(model, observations, masks)
    np.testing.assert_array_equal(values.argmax(axis=1), actions)


def test_mlagents(made, tmp_path):
    model, path = made
    session = session_of(export(path, "onnx", tmp_path / "m.onnx", preset="mlagents", opset=15))
    observations, inputs, masks = seen_by(model, 5)
    names = [name for name in in_order(model, inputs) if name != "action_mask"]
    allowed = np.ones((5, model.action_space.n)) if masks is None else masks
    feeds = {f"obs_{i}": inputs[name] for i, name in enumerate(names)}
    feeds["action_masks"] = allowed.astype(np.float32)
    assert [one.name for one in session.get_inputs()] == list(feeds)
    said = dict(
        zip([one.name for one in session.get_outputs()], session.run(None, feeds), strict=True)
    )
    assert (said["version_number"].tolist(), said["memory_size"].tolist()) == ([3.0], [0.0])
    assert said["discrete_action_output_shape"].tolist() == [[model.action_space.n]]
    _, actions = expected(model, observations, masks)
    np.testing.assert_array_equal(said["discrete_actions"][:, 0], actions)


def in_order(model, inputs):
    """The environment's observation, the goal, others, and a mask last."""
    parts = list(EnvPolicy("", model).parts)
    last = [name for name in inputs if name == "action_mask"]
    return [name for name in parts if name != "action_mask"] + last


def test_what_cannot_be_is_one_sentence(tmp_path, capsys):
    model = trained("CartPole-v1", "MlpPolicy")
    model.save(tmp_path / "pole.zip")
    for form in ("python", "web", "kaggle"):
        with pytest.raises(ExportError, match="formats for it: onnx"):
            export(tmp_path / "pole.zip", form, tmp_path / "bot")
    with pytest.raises(ExportError, match="leave --goal lose out"):
        export(tmp_path / "pole.zip", "onnx", tmp_path / "bot", goal="lose")
    with pytest.raises(ExportError, match="preset must be one of"):
        export(tmp_path / "pole.zip", "onnx", tmp_path / "bot", preset="unreal")
    request = ["--agent", str(tmp_path / "pole.zip"), "--to", "onnx"]
    assert main([*request, "--out", str(tmp_path / "pole.onnx")]) == 0
    assert "pole.onnx" in capsys.readouterr().out


def test_unknown_layers_are_named():
    model = trained("CartPole-v1", "MlpPolicy", policy_kwargs={"activation_fn": torch.nn.GELU})
    with pytest.raises(ExportError, match="it has a GELU; supported layers: Linear"):
        export(EnvPolicy("pole", model), "onnx", "/tmp/never.onnx", force=True)


SHIPPED = (
    "minatar:breakout",
    "gymnasium:LunarLander-v3",
    "gymnasium:highway-fast-v0",
    "mpe2:simple_spread_v3",
    "minigrid:MiniGrid-DoorKey-8x8-v0",
)


@pytest.mark.parametrize("name", SHIPPED)
def test_agents_that_ship(name, tmp_path):
    model = HFDQN.load(bundled_policies()[name])
    session = session_of(export(name, "onnx", tmp_path / "bot.onnx", opset=13))
    observations, inputs, masks = seen_by(model, 20)
    values, actions = expected(model, observations, masks)
    q, chosen = session.run(["q", "action"], inputs)
    np.testing.assert_allclose(q, values, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(chosen, actions)


@pytest.mark.parametrize("kind", ["numbers", "parts"])
def test_the_statistics_of_a_vec_normalize_are_the_first_nodes(kind, tmp_path):
    """The file takes observations as they are, and says what `VecNormalize` and torch say."""
    torch.manual_seed(0)
    make, keys = (lambda: gymnasium.make("CartPole-v1")), None
    if kind == "parts":
        make, keys = Far, ["observation"]
    env = VecNormalize(DummyVecEnv([make] * 2), norm_obs_keys=keys, clip_obs=1.5)
    model = trained(env, "MlpPolicy" if keys is None else "MultiInputPolicy")
    model.save(tmp_path / "model.zip")
    env.training = False
    env.reset()
    original = [env.get_original_obs()]
    for _ in range(20):
        env.step(np.array([0, 1]))
        original.append(env.get_original_obs())
    loaded = HFDQN.load(tmp_path / "model.zip")
    for agent, source in ((tmp_path / "model.zip", loaded), (EnvPolicy("m", model), model)):
        normalizer = source.normalizer or source.get_vec_normalize_env()
        file = export(agent, "onnx", tmp_path / "bot.onnx", force=True)
        session = session_of(file)
        clipped = 0
        for seen in original:
            parts = seen if isinstance(seen, dict) else {"observation": seen}
            space = model.observation_space
            kinds = space.spaces if isinstance(space, spaces.Dict) else {"observation": space}
            inputs = {key: one_hot(kinds[key], value) for key, value in parts.items()}
            normal = normalizer.normalize_obs(seen)
            values, actions = expected(source, normal, None)
            q, chosen = session.run(["q", "action"], inputs)
            np.testing.assert_allclose(q, values, rtol=1e-5, atol=1e-5)
            np.testing.assert_array_equal(chosen, actions)
            first = normal["observation"] if isinstance(normal, dict) else normal
            clipped += int((np.abs(first) == np.float32(1.5)).sum())
        assert clipped
        notes = {one.key: one.value for one in onnx.load(file).metadata_props}
        assert json.loads(notes["normalized"]) == ["observation"]
