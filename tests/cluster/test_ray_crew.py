"""A run on a cluster ends as it ends in threads, whatever happens to the cluster meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rlhf_agents.errors import SettingError
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.training.train import train
from tests.agents.selfplay.test_crew import learnt, new_model
from tests.agents.training.killing import GAME
from tests.agents.training.same_files import differences
from tests.cluster.conftest import Nodes, start_cluster

pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")

from rlhf_agents.selfplay import ray_crew  # noqa: E402 - only where Ray is
from rlhf_agents.selfplay.ray_crew import RayCrew  # noqa: E402 - only where Ray is

WORKERS = 3


@pytest.fixture(scope="module")
def expected():
    return learnt(new_model(WORKERS))


def on_cluster(nodes):
    model = new_model(WORKERS)
    settings = model.foresight, model.hindsight
    crew = RayCrew(model.learner.game, settings, nodes.cluster.address)
    model.learner.use(crew)
    end = time.monotonic() + 60
    while crew._joining and time.monotonic() < end:
        crew._look()
        time.sleep(0.1)
    return model


def when(model, batches, happens):
    """Let something happen before these batches are taken."""
    crew, take = model.learner.crew, model.learner.crew.take

    def take_after(index):
        if index in batches:
            happens()
        return take(index)

    crew.take = take_after


def actors():
    """Return the process ids of helpers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if words.startswith(b"ray::RemoteBuilders"):
            found.append(int(path.parent.name))
    return found


def no_actors_soon():
    end = time.monotonic() + 20
    while actors() and time.monotonic() < end:
        time.sleep(0.2)
    return not actors()


@pytest.mark.parametrize("number", [1, 2])
def test_machines_change_nothing(nodes, expected, number):
    nodes.want(number)
    model = on_cluster(nodes)
    assert learnt(model) == expected
    assert no_actors_soon()


def test_killed_helpers_are_replaced(nodes, expected, monkeypatch, capfd):
    monkeypatch.setattr(ray_crew, "LOOK_SECONDS", 0.5)
    nodes.want(2)
    model = on_cluster(nodes)
    when(model, (3, 6, 9), lambda: [os.kill(pid, signal.SIGKILL) for pid in actors()[:1]])
    assert learnt(model) == expected
    assert "lost the helper" in capfd.readouterr().err


def test_a_killed_machine_costs_nothing_but_time(nodes, expected, capfd):
    nodes.want(2)
    model = on_cluster(nodes)
    when(model, (5,), nodes.kill)
    assert learnt(model) == expected
    assert "lost the helper" in capfd.readouterr().err


def test_without_any_machine_the_run_goes_on_here(nodes, expected, capfd):
    nodes.want(1)
    model = on_cluster(nodes)
    when(model, (5,), nodes.kill)
    assert learnt(model) == expected
    assert "this machine goes on alone" in capfd.readouterr().err


def test_a_machine_that_hangs_is_left(nodes, expected, monkeypatch, capfd):
    monkeypatch.setattr(ray_crew, "SLOW_SECONDS", 2.0)
    nodes.want(2)
    model = on_cluster(nodes)
    when(model, (5,), lambda: os.kill(actors()[0], signal.SIGSTOP))
    assert learnt(model) == expected
    assert "no batch for 2 seconds" in capfd.readouterr().err


def test_another_version_is_refused_in_a_sentence(nodes, monkeypatch):
    nodes.want(1)
    here = ray_crew.facts_here
    monkeypatch.setattr(ray_crew, "facts_here", lambda game: {**here(game), "rlhf-agents": "9.9"})
    with pytest.raises(SettingError, match=r"rlhf-agents there is 0\.\S+, here 9\.9") as refused:
        on_cluster(nodes)
    assert "\n" not in str(refused.value)
    assert no_actors_soon()


def program(nodes, out, *words):
    """Start a run in another process, on the cluster if there are nodes."""
    code = "from rlhf_agents.cli.train import main; raise SystemExit(main())"
    command = [sys.executable, "-c", code, "--quiet", "--no-strength", "--out", str(out), *words]
    command += [] if nodes is None else ["--cluster", nodes.cluster.address]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(path):
    end = time.monotonic() + 120
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert path.exists()


def words_of(plan):
    settings = dict(plan.settings)
    parts = {f"foresight.{name}": each for name, each in settings.pop("foresight").items()}
    features = settings.pop("policy_kwargs")
    hyper = {**settings, **parts, "policy_kwargs": repr(features)}
    return [
        *("--game", plan.game, "--steps", str(plan.steps), "--n-envs", str(plan.n_envs)),
        *("--checkpoint-steps", str(plan.checkpoint_steps), "--workers", str(plan.workers)),
        *("--seed", "5", "--hyper", *(f"{name}={each}" for name, each in hyper.items())),
    ]


def test_a_killed_run_resumes_bit_for_bit(nodes, tmp_path, monkeypatch):
    nodes.want(0)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))  # of a machine that has compiled nothing
    nodes.want(1)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    plan = replace(GAME, steps=4800, checkpoint_steps=320, workers=2, measures_strength=False)
    whole, out = tmp_path / "whole.zip", tmp_path / "game.zip"
    # In a process of its own, as code rounds otherwise in the process that compiles it.
    assert program(None, whole, *words_of(plan)).wait() == 0
    first = program(nodes, out, *words_of(plan))
    wait_for(out)
    first.kill()
    first.communicate()
    assert no_actors_soon()
    second = program(nodes, out, "--resume", str(out), "--checkpoint-steps", "320")
    second.communicate(timeout=300)
    assert second.returncode == 0
    # Ray draws from Python's own generator, which self-play does not use.
    groups = {name.partition("/")[0] for name in differences(whole, out) if "python" not in name}
    assert groups <= {"manifest"}
    nodes.want(0)


def test_ctrl_c_saves_and_leaves_no_helper(nodes, tmp_path):
    nodes.want(1)
    plan = replace(GAME, steps=10**6, checkpoint_steps=320, workers=2, measures_strength=False)
    run = program(nodes, tmp_path / "game.zip", *words_of(plan))
    wait_for(tmp_path / "game.zip")
    run.send_signal(signal.SIGINT)
    assert "saving" in run.communicate(timeout=60)[1]
    assert run.returncode == 0
    assert no_actors_soon()


def test_the_end_of_the_head_is_said_and_the_run_resumes(tmp_path):
    cluster = start_cluster()
    nodes, out = Nodes(cluster), tmp_path / "game.zip"
    nodes.want(1)
    plan = replace(GAME, steps=10**6, checkpoint_steps=320, workers=2, measures_strength=False)
    run = program(nodes, out, *words_of(plan))
    wait_for(out)
    for each in (cluster.head_node, *nodes.running):
        each.kill_all_processes(check_alive=False, allow_graceful=False)
    said = run.communicate(timeout=120)[1]
    assert run.returncode != 0
    assert f"--resume {out} continues from the last checkpoint" in said
    assert no_actors_soon()
    steps = HFDQN.load(out).num_timesteps
    model, _ = train(replace(GAME, steps=steps + 320, resume=out, out=out, settings={}))
    assert model.num_timesteps == steps + 320
