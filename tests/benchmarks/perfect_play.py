"""Parts of `strength.py`: Connect Four against the solver BitBully, and how soon each solves.

Both need `pip install "rlhf-agents[solver]"`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import rlhf_games
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.perfect import PerfectPlayer
from rlhf_agents.search.prover import Prover
from rlhf_games.base import Game, Outcome, States

Row = dict[str, Any]


def strong_agent(game: Game) -> Agent | None:
    """Return the agent that comes with a game, if one does."""
    return load_agent(game.name) if game.name in bundled_agents() else None


def played_games(game: Game, count: int, seed: int = 0) -> list[list[States]]:
    """Return games of the bundled agent with some random moves, or of random moves."""
    rng, agent = np.random.default_rng(seed), strong_agent(game)
    states = game.initial(count)
    lines: list[list[States]] = [[state] for state in states]
    while (on := np.flatnonzero(game.outcome(states) == Outcome.ONGOING)).size:
        actions = game.random_actions(states[on], rng)
        if agent is not None and len(lines[on[0]]) > 4:
            strong = agent.act_states(states[on], "win", 16)
            actions = np.where(rng.random(len(on)) < 0.1, actions, strong)
        states[on] = game.step(states[on], actions)
        for row in on:
            lines[row].append(states[row].copy())
    return lines


def played_positions(game: Game, plies: int, count: int) -> States:
    """Return positions after so many plies of such games."""
    lines = played_games(game, 2 * count)
    return np.array([line[plies] for line in lines if len(line) > plies + 4][:count])


def perfect(options: argparse.Namespace) -> Iterator[Row]:
    """Yield results against the solver BitBully, whose equal moves are chosen at random.

    First the agent begins on the empty board, a win; then it is second after all openings of two
    plies that are not lost for it.
    """
    agent = load_agent(options.agent)
    solver, rng = PerfectPlayer(agent.game), np.random.default_rng(options.seed)
    start = agent.game.initial(1)[0]
    first = [
        play_solver(agent, solver, start, 0, options.seconds, rng) for _ in range(options.wins)
    ]
    yield {"seat": "first, empty board", "games": len(first), **count_results(first)}
    second = []
    for opening in range(agent.game.n_actions**2):
        state = start
        for move in divmod(opening, agent.game.n_actions):
            state = agent.game.step(state[None], np.array([move]))[0]
        if np.nanmax(solver.values(state, 0)) < 1:  # the solver moves: it does not win
            second.append(play_solver(agent, solver, state, 1, options.seconds, rng))
    yield {"seat": "second, 49 openings", "games": len(second), **count_results(second)}


def play_solver(
    agent: Agent,
    solver: PerfectPlayer,
    state: States,
    seat: int,
    seconds: float,
    rng: np.random.Generator,
) -> int:
    """Return 1 if the agent wins a game that goes on from a position, 0 or -1."""
    game, search = agent.game, agent.new_search()
    states = state[None].copy()
    while game.outcome(states)[0] == Outcome.ONGOING:
        if game.mover(states)[0] == seat:
            action = search.explain(states[0], 0, seconds).action
        else:
            scores = solver.scores(states[0])
            best = [move for move, score in scores.items() if score == max(scores.values())]
            action = int(rng.choice(best))
        states = game.step(states, np.array([action]))
    return int(game.outcome(states)[0]) * (1 if game.mover(states)[0] == seat else -1)


def count_results(results: list[int]) -> Row:
    """Return how many games were won, drawn and lost."""
    return {"won": results.count(1), "drawn": results.count(0), "lost": results.count(-1)}


def solving(options: argparse.Namespace) -> Iterator[Row]:
    """Yield CPU seconds until positions are solved, beside BitBully in the same run, by ply.

    BitBully answers the harder question: in how many plies.
    """
    game = rlhf_games.make("connect_four")
    other, prover = PerfectPlayer(game, book=False), Prover(game)
    prover.prove(game.initial(1)[0], 10)  # compiles before any clock runs
    for ply in range(14, 7, -2):
        spent = np.zeros(2)
        states = played_positions(game, ply, options.games)
        for state in states:
            prover = Prover(game)
            begun = time.process_time()
            prover.prove(state, 10**9)
            spent[0] += time.process_time() - begun
            begun = time.process_time()
            other.score(state)
            spent[1] += time.process_time() - begun
        ours, theirs = spent / len(states)
        yield {
            "ply": ply,
            "positions": len(states),
            "ours, s": round(float(ours), 4),
            "BitBully, s": round(float(theirs), 4),
            "ratio": round(float(theirs / ours), 1),
        }
