"""The Python bot of connect_four: its size and speed, and what rounding its weights costs.

    RLHF_SHARED=../shared python tests/benchmarks/python_bot.py

Prints the size of the file, the seconds of its import beyond numpy's, positions per second, and for
several numbers of nodes: VP (see `rlhf_agents.yardstick`) of the agent, of the agent with the
bot's weights, and the share of positions in which both choose the same move.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from rlhf_agents import Agent, export, load_agent
from rlhf_agents.exports import tight_weights, to_python
from rlhf_agents.settings import Foresight
from rlhf_agents.yardstick import choose, load_positions, mark

NODES = (0, 64, 256)
TIMER = """
import time, numpy
start = time.perf_counter()
import bot
imported = time.perf_counter()
for moves in ("", "4 4 4", "1 7 2 6"):
    bot.grow(bot.state_of(moves)[0], 0, 1000)
spent = time.perf_counter() - imported
print(f"import {imported - start:.2f} s, {3000 / spent:.0f} positions/s")
"""


def main() -> None:
    agent = load_agent("connect_four")
    with tempfile.TemporaryDirectory() as folder:
        file = export(agent, "python", Path(folder) / "bot.py")
        print(f"{file.stat().st_size} bytes", flush=True)
        subprocess.run([sys.executable, "-c", TIMER], cwd=folder, check=True)
    tight, _ = tight_weights.tighten(agent, to_python.MOST_BYTES)
    rounded = Agent("rounded", agent.game, tight.weights(), Foresight())
    data = Path(os.environ["RLHF_SHARED"]) / "data" / "connect_four_positions.npz"
    positions = load_positions(data, agent.game)
    for nodes in NODES:
        moves = [
            choose(lambda states, who=who, n=nodes: who.act_states(states, "win", n), positions)
            for who in (agent, rounded)
        ]
        vps = [f"{mark(positions, one).overall.vp:.3f}" for one in moves]
        same = float(np.mean(moves[0] == moves[1]))
        print(f"{nodes} nodes: VP {vps[0]}, rounded {vps[1]}, same move {same:.3f}", flush=True)


if __name__ == "__main__":
    main()
