"""ONNX files: as torch computes, in every preset, at every batch size."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.bots.exports.registry import ExportError, export
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.search.choices import best_actions
from rlhf_agents.search.searcher import OUT_OF_REACH, network_batch
from rlhf_agents.settings import Foresight
from rlhf_games.base import Verdict
from tests.agents.bots.exports.contract import BotContract, reachable
from tests.agents.search.test_tree import random_positions
from tests.agents.weights import random_weights

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime runs the files")

CASES = [("connect_four", 17), ("othello_6x6", 13), ("othello_6x6", 15), ("tic_tac_toe", 17)]
"""Boards with gravity, with a clock, and without both."""
SAME_MOVES = 0.98


def session_of(path: Path):
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def agent_for(name: str) -> Agent:
    game = rlhf_games.make(name)
    weights = random_weights(game, width=24, depth=2)
    weights = weights._replace(
        parents=np.array([-1, -1, -1, *range(len(game.goals) - 3)], np.int64)
    )
    return Agent(name, game, weights, Foresight())


def inputs_of(game, states, goal: str) -> dict[str, np.ndarray]:
    wanted = np.zeros((len(states), len(game.goals)), np.float32)
    wanted[:, game.goal_index(goal)] = 1.0
    return {
        "observation": game.observe(states),
        "desired_goal": wanted,
        "action_mask": game.legal(states).astype(np.float32),
    }


class TestContract(BotContract):
    positions: ClassVar = {0: 4000}

    @pytest.fixture
    def twin(self) -> Agent:
        return load_agent("connect_four")

    @pytest.fixture
    def exported(self, twin, tmp_path):
        return session_of(export(twin, "onnx", tmp_path / "four.onnx"))

    @pytest.fixture
    def choose(self, twin, exported):
        def choose(positions, goal, _nodes):
            """As the page says: the middle one of equal values, `win` for what is out of reach."""
            states = positions.states
            row, win = twin.game.goal_index(goal), inputs_of(twin.game, states, "win")
            q, action = exported.run(["masked_q", "action"], inputs_of(twin.game, states, goal))
            (instead,) = exported.run(["masked_q"], win)
            best = q[np.arange(len(q)), action]  # `action` may break ties in another way
            np.testing.assert_allclose(best, q.max(axis=1), rtol=0, atol=1e-6)
            impossible = twin.game.verdicts(states)[:, 0, row] == Verdict.IMPOSSIBLE
            hopeless = impossible | (q.max(axis=1) < OUT_OF_REACH)
            return best_actions(np.where(hopeless[:, None], instead, q))

        return choose

    @pytest.fixture
    def complaints(self, twin, exported):
        good = inputs_of(twin.game, twin.game.initial(1), "win")
        wrong = {"shape": {**good, "observation": good["observation"][:, :1]}}
        wrong["missing"] = {name: good[name] for name in ("observation", "action_mask")}
        said = {}
        for what, inputs in wrong.items():
            with pytest.raises(Exception, match=r"observation|desired_goal") as caught:
                exported.run(None, inputs)
            said[what] = str(caught.value).strip().splitlines()[0]
        return said


def test_it_computes_what_torch_computes(tmp_path: Path):
    """The network of a model as torch evaluates it, bounded goals and both masks included."""
    import torch  # noqa: PLC0415 - takes seconds to import

    from rlhf_agents import HFDQN, make_env  # noqa: PLC0415

    model = HFDQN("MultiInputPolicy", make_env("connect_four", n_envs=2), seed=0, learning_starts=0)
    with torch.no_grad():
        for parameter in model.q_net_target.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    model.save(tmp_path / "four.zip")
    session = session_of(export(str(tmp_path / "four.zip"), "onnx", tmp_path / "four.onnx"))
    game = rlhf_games.make("connect_four")
    for count, ply in ((1, 0), (5, 7), (64, 20)):
        states = random_positions(game, count, ply, 1)
        for goal in (goal.name for goal in game.goals):
            inputs = inputs_of(game, states, goal)
            tensors = {name: torch.from_numpy(value) for name, value in inputs.items()}
            with torch.no_grad():
                expected = model.q_net_target(tensors).numpy()
            (q,) = session.run(["masked_q"], inputs)
            np.testing.assert_allclose(q, expected, rtol=0, atol=1e-5)


def in_float16(path: Path, folder: Path) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """Convert by the usual tool, and compute every node in float16, as a GPU would."""
    float16 = pytest.importorskip("onnxruntime.transformers.float16")
    from onnx.reference import ReferenceEvaluator  # noqa: PLC0415 - optional
    from onnxruntime.transformers.onnx_model import OnnxModel  # noqa: PLC0415 - optional

    del folder
    small = float16.convert_float_to_float16(onnx.load(path))
    OnnxModel(small).topological_sort()
    machine = ReferenceEvaluator(small)

    def act(inputs: dict[str, np.ndarray]) -> np.ndarray:
        halves = {name: value.astype(np.float16) for name, value in inputs.items()}
        with np.errstate(over="ignore"):  # the sigmoid of a small number
            return machine.run(["action"], halves)[0]

    return act


def in_int8(path: Path, folder: Path) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """Quantise without the nodes that the metadata list."""
    quantization = pytest.importorskip("onnxruntime.quantization")
    left_out = session_of(path).get_modelmeta().custom_metadata_map["int8_exclude"]
    small = folder / "int8.onnx"
    quantization.quantize_dynamic(str(path), str(small), nodes_to_exclude=json.loads(left_out))
    assert small.stat().st_size < 0.6 * path.stat().st_size
    session = session_of(small)
    return lambda inputs: session.run(["action"], inputs)[0]


@pytest.mark.parametrize("convert", [in_float16, in_int8])
@pytest.mark.parametrize("name", ["connect_four", "breakthrough_6x6", "othello_6x6"])
def test_it_plays_the_same_in_smaller_numbers(tmp_path: Path, name: str, convert):
    agent = load_agent(name)
    path = export(agent, "onnx", tmp_path / "bot.onnx")
    states = reachable(agent.game, 600).states
    exact, act = session_of(path), convert(path, tmp_path)
    for goal in ("win", "lose", agent.goals[-1]):
        inputs = inputs_of(agent.game, states, goal)
        (actions,) = exact.run(["action"], inputs)
        assert (act(inputs) == actions).mean() >= SAME_MOVES


@pytest.mark.parametrize(("name", "opset"), CASES)
def test_every_game_in_every_opset(tmp_path: Path, name: str, opset: int):
    agent = agent_for(name)
    path = export(agent, "onnx", tmp_path / "bot.onnx", goal="lose", opset=opset)
    assert [file.name for file in tmp_path.iterdir()] == ["bot.onnx"]
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == opset
    said = {entry.key: entry.value for entry in model.metadata_props}
    assert (said["game"], said["goal"]) == (name, "lose")
    assert json.loads(said["goals"]) == list(agent.goals)
    assert json.loads(said["layout"])["shape"] == list(agent.game.observation_shape)
    states, session = random_positions(agent.game, 50, 6), session_of(path)
    for goal in agent.goals:
        (q,) = session.run(["masked_q"], inputs_of(agent.game, states, goal))
        expected = np.empty_like(q)
        wanted = np.full(len(states), agent.game.goal_index(goal))
        network_batch(agent.game.rules, agent.weights, states, wanted, expected)
        np.testing.assert_allclose(q, np.nan_to_num(expected, nan=-1.0), rtol=0, atol=1e-5)


def test_godot_reads_its_action(tmp_path: Path):
    """A port of what the plugin does: argmax from 0.0 over the second axis."""
    agent = load_agent("connect_four")
    session = session_of(export(agent, "onnx", tmp_path / "g.onnx", preset="godot", opset=17))
    assert [i.name for i in session.get_inputs()] == ["obs", "state_ins"]
    assert [o.name for o in session.get_outputs()] == ["output", "state_outs"]
    assert session.get_outputs()[0].shape[1] == 7
    states = random_positions(agent.game, 200, 12)
    parts = inputs_of(agent.game, states, "win")
    flat = np.concatenate([part.reshape(len(states), -1) for part in parts.values()], axis=1)
    kept = np.zeros(len(states), np.float32)
    values, after = session.run(None, {"obs": flat, "state_ins": kept})
    assert (after == kept).all()
    chosen = []
    for row in values:
        best, action = 0.0, 0
        for index, value in enumerate(row):
            if value > best:
                best, action = value, index
        chosen.append(action)
    assert chosen == agent.act_states(states, "win", 0).tolist()


def test_mlagents_signature(tmp_path: Path):
    agent = load_agent("connect_four")
    path = export(agent, "onnx", tmp_path / "m.onnx", preset="mlagents", opset=15)
    session = session_of(path)
    assert [i.name for i in session.get_inputs()] == ["obs_0", "obs_1", "action_masks"]
    states = random_positions(agent.game, 200, 12)
    seen = dict(
        zip(
            ("obs_0", "obs_1", "action_masks"),
            inputs_of(agent.game, states, "win").values(),
            strict=True,
        )
    )
    names = [o.name for o in session.get_outputs()]
    said = dict(zip(names, session.run(None, seen), strict=True))
    assert (said["version_number"].tolist(), said["memory_size"].tolist()) == ([3.0], [0.0])
    assert said["discrete_action_output_shape"].tolist() == [[7.0]]
    assert said["discrete_actions"].shape == (len(states), 1)
    expected = agent.act_states(states, "win", 0)
    np.testing.assert_array_equal(said["deterministic_discrete_actions"][:, 0], expected)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"preset": "unreal"}, "preset must be one of plain"), ({"opset": 9}, "opset must be one of")],
)
def test_wrong_options_are_one_sentence(tmp_path: Path, options: dict, words: str):
    with pytest.raises(ExportError, match=words):
        export("connect_four", "onnx", tmp_path / "x.onnx", **options)
    assert not list(tmp_path.iterdir())
