"""How strong the bundled agents are by nodes and by seconds, and what the solver proves.

    python tests/benchmarks/strength.py                         all parts: about an hour
    python tests/benchmarks/strength.py --only clock --sample 400
    python tests/benchmarks/strength.py --only speed proofs --out results/

Parts:

    clock    Connect Four: share of moves that keep the perfect value (VP), by budget and by ply
    speed    nodes per second of the solver and of the network's search
    proofs   how far from the end games are proven in 0.1 and 1 second
    matches  agents by the clock against the same agents without proofs, at equal time
    perfect  Connect Four against the solver BitBully (needs rlhf-agents[solver]), --seconds a move
    solving  seconds until Connect Four is solved, by ply, beside BitBully
    tables   what the README shows: each table is what the `rlhf-eval` command above it prints

Seconds are CPU seconds of one core, so that other programs on the machine do not matter. With
`--out` every part is written as CSV; `clock` also lists every wrong move, and is plotted where
matplotlib is installed.
"""

from __future__ import annotations

import argparse
import csv
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from perfect_play import perfect, played_games, played_positions, solving
from results import replace_results, write_results
from rich.console import Console
from rich.table import Table

import rlhf_games
from rlhf_agents.cli.evaluate import main as rlhf_eval
from rlhf_agents.evaluation.solved_positions import SolvedPositions, load_positions
from rlhf_agents.players.agent import load_agent
from rlhf_agents.search import budget
from rlhf_agents.search.budget import Clock, NodeBudget, TimeBudget
from rlhf_agents.search.choices import root_values
from rlhf_agents.search.explanation import DRAWN, Explanation
from rlhf_agents.search.game_search import GameSearch
from rlhf_agents.search.goal_values import WIN as WIN_GOAL
from rlhf_agents.search.prover import WIN, Prover
from rlhf_games.base import MOVER, Game, Outcome, States
from rlhf_games.solver_rules import (
    UNKNOWN,
)

SHARED = Path(os.environ.get("RLHF_SHARED", Path(__file__).resolve().parents[3] / "shared"))
POSITIONS = SHARED / "data" / "connect_four_positions.npz"
BANDS = ((0, 3), (4, 5), (6, 7), (8, 11), (12, 15), (16, 41))
BUDGETS: tuple[dict[str, float], ...] = (
    {"nodes": 0},
    {"nodes": 1000},
    {"seconds": 0.1},
    {"seconds": 1.0},
)
PROVEN_GAMES = ("connect_four", "othello_6x6", "othello", "breakthrough_6x6", "breakthrough")
MATCHES = ("connect_four", "othello_6x6", "breakthrough_6x6")
SHARE_PROVEN = 0.5
DRAWN_GAME = 0.5
TABLES: dict[str, tuple[str, int]] = {
    "positions": ("--nodes 0,1,256,1000", 0),
    "minimax": ("--opponent minimax:8 --nodes 1000", 200),
    "openspiel": ("--opponent openspiel-mcts:1000 --nodes 1000", 200),
    "random": ("--opponent random --nodes 1000", 1000),
    "goals-random": ("--opponent random --goals --nodes 256", 400),
    "goals-minimax": ("--opponent minimax:4 --goals --nodes 256", 400),
}
"""By name: the options of `rlhf-eval`, and how many games it plays."""

Row = dict[str, Any]


# ---- VP against time -------------------------------------------------------------------------


def clock(options: argparse.Namespace) -> Iterator[Row]:
    """Yield VP for every budget, and every wrong move of the largest if asked."""
    agent = load_agent(options.agent)
    positions = load_positions(options.positions, agent.game)
    chosen = np.arange(len(positions))
    if options.sample:
        chosen = np.random.default_rng(options.seed).permutation(chosen)[: options.sample]
    values = np.where(positions.legal, positions.wdl, -9)
    for allowed in BUDGETS:
        begun, found = time.process_time(), []
        for row in chosen:
            why = agent.explain_state(positions.states[row], **allowed)  # type: ignore[arg-type]
            found.append(why)
            check_proof(why, positions, int(row))
        spent = (time.process_time() - begun) / len(chosen)
        actions = np.array([why.action for why in found])
        kept = values[chosen, actions] == values[chosen].max(axis=1)
        yield {
            "budget": budget_words(allowed),
            "VP": round(float(kept.mean()), 3),
            **{f"plies {a}-{b}": rate_in(kept, positions.ply[chosen], a, b) for a, b in BANDS},
            "proven": round(float(np.mean([why.proven for why in found])), 3),
            "ms": round(1000 * spent, 2),
        }
        if options.out is not None:
            wrong = [(int(chosen[i]), int(actions[i])) for i in np.flatnonzero(~kept)]
            write_mistakes(options.out, budget_name(allowed), positions, wrong)


def budget_words(allowed: dict[str, float]) -> str:
    """Return a budget in words: "1000 nodes", "0.1 s"."""
    return " ".join(
        f"{value:g} {'s' if name == 'seconds' else name}" for name, value in allowed.items()
    )


def budget_name(allowed: dict[str, float]) -> str:
    """Return how a budget is called."""
    return " ".join(f"{name}={value:g}" for name, value in allowed.items())


