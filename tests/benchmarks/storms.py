"""100,000 random, partly forbidden actions in every arcade world and world of many agents.

    python tests/benchmarks/storms.py [ACTIONS] [PART_OF_NAME]

Checks masks, rewards, infos and waiting columns after every step, as the tests do with fewer
actions where a world is slow (tests/adapters/test_arcade_storm.py and test_parallel_worlds.py), and
prints seconds and the growth of memory. Of many agents an action is a joint one. On one core MPE2's
worlds take some 4 minutes each, pursuit 10, and the pictures of pong 30.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rlhf_adapters.registry import library
from tests.adapters.multi_agent import test_parallel_envs as teams
from tests.adapters.single_agent import test_storm as arcade


def storms(actions: int) -> Iterator[tuple[str, Callable[[], int]]]:
    """Yield the names of the worlds, and what plays in each and returns the growth of memory."""
    for name, goal, _ in arcade.STORMS:
        yield name, lambda name=name, goal=goal: arcade.storm(name, goal, actions)
    for name, goal, _, options in teams.STORMS:
        yield name, lambda name=name, goal=goal, o=options: teams.storm(name, goal, actions, o)


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    for name, play in storms(wanted):
        world = library(name.partition(":")[0])
        if part not in name:
            continue
        if not world.installed:
            print(f"{name}: left out, needs rlhf-agents[{world.extra}]", flush=True)
            continue
        started = time.perf_counter()
        grown = play()
        seconds = time.perf_counter() - started
        print(
            f"{name}: {wanted} actions, {seconds:.0f} s, {grown} blocks of memory more", flush=True
        )
