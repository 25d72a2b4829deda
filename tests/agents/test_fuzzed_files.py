"""2,000 mutated model files: each loads, or is refused in one sentence; none runs code."""

from __future__ import annotations

import hashlib
import io
import json
import random
import time
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from stable_baselines3.common.envs import BitFlippingEnv

from rlhf_agents import agent
from rlhf_agents.agent import agent_from_file
from rlhf_agents.errors import ModelFileError
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.model_files import MANIFEST, read_model

FILES = 2000
MAX_SECONDS = 20.0
"""For one file: what takes longer hangs, however slow the machine is."""
MAX_BYTES = 64 * 1024 * 1024
STRANGE = [
    None, True, False, -1, 0, 1, 2, 7, 10**6, 10**9, 10**18, 10**400, -(10**18), 0.5, -2.5, 1e308,
    "", "x", "../../etc/passwd", "rlhf/policy.safetensors", "x" * 5000, [], {}, [[]], [1, 2, 3],
    [10**9] * 8, {"class": "os:system"}, {"class": "torch.optim.sgd:SGD"}, {"float": "nan"},
    {"float": "inf"}, {"custom": "x"}, {"discrete": [10**8, 0]}, {"multi_binary": 10**6},
    {"box": [0, 1], "shape": [10**4, 10**4], "dtype": "<f8"}, {"tuple": [1, "step"]},
    {"array": "AAAA", "dtype": "|u1", "shape": [3]}, {"dict": [["net_arch", [10**7, 10**7]]]},
    {"dict": [["net_arch", [1] * 10000]]}, {"constant": "x"}, {"linear": [1, 0, 0]},
    {"deque": [1], "maxlen": 3}, {"dict_space": {"dict": []}}, {"multi_discrete": [3, 4]},
]  # fmt: skip


def members_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members, kind=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", kind, compresslevel=1) as archive:
        warnings.simplefilter("ignore")  # two members of one name are what we want to make
        for name, blob in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, blob)
    return buffer.getvalue()


def with_blob(members, name, blob):
    """Replace a member of arrays and tell the right digest, so that only its content is wrong."""
    manifest = json.loads(members[MANIFEST])
    manifest["members"][name] = {"bytes": len(blob), "sha256": hashlib.sha256(blob).hexdigest()}
    return {**members, name: blob, MANIFEST: json.dumps(manifest).encode()}


