"""2,000 mutated files of models and buffers: each loads, or is refused in one sentence.

None runs code, none takes much memory or time.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import random
import resource
import time
import tracemalloc
import warnings
import zipfile
from collections import Counter
from importlib.resources import files

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from stable_baselines3.common.envs import BitFlippingEnv
from stable_baselines3.common.vec_env import DummyVecEnv

from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.model_file import MANIFEST, read_model
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.players.agent import agent_from_file

FILES = 2000
KINDS = [*["plain"] * 10, *["goals"] * 9, *["buffer"] * 4, "agent", "game"]
MAX_SECONDS = 20.0
"""For one file: what takes longer hangs, however slow the machine is."""
MAX_BYTES = 64 * 1024 * 1024
MAX_GROWTH = 256 * 1024 * 1024
"""Of the process, over all files, with what the first load of each kind imports and compiles."""
STRANGE = [
    None,
    True,
    False,
    -1,
    0,
    1,
    2,
    7,
    10**6,
    10**9,
    10**18,
    10**400,
    -(10**18),
    0.5,
    -2.5,
    1e308,
    "",
    "x",
    "../../etc/passwd",
    "rlhf/policy.safetensors",
    "x" * 5000,
    [],
    {},
    [[]],
    [1, 2, 3],
    [10**9] * 8,
    {"class": "os:system"},
    {"class": "torch.optim.sgd:SGD"},
    {"float": "nan"},
    {"float": "inf"},
    {"custom": "x"},
    {"discrete": [10**8, 0]},
    {"multi_binary": 10**6},
    {"box": [0, 1], "shape": [10**4, 10**4], "dtype": "<f8"},
    {"tuple": [1, "step"]},
    {"array": "AAAA", "dtype": "|u1", "shape": [3]},
    {"dict": [["net_arch", [10**7, 10**7]]]},
    {"dict": [["net_arch", [1] * 10000]]},
    {"constant": "x"},
    {"linear": [1, 0, 0]},
    {"deque": [1], "maxlen": 3},
    {"dict_space": {"dict": []}},
    {"multi_discrete": [3, 4]},
]


def members_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members, kind=zipfile.ZIP_STORED):
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
            holder[key] = copy.deepcopy(rng.choice(STRANGE))
    text = json.dumps(manifest)
    if rng.random() < 0.05:
        text = text.replace(": 1", ": " + rng.choice(["[" * 100_000, "NaN", "1e999", "9" * 5000]))
    return packed({**members, MANIFEST: text.encode()})


def poison_members(content, rng, poison):
    members = members_of(content)
    ours = [n for n in members if n.startswith("rlhf/")]
    others = [n for n in members if not n.startswith("rlhf/")]
    payload = json.dumps(
        {"policy_class": {":type:": "x", ":serialized:": base64.b64encode(poison).decode()}}
    ).encode()
    for name in [*others, "data", "policy.pth", "pytorch_variables.pth", "rlhf/extra.pkl"]:
        members[name] = payload if name == "data" and rng.random() < 0.5 else poison
    if rng.random() < 0.6:
        name = rng.choice(ours)
        return packed(
            {**members, name: poison} if name == MANIFEST else with_blob(members, name, poison)
        )
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
        text = rng.choice([b"[" * 10**6, huge, b'{"a":' * 10**5])
        return packed({**members, name: text}, zipfile.ZIP_DEFLATED)
    return packed(with_blob(members, name, huge), zipfile.ZIP_DEFLATED)


def change_buffer(content, rng, poison):
    """Arrays of a buffer with other numbers, shapes or dtypes, in a file that is whole."""
    arrays = safetensors.numpy.load(content)
    facts = {"kind": "rlhf_agents replay buffer", "class": "HindsightReplayBuffer"}
    for _ in range(rng.randint(1, 2)):
        name = rng.choice(list(arrays))
        array = arrays[name]
        trick = rng.randrange(8)
        if trick == 0:
            del arrays[name]
        elif trick == 1:
            arrays[name] = np.resize(array, rng.choice([0, 1, 5, 10**6]))
        elif trick == 2:
            with np.errstate(all="ignore"):  # numbers that an integer cannot hold
                arrays[name] = array.astype(rng.choice([np.float32, np.int64, np.uint8]))
        elif trick == 3:
            facts[rng.choice(list(facts))] = "x"
        elif array.size:
            limits = np.iinfo(array.dtype) if array.dtype.kind in "iu" else np.finfo(array.dtype)
            strange = [limits.min, limits.max, 0, 1, 3, 29, 100]
            strange += [np.nan, np.inf] if array.dtype.kind == "f" else []
            array.flat[rng.randrange(array.size)] = rng.choice(strange)
        if not arrays:
            break
    return safetensors.numpy.save(arrays, facts)


def flip_buffer(content, rng, poison):
    header = int.from_bytes(content[:8], "little") + 8
    end = header if rng.random() < 0.5 else len(content)
    return flipped(content[:end], rng) + content[end:]


def no_buffer(content, rng, poison):
    return rng.choice([b"", poison, poison * 1000, (10**12).to_bytes(8, "little") + content[8:]])


OF_MODELS = [
    flip_anywhere,
    truncate,
    flip_arrays,
    flip_arrays,
    flip_manifest,
    change_values,
    change_values,
    change_values,
    change_values,
    poison_members,
    trick_the_zip,
]
OF_BUFFERS = [change_buffer, change_buffer, change_buffer, flip_buffer, truncate, no_buffer]


def new_buffer(env):
    return HindsightReplayBuffer(
        30, env.observation_space, env.action_space, DummyVecEnv([lambda: env]), n_steps=2
    )


@pytest.fixture(scope="module")
def bases():
    """The bytes of a plain model, one with goals, a buffer, a game's as agent and as model."""
    small = {
        "learning_starts": 10,
        "buffer_size": 100,
        "seed": 0,
        "policy_kwargs": {"net_arch": [8]},
    }
    models = {
        "plain": HFDQN("MlpPolicy", "CartPole-v1", **small).learn(30),
        "goals": HFDQN("MultiInputPolicy", BitFlippingEnv(3), foresight=True, **small).learn(30),
    }
    compact = (files("rlhf_agents") / "models" / "tic_tac_toe.zip").read_bytes()
    models["game"] = HFDQN.load(io.BytesIO(compact))
    contents = {"agent": compact}
    for name, model in models.items():
        stream = io.BytesIO()
        model.save(stream)
        contents[name] = stream.getvalue()
    env = BitFlippingEnv(3)
    filled = new_buffer(env)
    model = HFDQN("MultiInputPolicy", env, **small)
    model.replay_buffer = filled
    model.learn(40)
    contents["buffer"] = safetensors.numpy.save(
        {name: np.ascontiguousarray(array) for name, array in filled.store.state().items()},
        {"kind": "rlhf_agents replay buffer", "class": "HindsightReplayBuffer"},
    )
    return contents


