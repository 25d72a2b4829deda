"""`rlhf-train`: options, bad input, other worlds, and a kill of the real program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from rlhf_agents.cli import calibrate, train
from rlhf_agents.evaluation.curves import LearningCurve
from rlhf_agents.files.model_file import read_model
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.players.agent import load_agent
from tests.agents.envs import small_envs  # noqa: F401 - registers worlds
from tests.agents.evaluation.test_calibration import FEW

BAD = [
    ([], "name an environment with --game or --env"),
    (["--env", "CartPol-v1", "--out", "x.zip"], "did you mean CartPole-v1"),
    (["--env", "gymnasum:CartPole-v1", "--out", "x.zip"], "did you mean gymnasium?"),
    (["--env", "CartPole-v1", "--out", "no/x.zip"], "there is no folder no"),
    (["--resume", "nowhere.zip"], "there is no model file nowhere.zip"),
    (["--env", "CartPole-v1", "--out", "x.zip", "--hyper", "gama=1"], "did you mean gamma"),
    (["--env", "CartPole-v1", "--out", "x.zip", "--hyper", "gamma"], "expected KEY=VALUE"),
    (
        ["--env", "CartPole-v1", "--out", "x.zip", "--option", "wheels=3"],
        "cannot be made with wheels=3",
    ),
    (["--env", "CartPole-v1", "--out", "x.zip", "--goal", "up"], "unknown goal 'up'"),
    (
        ["--env", "CartPole-v1", "--out", "x.zip", "--steps", "0"],
        "--steps must be a whole number from 1",
    ),
    (
        ["--env", "CartPole-v1", "--out", "x.zip", "--seed", "-1"],
        "a seed must be a whole number from 0",
    ),
    (["--env", "Pendulum-v1", "--out", "x.zip"], "--option discretize=5"),
    (["--env", "gymnasium:Pendulum-v1", "--out", "x.zip"], "--option discretize=5"),
    (["--env", "gymnasium:CartPole-v2", "--out", "x.zip"], "did you mean CartPole-v1"),
    (["--env", "minigrid", "--out", "x.zip"], "minigrid is a library"),
    (["--env", "CartPole-v1", "--goal", "survive_5O"], "survive_50"),
    (
        ["--env", "CartPole-v1", "--out", "x.zip", "--hyper", "lr=1e-3"],
        "did you mean learning_rate",
    ),
    (["--env", "CartPole-v1", "--out", "x.zip", "--device", "quantum"], "no such device"),
    (["--env", "CartPole-v1", "--otu", "x.zip"], "did you mean --out"),
    (["--env", "CartPole-v1", "--out", "x.zip", "--opponent", "random"], "opponent"),
    (["--env", "CartPole-v1", "--calibrate"], "needs a game with exact rules"),
    (["--env", "CartPole-v1", "--steps", "9", "--minutes", "9"], "not allowed with argument"),
    (["--env", "CartPole-v1", "--steps", "many"], "'many' is not a whole number"),
    (["--env", "CartPole-v1", "--cluster", "auto"], "a cluster helps with games"),
    (["--game", "tic_tac_toe", "--cluster", "auto", "--workers", "1"], "at least 2 workers"),
    (["--game", "tic_tac_toe", "--cluster", "10.0.0.1"], "HOST:PORT"),
]


def main(arguments):
    try:
        return train.main(list(map(str, arguments)))
    except SystemExit as ended:
        return ended.code


@pytest.mark.parametrize(("arguments", "sentence"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_gets_one_sentence(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_mistakes_are_found_before_anything_heavy_is_imported():
    check = "import sys; from rlhf_agents.cli.train import main; code = main(sys.argv[1:]); "
    check += "heavy = {'numba', 'torch'} & set(sys.modules); "
    check += "raise SystemExit(f'{code} {sorted(heavy)}')"
    done = subprocess.run(
        [sys.executable, "-c", check, "--game", "CartPol-v1", "--out", "x.zip"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1] == "2 []"


def test_help_says_what_the_budget_counts(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert "The budget counts all training" in out
    assert "--env" in out


def test_any_world_is_trained_and_goes_on(tmp_path, capsys):
    out = tmp_path / "walk.zip"
    options = ["--env", "RlhfTestWalk-v0", "--out", out, "--steps", 60, "--n-envs", 2]
    hyper = ["--hyper", "learning_starts=10", "policy_kwargs=dict(net_arch=[8])", "train_freq=2"]
    more = ["--option", "masked=True", "--seed", 4, "--checkpoint-steps", 20]
    assert main([*options, *hyper, *more]) == 0
    said, shown = capsys.readouterr()
    assert said.startswith(f"done: {out}, ")
    assert "episodes, 60 steps\n" in said
    assert "play it: rlhf-play --game gymnasium:RlhfTestWalk-v0 --agent" in said
    assert "--option masked=True --watch" in said
    assert "60/60 steps" in shown
    assert "mean return" in shown
    manifest = read_model(out).manifest
    assert manifest["run"]["options"] == {"masked": True}
    assert manifest["run"]["seed"] == 4
    model = HFDQN.load(out)
    assert type(model.replay_buffer).__name__ == "MaskedReplayBuffer"
    assert main(["--resume", out, "--steps", 92, "--quiet"]) == 0
    said, shown = capsys.readouterr()
    assert "92 steps\n" in said
    assert shown == ""
    assert HFDQN.load(out).num_timesteps == 92


def test_a_trained_agent_gets_levels(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(calibrate, "STRENGTHS", FEW)
    monkeypatch.setattr(calibrate, "GAMES", 20)
    out = tmp_path / "toe.zip"
    words = ["--game", "tic_tac_toe", "--out", out, "--steps", 64, "--n-envs", 32, "--seed", 3]
    assert main([*words, "--calibrate"]) == 0
    shown = capsys.readouterr().out
    assert "beginner" in shown
    assert "perfect" in shown
    assert load_agent(out, level=12).strength == FEW[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="needs SIGKILL")
def test_the_program_is_killed_and_resumed(tmp_path, capsys):
    out = tmp_path / "cart.zip"
    code = "from rlhf_agents.cli.train import main; raise SystemExit(main())"
    options = ["--env", "CartPole-v1", "--out", str(out), "--steps", "100000"]
    program = subprocess.Popen(
        [
            sys.executable,
            "-c",
            code,
            *options,
            "--checkpoint-steps",
            "1",
            "--hyper",
            "policy_kwargs=dict(net_arch=[8])",
            "train_freq=8",
            "gradient_steps=1",
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not out.exists() and program.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    program.kill()
    assert program.wait() == -signal.SIGKILL
    steps = HFDQN.load(out).num_timesteps
    assert main(["--resume", out, "--steps", steps + 80]) == 0
    assert "steps" in capsys.readouterr().out
    assert HFDQN.load(out).num_timesteps >= steps + 80


def test_the_learning_curve_is_drawn_and_goes_on(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    words = ["--env", "CartPole-v1", "--out", "pole.zip", "--plot", "pole.png"]
    assert main([*words, "--steps", "3000"]) == 0
    assert (tmp_path / "pole.png").read_bytes().startswith(b"\x89PNG")
    first = LearningCurve.from_csv("pole.csv")
    assert first.measure.startswith("mean return")
    assert main([*words, "--steps", "3000", "--force"]) == 0
    assert LearningCurve.from_csv("pole.csv").values == first.values
    assert main(["--resume", "pole.zip", "--plot", "pole.png", "--steps", "6000"]) == 0
    longer = LearningCurve.from_csv("pole.csv")
    assert longer.values[: len(first)] == first.values
    assert longer.steps[-1] > first.steps[-1]
    (tmp_path / "pole.zip").unlink()
    capsys.readouterr()
    assert main([*words, "--steps", "3000"]) == 2
    assert "pole.png exists" in capsys.readouterr().err
