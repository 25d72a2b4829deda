"""Our agents as bots of OpenSpiel against its tree search, by OpenSpiel's own referee.

    python tests/benchmarks/openspiel_bots.py [--agents connect_four othello] [--simulations 1000]
        [--nodes 256] [--games 100] [--out docs/results]

The agent has the first move in every other game; the chance of the search differs from game to
game, the agent has none. Wins, draws and losses of the agent, with the 95 % interval of its wins.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from pathlib import Path

import pyspiel
from results import replace_results

from rlhf_agents.bots.protocols.openspiel_bot import THEIR_NAMES, AgentBot
from rlhf_agents.evaluation.arena import wilson
from rlhf_agents.players.agent import load_agent

AGENTS = ("connect_four", "othello", "breakthrough_6x6")


def played(name: str, simulations: int, nodes: int, games: int) -> dict[str, object]:
    """Return the results of an agent."""
    agent = load_agent(name)
    game = pyspiel.load_game(THEIR_NAMES[agent.game.name])
    bot, points = AgentBot(agent, nodes=nodes), []
    started = time.process_time()
    for number in range(games):
        rollouts = pyspiel.RandomRolloutEvaluator(1, number)
        other = pyspiel.MCTSBot(game, rollouts, 2.0, simulations, 1000, True, number, False)
        seat = number % 2
        bots = [bot, other] if seat == 0 else [other, bot]
        points.append(pyspiel.evaluate_bots(game.new_initial_state(), bots, number)[seat])
    won, drawn, lost = (points.count(value) for value in (1.0, 0.0, -1.0))
    low, high = wilson(won, len(points))
    print(f"{time.process_time() - started:.0f} s of CPU time")
    return {
        "game": agent.game.title,
        "nodes": nodes,
        "simulations": simulations,
        "games": games,
        "won": won,
        "drawn": drawn,
        "lost": lost,
        "95 % interval of wins": f"{low:.0%} to {high:.0%}",
    }


def main() -> None:
    """Play and print."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program.add_argument("--agents", nargs="+", default=AGENTS)
    program.add_argument("--simulations", type=int, default=1000)
    program.add_argument("--nodes", type=int, default=256)
    program.add_argument("--games", type=int, default=100)
    program.add_argument("--out", type=Path, help="folder for a CSV file")
    options = program.parse_args()
    for name in options.agents:
        row = played(name, options.simulations, options.nodes, options.games)
        print(row, flush=True)
        if options.out is not None:
            command = shlex.join(["python", "tests/benchmarks/openspiel_bots.py", *sys.argv[1:]])
            replace_results(options.out / "openspiel_bots.csv", command, [row], ["game"])


if __name__ == "__main__":
    main()