@pytest.fixture(scope="module")
def buffer():
    """A buffer that files are read into again and again."""
    return new_buffer(BitFlippingEnv(3))


def mutated(bases, seed, poison):
    rng = random.Random(seed)
    name = KINDS[seed % len(KINDS)]
    mutation = rng.choice(OF_BUFFERS if name == "buffer" else OF_MODELS)
    if seed % 97 == 0 and name != "buffer":
        mutation = bomb
    return name, mutation.__name__, mutation(bases[name], rng, poison)


def use(name, content, buffer, folder):
    """Load a file by every door and ask it for an action or a batch, or have it refused."""
    if name == "buffer":
        path = folder / "the stream"
        path.write_bytes(content)
        try:
            buffer.load(path)
        finally:
            path.unlink()
        if buffer.size():
            batch = buffer.sample(16)
            assert batch.actions.min() >= 0
            assert batch.actions.max() < 3
        return
    model = HFDQN.load(io.BytesIO(content))
    if name in {"agent", "game"}:
        agent_from_file("x", read_model(io.BytesIO(content)))
        return
    model.observation_space.seed(0)
    action, _ = model.predict(model.observation_space.sample(), deterministic=True)
    assert model.action_space.contains(np.int64(action))


def test_mutated_files(bases, buffer, tmp_path, monkeypatch):
    canary = tmp_path / "canary"
    poison = b"cposix\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR."
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # samples of spaces without bounds may overflow
        for name, content in bases.items():
            use(name, content, buffer, tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loaded, refused = check(bases, poison, range(FILES), buffer, tmp_path)
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert growth < MAX_GROWTH
    assert not list(tmp_path.iterdir())  # no canary
    assert loaded.total() + refused.total() == FILES  # every refusal names the file
    for name in set(KINDS):
        assert 0 < loaded[name] < refused[name], name


def check(bases, poison, seeds, buffer, folder):
    """Use every mutated file; return how many of each kind were loaded and refused."""
    loaded, refused = Counter(), Counter()
    for seed in seeds:
        name, mutation, content = mutated(bases, seed, poison)
        facts = name, seed, mutation
        begin = time.monotonic()
        watched = seed % 20 == 0
        if watched:
            tracemalloc.start()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # spaces warn of strange bounds
                use(name, content, buffer, folder)
            loaded[name] += 1
        except ModelFileError as error:
            refused[name] += "the stream" in str(error)
        except Exception as error:
            raise AssertionError(f"{facts}: {error!r}") from error
        finally:
            peak = tracemalloc.get_traced_memory()[1] if watched else 0
            tracemalloc.stop()
        assert time.monotonic() - begin < MAX_SECONDS, facts
        assert peak < MAX_BYTES, (*facts, peak)
    return loaded, refused