def flipped(blob, rng, most=8):
    changed = bytearray(blob)
    for _ in range(rng.randint(1, most)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def flip_anywhere(content, rng, poison):
    return flipped(content, rng)


def truncate(content, rng, poison):
    return content[: rng.randrange(len(content))]


def flip_arrays(content, rng, poison):
    members = members_of(content)
    name = rng.choice([n for n in members if n.endswith(".safetensors")])
    blob = members[name]
    header = int.from_bytes(blob[:8], "little") + 8
    end = header if rng.random() < 0.7 else len(blob)
    return packed(with_blob(members, name, flipped(blob[:end], rng) + blob[end:]))


def flip_manifest(content, rng, poison):
    members = members_of(content)
    return packed({**members, MANIFEST: flipped(members[MANIFEST], rng)})


def places(value):
    """Return every (holder, key) in a JSON value."""
    keys = value if isinstance(value, dict) else range(len(value))
    found = []
    for key in keys:
        found.append((value, key))
        if isinstance(value[key], dict | list):
            found += places(value[key])
    return found


def change_values(content, rng, poison):
    members = members_of(content)
    manifest = json.loads(members[MANIFEST])
    for _ in range(rng.randint(1, 2)):
        holder, key = rng.choice(places(manifest))
        if rng.random() < 0.1:
            del holder[key]
        elif rng.random() < 0.1 and isinstance(holder, dict):
            holder[rng.choice(["replay_buffer", "learn", "env", "__class__", "x"])] = holder[key]
        else:
            holder[key] = rng.choice(STRANGE)
    text = json.dumps(manifest)
    if rng.random() < 0.05:
        text = text.replace(": 1", ": " + rng.choice(["[" * 100_000, "NaN", "1e999", "9" * 5000]))
    return packed({**members, MANIFEST: text.encode()})


def poison_members(content, rng, poison):
    members = members_of(content)
    ours = [n for n in members if n.startswith("rlhf/")]
    others = [n for n in members if not n.startswith("rlhf/")]
    payload = json.dumps({"policy_class": {":type:": "x", ":serialized:": poison.hex()}}).encode()
    for name in [*others, "data", "policy.pth", "pytorch_variables.pth", "rlhf/extra.pkl"]:
        members[name] = payload if name == "data" and rng.random() < 0.5 else poison
    if rng.random() < 0.6:
        name = rng.choice(ours)
        return packed({**members, name: poison} if name == MANIFEST
                      else with_blob(members, name, poison))  # fmt: skip
    return packed(members)


def trick_the_zip(content, rng, poison):
    members = members_of(content)
    name = rng.choice([n for n in members if n.startswith("rlhf/")])
    trick = rng.randrange(6)
    if trick == 0:
        return packed([*members.items(), (name, members[name])])
    if trick == 1:
        return packed({**members, "../escape": b"x", "/etc/passwd": b"x", "C:\\x": b"x"})
    if trick == 2:
        link = zipfile.ZipInfo(name)
        link.external_attr = 0o120777 << 16
        rest = [(n, b) for n, b in members.items() if n != name]
        return packed([*rest, (link, b"/etc/passwd")])
    if trick == 3:
        return packed(members, rng.choice([zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
    if trick == 4:
        return packed({**members, **{f"x{i}": b"" for i in range(rng.choice([10, 1000]))}})
    changed = bytearray(packed(members))
    entry = changed.rfind(b"PK\x01\x02", 0, changed.rfind(name.encode()))
    changed[entry + rng.choice([8, 10, 20, 24, 42])] ^= 1 << rng.randrange(8)
    return bytes(changed)


def bomb(content, rng, poison):
    members = members_of(content)
    name = rng.choice([n for n in members if n.startswith("rlhf/")])
    huge = bytes(rng.choice([1, 40]) * 1024 * 1024)
    if name == MANIFEST:
        return packed({**members, name: rng.choice([b"[" * 10**6, huge, b'{"a":' * 10**5])})
    return packed(with_blob(members, name, huge))


MUTATIONS = [
    flip_anywhere, truncate, flip_arrays, flip_arrays, flip_manifest, change_values, change_values,
    change_values, change_values, poison_members, trick_the_zip,
]  # fmt: skip


@pytest.fixture(scope="module")
def bases():
    """The bytes of a plain model, one with goals, and a game's as agent and as model."""
    small = {"learning_starts": 10, "buffer_size": 100, "seed": 0, "policy_kwargs": {
        "net_arch": [8]}}  # fmt: skip
    models = {
        "plain": HFDQN("MlpPolicy", "CartPole-v1", **small).learn(30),
        "goals": HFDQN("MultiInputPolicy", BitFlippingEnv(3), **small).learn(30),
    }
    compact = (agent.files("rlhf_agents") / "models" / "tic_tac_toe.zip").read_bytes()
    models["game"] = HFDQN.load(io.BytesIO(compact))
    contents = {"agent": compact}
    for name, model in models.items():
        stream = io.BytesIO()
        model.save(stream)
        contents[name] = stream.getvalue()
    return contents


def use(name, content):
    """Load a file by every door and ask it for an action, or have it refused."""
    model = HFDQN.load(io.BytesIO(content))
    if name in {"agent", "game"}:
        agent_from_file("x", read_model(io.BytesIO(content)))
        return
    space = model.observation_space
    observation = space.sample()
    action, _ = model.predict(observation, deterministic=True)
    assert model.action_space.contains(np.int64(action))


def test_mutated_files(bases, tmp_path, monkeypatch):
    canary = tmp_path / "canary"
    poison = b"cposix\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR."
    monkeypatch.chdir(tmp_path)
    check(bases, poison, range(FILES))
    assert not canary.exists()
    assert not list(tmp_path.iterdir())


def check(bases, poison, seeds):
    names = [*(["plain", "goals"] * 24), "agent", "game"]
    loaded, refused = 0, []
    for seed in seeds:
        rng = random.Random(seed)
        name = names[seed % len(names)]
        mutation = bomb if seed % 100 == 0 else rng.choice(MUTATIONS)
        content = mutation(bases[name], rng, poison)
        begin = time.monotonic()
        watched = seed % 20 == 0
        if watched:
            tracemalloc.start()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # spaces warn of strange bounds
                use(name, content)
            loaded += 1
        except ModelFileError as error:
            refused.append(str(error))
        except Exception as error:
            raise AssertionError(f"{name}, seed {seed}, {mutation.__name__}: {error!r}") from error
        finally:
            peak = tracemalloc.get_traced_memory()[1] if watched else 0
            tracemalloc.stop()
        assert time.monotonic() - begin < MAX_SECONDS, (name, seed, mutation.__name__)
        assert peak < MAX_BYTES, (name, seed, mutation.__name__, peak)
    assert loaded > len(seeds) // 50
    assert len(refused) > len(seeds) // 4
    assert all("the stream" in reason for reason in refused)
