"""One trained agent, several goals: how often it achieves each.

    python examples/steer_by_goals.py [--games 100] [--nodes 32] [--seed 0]

The opponent plays at random. `rlhf-eval --goals` prints the same for any opponent.
"""

from __future__ import annotations

import argparse

import numpy as np

from rlhf_agents import Agent, load_agent

GOALS = ("win", "lose", "draw", "win_horizontal", "win_vertical", "win_diagonal")


def main() -> None:
    """Print a row per goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", type=int, default=100)
    parser.add_argument("--nodes", type=int, default=32, help="positions to look at per move")
    parser.add_argument("--seed", type=int, default=0, help="of the random opponent")
    options = parser.parse_args()

    agent = load_agent("connect_four")
    for goal in GOALS:
        rng = np.random.default_rng(options.seed)
        share = achieved(agent, goal, options.games, options.nodes, rng)
        print(f"goal {goal:15} achieved in {share:.0%} of {options.games} games")


def achieved(agent: Agent, goal: str, games: int, nodes: int, rng: np.random.Generator) -> float:
    """Return the share of games that achieve the goal; the agent moves first."""
    game, row = agent.game, agent.goals.index(goal)
    states = game.initial(games)
    for ply in range(game.max_plies):
        legal = game.legal(states).any(axis=1)
        if not legal.any():
            break
        if ply % 2 == 0:
            actions = np.zeros(games, np.int64)
            actions[legal] = agent.act_states(states[legal], goal, nodes)
        else:
            actions = game.random_actions(states, rng)
        states = game.step(states, actions)
    # `achieved` is bool [B, 2, G]: the player to move, then the waiting player.
    seat = np.where(game.plies(states) % 2 == 0, 0, 1)
    return float(game.achieved(states)[np.arange(games), seat, row].mean())


if __name__ == "__main__":
    main()
