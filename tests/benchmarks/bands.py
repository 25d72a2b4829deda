"""Connect Four by difficulty: how often the bundled agent gives up the value of a position.

    python tests/benchmarks/bands.py --out docs/results          eight minutes

The bands are those of Pons' test sets, which the benchmark of AlphaZero.jl uses: the stones on the
board (beginning to 14, middle to 28, end), and the plies to the end of perfect play (easy below 14,
medium below 28, hard). Its published figures stand beside ours; its positions are not the same. A
mistake is a move after which the solver's win, draw or loss is worse than after another one.
Seconds are CPU seconds of one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from results import write_results
from rich.progress import track
from strength import BUDGETS, POSITIONS, budget_words

from rlhf_agents.evaluation.solved_positions import SolvedPositions, load_positions
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.search import budget

PARTS = {"beginning": (0, 14), "middle": (15, 28), "end": (29, 42)}
LENGTHS = {"easy": (0, 13), "medium": (14, 27), "hard": (28, 42)}
ALPHA_ZERO = {
    "beginning, easy": 0.0,
    "middle, easy": 0.0,
    "end, easy": 0.0,
    "beginning, medium": 2.1,
    "middle, medium": 2.8,
    "beginning, hard": 7.5,
}
"""Mistakes in percent: AlphaZero.jl's documentation, "Connect Four", with 600 simulations."""
LONGEST, MOST_STONES = 42, 22

Ints = NDArray[np.int64]


def plies_left(positions: SolvedPositions) -> Ints:
    """Return the plies to the end of perfect play, int64 `[n]`.

    A score is 22 minus the winner's stones at the end, negative if the mover loses, 0 for draws.
    """
    ply = positions.ply.astype(np.int64)
    scores = np.where(positions.legal, positions.scores, -LONGEST).max(axis=1).astype(np.int64)
    stones = MOST_STONES - np.abs(scores)
    first_wins = (scores > 0) == (ply % 2 == 0)
    end = np.where(scores == 0, LONGEST, 2 * stones - first_wins)
    return np.asarray(end - ply)


def mistakes(agent: Agent, positions: SolvedPositions, allowed: dict[str, float]) -> Ints:
    """Return for every position whether the agent's move gives up its value, 0 or 1 `[n]`."""
    worth = np.where(positions.legal, positions.wdl, -9)
    states = track(positions.states, budget_words(allowed))
    actions = [agent.explain_state(state, **allowed).action for state in states]  # type: ignore[arg-type]
    return np.asarray(worth[np.arange(len(worth)), actions] < worth.max(axis=1), np.int64)


def table(agent: Agent, positions: SolvedPositions) -> Iterator[dict[str, object]]:
    """Yield the percentage of mistakes in every band that has positions."""
    left, ply = plies_left(positions), positions.ply
    found = {budget_words(allowed): mistakes(agent, positions, allowed) for allowed in BUDGETS}
    for length, (shortest, longest) in LENGTHS.items():
        for part, (first, last) in PARTS.items():
            inside = (first <= ply) & (ply <= last) & (shortest <= left) & (left <= longest)
            name = f"{part}, {length}"
            if inside.any():
                yield {
                    "band": name,
                    "positions": int(inside.sum()),
                    **{
                        f"{key}, %": round(100 * float(w[inside].mean()), 1)
                        for key, w in found.items()
                    },
                    "AlphaZero.jl, %": ALPHA_ZERO.get(name, ""),
                }


def main() -> None:
    """Print the table; write it where `--out` says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--agent", default="connect_four")
    parser.add_argument("--positions", type=Path, default=POSITIONS)
    parser.add_argument("--out", type=Path, help="folder for bands.csv")
    options = parser.parse_args()
    budget.now = time.process_time
    agent = load_agent(options.agent)
    rows = list(table(agent, load_positions(options.positions, agent.game)))
    for row in rows:
        print(row)
    if options.out is not None:
        command = "python tests/benchmarks/bands.py --out docs/results"
        write_results(options.out / "bands.csv", command, rows)


if __name__ == "__main__":
    main()
