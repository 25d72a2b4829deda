"""Runs that say what cannot be: refused, or left out, before anything of them is used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.model_file import REPLAY, RUN, read_model, write_model
from rlhf_agents.training.train import TrainingConfig, prepare, train
from tests.agents.training.killing import GAME
from tests.agents.training.test_resuming import world


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("finished") / "walk.zip"
    train(replace(world("Walk"), out=path))
    return path


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    path = tmp_path_factory.mktemp("played") / "game.zip"
    train(replace(GAME, steps=160, out=path))
    return path


def few(array):
    return array[:1]


def none(array):
    return array[:0]


def floats(array):
    return array.astype(np.float64)


def lifted(array):
    return array[None]


def hundreds(array):
    return np.full_like(array, 100)


RUN_CHANGES = [
    ("walk", "random.numpy", few),
    ("walk", "seen.", floats),
    ("walk", "seen.", lifted),
    ("walk", "env.0.actions", floats),
    ("walk", "env.0.actions", lambda actions: np.ones(10**4, np.int64)),
    ("walk", "env.watched.returns", none),
    ("walk", "seen.", None),
    ("game", "seen.action_mask", None),
    ("game", "seen.observation", np.ones_like),
    ("game", "env.goals", hundreds),
    ("game", "env.learner", floats),
    ("game", "opening_plies", floats),
    ("game", "proofs.value", lifted),
]
REPLAY_CHANGES = [
    ("walk", "buffer.actions", hundreds),
    ("walk", "buffer.rewards", lambda rewards: np.full_like(rewards, np.nan)),
    ("walk", "buffer.observations", floats),
    ("walk", "buffer.dones", hundreds),
    ("walk", "buffer.numbers", hundreds),
    ("game", "buffer.episode_length", hundreds),
    ("game", "buffer.achieved", few),
    ("game", "pool.states", none),
    ("game", "pool.known", floats),
    ("game", "pool.next", lifted),
]


def changed(path, group, name, change, to):
    """Write the file with one array of a group changed, or without it."""
    file = read_model(path, ("policy", "optimizer", RUN, REPLAY))
    groups = {key: dict(arrays) for key, arrays in file.arrays.items()}
    array = groups[group].pop(name)
    if change is not None:
        groups[group][name] = change(array)
    write_model(to, file.manifest, groups)


@pytest.mark.parametrize(("which", "name", "change"), RUN_CHANGES)
def test_impossible_runs_are_refused(finished, played, tmp_path, which, name, change):
    path = tmp_path / "damaged.zip"
    changed(finished if which == "walk" else played, RUN, name, change, path)
    with pytest.raises(ModelFileError, match=r"damaged.zip does not describe a training run"):
        prepare(TrainingConfig("", steps=300, out=path, resume=path, quiet=True))


@pytest.mark.parametrize(("which", "name", "change"), REPLAY_CHANGES)
def test_impossible_replay_is_left_out(finished, played, tmp_path, capsys, which, name, change):
    path = tmp_path / "damaged.zip"
    changed(finished if which == "walk" else played, REPLAY, name, change, path)
    model, _ = prepare(TrainingConfig("", steps=300, out=path, resume=path, quiet=True))
    assert "its replay does not fit" in capsys.readouterr().err
    assert model._replay_needed > 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("x", "its run is 'x'"),
        ([1], "its run is"),
        ({"world": 3}, "its environment is 3"),
        ({"n_envs": 10**9}, "n_envs is"),
        ({"seed": -1}, "seed is -1"),
        ({"counters": "x"}, "counters cannot be"),
        ({"episodes": None}, "episodes cannot be"),
        ({"world": "no_such_env"}, "cannot be resumed"),
    ],
)
def test_facts_of_the_wrong_kind_are_refused(finished, tmp_path, change, said):
    file = read_model(finished, ("policy", "optimizer", RUN, REPLAY))
    run = {**file.manifest["run"], **change} if isinstance(change, dict) else change
    path = tmp_path / "damaged.zip"
    write_model(path, {**file.manifest, "run": run}, file.arrays)
    with pytest.raises(ModelFileError, match=said):
        prepare(TrainingConfig("", steps=300, out=path, resume=path, quiet=True))


@pytest.mark.parametrize(("place", "value"), [(0, 625), (0, -1), (0, "x"), (1, 2), (2, "x")])
def test_generators_have_no_such_place(finished, tmp_path, place, value):
    file = read_model(finished, ("policy", "optimizer", RUN, REPLAY))
    file.manifest["run"]["random"]["numpy"][place] = value
    path = tmp_path / "damaged.zip"
    write_model(path, file.manifest, file.arrays)
    with pytest.raises(ModelFileError, match="numpy"):
        prepare(TrainingConfig("", steps=300, out=path, resume=path, quiet=True))


def test_replay_beyond_what_the_model_needs_is_not_unpacked(finished, tmp_path, capsys):
    path = tmp_path / "bomb.zip"
    changed(finished, REPLAY, "buffer.rewards", lambda _: np.zeros(30_000_000, np.float32), path)
    assert path.stat().st_size < 10**6
    prepare(TrainingConfig("", steps=300, out=path, resume=path, quiet=True))
    assert "bytes, more than" in capsys.readouterr().err
