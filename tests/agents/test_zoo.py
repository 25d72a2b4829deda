"""HFDQN in RL Zoo: the zoo's programs train it and play with it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rlhf_agents import zoo

needs_zoo = pytest.mark.skipif(importlib.util.find_spec("rl_zoo3") is None, reason="needs rl_zoo3")
WITHOUT_ZOO = """
import sys
sys.modules["rl_zoo3"] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "rl_zoo3" else find(name, *rest)
sys.argv = ["zoo", "train"]
from rlhf_agents import zoo
sys.exit(zoo.main())
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # The folder may hold a plug-in; rlhf_agents may be found by pytest's settings only.
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def check(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@needs_zoo
@pytest.mark.slow
def test_train_and_enjoy_need_no_more_than_an_environment(tmp_path):
    program = ["-m", "rlhf_agents.zoo"]
    trained = check(run(tmp_path, *program, "train", "--env", "BitFlip-v0", "-n", "600"))
    assert "hfdqn.yml" in trained
    assert "loss" in trained
    assert (tmp_path / "logs/hfdqn/BitFlip-v0_1/BitFlip-v0.zip").exists()
    enjoy = ["enjoy", "--env", "BitFlip-v0", "--no-render", "-n", "100"]
    assert "Success rate" in check(run(tmp_path, *program, *enjoy))


@needs_zoo
@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line", "options"),
    [
        ("custom_envs", "import rlhf_agents.zoo", ["--algo", "hfdqn"]),
        (
            "plugin",
            "from rlhf_agents import zoo; zoo.register('dqn')",
            ["--algo", "dqn", "--gym-packages", "plugin"],
        ),
    ],
    ids=["as hfdqn", "as dqn"],
)
def test_the_unmodified_zoo_takes_a_plugin_of_one_line(tmp_path, module, line, options):
    (tmp_path / f"{module}.py").write_text(line)
    common = [*options, "--env", "CartPole-v1", "-f", "logs"]
    settings = ["--conf-file", "rlhf_agents.zoo", "-n", "300"]
    check(run(tmp_path, "-m", "rl_zoo3.train", *common, *settings, "--eval-freq", "-1"))
    model = next(tmp_path.glob("logs/*/CartPole-v1_1/CartPole-v1.zip"))
    assert model.parent.parent.name == options[1]
    check(run(tmp_path, "-m", "rl_zoo3.enjoy", *common, "--no-render", "-n", "50"))


@needs_zoo
def test_hyperparameters_name_environments_and_buffers_by_strings():
    hyperparameters = zoo.hyperparams
    assert {"default", "atari", "CartPole-v1", "BitFlip-v0"} <= hyperparameters.keys()
    of_the_zoo = {name for name in hyperparameters if ":" not in name and name != "minatar"}
    assert all("policy" in hyperparameters[name] for name in of_the_zoo)
    assert hyperparameters["BitFlip-v0"]["replay_buffer_class"] == "HerReplayBuffer"


def test_own_options_win_over_the_filled_in_ones():
    options = zoo.with_defaults("train", ["-f", "runs", "--conf-file", "mine.yml"])
    assert options.index("logs") < options.index("runs")
    assert options.index(str(zoo.SETTINGS)) < options.index("mine.yml")
    assert "--conf-file" not in zoo.with_defaults("train", ["--algo", "ppo"])
    assert "--conf-file" not in zoo.with_defaults("enjoy", [])


def test_without_the_zoo_one_sentence_says_what_to_install(tmp_path):
    done = run(tmp_path, "-c", WITHOUT_ZOO)
    assert done.returncode == 2
    assert done.stderr == f"error: {zoo.MISSING}\n"
