"""The tables of `docs/benchmarks.md` that `rlhf-eval` prints, as CSV in `docs/results`.

    python tests/benchmarks/play_tables.py                   all of them: about half an hour
    python tests/benchmarks/play_tables.py --only positions opponents

Every row is what `rlhf-eval` says with the options that stand here; `docs/_site/results.py` then
puts the tables into the page.
"""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from results import FOLDER, write_results

import rlhf_games
from rlhf_agents.cli.evaluate import evaluate, parser, task_of

SHARED = Path(os.environ.get("RLHF_SHARED", Path(__file__).resolve().parents[3] / "shared"))
POSITIONS = SHARED / "data" / "connect_four_positions.npz"

OPPONENTS = (
    ("connect_four", "minimax:8", 1000, 200),
    ("connect_four", "openspiel-mcts:1000", 1000, 100),
    ("connect_four", "random", 256, 1000),
    ("othello_6x6", "openspiel-mcts:100", 0, 100),
    ("othello_6x6", "openspiel-mcts:100", 256, 100),
    ("breakthrough_6x6", "openspiel-mcts:100", 0, 100),
    ("breakthrough_6x6", "openspiel-mcts:100", 256, 100),
)
"""Game, opponent, positions that the agent looks at, games."""

GOALS = {
    "goals_connect_four": (
        "connect_four",
        "win,win_horizontal,win_vertical,win_diagonal,lose,draw",
        {"random": 300, "minimax:4": 200},
    ),
    "goals_othello": (
        "othello_6x6",
        "win,margin_16,corners_3,close_4,draw,lose",
        {"minimax:2": 100},
    ),
    "goals_breakthrough": (
        "breakthrough_6x6",
        "win,win_by_20,take_6,keep_9,lose_by_20,lose",
        {"minimax:2": 100},
    ),
}
"""By table: the game, the goals, and the opponents with the games against each."""

Row = dict[str, object]


def measured(words: str) -> dict[str, list[dict]]:
    """Return what `rlhf-eval` measures with some options."""
    print("rlhf-eval", words, flush=True)
    options = parser().parse_args(shlex.split(words))
    game = rlhf_games.make(options.game)
    return evaluate(game, task_of(options, game))


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.1f} %"


def positions() -> Iterator[Row]:
    """Yield the strength on solved positions by budget."""
    words = f"--game connect_four --positions {shlex.quote(str(POSITIONS))} --nodes 0,1,256,1000"
    for entry in measured(words)["positions"]:
        overall, bands = entry["overall"], entry["bands"]
        by_ply = {f"plies {b['first_ply']}-{b['last_ply']}": f"{b['vp']:.3f}" for b in bands}
        yield {
            "nodes": entry["nodes"],
            "VP": f"{overall['vp']:.3f}",
            "BS": f"{overall['bs']:.3f}",
            **by_ply,
        }


def opponents() -> Iterator[Row]:
    """Yield the results of matches."""
    for game, opponent, nodes, games in OPPONENTS:
        words = f"--game {game} --opponent {opponent} --nodes {nodes} --games {games}"
        total = measured(words)["matches"][0]["total"]
        shares = {
            name: percent(total[key] / total["games"])
            for name, key in (("won", "wins"), ("drawn", "draws"), ("lost", "losses"))
        }
        yield {
            "game": rlhf_games.make(game).title,
            "opponent": f"`{opponent}`",
            "nodes": nodes,
            "games": games,
            **shares,
        }


def goals(name: str) -> Iterator[Row]:
    """Yield how often each goal is achieved when asked for, and when merely asked to win."""
    game, wanted, against = GOALS[name]
    rows: dict[str, Row] = {goal: {"goal": f"`{goal}`"} for goal in wanted.split(",")}
    for opponent, games in against.items():
        words = f"--game {game} --opponent {opponent} --goals {wanted} --nodes 256 --games {games}"
        matrix = measured(words)["goals"][0]
        merely = matrix["baseline"]["achieved"]
        for row in matrix["rows"]:
            goal = row["asked"]
            rows[goal] |= {
                f"against {opponent}, asked to": percent(row["achieved"][goal]),
                f"against {opponent}, merely asked to win": percent(merely[goal]),
            }
    yield from rows.values()


TABLES = {
    "positions": positions,
    "opponents": opponents,
    **{name: partial(goals, name) for name in GOALS},
}


def main() -> None:
    """Measure, and write the files."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program.add_argument("--only", nargs="+", choices=list(TABLES), default=list(TABLES))
    program.add_argument("--out", type=Path, default=FOLDER, help="folder of the CSV files")
    options = program.parse_args()
    for name in options.only:
        command = f"python tests/benchmarks/play_tables.py --only {name}"
        write_results(options.out / f"{name}.csv", command, list(TABLES[name]()))


if __name__ == "__main__":
    main()
