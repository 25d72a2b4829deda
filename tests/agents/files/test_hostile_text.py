"""Hostile texts through every reader of text: each ends soon, in little memory, in one sentence.

Nesting, numbers and strings that cost more than their length: digits that take a square of time to
convert, exponents without end, quotes that a regular expression might try in every way.
"""

from __future__ import annotations

import io
import json
import time
import zipfile

import pytest

import rlhf_games
from rlhf_agents.errors import UserError
from rlhf_agents.files import literals
from rlhf_agents.files.json_codec import decode_all
from rlhf_agents.files.model_file import read_model
from rlhf_agents.files.untrusted import read_json
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.play.records import read_records
from rlhf_agents.play.saved_games import load_session
from rlhf_agents.training.train import TrainingConfig, prepare
from rlhf_games.base import GameError
from tests.agents.files.fuzz import peak_of

MOST_SECONDS = 5.0
MOST_BYTES = 500 * 1024 * 1024
N = 100_000

JSON = {
    "nested lists": "[" * N + "]" * N,
    "nested dicts": '{"a":' * N + "1" + "}" * N,
    "never closed": "[" * N,
    "digits": "9" * N,
    "many digits": "[" + ",".join(["9" * 4000] * 200) + "]",
    "a float without end": "1e999999",
    "a tiny float": "1e-" + "9" * N,
    "a float of many digits": "0." + "1" * N,
    "an exponent of many digits": "1e" + "9" * N,
    "escapes": '"' + "\\u0041" * N + '"',
    "lone surrogates": '"' + "\\ud800" * N + '"',
    "backslashes": '"' + "\\\\" * N,
    "quotes": '"' * N,
    "the same key": "{" + ",".join(['"a": 1'] * N) + "}",
    "constants": "[NaN, Infinity, -Infinity]",
    "blanks": " " * N + "1",
    "commas": "[" + "," * N + "]",
    "no text": "\x00" * N,
}
ARRAYS = {
    "a huge shape": {"dtype": "float32", "shape": [10**9, 10**9], "data": ""},
    "many axes": {"dtype": "float32", "shape": [1] * 1000, "data": "AAAAAA=="},
    "an odd type": {"dtype": "M8[" + "9" * 1000 + "s]", "shape": [1], "data": ""},
    "a long type": {"dtype": "," * 10_000, "shape": [1], "data": ""},
}
SGF = {
    "nested": "(" * N + ")" * N,
    "nested with nodes": "(;B[aa]" * N + ")" * N,
    "never closed": "(;GM[4]C[" + "\\" * N,
    "nodes": "(" + ";" * N + ")",
    "letters": "(;" + "A" * N + "[aa])",
    "values": "(;GM" + "[4]" * N + ")",
    "moves": "(;GM[4]" + ";B[aa]" * N + ")",
    "digits": "(;GM[" + "4" * N + "]SZ[" + "9" * N + "])",
    "blanks": "(;GM" + " " * N + "[4])",
    "escaped brackets": "(;C[" + "\\]" * N,
}
PGN = {
    "tags": '[Event "x"]\n' * N,
    "a long tag": "[Event " + " " * N + '"x"',
    "escapes in a tag": '[Event "' + '\\"' * N,
    "half of a tag": "[" * N,
    "comments": '[Event "x"]\n\n' + "{" * N,
    "variations": '[Event "x"]\n\n' + "(" * N,
    "numbers": '[Event "x"]\n\n' + "1" * N + ". d1",
    "numbers in a row": '[Event "x"]\n\n' + "1." * N,
    "moves": '[Event "x"]\n\n' + "d1 " * N,
    "results": '[Event "x"]\n\n' + "1-0 " * (N // 4),  # each is a game of its own
    "signs": '[Event "x"]\n\n' + "$" * N + "!" * N + "?" * N,
}
LITERALS = {
    "nested": "[" * N + "]" * N,
    "digits": "9" * N,
    "a power": "9**9**9",
    "minus": "-" * N + "1",
    "sums": "1+" * N + "1",
    "a call": "dict(" * 1000 + ")" * 1000,
    "quotes": "'" * N,
    "underscores": "1_" * N,
}


def bounded(read, *known):
    """Call a reader, which may refuse in its own words."""
    begin = time.thread_time()

    def refused():
        try:
            read()
        except (UserError, GameError, *known) as error:
            assert len(str(error)) < 2000  # noqa: PT017 - reading it is right, too

    assert peak_of(refused) < MOST_BYTES
    assert time.thread_time() - begin < MOST_SECONDS


def each(texts):
    return pytest.mark.parametrize("text", texts.values(), ids=texts)


@each(JSON)
def test_json(text):
    bounded(lambda: decode_all(read_json(text.encode())), ValueError, KeyError, TypeError)


@each(ARRAYS)
def test_arrays_in_json(text):
    bounded(lambda: decode_all({"array": text}), ValueError, KeyError, TypeError, AttributeError)


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """Of a file of every kind: what its zip holds."""
    path = tmp_path_factory.mktemp("healthy") / "model.zip"
    HFDQN("MlpPolicy", "CartPole-v1", buffer_size=10, policy_kwargs={"net_arch": [4]}).save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_manifest(members, text):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, text if name.endswith("manifest.json") else content)
    return stream.getvalue()


@each(JSON)
def test_the_manifest_of_a_model(members, text, tmp_path):
    path = tmp_path / "model.zip"
    path.write_bytes(with_manifest(members, text))
    bounded(lambda: read_model(path))
    bounded(lambda: HFDQN.load(path))
    bounded(lambda: prepare(TrainingConfig("", resume=path, out=path)))


@each(JSON)
@pytest.mark.parametrize("place", ["data", "run", "goal", "normalization"])
def test_a_part_of_the_manifest(members, text, place, tmp_path):
    """The hostile part stands where a healthy manifest has another."""
    (name,) = (name for name in members if name.endswith("manifest.json"))
    healthy = json.loads(members[name])
    healthy[place] = "HERE"
    path = tmp_path / "model.zip"
    path.write_bytes(with_manifest(members, json.dumps(healthy).replace('"HERE"', text)))
    bounded(lambda: HFDQN.load(path))
    bounded(lambda: prepare(TrainingConfig("", resume=path, out=path)))


@pytest.mark.parametrize("name", ["connect_four", "othello_6x6"])
@each({**SGF, **PGN, **JSON})
def test_records(text, name, tmp_path):
    game = rlhf_games.make(name)
    for ending in ("sgf", "pgn", "json"):
        path = tmp_path / f"game.{ending}"
        path.write_text(text, encoding="utf-8", errors="replace")
        bounded(lambda path=path: read_records(path, game))
        bounded(lambda path=path: load_session(path, game))


@each(LITERALS)
def test_values_on_a_command_line(text):
    bounded(lambda: literals.value(text))
    bounded(lambda: literals.pairs([f"key={text}"]))
