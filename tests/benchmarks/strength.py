"""The strength of the bundled agent, in the tables that the README shows.

    python tests/benchmarks/strength.py                   everything: about half an hour
    python tests/benchmarks/strength.py --only positions  one part of it
    python tests/benchmarks/strength.py --agent FILE.zip --quick

Each table is what the `rlhf-eval` command above it prints.
"""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from rlhf_agents.cli.evaluate import main as rlhf_eval

SHARED = Path(os.environ.get("RLHF_SHARED", Path(__file__).resolve().parents[3] / "shared"))
POSITIONS = SHARED / "data" / "connect_four_positions.npz"
QUICK_SHARE = 10
"""With --quick, one of so many games is played."""

PARTS: dict[str, tuple[str, int]] = {
    "positions": ("--nodes 0,1,256,1000", 0),
    "minimax": ("--opponent minimax:8 --nodes 1000", 200),
    "openspiel": ("--opponent openspiel-mcts:1000 --nodes 1000", 200),
    "random": ("--opponent random --nodes 1000", 1000),
    "goals-random": ("--opponent random --goals --nodes 256", 400),
    "goals-minimax": ("--opponent minimax:4 --goals --nodes 256", 400),
}
"""By name: the options of `rlhf-eval`, and how many games it plays."""


def main() -> int:
    """Print the tables and return the worst exit code."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program.add_argument("--agent", default="connect_four", help="a bundled agent or FILE.zip")
    program.add_argument("--only", nargs="+", choices=PARTS, help="some of the parts")
    program.add_argument("--positions", type=Path, default=POSITIONS, help="solved positions")
    program.add_argument("--quick", action="store_true", help="a tenth of the games")
    program.add_argument("--json", action="store_true", help="one JSON object per part")
    program.add_argument("--seed", type=int, default=0, help="of openings and players")
    options = program.parse_args()

    worst = 0
    for part in options.only or PARTS:
        settings, games = PARTS[part]
        words = ["--game", "connect_four", "--agent", options.agent, *settings.split()]
        words += ["--seed", str(options.seed)]
        if games:
            words += ["--games", str(games // QUICK_SHARE if options.quick else games)]
        else:
            words += ["--positions", str(options.positions)]
        if options.json:
            words.append("--json")
        else:
            print(f"\n$ {shlex.join(['rlhf-eval', *words])}", flush=True)
        worst = max(worst, rlhf_eval(words))
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
