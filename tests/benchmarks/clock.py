"""How punctual searches by the clock are: they may take 20 ms or 5 % more than they are given.

    python tests/benchmarks/clock.py --moves 10000

By how much moves of some budgets overstep it, the share of those that overstep it by more than is
allowed, and how soon `rlhf-uci` answers `stop`. 10,000 moves take some ten minutes. Other work on
the machine delays both; give this program a core of its own, or `--cpu`, which counts the time that
the search itself takes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

import numpy as np

from rlhf_agents import load_agent
from rlhf_agents.players.players import AgentPlayer
from rlhf_agents.search import budget
from rlhf_games.base import Outcome

BUDGETS = (0.01, 0.02, 0.05, 0.1)
ALLOWED_SECONDS, ALLOWED_SHARE = 0.02, 0.05
STOP_SECONDS = 0.05
WARM_UP = 40
"""Moves of each game that are not counted: they load compiled code, or even compile it."""
GAMES = ("connect_four", "othello_6x6", "breakthrough_6x6")


def oversteps(game: str, seconds: float, moves: int, clock) -> np.ndarray:
    """Return by how many seconds each move took longer than its budget, float64 `[moves]`."""
    agent = load_agent(game)
    player, rules, rng = AgentPlayer(agent, seconds=seconds), agent.game, np.random.default_rng(0)
    found, states = [], rules.initial(1)
    while len(found) < moves:
        begun = clock()
        action = player.explain(states[0]).action
        found.append(clock() - begun - seconds)
        states = rules.step(states, np.array([action]))
        if rules.outcome(states)[0] == Outcome.ONGOING:
            states = rules.step(states, rules.random_actions(states, rng))
        if rules.outcome(states)[0] != Outcome.ONGOING:
            states = rules.initial(1)
    return np.array(found)


def stops(times: int) -> np.ndarray:
    """Return how many seconds `rlhf-uci` takes from `stop` to `bestmove`, float64 `[times]`."""
    command = [sys.executable, "-c", "from rlhf_agents.cli.gtp_uci import uci_main; uci_main()"]
    command += ["--agent", "connect_four"]
    engine = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    rng, found = np.random.default_rng(0), []

    def tell(text: str) -> None:
        engine.stdin.write(text + "\n")
        engine.stdin.flush()

    def wait(word: str) -> None:
        while not engine.stdout.readline().startswith(word):
            pass

    tell("go nodes 10")  # everything is compiled then
    wait("bestmove")
    for _ in range(times):
        tell("position startpos moves 4 4 4")
        tell("go infinite")
        time.sleep(rng.uniform(0.05, 0.3))
        begun = time.perf_counter()
        tell("stop")
        wait("bestmove")
        found.append(time.perf_counter() - begun)
    tell("quit")
    engine.wait()
    return np.array(found)


def row(game: str, given: str, over: np.ndarray, late: int) -> None:
    shown = (np.median(over), np.quantile(over, 0.999), over.max())
    numbers = " ".join(f"{1000 * value:>5.1f} ms" for value in shown)
    share = f"{late} ({late / len(over):.2%})"
    print(f"{game:<17} {given:>7} {len(over):>6} {numbers} {share}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=10_000, help="in all")
    parser.add_argument("--stops", type=int, default=100)
    parser.add_argument("--cpu", action="store_true", help="count CPU time instead")
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    budget.now = clock
    each = options.moves // (len(BUDGETS) * len(GAMES))
    print(f"{'game':<17} {'budget':>7} {'moves':>6} {'median':>8} {'99.9 %':>8} {'most':>8} late")
    found, late = [], 0
    for game in GAMES:
        oversteps(game, max(BUDGETS), WARM_UP, clock)
        for seconds in BUDGETS:
            over = oversteps(game, seconds, each, clock)
            too_late = over > max(ALLOWED_SECONDS, ALLOWED_SHARE * seconds)
            row(game, f"{seconds:.2f} s", over, too_late.sum())
            found.append(over)
            late += too_late.sum()
    row("all", "", np.concatenate(found), late)
    if options.stops:
        answers = stops(options.stops)
        slow = int((answers > STOP_SECONDS).sum())
        print(
            f"stop: {len(answers)} times, median {1000 * np.median(answers):.1f} ms, most "
            f"{1000 * answers.max():.1f} ms, {slow} after more than {1000 * STOP_SECONDS:.0f} ms"
        )


if __name__ == "__main__":
    main()
