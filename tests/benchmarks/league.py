"""The leagues of the documentation: played, rated and drawn by one command.

    python tests/benchmarks/league.py connect_four       README, docs/arena.md, docs/benchmarks.md
    python tests/benchmarks/league.py levels             docs/levels.md
    python tests/benchmarks/league.py --draw             only the pictures of the README again

The games are kept in `build/league/NAME`: an interrupted league goes on where it was.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
from pathlib import Path

from rlhf_agents.cli.arena import main as rlhf_arena
from rlhf_agents.evaluation.league_table import read_rows
from rlhf_agents.plots import THEMES, strength_and_time

ROOT = Path(__file__).resolve().parents[2]
SHOWN = ROOT / "docs" / "league"
LEAGUES = {
    "connect_four": "random minimax:2 minimax:4 minimax:6 agent@0 agent@16 agent@64 agent@256 "
    "openspiel-mcts:100 openspiel-mcts:1000 --games 200",
    "levels": "random minimax:2 minimax:4 minimax:6 openspiel-mcts:100 "
    + " ".join(f"agent@level{level}" for level in range(1, 12))
    + " --games 100",
}
"""Players and games; the pages show the same commands."""


def play(name: str, workers: int) -> None:
    """Play a league, and put its table and its picture into the documentation."""
    folder = ROOT / "build" / "league" / name
    words = f"--game connect_four {LEAGUES[name]} --workers {workers} --force --out"
    code = rlhf_arena([*shlex.split(words), str(folder)])
    if code:
        raise SystemExit(code)
    shutil.copyfile(folder / "ratings.csv", SHOWN / f"{name}.csv")
    shutil.copyfile(folder / "league.png", SHOWN / f"{name}.png")


def draw() -> None:
    """Draw the pictures of the README from the table of the league."""
    rows = read_rows(SHOWN / "connect_four.csv")
    for theme in THEMES:
        title = "Connect Four: strength and time, 95 % intervals"
        picture = strength_and_time(rows, theme, title, "connect_four")
        picture.save(SHOWN / f"strength_{theme}.png")


def main() -> None:
    """Play what is asked for, and draw."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program.add_argument("leagues", nargs="*", metavar="NAME", help=f"of {', '.join(LEAGUES)}")
    program.add_argument("--workers", type=int, default=1, help="processes that play")
    program.add_argument("--draw", action="store_true", help="play nothing")
    options = program.parse_args()
    if unknown := set(options.leagues) - {*LEAGUES}:
        program.error(f"there is no league {', '.join(sorted(unknown))}; leagues: {[*LEAGUES]}")
    for name in () if options.draw else options.leagues or LEAGUES:
        play(name, options.workers)
    draw()


if __name__ == "__main__":
    main()
