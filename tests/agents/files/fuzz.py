"""Mutated files through every reader: each file is read, or refused in one sentence.

    python -m tests.agents.files.fuzz 5000 [READER ...] [--from SEED]

prints what went wrong: an error that is no sentence, more than 5 seconds, more than 500 MB.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import json
import os
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.envs import BitFlippingEnv
from stable_baselines3.common.vec_env import DummyVecEnv

import rlhf_games
from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
from rlhf_agents.errors import UserError
from rlhf_agents.files.model_file import read_model
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.play.saved_games import load_session
from rlhf_agents.players.agent import agent_from_file
from rlhf_agents.settings import Priorities
from rlhf_agents.training.train import TrainingConfig, prepare, train
from rlhf_games.base import GameError
from tests.agents.envs import small_envs
from tests.agents.files import mutations

MAX_SECONDS = 5.0
MAX_BYTES = 500 * 1024 * 1024
STUCK = 120
"""Seconds after which the process is given up, with a traceback of where it is."""
SMALL = {
    "learning_starts": 10,
    "buffer_size": 100,
    "seed": 0,
    "policy_kwargs": {"net_arch": [8]},
}
RUN = {**SMALL, "batch_size": 8, "train_freq": 4}
RUN.pop("seed")


class Fault(NamedTuple):
    """What a mutant did that none may do."""

    name: str
    seed: int
    mutation: str
    what: str


class Reader:
    """A way by which files come in, with files to mutate.

    Args:
        folder: for files on the way.
    """

    ways = ()
    """Mutations to choose from."""
    bomb = None
    """A mutation for a few of the mutants, which costs more time than the others."""

    def __init__(self, folder):
        self.folder = folder
        self.bases = self.make()
        self.kinds = sorted(self.bases)

    def make(self):
        """Return the bytes of the files to mutate, by name."""
        raise NotImplementedError

    def read(self, name, content):
        """Read a file and use what was read."""
        raise NotImplementedError

    def mutated(self, seed, poison):
        """Return the name of a base, the name of a mutation, and the mutant."""
        rng = random.Random(seed)
        name = self.kinds[seed % len(self.kinds)]
        mutation = rng.choice(self.ways)
        if self.bomb is not None and seed % 97 == 0:
            mutation = self.bomb
        return name, mutation.__name__, mutation(self.bases[name], rng, poison)


def saved(model):
    stream = io.BytesIO()
    model.save(stream)
    return stream.getvalue()


class Models(Reader):
    """`HFDQN.load` and `load_agent`."""

    ways = mutations.OF_MODELS
    bomb = staticmethod(mutations.bomb)

    def make(self):
        compact = (files("rlhf_agents") / "models" / "tic_tac_toe.zip").read_bytes()
        plain = HFDQN("MlpPolicy", "CartPole-v1", **SMALL).learn(30)
        goals = HFDQN("MultiInputPolicy", BitFlippingEnv(3), foresight=True, **SMALL).learn(30)
        parallel = HFDQN("MlpPolicy", "CartPole-v1", parallel=True, train_freq=4, seed=0).learn(30)
        game = HFDQN.load(io.BytesIO(compact))
        return {
            **{f"plain {i}": saved(plain) for i in range(8)},
            **{f"goals {i}": saved(goals) for i in range(8)},
            **{f"parallel {i}": saved(parallel) for i in range(4)},
            "agent": compact,
            "game": saved(game),
        }

    def read(self, name, content):
        model = HFDQN.load(io.BytesIO(content))
        if name in {"agent", "game"}:
            agent_from_file("x", read_model(io.BytesIO(content)))
            return
        model.observation_space.seed(0)
        action, _ = model.predict(model.observation_space.sample(), deterministic=True)
        assert model.action_space.contains(np.int64(action))


class Replay(Reader):
    """`load` of replay buffers."""

    ways = mutations.OF_BUFFERS

    def make(self):
        env = DummyVecEnv([lambda: BitFlippingEnv(3)])
        spaces = env.observation_space, env.action_space
        self.buffers = {
            "hindsight": HindsightReplayBuffer(30, *spaces, env, n_steps=2),
            "priorities": HindsightReplayBuffer(30, *spaces, env, priorities=Priorities()),
        }
        for buffer in self.buffers.values():
            model = HFDQN("MultiInputPolicy", env, **SMALL)
            model.replay_buffer = buffer
            model.learn(40)
            buffer.save(self.folder / "buffer")
        contents = {}
        for name, buffer in self.buffers.items():
            buffer.save(self.folder / name)
            contents[name] = (self.folder / name).read_bytes()
        return contents

    def read(self, name, content):
        path = self.folder / "the stream"
        path.write_bytes(content)
        buffer = self.buffers[name]
        try:
            buffer.load(path)
        finally:
            path.unlink()
        if buffer.size():
            batch = buffer.sample(16)
            assert batch.actions.min() >= 0
            assert batch.actions.max() < 3


class Resume(Reader):
    """`rlhf-train --resume`: what is read must be fit to learn from."""

    ways = mutations.OF_RUNS
    bomb = staticmethod(mutations.bomb_run)

    def make(self):
        game = {"foresight": {"lesson_nodes": 60, "nodes": 12, "pool": 300}}
        game["policy_kwargs"] = {"features_extractor_kwargs": {"features_dim": 8}}
        game |= {"learning_starts": 32, "batch_size": 16}
        prioritised = {"replay_buffer_kwargs": {"priorities": Priorities()}, "n_steps": 2}
        walk, masked, bits = (f"{small_envs.PREFIX}{n}-v0" for n in ("Walk", "MaskedWalk", "Bits"))
        runs = {
            "cart": ("CartPole-v1", RUN),
            "walk": (walk, RUN),
            "masks": (masked, RUN),
            "hindsight": (bits, {**RUN, **prioritised}),
            "SB3's HER": (bits, {**RUN, "replay_buffer_class": HerReplayBuffer}),
            "frozen lake": ("FrozenLake-v1", {**RUN, "foresight": True}),
            "network": (bits, {**RUN, "foresight": {"model": "network"}}),
            "game": ("tic_tac_toe", game),
        }
        contents = {}
        for name, (env, settings) in runs.items():
            out = self.folder / "run.zip"
            n_envs = 8 if name == "game" else 2
            plan = TrainingConfig(
                env, steps=96, n_envs=n_envs, out=out, quiet=True, settings=settings
            )
            train(plan)
            contents[name] = out.read_bytes()
            out.unlink()
        return contents

    def read(self, name, content):
        path, out = self.folder / "the stream.zip", self.folder / "out.zip"
        path.write_bytes(content)
        try:
            with quiet():
                model, _ = prepare(TrainingConfig("", steps=128, out=out, resume=path, quiet=True))
                model.batch_size = min(model.batch_size, 16)
                model.learn(16, reset_num_timesteps=False)
        finally:
            path.unlink()


class Records(Reader):
    """Saved games of `rlhf-play`."""

    ways = mutations.OF_RECORDS

    def make(self):
        self.game = rlhf_games.make("tic_tac_toe")
        record = {
            "format": 1,
            "game": "tic_tac_toe",
            "goals": ["win", "win"],
            "moves": [4, 0, 2, 6],
            "undone": [3],
            "opening": 1,
            "asked": ["win"],
        }
        content = json.dumps(record).encode()
        path = self.folder / "record.json"
        path.write_bytes(content)
        load_session(path, self.game)
        return {"record": content}

    def read(self, name, content):
        path = self.folder / "the stream"
        path.write_bytes(content)
        try:
            session = load_session(path, self.game)
        finally:
            path.unlink()
        session.to_record()


READERS = {"models": Models, "replay": Replay, "resume": Resume, "records": Records}


class quiet:  # noqa: N801 - used as a statement
    """Nothing is written to the error stream."""

    def __enter__(self):
        self.stream, sys.stderr = sys.stderr, io.StringIO()

    def __exit__(self, *_):
        sys.stderr = self.stream


def peak_of(work):
    """Return how many bytes the process grew by at most while `work` went on; 0 if unknown."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # begin to measure anew
    except OSError:
        work()
        return 0
    before = status("VmRSS")
    work()
    return status("VmHWM") - before


