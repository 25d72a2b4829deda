"""Some hundred mutated files through every reader: each is read, or refused in one sentence.

None runs code, none takes much memory or time; `fuzz` as a program tries thousands.
"""

from __future__ import annotations

import pytest

from tests.agents.files import fuzz

COUNTS = {"models": 600, "replay": 400, "records": 300, "resume": 160}


@pytest.mark.parametrize("name", COUNTS)
def test_mutated_files(tmp_path, monkeypatch, name):
    folder, canary = tmp_path / "files", tmp_path / "canary"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    poison = b"cposix\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR."
    reader = fuzz.READERS[name](folder)
    for base, content in reader.bases.items():
        reader.read(base, content)  # as it is; this imports and compiles, too
    kept = set(folder.iterdir())
    read, refused, faults = fuzz.try_all(reader, range(COUNTS[name]), poison)
    assert not faults
    assert read.total() + refused.total() == COUNTS[name]
    assert read.total() > COUNTS[name] / 20
    assert refused.total() > COUNTS[name] / 4
    assert not canary.exists()
    assert set(folder.iterdir()) == kept