def write_mistakes(
    out: Path, name: str, positions: SolvedPositions, wrong: list[tuple[int, int]]
) -> None:
    """Write all wrong moves of a budget: the position's row, its ply, the move, the best ones."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / f"mistakes {name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["position", "ply", "move", "best moves"])
        for row, action in wrong:
            worth = np.where(positions.legal[row], positions.wdl[row], -9)
            best = np.flatnonzero(worth == worth.max())
            writer.writerow([row, positions.ply[row], action, " ".join(map(str, best))])


def check_proof(why: Explanation, positions: SolvedPositions, row: int) -> None:
    """Stop if something is called proven that the labels contradict."""
    value = float(why.values[why.action])
    proven = 0 if abs(value - 0.5) < DRAWN else 1 if value > 0.5 else -1
    if why.proven and positions.wdl[row, why.action] != proven:
        msg = f"position {row}: move {why.action} is called {why.proof} and is not"
        raise AssertionError(msg)


def rate_in(kept: Any, ply: Any, first: int, last: int) -> float:
    """Return the share of kept values among positions with so many stones."""
    within = (ply >= first) & (ply <= last)
    return round(float(kept[within].mean()), 3) if within.any() else float("nan")


# ---- speed -----------------------------------------------------------------------------------


def speed(options: argparse.Namespace) -> Iterator[Row]:
    """Yield nodes per second of the solver in every game, and of the network's search."""
    del options
    for name in PROVEN_GAMES:
        game = rlhf_games.make(name)
        prover = Prover(game)
        states = played_positions(game, game.max_plies // 5, 8)
        measure_solver(prover, states[:1], 100)  # compiles
        nodes, spent = measure_solver(prover, states, 1_000_000)
        yield {"what": f"solver, {name}", "million nodes/s": round(nodes / spent / 1e6, 2)}
    agent = load_agent("connect_four")
    state = agent.game.initial(1)[0]
    for nodes in (1000, 10_000):
        agent.explain_state(state, nodes=nodes)
        begun, used = time.process_time(), 0
        for _ in range(20_000 // nodes):
            used += agent.explain_state(state, nodes=nodes).nodes
        rate = used / (time.process_time() - begun)
        yield {"what": f"network, {nodes} nodes", "million nodes/s": round(rate / 1e6, 3)}


def measure_solver(prover: Prover, states: States, nodes: int) -> tuple[int, float]:
    """Return how many nodes were visited in how many seconds."""
    visited, begun = 0, time.process_time()
    for state in states:
        known = list(prover.ask(state, WIN, NodeBudget(nodes)))
        visited += known[-1].nodes
    return visited, time.process_time() - begun


# ---- proofs ----------------------------------------------------------------------------------


def proofs(options: argparse.Namespace) -> Iterator[Row]:
    """Yield from how many plies before the end on half of the positions are proven."""
    for name in PROVEN_GAMES:
        game = rlhf_games.make(name)
        games = played_games(game, options.games, options.seed)
        Prover(game).prove(game.initial(1)[0], 10)  # compiles before any clock runs
        for seconds in (0.1, 1.0):
            shares = {}
            for back in range(2, 60, 2):
                states = [line[-1 - back] for line in games if len(line) > back + 4]
                if len(states) < 3:
                    break
                shares[back] = float(np.mean([is_proven(game, s, seconds) for s in states]))
                if shares[back] < SHARE_PROVEN / 2:
                    break
            proven = [back for back, share in shares.items() if share >= SHARE_PROVEN]
            yield {
                "game": name,
                "seconds": seconds,
                "plies before the end, half proven": max(proven, default=0),
                "shares": " ".join(f"{back}:{share:.2f}" for back, share in shares.items()),
            }


def is_proven(game: Game, state: States, seconds: float) -> bool:
    """Tell whether the value of a position is proven in time, with an empty table."""
    prover, clock_ = Prover(game), Clock(seconds)
    for question in prover.questions:
        answer = UNKNOWN
        for known in prover.ask(state, question, TimeBudget(clock_)):
            answer = known.answer
        if answer == UNKNOWN:
            return False
        if answer:
            return True
    return True


# ---- matches ---------------------------------------------------------------------------------


def matches(options: argparse.Namespace) -> Iterator[Row]:
    """Yield results of agents that prove against the same agents that only search, equal time."""
    for name in options.matches:
        agent = load_agent(name)
        searches = agent.new_search(), agent.new_search()
        seeds = range(options.seed, options.seed + options.pairs)
        pairs = [play_pair(searches, options.seconds, seed) for seed in seeds]
        scores = np.array(pairs).mean(axis=1)
        error = 1.96 * scores.std(ddof=1) / np.sqrt(len(scores))
        points = np.array(pairs).reshape(-1)
        yield {
            "game": agent.game.title,
            "s": options.seconds,
            "games": len(points),
            "won": int((points == 1).sum()),
            "drawn": int((points == DRAWN_GAME).sum()),
            "lost": int((points == 0).sum()),
            "score with proofs": f"{100 * scores.mean():.1f} %",
            "95 % interval": f"{100 * (scores.mean() - error):.1f} to "
            f"{min(100 * (scores.mean() + error), 100):.1f} %",
        }


def play_pair(
    searches: tuple[GameSearch, GameSearch], seconds: float, seed: int
) -> tuple[float, float]:
    """Return what the first search, which proves, scores in two games from one opening."""
    proving, searching = searches
    game, rng = proving.game, np.random.default_rng(seed)
    opening = game.initial(1)
    for _ in range(4):
        opening = game.step(opening, game.random_actions(opening, rng))
    scores = []
    for side in (0, 1):
        states = opening.copy()
        while game.outcome(states)[0] == Outcome.ONGOING:
            if game.mover(states)[0] == side:
                action = proving.explain(states[0], WIN_GOAL, seconds).action
            else:
                action = by_tree_alone(searching, states, seconds)
            states = game.step(states, np.array([action]))
        outcome = int(game.outcome(states)[0]) * (1 if game.mover(states)[0] == side else -1)
        scores.append((outcome + 1) / 2)
    return scores[0], scores[1]


def by_tree_alone(search: GameSearch, states: States, seconds: float) -> int:
    """Return the move in a position `[1, W]` that all the time for the tree finds, without proofs.

    As with proofs, the tree is kept between the moves of a game.
    """
    clock_ = Clock(seconds)
    grown = search.take(states, WIN_GOAL, MOVER)
    for limit in (NodeBudget(0 if grown.used else 1), TimeBudget(clock_)):
        for _ in search.grow(grown, states, limit):
            pass
    action = search.searcher.first_move(
        grown.tree, root_values(grown.tree, grown.used, WIN_GOAL), WIN_GOAL
    )
    search.put_back(grown)
    return action


# ---- tables of the README --------------------------------------------------------------------


def tables(options: argparse.Namespace) -> int:
    """Print the tables and return the worst exit code."""
    worst = 0
    for settings, games in TABLES.values():
        words = ["--game", "connect_four", "--agent", options.agent, *settings.split()]
        words += ["--seed", str(options.seed)]
        words += ["--games", str(games)] if games else ["--positions", str(options.positions)]
        print(f"\n$ {shlex.join(['rlhf-eval', *words])}", flush=True)
        worst = max(worst, rlhf_eval(words))
    return worst


# ---- output ----------------------------------------------------------------------------------

PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "clock": clock,
    "speed": speed,
    "proofs": proofs,
    "matches": matches,
    "perfect": perfect,
    "solving": solving,
}


def show(part: str, rows: Iterator[Row], out: Path | None) -> None:
    """Print rows as they come, then as a table; write them as CSV."""
    seen = []
    for row in rows:
        print(part, row, flush=True)
        seen.append(row)
    table = Table(*map(str, seen[0]), title=part)
    for row in seen:
        table.add_row(*map(str, row.values()))
    Console(width=180).print(table)
    if out is None:
        return
    command = shlex.join(["python", "tests/benchmarks/strength.py", *sys.argv[1:]])
    if part == "matches":
        replace_results(out / f"{part}.csv", command, seen, ["game"])
        return
    write_results(out / f"{part}.csv", command, seen)
    if part == "clock":
        plot(seen, out / "clock.png")


def plot(rows: list[Row], path: Path) -> None:
    """Plot VP against milliseconds where matplotlib is installed."""
    try:
        from matplotlib import pyplot  # noqa: PLC0415 - optional
    except ImportError:
        print("matplotlib is not installed: no plot")
        return
    figure, axes = pyplot.subplots()
    axes.plot([row["ms"] for row in rows], [row["VP"] for row in rows], marker="o")
    for row in rows:
        axes.annotate(row["budget"], (row["ms"], row["VP"]))
    axes.set(xscale="log", xlabel="CPU ms per move", ylabel="VP", title="Connect Four")
    figure.savefig(path, dpi=120)


def main() -> int:
    """Run the parts and return the exit code."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = program.add_argument
    add("--agent", default="connect_four", help="a bundled agent or FILE.zip of Connect Four")
    add("--only", nargs="+", choices=[*PARTS, "tables"], help="some of the parts")
    add("--positions", type=Path, default=POSITIONS, help="solved positions")
    add("--sample", type=int, default=0, help="so many random positions (default: all)")
    add("--games", type=int, default=12, help="games per row of `proofs`")
    add("--matches", nargs="+", default=MATCHES, help="agents of `matches`")
    add("--pairs", type=int, default=50, help="openings per row of `matches`")
    add("--wins", type=int, default=20, help="games from the empty board in `perfect`")
    add("--seconds", type=float, default=0.1, help="per move of `matches` and `perfect`")
    add("--seed", type=int, default=0, help="of samples, openings and players")
    add("--out", type=Path, help="folder for CSV files and the plot")
    options = program.parse_args()
    budget.now = time.process_time
    worst = 0
    missing = () if find_spec("bitbully") else (perfect, solving)
    usual = [part for part, measure in PARTS.items() if measure not in missing]
    for part in options.only or [*usual, "tables"]:
        if part == "tables":
            worst = max(worst, tables(options))
        else:
            show(part, PARTS[part](options), options.out)
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
