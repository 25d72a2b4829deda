"""Ways to damage a file: bits, values, members, sizes. Each is a function of bytes and of a
generator, so that a seed names a mutant.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import warnings
import zipfile

import numpy as np
import safetensors.numpy

from rlhf_agents.files.model_file import MANIFEST

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
    huge = bytes(rng.choice([1, 40, 200]) * 1024 * 1024)
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


def change_array(array, rng):
    """Return an array with other numbers, another shape or another type."""
    trick = rng.randrange(9)
    if trick == 0:
        return np.resize(array, rng.choice([0, 1, 5, 10**6]))
    if trick == 1:
        with np.errstate(all="ignore"):  # numbers that an integer cannot hold
            return array.astype(rng.choice([np.float32, np.float64, np.int64, np.uint8, np.bool_]))
    if trick == 2:
        return array[None] if rng.random() < 0.5 else array.reshape(-1)
    if trick == 3:
        return array[: len(array) // 2] if array.ndim else array
    changed = array.copy()
    if changed.size and changed.dtype.kind in "iuf":
        limits = np.iinfo(array.dtype) if array.dtype.kind in "iu" else np.finfo(array.dtype)
        strange = [limits.min, limits.max, 0, 1, 2, 3, 29, 100]
        strange += [np.nan, np.inf] if array.dtype.kind == "f" else []
        value = rng.choice(strange)
        if rng.random() < 0.3:
            changed[...] = value
        else:
            changed.flat[rng.randrange(changed.size)] = value
    return changed


def change_run(content, rng, poison):
    """Arrays of a run or its replay that are others, in a file that is whole."""
    members = members_of(content)
    name = rng.choice([n for n in members if n.endswith(("run.safetensors", "replay.safetensors"))])
    arrays = safetensors.numpy.load(members[name])
    for _ in range(rng.randint(1, 2)):
        key = rng.choice(sorted(arrays))
        if rng.random() < 0.1 and len(arrays) > 1:
            del arrays[key]
        else:
            arrays[key] = change_array(arrays[key], rng)
    arrays = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    return packed(with_blob(members, name, safetensors.numpy.save(arrays)))


def change_facts(content, rng, poison):
    """Other facts about the run, in a file that is whole."""
    members = members_of(content)
    manifest = json.loads(members[MANIFEST])
    top = rng.random() < 0.1
    holder, key = (manifest, "run") if top else rng.choice(places(manifest["run"]))
    if rng.random() < 0.1:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(rng.choice(STRANGE))
    return packed({**members, MANIFEST: json.dumps(manifest).encode()})


def bomb_run(content, rng, poison):
    """Arrays of a run that are zeros without end, packed small."""
    members = members_of(content)
    name = rng.choice([n for n in members if n.endswith(("run.safetensors", "replay.safetensors"))])
    arrays = safetensors.numpy.load(members[name])
    key = rng.choice(sorted(arrays))
    rows = rng.choice([1, 40, 200]) * 1024 * 1024 // max(1, arrays[key][:1].nbytes)
    arrays[key] = np.zeros((rows, *arrays[key].shape[1:]), arrays[key].dtype)
    return packed(with_blob(members, name, safetensors.numpy.save(arrays)), zipfile.ZIP_DEFLATED)


OF_RUNS = [*[change_run] * 12, *[change_facts] * 6, flip_arrays, flip_anywhere, truncate, bomb_run]


def change_record(content, rng, poison):
    """A game record with other values."""
    record = json.loads(content)
    holder, key = rng.choice(places(record))
    if rng.random() < 0.1:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(rng.choice([*STRANGE, [10**9], [3] * 5000, ["win"] * 2]))
    return json.dumps(record).encode()


def deep_record(content, rng, poison):
    text = rng.choice([b"[" * 900_000, b'{"a":' * 150_000, b"9" * 900_000, b'"' + b"\\" * 9**5])
    return rng.choice([text, content[:-2] + b"," + text, poison])


OF_RECORDS = [*[change_record] * 6, deep_record, flip_anywhere, flip_anywhere, truncate]
