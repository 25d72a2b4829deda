"""100,000 random, partly forbidden joint actions in every world of many agents.

    python tests/benchmarks/team_storm.py [ACTIONS] [PART_OF_NAME]

Checks masks, infos and waiting columns after every step (see
tests/adapters/test_parallel_worlds.py) and prints seconds and the growth of memory. On one core
MPE2's worlds take some 4 minutes each, pursuit 10, and the pictures of pong 25.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.adapters.test_parallel_worlds import STORMS, storm

if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    for name, goal, _, options in STORMS:
        if part in name:
            started = time.perf_counter()
            grown = storm(name, goal, wanted, options)
            seconds = time.perf_counter() - started
            print(
                f"{name}: {wanted} joint actions, {seconds:.0f} s, {grown} blocks of memory more",
                flush=True,
            )
