"""How exported bots play beside their agents: the same moves, the same strength, the size of files.

    RLHF_SHARED=../shared python tests/benchmarks/exported_bots.py

Writes `docs/results/exported_bots.csv`. The share of the same moves is that of the files themselves
for `python` and `kaggle`; of pages it is that of an agent with the page's weights (tests play pages
in a browser against such agents). Positions: in Connect Four the solved ones, in other games those
of games that the agent plays against itself with random moves. VP: the share of moves that keep the
solver's value, of the agent and of the bot.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from results import FOLDER, write_results

from rlhf_agents import Agent, export, load_agent
from rlhf_agents.bots.exports import to_web
from rlhf_agents.bots.exports.rounding import compact
from rlhf_agents.bots.exports.sensitivity import played_positions
from rlhf_agents.evaluation.solved_positions import SolvedPositions, load_positions, mark
from rlhf_agents.players.python_bot import PythonBotPlayer
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_agents.settings import Foresight
from rlhf_games.base import States

SHARED = Path(os.environ.get("RLHF_SHARED", Path(__file__).resolve().parents[3] / "shared"))
SOLVED = SHARED / "data" / "connect_four_positions.npz"
BOTS = (
    ("connect_four", "python"),
    ("connect_four", "kaggle"),
    ("connect_four", "web"),
    ("othello_6x6", "python"),
    ("othello_6x6", "web"),
    ("breakthrough_6x6", "python"),
    ("breakthrough_6x6", "web"),
)
NODES = (0, 64)
POSITIONS = {0: 2000, 64: 300}
"""How many are compared; bots in plain Python look at some 10,000 positions per second."""

Moves = NDArray[np.int64]


def positions_of(agent: Agent) -> tuple[States, SolvedPositions | None]:
    """Return positions in random order, and what is known of them."""
    rng = np.random.default_rng(0)
    if agent.game.name == "connect_four":
        solved = load_positions(SOLVED, agent.game)
        return solved.states, solved
    states = played_positions(agent)
    return states[rng.permutation(len(states))[: POSITIONS[0]]], None


def exported(agent: Agent, to: str, path: Path) -> Callable[[States, int], Moves]:
    """Export an agent, and return what plays as the file: moves for positions and nodes."""
    held: list[Agent] = []

    def watched(who: Agent, most_bytes: int) -> tuple[PatternWeights, bytes]:
        weights, packed = compact(who, most_bytes)
        held.append(Agent("page", who.game, weights, Foresight()))
        return weights, packed

    to_web.compact = watched
    export(agent, to, path)
    to_web.compact = compact
    if to == "web":
        return lambda states, nodes: held[0].act_states(states, "win", nodes)
    return lambda states, nodes: PythonBotPlayer(agent.game, path, nodes).act(states, "win")


def row_of(name: str, to: str, folder: Path) -> dict[str, object]:
    """Measure one bot."""
    agent = load_agent(name)
    states, solved = positions_of(agent)
    path = folder / f"{name}.{to}.py"
    bot = exported(agent, to, path)
    row: dict[str, object] = {
        "game": agent.game.title,
        "export": f"`{to}`",
        "kB": f"{path.stat().st_size / 1000:.0f}",
    }
    for nodes in NODES:
        count = len(states) if nodes == 0 or to == "web" else POSITIONS[nodes]
        asked = np.sort(np.random.default_rng(0).permutation(len(states))[:count])
        own = agent.act_states(states[asked], "win", nodes)
        bots = np.asarray(bot(states[asked], nodes))
        row[f"same move, {nodes} nodes"] = f"{100 * (own == bots).mean():.1f} %"
        row[f"VP, {nodes} nodes"] = ""
        if solved is not None:
            part = SolvedPositions(*(getattr(solved, one.name)[asked] for one in fields(solved)))
            marks = [f"{mark(part, moves).overall.vp:.3f}" for moves in (own, bots)]
            row[f"VP, {nodes} nodes"] = " / ".join(marks)
        print(row, flush=True)
    return row


def main() -> None:
    """Measure, and write the file."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program.add_argument("--out", type=Path, default=FOLDER / "exported_bots.csv")
    options = program.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [row_of(name, to, Path(folder)) for name, to in BOTS]
    write_results(options.out, "python tests/benchmarks/exported_bots.py", rows)


if __name__ == "__main__":
    main()
