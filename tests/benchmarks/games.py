"""Game moves per second on one core: random legal play, new games at once.

    python tests/benchmarks/games.py               a table per game, in two minutes
    python tests/benchmarks/games.py --games connect_four --seconds 10 --json

Every engine runs in this process, one after the other and then again, five times; the best round
counts. The clock is the CPU time of the thread, so that other programs disturb little. OpenSpiel
takes part if it is installed (`pip install rlhf-agents[openspiel]`), PettingZoo in Connect Four.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import shlex
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from results import write_results
from rich.console import Console
from rich.table import Table

import rlhf_games
from rlhf_games.perft import random_playouts

ROUNDS = 5
BATCH = 4096
PLAYOUTS = 20_000
OURS = "rlhf_games"
PETTINGZOO, OPENSPIEL = "connect_four_v3.env()", "from Python, no observations"
TWINS = {
    "connect_four": "connect_four",
    "othello": "othello",
    "othello_6x6": None,
    "breakthrough": "breakthrough",
    "breakthrough_6x6": "breakthrough(rows=6,columns=6)",
}
"""What is measured, and what OpenSpiel calls it."""

Engine = Callable[[], int]
"""Plays a while and returns how many moves it made."""


class Speed(NamedTuple):
    """What was measured of one engine."""

    game: str
    engine: str
    how: str
    moves_per_second: float


def playouts(name: str) -> Engine:
    tag = rlhf_games.make(name).rules
    seeds = iter(range(1 << 62))
    return lambda: random_playouts(tag, PLAYOUTS, next(seeds))[0]


def batched(name: str, *, observe: bool) -> Engine:
    game = rlhf_games.make(name)
    rng = np.random.default_rng(0)
    states = game.initial(BATCH)

    def play() -> int:
        nonlocal states
        states = game.restart(game.step(states, game.random_actions(states, rng)))
        if observe:
            game.observe(states)
        return BATCH

    return play


def pettingzoo(factory: str) -> Engine:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from pettingzoo.classic import connect_four_v3  # noqa: PLC0415
    env = getattr(connect_four_v3, factory)()
    rng = random.Random(0)
    columns = range(7)

    def play() -> int:
        env.reset()
        moves = 0
        while True:
            observation, _, terminated, truncated, _ = env.last()
            if terminated or truncated:
                return moves
            mask = observation["action_mask"]
            env.step(rng.choice([column for column in columns if mask[column]]))
            moves += 1

    return play


def openspiel(twin: str) -> Engine:
    import pyspiel  # noqa: PLC0415

    game = pyspiel.load_game(twin)
    rng = random.Random(0)

    def play() -> int:
        state = game.new_initial_state()
        moves = 0
        while not state.is_terminal():
            state.apply_action(rng.choice(state.legal_actions()))
            moves += 1
        return moves

    return play


def engines(name: str) -> dict[tuple[str, str], Engine]:
    """Return what is installed here and plays a game, by name and manner of play."""
    shape = ", ".join(map(str, rlhf_games.make(name).observation_shape))
    found: dict[tuple[str, str], Engine] = {
        (OURS, "compiled playouts"): playouts(name),
        (OURS, f"batches of {BATCH}, no observations"): batched(name, observe=False),
        (OURS, f"batches of {BATCH}, float32 [B, {shape}]"): batched(name, observe=True),
    }
    twin = TWINS[name]
    if twin is not None and importlib.util.find_spec("pyspiel"):
        found["OpenSpiel", OPENSPIEL] = openspiel(twin)
    if name == "connect_four" and importlib.util.find_spec("pettingzoo"):
        found["PettingZoo", "connect_four_v3.raw_env()"] = pettingzoo("raw_env")
        found["PettingZoo", PETTINGZOO] = pettingzoo("env")
    return found


def measure(name: str, seconds: float) -> list[Speed]:
    """Let every engine play `seconds` in all, after a first call that compiles it."""
    best = {}
    contestants = engines(name)
    for play in contestants.values():
        play()
    for _ in range(ROUNDS):
        for key, play in contestants.items():
            moves, begin = 0, time.thread_time()
            while (spent := time.thread_time() - begin) < seconds / ROUNDS:
                moves += play()
            best[key] = max(best.get(key, 0.0), moves / spent)
    return [Speed(name, *key, value) for key, value in best.items()]


def ratio(speed: Speed, speeds: list[Speed], how: str) -> float | None:
    """How many times faster than another engine at the same game, if that took part."""
    reference = [other for other in speeds if other.how == how and other.game == speed.game]
    return speed.moves_per_second / reference[0].moves_per_second if reference else None


def as_rows(speeds: list[Speed]) -> list[dict[str, object]]:
    return [
        {
            **speed._asdict(),
            "ratio_to_openspiel": ratio(speed, speeds, OPENSPIEL),
            "ratio_to_pettingzoo": ratio(speed, speeds, PETTINGZOO),
        }
        for speed in speeds
    ]


def ratio_words(times: object) -> str:
    """Return a ratio with one digit behind the point, two below 1; nothing if it is None."""
    if not isinstance(times, float):
        return ""
    return f"{times:,.1f}" if times >= 1 else f"{times:.2f}"


def in_words(row: dict[str, object]) -> dict[str, str]:
    """Return a row as people read it."""
    return {
        "game": rlhf_games.make(str(row["game"])).title,
        "engine": f"{row['engine']}, {row['how']}",
        "moves per second": f"{row['moves_per_second']:,.0f}",
        "x OpenSpiel": ratio_words(row["ratio_to_openspiel"]),
        "x PettingZoo": ratio_words(row["ratio_to_pettingzoo"]),
    }


def show(name: str, speeds: list[Speed]) -> None:
    table = Table(
        title=f"{rlhf_games.make(name).title}, random legal play on one core",
        caption=f"best of {ROUNDS} rounds, CPU time; ratios to OpenSpiel's Python API and to "
        "connect_four_v3.env()",
    )
    table.add_column("engine")
    table.add_column("how")
    for heading in ("game moves / s", "x OpenSpiel", "x PettingZoo"):
        table.add_column(heading, justify="right")
    for speed in speeds:
        ratios = [ratio(speed, speeds, how) for how in (OPENSPIEL, PETTINGZOO)]
        shown = ["" if times is None else f"{times:,.1f}" for times in ratios]
        table.add_row(speed.engine, speed.how, f"{speed.moves_per_second:,.0f}", *shown)
    Console().print(table)


def main() -> int:
    """Measure and print."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program.add_argument("--seconds", type=float, default=5.0, help="per engine")
    games = {"nargs": "+", "choices": list(TWINS), "default": list(TWINS)}
    program.add_argument("--games", **games, help="(default all)")
    program.add_argument("--json", action="store_true", help="one JSON list instead of the table")
    program.add_argument("--out", type=Path, help="folder for the table as CSV: docs/results")
    options = program.parse_args()
    if not options.seconds > 0:
        program.error(f"--seconds must be above 0, got {options.seconds:g}")

    everything = []
    for name in options.games:
        speeds = measure(name, options.seconds)
        everything += speeds
        if not options.json:
            show(name, speeds)
    if options.json:
        print(json.dumps(as_rows(everything), indent=2))
    if options.out is not None:
        command = shlex.join(["python", "tests/benchmarks/games.py", *sys.argv[1:]])
        write_results(options.out / "games.csv", command, list(map(in_words, as_rows(everything))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
