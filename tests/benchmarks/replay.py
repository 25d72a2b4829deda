"""Replay and gradient steps beside SB3's, alternating in one run, one thread.

python tests/benchmarks/replay.py [--seconds 1]
python tests/benchmarks/replay.py --most 100000      without the large buffers, which take minutes
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from stable_baselines3 import DQN, HerReplayBuffer
from stable_baselines3.common.envs import BitFlippingEnv
from stable_baselines3.common.vec_env import DummyVecEnv

from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
from rlhf_agents.hfdqn import HFDQN

BITS, BATCH = 15, 256
Call = Callable[[], Any]


def microseconds(first: Call, second: Call, seconds: float, in_a_row: int = 1) -> list[float]:
    """Return the median time of both calls, which take turns.

    The other's work empties the processor's caches: a call that follows one of its own kind is
    quicker. Turns of one call show the time after other work, long ones that of a tight loop.
    """
    times: list[list[float]] = [[], []]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 20:
        for call, seen in zip((first, second), times, strict=True):
            for _ in range(in_a_row):
                begin = time.perf_counter()
                call()
                seen.append(time.perf_counter() - begin)
    return [1e6 * float(np.median(seen)) for seen in times]


def fill(buffers: list[Any], env: Any, steps: int) -> None:
    """Store the same random play in all buffers."""
    rng = np.random.default_rng(0)
    observation = env.reset()
    for _ in range(steps):
        actions = rng.integers(BITS, size=1)
        fresh, rewards, dones, infos = env.step(actions)
        after = {key: value.copy() for key, value in fresh.items()}
        if dones[0]:
            after = {key: infos[0]["terminal_observation"][key][None] for key in after}
        for buffer in buffers:
            buffer.add(observation, after, actions, rewards, dones, infos)
        observation = fresh


def make(kind: Any, size: int, env: Any) -> tuple[Any, float]:
    """Return a buffer and the bytes that each of its slots takes."""
    tracemalloc.start()
    buffer = kind(size, env.observation_space, env.action_space, env, device="cpu")
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return buffer, used / size


def replay(seconds: float, most: int) -> None:
    """Compare buffers: full ones, and one of DQN's default size that is filled a little."""
    print(f"\nsample({BATCH}), bit flipping with {BITS} bits, k = 4")
    heads = ("in a row", "SB3 us", "ours us")
    print(f"{'room for':>10} {'stored':>10} " + " ".join(f"{head:>8}" for head in heads), end="")
    print(f" {'ratio':>6} {'SB3 B':>7} {'ours B':>7}")
    for size, stored in ((10_000,) * 2, (100_000,) * 2, (1_000_000, 10_000), (1_000_000,) * 2):
        if size > most:
            continue
        env = DummyVecEnv([lambda: BitFlippingEnv(BITS)])
        (theirs, their_bytes), (ours, our_bytes) = (
            make(kind, size, env) for kind in (HerReplayBuffer, HindsightReplayBuffer)
        )
        fill([theirs, ours], env, stored)
        for in_a_row in (1, 20):
            slow, fast = microseconds(
                lambda b=theirs: b.sample(BATCH), lambda b=ours: b.sample(BATCH), seconds, in_a_row
            )
            row = f"{size:>10} {stored:>10} {in_a_row:>8} {slow:>8.0f} {fast:>8.0f}"
            print(f"{row} {slow / fast:>6.1f} {their_bytes:>7.0f} {our_bytes:>7.0f}")


def gradient_steps(seconds: float) -> None:
    """Compare `train(1)` on the same settings."""
    print("\ngradient steps per second (sample, target, backward, optimizer)")
    flip: dict[str, Any] = {"policy_kwargs": {"net_arch": [256]}, "buffer_size": 100_000}
    hers = {**flip, "replay_buffer_class": HerReplayBuffer}
    for name, policy, env, batch, their_options, our_options in (
        ("CartPole-v1, defaults", "MlpPolicy", "CartPole-v1", 32, {}, {}),
        ("bit flipping 15, hindsight", "MultiInputPolicy", BitFlippingEnv(15), 64, hers, flip),
    ):
        theirs: Any = DQN(policy, env, learning_starts=10**9, seed=0, **their_options).learn(3000)
        ours = HFDQN(policy, env, learning_starts=10**9, seed=0, **our_options).learn(3000)
        slow, fast = microseconds(
            lambda m=theirs, b=batch: m.train(1, b), lambda m=ours, b=batch: m.train(1, b), seconds
        )
        print(f"{name:<28} SB3 {1e6 / slow:6.0f}  ours {1e6 / fast:6.0f}  ratio {slow / fast:.2f}")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="per comparison")
    parser.add_argument("--most", type=int, default=1_000_000, help="room of the largest buffer")
    options = parser.parse_args()
    torch.set_num_threads(1)
    gradient_steps(options.seconds)
    replay(options.seconds, options.most)


if __name__ == "__main__":
    main()
