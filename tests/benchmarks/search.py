"""Search speed on one core: evaluated positions per second, single position and batch.

    python tests/benchmarks/search.py [--nodes N] [--repeat R]

Beside it, in the same run, the playouts per second of OpenSpiel's C++ MCTS if it is installed. A
node here is one evaluation of the network; a simulation there is one random playout.
"""

from __future__ import annotations

import argparse
import time
from importlib.util import find_spec

import numpy as np
from rich.console import Console
from rich.table import Table

from rlhf_agents.players.agent import load_agent


def ours(nodes: int, batch: int, repeat: int) -> float:
    """Return nodes per CPU second of the bundled agent, from positions that are not proven soon."""
    agent = load_agent("connect_four")
    searcher, game = agent._searcher, agent.game
    rng = np.random.default_rng(0)
    states = game.initial(batch)
    if batch > 1:
        for _ in range(4):
            states = game.step(states, game.random_actions(states, rng))
    wanted = np.zeros(batch, np.int64)
    searcher.think(states, wanted, 50)
    begin, used = time.process_time(), 0
    for _ in range(repeat):
        used += int(searcher.think(states, wanted, nodes).used.sum())
    return used / (time.process_time() - begin)


def openspiel(simulations: int, repeat: int) -> float:
    """Return simulations per CPU second of OpenSpiel's MCTS from the empty board."""
    import pyspiel  # noqa: PLC0415 - optional

    game = pyspiel.load_game("connect_four")
    evaluator = pyspiel.RandomRolloutEvaluator(1, 0)
    bot = pyspiel.MCTSBot(game, evaluator, 2.0, simulations, 64, True, 0, False)
    begin = time.process_time()
    for _ in range(repeat):
        bot.mcts_search(game.new_initial_state())
    return simulations * repeat / (time.process_time() - begin)


def main() -> None:
    """Measure and print."""
    program = argparse.ArgumentParser(description=__doc__)
    program.add_argument("--nodes", type=int, default=10_000)
    program.add_argument("--repeat", type=int, default=5)
    options = program.parse_args()
    table = Table("search", "per second, one core")
    single = ours(options.nodes, 1, options.repeat)
    table.add_row(f"single position, {options.nodes} nodes", f"{single:,.0f} nodes")
    small = ours(1000, 1, options.repeat * 10)
    table.add_row("single position, 1000 nodes", f"{small:,.0f} nodes")
    table.add_row("batch of 256, 256 nodes", f"{ours(256, 256, options.repeat):,.0f} nodes")
    if find_spec("pyspiel") is not None:
        rate = openspiel(1000, options.repeat)
        table.add_row("OpenSpiel MCTS, 1000 simulations", f"{rate:,.0f} playouts")
    Console().print(table)


if __name__ == "__main__":
    main()
