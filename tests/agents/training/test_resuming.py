"""A run that goes on from any of its checkpoints ends bit for bit where it would have ended."""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
from stable_baselines3 import DQN, HerReplayBuffer

from rlhf_agents.envs.resumable_env import ResumableEnv
from rlhf_agents.errors import EnvironmentFailureError, ModelFileError, OutputError, SettingError
from rlhf_agents.files.model_file import REPLAY, RUN, read_model, write_model
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.players.agent import load_agent
from rlhf_agents.settings import ModelForesight, Parallel
from rlhf_agents.training import run, run_state
from rlhf_agents.training.train import TrainingConfig, train
from tests.agents.envs import small_envs
from tests.agents.training.killing import BITS, GAME
from tests.agents.training.same_files import arrays_in, differences

SMALL = {"net_arch": [8]}
WALK = {"learning_starts": 30, "batch_size": 8, "buffer_size": 100, "policy_kwargs": SMALL}


def world(name, n_envs=1, **settings):
    settings = {**WALK, "train_freq": 3, **settings}
    return TrainingConfig(
        f"{small_envs.PREFIX}{name}-v0",
        steps=240,
        n_envs=n_envs,
        checkpoint_steps=50,
        quiet=True,
        settings=settings,
    )


PLANS = {
    "a game": replace(GAME, steps=480, checkpoint_steps=96),
    "a game with helpers": replace(GAME, steps=480, checkpoint_steps=96, workers=2),
    "observations without goals": world("Walk"),
    "a full ring and n steps": world("Walk", 2, n_steps=3, buffer_size=60),
    "by episodes": world("Walk", train_freq=(2, "episode"), exploration_fraction=0.9),
    "masks": world("MaskedWalk", 2),
    "hindsight": world("Bits"),
    "a world of an adapter": replace(world("Walk", 2), game="gymnasium:CartPole-v1"),
    "hindsight, priorities, n steps": replace(
        BITS, steps=240, checkpoint_steps=50, settings={**BITS.settings, "n_steps": 3}
    ),
    "a world that is remembered and planned in": world("Bits", 2, foresight=True),
    "a world that is predicted": world("Bits", foresight=ModelForesight(model="network")),
    "side by side": world("Walk", 3, parallel=True),
    "side by side, masks": world("MaskedWalk", 2, parallel=True),
    "planes side by side": TrainingConfig(
        "minatar:breakout",
        steps=1600,
        n_envs=8,
        checkpoint_steps=300,
        quiet=True,
        settings={"train_freq": 8, "parallel": Parallel(epochs=1)},
    ),
    "goals side by side": TrainingConfig(
        "minatar:breakout",
        goal="mixed",
        steps=1600,
        n_envs=8,
        checkpoint_steps=300,
        quiet=True,
        settings={"train_freq": 8, "parallel": {"epochs": 1}},
        options={"max_steps": 30},
    ),
    "SB3's HER": world("Bits", 2, replay_buffer_class=HerReplayBuffer),
}


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Copies of all that a run writes."""
    copies = []
    write = run.write_to

    def write_and_copy(path, content):
        write(path, content)
        copies.append(tmp_path / f"checkpoint{len(copies)}.zip")
        shutil.copy(path, copies[-1])

    monkeypatch.setattr(run, "write_to", write_and_copy)
    return copies


@pytest.mark.parametrize("name", PLANS)
def test_every_checkpoint_leads_to_the_same_end(tmp_path, kept, name):
    plan = PLANS[name]
    whole = tmp_path / "whole.zip"
    train(replace(plan, out=whole, seed=5))
    first, middle, *_, end = kept
    assert len(kept) >= 4
    assert differences(middle, end)
    assert arrays_in(end) > 25
    for number, checkpoint in enumerate((first, middle)):
        out = tmp_path / f"resumed{number}.zip"
        train(TrainingConfig("", out=out, resume=checkpoint, quiet=True))
        assert differences(whole, out) == []


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("finished") / "walk.zip"
    train(replace(world("Walk"), out=path))
    return path


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_the_run_goes_on_later(tmp_path, finished, monkeypatch, capfd, kind):
    out = tmp_path / "stopped.zip"
    step = ResumableEnv.step
    seen = []

    def step_and_signal(self, action):
        seen.append(action)
        if len(seen) == 100:
            signal.raise_signal(kind)
        return step(self, action)

    monkeypatch.setattr(ResumableEnv, "step", step_and_signal)
    before = signal.getsignal(kind)
    model, interrupted = train(replace(world("Walk"), out=out))
    assert signal.getsignal(kind) == before
    assert interrupted
    assert 100 <= model.num_timesteps <= 103
    assert ("Ctrl-C again" in capfd.readouterr().err) == (kind == signal.SIGINT)
    model, interrupted = train(TrainingConfig("", out=out, resume=out, quiet=True))
    assert not interrupted
    assert differences(finished, out) == []


def test_a_second_ctrl_c_does_not_wait(tmp_path, monkeypatch, capsys):
    def hang(self, action):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ResumableEnv, "step", hang)
    with pytest.raises(KeyboardInterrupt):
        train(replace(world("Walk"), out=tmp_path / "a.zip"))
    assert "stopped in the middle of a step" in capsys.readouterr().err


def test_nothing_is_left_to_do(finished, tmp_path, capsys):
    content = finished.read_bytes()
    model, interrupted = train(TrainingConfig("", out=finished, resume=finished, quiet=True))
    assert (model.num_timesteps, interrupted) == (240, False)
    assert finished.read_bytes() == content
    assert "all 240 steps are done" in capsys.readouterr().err
    copy, small = tmp_path / "copy.zip", tmp_path / "small.zip"
    train(TrainingConfig("", out=copy, resume=finished, quiet=True))
    assert copy.read_bytes() == content
    train(TrainingConfig("", out=small, resume=finished, quiet=True, compact=True))
    assert read_model(small).manifest["notes"] == read_model(finished).manifest["notes"]
    assert HFDQN.load(small).num_timesteps == 240
    more = tmp_path / "more.zip"
    model, _ = train(TrainingConfig("", steps=300, out=more, resume=finished, quiet=True))
    assert model.num_timesteps == 300


def test_files_without_replay_fill_it_anew(tmp_path, capsys):
    out = tmp_path / "small.zip"
    plan = replace(world("Bits"), out=out, keep_replay=False)
    train(replace(plan, steps=100))
    assert REPLAY not in read_model(out, (REPLAY,)).arrays
    model, _ = train(replace(plan, resume=out, settings={}))
    assert "it holds no replay: it starts empty" in capsys.readouterr().err
    assert model.replay_buffer.size() == 100  # all of it, in 140 steps
    assert model._replay_needed == 30


def test_a_trusted_file_of_sb3_goes_on(tmp_path, capsys):
    out = tmp_path / "sb3.zip"
    options = {"policy_kwargs": {"net_arch": [8]}, "learning_starts": 20, "buffer_size": 100}
    DQN("MlpPolicy", "CartPole-v1", learning_rate=lambda left: 1e-3 * left, **options).save(out)
    ours = tmp_path / "ours.zip"
    plan = TrainingConfig("CartPole-v1", steps=64, out=ours, resume=out, quiet=True)
    with pytest.raises(ModelFileError, match="--trust"):
        train(plan)
    assert train(replace(plan, trust=True))[0].num_timesteps == 64
    assert "it has no state of the run" in capsys.readouterr().err


def test_another_number_of_environments_begins_new_episodes(finished, tmp_path, capsys):
    plan = TrainingConfig(
        "", steps=300, n_envs=2, out=tmp_path / "two.zip", resume=finished, quiet=True
    )
    model, _ = train(plan)
    assert model.num_timesteps == 300
    err = capsys.readouterr().err
    assert "its replay does not fit" in err
    assert "new episodes begin" in err


def test_another_seed_takes_other_turns(finished, tmp_path, capsys):
    outs = [tmp_path / name for name in ("a.zip", "b.zip", "c.zip")]
    for out, seed in zip(outs, (1, 1, 2), strict=True):
        train(TrainingConfig("", steps=300, seed=seed, out=out, resume=finished, quiet=True))
    assert "new random numbers and episodes begin" in capsys.readouterr().err
    assert differences(outs[0], outs[1]) == []
    assert differences(outs[0], outs[2])


def test_worlds_that_are_no_function_of_seed_and_actions_begin_new_episodes(tmp_path, capsys):
    out = tmp_path / "memory.zip"
    train(replace(world("Memory"), out=out, steps=100))
    model, _ = train(TrainingConfig("", steps=150, out=out, resume=out, quiet=True))
    assert "new episodes begin" in capsys.readouterr().err
    assert model.num_timesteps == 150


def test_models_saved_by_a_script_can_be_resumed(tmp_path, capsys):
    path = tmp_path / "script.zip"
    HFDQN("MlpPolicy", small_envs.Walk(), **WALK).learn(50).save(path)
    plan = TrainingConfig("RlhfTestWalk-v0", steps=100, out=path, resume=path, quiet=True)
    assert train(plan)[0].num_timesteps == 100
    assert "it has no state of the run" in capsys.readouterr().err
    HFDQN("MlpPolicy", small_envs.Walk(), **WALK).save(path)
    with pytest.raises(SettingError, match="does not say which environment"):
        train(replace(plan, game=""))
    with pytest.raises(ModelFileError, match="does not fit gymnasium:CartPole-v1"):
        train(replace(plan, game="CartPole-v1"))


def test_a_file_of_another_world_is_refused(finished):
    with pytest.raises(ModelFileError, match=r"for .*RlhfTestWalk-v0, not for .*CartPole-v1"):
        train(TrainingConfig("CartPole-v1", out=finished, resume=finished))
    with pytest.raises(ModelFileError, match=r"for .*RlhfTestWalk-v0, not for tic_tac_toe"):
        train(TrainingConfig("tic_tac_toe", out=finished, resume=finished))


def test_a_damaged_state_is_named(finished, tmp_path):
    file = read_model(finished, ("policy", "optimizer", RUN, REPLAY))
    for change in ({"random.torch": np.zeros(3, np.uint8)}, {"random.python": np.zeros(2)}):
        arrays = {**file.arrays, RUN: {**file.arrays[RUN], **change}}
        path = tmp_path / "damaged.zip"
        write_model(path, file.manifest, arrays)
        with pytest.raises(ModelFileError, match="does not describe a training run"):
            train(TrainingConfig("", steps=300, out=path, resume=path))


def test_playing_does_not_read_what_training_needs(tmp_path):
    path = tmp_path / "game.zip"
    train(replace(GAME, steps=160, out=path))
    content = path.read_bytes()
    arrays = read_model(path, (RUN, REPLAY)).arrays
    assert {"pool.states", "lesson.states", "buffer.states"} - set(arrays[REPLAY]) <= {
        "lesson.states"  # only while a run is under way
    }
    place = content.index(b"rlhf/replay.safetensors") + 200
    path.write_bytes(content[:place] + bytes(50) + content[place + 50 :])
    with pytest.raises(ModelFileError, match="damaged"):
        read_model(path, (RUN, REPLAY))
    assert load_agent(path).act_states(np.zeros((1, 2), np.uint64), "win", 5) >= 0
    assert HFDQN.load(path).num_timesteps == 160


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Hole", r"raised ZeroDivisionError: the walk fell into a hole"),
        ("NoReward", r"its reward is nan"),
        ("NoPlace", r"its last observation at \[0\] is inf"),
    ],
)
@pytest.mark.parametrize("n_envs", [1, 2])
def test_a_world_that_fails_is_named_and_costs_nothing(tmp_path, name, said, n_envs):
    out = tmp_path / "failing.zip"
    plan = replace(world(name, n_envs), out=out)
    place = r"\(environment [01], reset\(seed=\d+\), step 4\)"
    with pytest.raises(EnvironmentFailureError, match=rf"{said} {place}; .*failing.zip") as failed:
        train(plan)
    assert "\n" not in str(failed.value)
    steps = HFDQN.load(out).num_timesteps
    assert steps > 0
    seed = int(str(failed.value).partition("seed=")[2].partition(")")[0])
    assert 0 <= seed < 2**31
    with pytest.raises(EnvironmentFailureError):  # it goes on, until the hole after this one
        train(TrainingConfig("", out=out, resume=out, quiet=True))
    assert HFDQN.load(out).num_timesteps > steps


def test_a_full_disk_does_not_end_a_run(tmp_path, monkeypatch, capsys):
    write, calls = run.write_to, []

    def full_at_first(path, content):
        calls.append(path)
        if len(calls) == 1:
            msg = "cannot write it: No space left on device"
            raise OutputError(msg)
        write(path, content)

    monkeypatch.setattr(run, "write_to", full_at_first)
    train(replace(world("Walk"), out=tmp_path / "a.zip"))
    assert "No space left on device; training continues" in capsys.readouterr().err
    assert len(calls) == 5


def test_replay_that_is_too_large_is_left_out_and_named_once(tmp_path, monkeypatch, capsys):
    out = tmp_path / "a.zip"
    monkeypatch.setattr(run_state, "MAX_MEMBER_BYTES", 100)
    train(replace(world("Walk"), out=out))
    assert REPLAY not in read_model(out, (REPLAY,)).arrays
    assert capsys.readouterr().err.count("the replay buffer is not in") == 1


def test_a_file_says_nothing_that_is_not_asked_for(finished, tmp_path):
    file = read_model(finished, ("policy", "optimizer", RUN, REPLAY))
    for change, error, said in (
        ({"world": "gymnasium:antigravity:Fly-v0"}, SettingError, "if you trust the file"),
        ({"steps": "many"}, ModelFileError, "steps is 'many'"),
        ({"options": [1]}, ModelFileError, r"options is \[1\]"),
        ({"counters": {}}, ModelFileError, "does not describe a training run"),
        ({"random": None}, ModelFileError, "does not describe a training run"),
    ):
        path = tmp_path / "crafted.zip"
        manifest = {**file.manifest, "run": {**file.manifest["run"], **change}}
        write_model(path, manifest, file.arrays)
        with pytest.raises(error, match=said):
            train(TrainingConfig("", out=path, resume=path))
