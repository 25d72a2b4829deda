"""Watch the bundled Connect Four agent play, with its values for every decision.

    python examples/play_and_explain.py [--nodes 64] [--seed 0]

This does not load torch: playing needs only numpy and numba.
"""

from __future__ import annotations

import argparse

import numpy as np
from rich.console import Console

from rlhf_agents import load_agent
from rlhf_agents.play.board_text import board


def main() -> None:
    """Let the agent play against random moves, and print each of its decisions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=64, help="positions to look at per move")
    parser.add_argument("--seed", type=int, default=0, help="of the random moves")
    options = parser.parse_args()

    agent = load_agent("connect_four")
    game, rng = agent.game, np.random.default_rng(options.seed)
    states = game.initial(1)
    while game.legal(states).any():
        if game.plies(states)[0] % 2 == 0:
            thoughts = agent.explain_state(states[0], goal="win", nodes=options.nodes)
            best = int(np.nanargmax(thoughts.values))
            print(f"column {best + 1}, probability of a win {thoughts.values[best]:.2f}")
            states = game.step(states, np.array([best]))
        else:
            states = game.step(states, game.random_actions(states, rng))
    Console().print(board(game, states[0]))
    # The outcome is for the player to move: after the last move, the player who did not make it.
    print("result for the player to move:", game.outcome(states)[0])


if __name__ == "__main__":
    main()
