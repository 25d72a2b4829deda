"""Our agents as bots of OpenSpiel against its tree search, by OpenSpiel's own referee.

    python tests/benchmarks/openspiel_bots.py [--agent connect_four] [--simulations 1000]
        [--nodes 256] [--games 100]

The agent has the first move in every other game; the chance of the search differs from game to
game, the agent has none. Wins, draws and losses of the agent, with the 95 % interval of its wins.
"""

from __future__ import annotations

import argparse
import time

import pyspiel

from rlhf_agents.bots.protocols.openspiel_bot import WORLDS, AgentBot
from rlhf_agents.evaluation.arena import wilson
from rlhf_agents.players.agent import load_agent


def main() -> None:
    """Play and print."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program.add_argument("--agent", default="connect_four")
    program.add_argument("--simulations", type=int, default=1000)
    program.add_argument("--nodes", type=int, default=256)
    program.add_argument("--games", type=int, default=100)
    options = program.parse_args()
    agent = load_agent(options.agent)
    world = pyspiel.load_game(WORLDS[agent.game.name])
    bot, points = AgentBot(agent, nodes=options.nodes), []
    started = time.process_time()
    for number in range(options.games):
        rollouts = pyspiel.RandomRolloutEvaluator(1, number)
        other = pyspiel.MCTSBot(
            world, rollouts, 2.0, options.simulations, 1000, True, number, False
        )
        seat = number % 2
        bots = [bot, other] if seat == 0 else [other, bot]
        points.append(pyspiel.evaluate_bots(world.new_initial_state(), bots, number)[seat])
    won, drawn, lost = (points.count(value) for value in (1.0, 0.0, -1.0))
    low, high = wilson(won, len(points))
    print(f"{agent.name}@{options.nodes} against OpenSpiel's MCTS of {options.simulations}:")
    print(f"{won} won ({low:.0%} to {high:.0%}), {drawn} drawn, {lost} lost of {len(points)}")
    print(f"{time.process_time() - started:.0f} s of CPU time")


if __name__ == "__main__":
    main()
