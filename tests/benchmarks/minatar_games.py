"""MinAtar: steps per second on one core, the original library and the compiled games.

    python tests/benchmarks/minatar_games.py                      a table, in about a minute
    python tests/benchmarks/minatar_games.py --game breakout --seconds 2 --json

Random play, new games at once, with the observation of every step. `compiled` are the games alone
(`ArcadeBatch`), `VecEnv` is what `make_env` gives, with goals, masks and infos. All run in this
process, one after the other and then again, three times; the best round counts. The clock is the
CPU time of the thread. The original takes part if it is installed
(`pip install --no-deps minatar`); the last column compares with it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from rlhf_adapters import make_env
from rlhf_adapters.from_minatar import library
from rlhf_games import minatar
from rlhf_games.arcade.batch import ArcadeBatch

ROUNDS = 3
BATCHES = (1, 64, 1024)
CHUNK = 64
ORIGINAL = "original"

Engine = Callable[[], int]
"""Plays a while and returns how many steps it made."""


class Speed(NamedTuple):
    """What was measured; `ratio` is to the original."""

    game: str
    engine: str
    steps_per_second: float
    ratio: float | None = None


def original(name: str) -> Engine:
    game = library().Environment(name)
    game.seed(0)
    game.reset()
    actions = np.random.default_rng(0).integers(6, size=CHUNK).tolist()

    def play() -> int:
        for action in actions:
            _, over = game.act(action)
            game.state()
            if over:
                game.reset()
        return CHUNK

    return play


def compiled(name: str, n: int) -> Engine:
    games = ArcadeBatch(minatar.make(name), n, seed=0)
    actions = np.random.default_rng(0).integers(6, size=(CHUNK, n))

    def play() -> int:
        for row in actions:
            games.step(row)
            if games.over.any():
                games.restart(games.over)
        return CHUNK * n

    return play


def vec_env(name: str, n: int) -> Engine:
    env = make_env(f"minatar:{name}", n_envs=n, seed=0)
    env.reset()
    actions = np.random.default_rng(0).integers(6, size=(CHUNK, n))

    def play() -> int:
        for row in actions:
            env.step(row)
        return CHUNK * n

    return play


def engines(name: str) -> dict[str, Engine]:
    """Return what can be measured here, by what it is."""
    found: dict[str, Engine] = {}
    if importlib.util.find_spec("minatar"):
        found[ORIGINAL] = original(name)
    for n in BATCHES:
        found[f"compiled, {n}"] = compiled(name, n)
    for n in BATCHES[1:]:
        found[f"VecEnv, {n}"] = vec_env(name, n)
    return found


def speed_of(play: Engine, seconds: float) -> float:
    """Return steps per second of CPU time."""
    steps, start = 0, time.thread_time()
    while (spent := time.thread_time() - start) < seconds:
        steps += play()
    return steps / spent


def measure(name: str, seconds: float) -> list[Speed]:
    """Return the speeds of one game."""
    playing = engines(name)
    for play in playing.values():
        play()  # compiles
    best = dict.fromkeys(playing, 0.0)
    for _ in range(ROUNDS):
        for what, play in playing.items():
            best[what] = max(best[what], speed_of(play, seconds / ROUNDS))
    base = best.get(ORIGINAL)
    return [
        Speed(name, what, speed, speed / base if base else None) for what, speed in best.items()
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--game", choices=minatar.names(), help="one game only")
    parser.add_argument("--seconds", type=float, default=1.0, help="per engine and game")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    games = [options.game] if options.game else minatar.names()
    speeds = [speed for name in games for speed in measure(name, options.seconds)]
    if options.json:
        print(json.dumps([speed._asdict() for speed in speeds]))
        return
    table = Table("game", "engine", "steps / s", "times the original")
    for speed in speeds:
        ratio = f"{speed.ratio:.1f}" if speed.ratio is not None else "-"
        table.add_row(speed.game, speed.engine, f"{speed.steps_per_second:,.0f}", ratio)
    Console().print(table)


if __name__ == "__main__":
    main()
