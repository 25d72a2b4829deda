"""OpenSpiel's games behind our search, beside plain Python loops over OpenSpiel.

    python tests/benchmarks/openspiel.py [GAME ...] [--seconds S]

moves/s: random legal play, in batches of 256 through `step` and `random_actions`, and by a Python
loop over `pyspiel` states. nodes/s: alpha-beta to depth 3 (every leaf counted), compiled and
entering Python once per move, and the same in a Python loop; and evaluated positions per second of
a tree search with a network of random weights. CPU time of the process.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyspiel
from rich.console import Console
from rich.table import Table

import rlhf_games
from rlhf_agents.players.minimax import MinimaxPlayer
from rlhf_agents.search.goal_values import goal_rules
from rlhf_agents.search.searcher import Searcher
from rlhf_agents.settings import Foresight
from rlhf_games.base import Game
from tests.agents.weights import random_weights

GAMES = ("tic_tac_toe", "connect_four", "breakthrough(columns=6,rows=6)", "othello", "mancala")
BATCH = 256
DEPTH = 3
NODES = 256


def rate(work: Callable[[], int], seconds: float) -> float:
    """Return how much `work` gets done per CPU second, after a first call that does not count."""
    work()
    begin, done = time.process_time(), 0
    while (spent := time.process_time() - begin) < seconds:
        done += work()
    return done / spent


def batched(game: Game) -> Callable[[], int]:
    """Random play of many games at once."""
    rng = np.random.default_rng(0)
    states = game.initial(BATCH)

    def play() -> int:
        nonlocal states
        states = game.restart(game.step(states, game.random_actions(states, rng)))
        return BATCH

    return play


def looped(game: Any) -> Callable[[], int]:
    """Random play of one game in Python."""
    rng = random.Random(0)

    def play() -> int:
        state, moves = game.new_initial_state(), 0
        while not state.is_terminal() and moves < 500:
            state.apply_action(rng.choice(state.legal_actions()))
            moves += 1
        return moves

    return play


def minimax(game: Game) -> Callable[[], int]:
    """Alpha-beta from random positions."""
    player, positions = MinimaxPlayer(game, DEPTH), openings(game)
    return lambda: player.explain(next(positions)).nodes


def minimax_loop(game: Any) -> Callable[[], int]:
    """Plain negamax with alpha-beta in Python, from positions as random."""
    rng = random.Random(0)

    def search(state: Any, depth: int, alpha: float, beta: float) -> tuple[float, int]:
        if state.is_terminal():
            return state.player_reward(0), 1
        if depth == 0:
            return 0.0, 1
        maximal, nodes = state.current_player() == 0, 1
        for action in state.legal_actions():
            value, below = search(state.child(action), depth - 1, alpha, beta)
            nodes += below
            alpha, beta = (max(alpha, value), beta) if maximal else (alpha, min(beta, value))
            if alpha >= beta:
                break
        return (alpha if maximal else beta), nodes

    def work() -> int:
        state = game.new_initial_state()
        for _ in range(2):
            state.apply_action(rng.choice(state.legal_actions()))
        return search(state, DEPTH, -1.0, 1.0)[1]

    return work


def tree_search(game: Game) -> Callable[[], int]:
    """Best-first search with a network."""
    weights = random_weights(game, width=128, depth=2)
    searcher = Searcher(game, weights, goal_rules(game, Foresight()))
    positions = openings(game)
    return lambda: int(searcher.think(next(positions)[None], np.zeros(1, np.int64), NODES).used[0])


def openings(game: Game) -> Any:
    """Yield positions uint64 `[W]` after two random moves."""
    rng = np.random.default_rng(0)
    while True:
        states = game.initial(1)
        for _ in range(2):
            states = game.step(states, game.random_actions(states, rng))
        yield states[0]


def main() -> None:
    """Measure and print."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program.add_argument("games", nargs="*", default=GAMES, metavar="GAME")
    program.add_argument("--seconds", type=float, default=2.0, help="per measurement")
    options = program.parse_args()
    table = Table("game", "moves/s", "Python", "alpha-beta nodes/s", "Python", "search nodes/s")
    for name in options.games:
        game, plain = rlhf_games.make(f"openspiel:{name}"), pyspiel.load_game(name)
        rivals = (
            batched(game),
            looped(plain),
            minimax(game),
            minimax_loop(plain),
            tree_search(game),
        )
        speeds = [rate(work, options.seconds) for work in rivals]
        table.add_row(name, *[f"{speed:,.0f}" for speed in speeds])
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