def status(name):
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(name))
    return int(line.split()[1]) * 1024


def try_all(reader, seeds, poison):
    """Read mutants; return how many were read and refused, by kind, and the faults."""
    read, refused, faults = Counter(), Counter(), []
    for seed in seeds:
        name, mutation, content = reader.mutated(seed, poison)
        outcome = []

        def one(name=name, content=content, outcome=outcome):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # spaces warn of strange bounds
                    reader.read(name, content)
                outcome.append("read")
            except (UserError, GameError) as error:
                outcome.append("refused" if "the stream" in str(error) else f"unnamed: {error}")
            except Exception:
                outcome.append(traceback.format_exc())

        begin = time.monotonic()
        faulthandler.dump_traceback_later(STUCK, exit=True)
        peak = peak_of(one)
        faulthandler.cancel_dump_traceback_later()
        seconds = time.monotonic() - begin
        read[name] += outcome[0] == "read"
        refused[name] += outcome[0] == "refused"
        if outcome[0] not in {"read", "refused"}:
            faults.append(Fault(name, seed, mutation, outcome[0]))
        if seconds > MAX_SECONDS:
            faults.append(Fault(name, seed, mutation, f"took {seconds:.1f} s"))
        if peak > MAX_BYTES:
            faults.append(Fault(name, seed, mutation, f"took {peak >> 20} MB"))
    return read, refused, faults


def say(text):
    sys.stdout.write(f"{text}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("readers", nargs="*", default=list(READERS))
    parser.add_argument("--from", type=int, default=0, dest="first")
    arguments = parser.parse_args()
    bad = 0
    for name in arguments.readers:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            with quiet():
                reader = READERS[name](Path(folder))
            canary = Path(folder) / "canary"
            poison = b"cposix\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR."
            seeds = range(arguments.first, arguments.first + arguments.count)
            begin = time.monotonic()
            read, refused, faults = try_all(reader, seeds, poison)
            seconds = time.monotonic() - begin
            kinds = Counter(fault.what.strip().splitlines()[-1][:150] for fault in faults)
            for fault in faults:
                say(f"{name}: {fault.name} {fault.seed} {fault.mutation}: {fault.what}")
            say(
                f"{name}: {read.total()} read, {refused.total()} refused, {len(faults)} faults, "
                f"code was run: {canary.exists()}, {seconds:.0f} s"
            )
            for kind, count in kinds.most_common():
                say(f"    {count} x {kind}")
            bad += len(faults) + canary.exists()
            os.chdir("/")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
