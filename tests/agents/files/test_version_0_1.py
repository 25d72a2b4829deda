"""Files that version 0.1 wrote still load, by both readers, and its runs go on."""

from __future__ import annotations

import base64
import importlib
import json
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from stable_baselines3.common.envs import BitFlippingEnv

from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
from rlhf_agents.dqn.replay.masked_buffer import MaskedReplayBuffer
from rlhf_agents.files.model_file import read_model
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.moved import MODULES, NAMES
from rlhf_agents.players.agent import load_agent
from rlhf_agents.settings import Priorities
from rlhf_agents.training.train import TrainingConfig, train

FOLDER = Path(__file__).parent / "version_0_1"
BUFFERS = {"hindsight": HindsightReplayBuffer, "masked": MaskedReplayBuffer}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("trust", [False, True], ids=["our reader", "SB3's reader"])
@pytest.mark.parametrize("name", ["hindsight", "masked", "run"])
def test_models_load(name, trust):
    model = HFDQN.load(FOLDER / f"{name}.zip", trust=trust)
    assert model.num_timesteps == (600 if name == "run" else 100)
    if name == "run":
        assert model.game.name == "tic_tac_toe"
        assert load_agent(FOLDER / "run.zip").act_states(np.zeros((1, 2), np.uint64), "win", 5) >= 0
    else:
        assert type(model.replay_buffer) is BUFFERS[name]
    stored = read_model(FOLDER / f"{name}.zip").arrays["policy"]
    for key, tensor in model.policy.state_dict().items():
        if key in stored:
            np.testing.assert_array_equal(tensor.numpy(), stored[key])


def test_models_go_on_learning():
    env = BitFlippingEnv(4)
    model = HFDQN.load(FOLDER / "hindsight.zip", env=env)
    model.learn(100, reset_num_timesteps=False)
    assert model.num_timesteps == 200


def test_runs_go_on(tmp_path, capsys):
    out = tmp_path / "more.zip"
    plan = TrainingConfig("", steps=900, out=out, resume=FOLDER / "run.zip", quiet=True)
    model, interrupted = train(plan)
    assert (model.num_timesteps >= 900, interrupted) == (True, False)
    assert model.replay_buffer.pos * 4 >= 900  # the replay of version 0.1 is in it
    assert "resuming" not in capsys.readouterr().err  # nothing had to begin anew


def test_every_name_inside_the_files_is_forwarded():
    named = set()
    for path in FOLDER.glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            data = json.loads(archive.read("data"))
        for value in data.values():
            if isinstance(value, dict) and ":serialized:" in value:
                content = base64.b64decode(value[":serialized:"])
                named |= {word.decode() for word in re.findall(rb"rlhf_[a-z_.]+", content)}
    assert {"rlhf_agents.networks", "rlhf_agents.hindsight_buffer"} <= named
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for module in named:
            importlib.import_module(module)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_modules_forward_to_new_ones():
    for old, new in MODULES.items():
        assert importlib.import_module(old) is not importlib.import_module(new)
    boards = importlib.import_module("rlhf_agents.viewer.rooms.base")
    assert boards.Room is importlib.import_module(MODULES["rlhf_agents.viewer.rooms.base"]).Board
    assert NAMES["Room"] == "Board"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_replay_buffer_comes_back():
    model = HFDQN.load(FOLDER / "hindsight.zip", env=BitFlippingEnv(4))
    model.load_replay_buffer(FOLDER / "hindsight_buffer.pkl")
    buffer = model.replay_buffer
    assert type(buffer) is HindsightReplayBuffer
    assert buffer.size() == 40
    assert buffer.store.priorities == Priorities()
    batch = buffer.sample(16)
    assert batch.observations["observation"].shape == (16, 4)
    assert {0.0, -1.0} >= set(batch.rewards.flatten().tolist())
