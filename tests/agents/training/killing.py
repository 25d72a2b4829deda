"""Trains and is killed, again and again: a program for `test_killed_training`.

It imports and compiles once and forks for every run, so that a kill costs a fraction of a second.
Forking is safe here because no thread is alive in between: torch is told to use one.

    python -m tests.agents.training.killing FOLDER RANDOM_KILLS

prints one line of JSON: what happened, and what differs from the run that was never killed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.training.train import TrainingConfig, train
from tests.agents.envs import small_envs  # noqa: F401 - registers worlds
from tests.agents.training.same_files import differences

AIMS = ("nothing written", "half written", "all written", "moved")
SAVES = 4
"""After so many checkpoints a run waits to be killed, so that none ends on a fast machine."""
GAME = TrainingConfig(
    "tic_tac_toe",
    steps=1280,
    n_envs=16,
    checkpoint_steps=16,
    quiet=True,
    settings={
        "learning_starts": 64,
        "batch_size": 32,
        "foresight": {"lesson_nodes": 60, "nodes": 12, "pool": 300},
        "policy_kwargs": {"features_extractor_kwargs": {"features_dim": 8}},
    },
)
BITS = TrainingConfig(
    "RlhfTestBits-v0",
    steps=1280,
    n_envs=2,
    checkpoint_steps=16,
    quiet=True,
    settings={
        "learning_starts": 64,
        "batch_size": 16,
        "buffer_size": 1000,
        "train_freq": 4,
        "policy_kwargs": {"net_arch": [16]},
        "replay_buffer_kwargs": {"priorities": {}},
    },
)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def aim(name, saves):
    """Let this process kill itself at a moment of its checkpoint number `saves`."""
    left = [saves]
    temporary, replace_file = tempfile.NamedTemporaryFile, os.replace

    def open_file(*args, **kwargs):
        handle = temporary(*args, **kwargs)
        left[0] -= 1
        if left[0] == 0 and name == "nothing written":
            die()
        if left[0] == 0 and name == "half written":
            write = handle.write

            def write_half(content):
                write(content[: len(content) // 2])
                handle.flush()
                die()

            handle.file.write = handle.write = write_half
        return handle

    def move(*args):
        if left[0] == 0 and name == "all written":
            die()
        replace_file(*args)
        if left[0] == 0 and name == "moved":
            die()

    tempfile.NamedTemporaryFile, os.replace = open_file, move


def wait_after(saves):
    """Let this process wait to be killed after some checkpoints."""
    left, replace_file = [saves], os.replace

    def move(*args):
        replace_file(*args)
        left[0] -= 1
        if left[0] == 0:
            time.sleep(60)

    os.replace = move


def in_child(plan, prepare):
    """Start a run in a process of its own and return its id."""
    child = os.fork()
    if child:
        return child
    try:
        prepare()
        train(plan)
        os._exit(0)
    finally:
        os._exit(1)


def resuming(plan):
    return replace(plan, resume=plan.out, settings={}) if plan.out.exists() else plan


def killed(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def torture(plan, folder, kills, chance):
    """Kill a run, `kills` times at random moments and twice at each aim; return what happened."""
    name = plan.game.lower()
    whole = replace(plan, out=folder / f"{name}-whole.zip")
    broken = replace(plan, out=folder / f"{name}-broken.zip")
    train(replace(whole, checkpoint_steps=None))
    steps, deaths = [], 0
    moments = [*AIMS * 2, *[None] * kills]
    chance.shuffle(moments)
    for moment in moments:
        plan = resuming(broken)
        if moment is None:
            child = in_child(plan, lambda: wait_after(SAVES))
            time.sleep(chance.uniform(0.02, 0.4))
            os.kill(child, signal.SIGKILL)
        else:
            child = in_child(plan, lambda moment=moment: aim(moment, chance.randint(1, SAVES)))
        deaths += killed(child)
        if broken.out.exists():  # the first kills come before the first checkpoint
            steps.append(HFDQN.load(broken.out).num_timesteps)
    train(replace(resuming(broken), checkpoint_steps=None))
    left = [path.name for path in folder.iterdir() if path.suffix == ".partial"]
    return {
        "kills": len(moments),
        "deaths": deaths,
        "loaded": len(steps),
        "steps": steps,
        "budget": plan.steps,
        "differences": differences(whole.out, broken.out),
        "left": left,
    }


def main():
    torch.set_num_threads(1)
    folder, kills = Path(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(0)
    results = [torture(plan, folder, kills, chance) for plan in (GAME, BITS)]
    print(json.dumps(results))  # noqa: T201


if __name__ == "__main__":
    main()
