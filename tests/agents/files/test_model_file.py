"""Model files: no code in them ever runs, and every kind of damage has its sentence."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import zipfile
from unittest import mock

import cloudpickle
import numpy as np
import pytest

from rlhf_agents.errors import ModelFileError, OutputError
from rlhf_agents.files.model_file import (
    MANIFEST,
    model_bytes,
    read_model,
    write_model,
)
from rlhf_agents.hfdqn import HFDQN

ARRAYS = {"policy": {"a": np.arange(6, dtype=np.float32).reshape(2, 3)}}


class Canary:
    """Unpickling it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def rewrite(path, **changes):
    """Replace members of a zip; None removes."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members.update(changes)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.zip"
    write_model(path, {"game": "tic_tac_toe"}, ARRAYS)
    return path


def test_what_is_written_is_read(path):
    file = read_model(path)
    assert file.manifest["game"] == "tic_tac_toe"
    np.testing.assert_array_equal(file.arrays["policy"]["a"], ARRAYS["policy"]["a"])


def test_a_crafted_zip_never_runs_its_pickles(path, tmp_path):
    canary = tmp_path / "canary"
    poison = cloudpickle.dumps(Canary(canary))
    data = {"policy_class": {":type:": "x", ":serialized:": base64.b64encode(poison).decode()}}
    members = {
        "data": json.dumps(data).encode(),
        "policy.pth": poison,
        "pytorch_variables.pth": poison,
        "rlhf/extra.pkl": poison,
    }
    rewrite(path, **members)
    with mock.patch.object(pickle, "Unpickler", side_effect=AssertionError("unpickled")):
        read_model(path)
        with pytest.raises(ModelFileError):
            HFDQN.load(path)
    assert not canary.exists()
    pickle.loads(poison).close()  # the canary does sing when somebody unpickles it
    assert canary.exists()


def test_missing(tmp_path):
    with pytest.raises(ModelFileError, match="there is no model file"):
        read_model(tmp_path / "nowhere.zip")


def test_not_a_zip(tmp_path):
    path = tmp_path / "model.zip"
    path.write_text("hello")
    with pytest.raises(ModelFileError, match="not a zip file or is damaged"):
        read_model(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelFileError, match="damaged"):
        read_model(path)


def test_a_foreign_zip(tmp_path):
    path = tmp_path / "sb3.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", "{}")
    with pytest.raises(ModelFileError, match="not saved by rlhf_agents"):
        read_model(path)


def test_a_newer_format(path):
    manifest = json.dumps({"format_version": 99, "members": {}})
    rewrite(path, **{MANIFEST: manifest})
    with pytest.raises(ModelFileError, match=r"format 99.*upgrade"):
        read_model(path)


@pytest.mark.parametrize(
    "manifest",
    ["not json", "[]", "{}", '{"format_version": "x"}', '{"format_version": 1, "members": 5}'],
)
def test_a_damaged_manifest(path, manifest):
    rewrite(path, **{MANIFEST: manifest})
    with pytest.raises(ModelFileError, match="damaged"):
        read_model(path)


def test_a_changed_member_fails_its_digest(path):
    name = "rlhf/policy.safetensors"
    with zipfile.ZipFile(path) as archive:
        blob = bytearray(archive.read(name))
    blob[-1] ^= 1
    rewrite(path, **{name: bytes(blob)})
    with pytest.raises(ModelFileError, match="digest"):
        read_model(path)


def test_a_missing_member(path):
    rewrite(path, **{"rlhf/policy.safetensors": None})
    with pytest.raises(ModelFileError, match="is missing"):
        read_model(path)


def test_a_zip_bomb_is_refused_unread(path):
    """The manifest's own size claims limit what is read."""
    name = "rlhf/policy.safetensors"
    with zipfile.ZipFile(path) as archive:
        members = {key: archive.read(key) for key in archive.namelist()}
    members[name] = bytes(50_000_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, content in members.items():
            archive.writestr(key, content)
    assert path.stat().st_size < 100_000
    with pytest.raises(ModelFileError, match="refused"):
        read_model(path)


def test_another_game(path):
    with pytest.raises(ModelFileError, match="trained for tic_tac_toe, not for connect_four"):
        read_model(path).require_game("connect_four")


def test_an_unwritable_path(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        write_model(tmp_path / "no" / "model.zip", {}, ARRAYS)


def test_a_failed_write_leaves_the_old_file(path):
    before = path.read_bytes()
    with (
        mock.patch("os.replace", side_effect=OSError("disk full")),
        pytest.raises(OutputError, match="disk full"),
    ):
        write_model(path, {}, ARRAYS)
    assert path.read_bytes() == before


def test_members_are_added_to_a_foreign_zip(tmp_path):
    base = io.BytesIO()
    with zipfile.ZipFile(base, "w") as archive:
        archive.writestr("data", "{}")
    content = model_bytes({"game": "x"}, ARRAYS, base.getvalue())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {"data", MANIFEST} <= set(archive.namelist())


def test_groups_that_nobody_asked_for_are_not_read(path):
    write_model(path, {}, {**ARRAYS, "replay": {"x": np.arange(4)}})
    assert set(read_model(path).arrays) == {"policy"}
    assert read_model(path, ["replay"]).arrays["replay"]["x"].tolist() == [0, 1, 2, 3]
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read(MANIFEST))
    manifest["members"]["rlhf/replay.safetensors"]["sha256"] = "0"
    rewrite(path, **{MANIFEST: json.dumps(manifest).encode()})
    read_model(path)
    with pytest.raises(ModelFileError, match=r"replay.*digest"):
        read_model(path, ["replay"])


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(path, monkeypatch):
    before = path.read_bytes()
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, mock.Mock(side_effect=OSError(28, "No space left on device")))
            with pytest.raises(OutputError, match=r"cannot write .*: No space left on device"):
                write_model(path, {"game": "other"}, ARRAYS)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_file_is_on_the_disk_before_it_is_moved(path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *a, name=name, real=real: (calls.append(name), real(*a))[1]
        )
    write_model(path, {}, ARRAYS)
    assert calls[:2] == ["fsync", "replace"]
