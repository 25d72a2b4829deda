"""The window's figures on SDL's dummy driver: start, frame times while it thinks, closing.

    python tests/benchmarks/window.py [--nodes N] [--seconds S]

Every start is a process of its own, timed from before it begins until its first frame is shown:
warm, and cold (with an empty cache of compiled code). In the scripted game the agent thinks with N
nodes about every move while a person plays, points at everything and steers; every turn of the loop
draws a frame, changed or not, up to 60 per second.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from rlhf_agents.play.viewer.app import App

ROOT = Path(__file__).resolve().parents[2]
SLOW = 0.025


def start(cache: Path | None) -> tuple[float, float, float, bool]:
    """Return the seconds until the first frame, until it can be played, and to close."""
    variables = _environment()
    if cache is not None:
        variables["NUMBA_CACHE_DIR"] = str(cache)
    begin = time.time()
    done = subprocess.run(
        [sys.executable, __file__, "--child", "start"],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    first, ready, closing, early = (float(word) for word in done.stdout.split()[-4:])
    return first - begin, ready - begin, time.time() - closing, bool(early)


def game(nodes: int, seconds: float) -> np.ndarray:
    """Return the time between frames of the scripted game, in seconds."""
    command = [sys.executable, __file__, "--child", "game"]
    command += ["--nodes", str(nodes), "--seconds", str(seconds)]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=True)
    return np.array([float(word) for word in done.stdout.split("frames", 1)[1].split()])


def _environment() -> dict[str, str]:
    paths = [str(ROOT / part) for part in (".", "adapters", "games")]
    old = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "SDL_VIDEODRIVER": "dummy", "PYTHONPATH": os.pathsep.join([*paths, old])}


def child_start() -> None:
    """Open the window, wait until it can be played, close it."""
    from rlhf_agents.cli.play_window import play_in_window  # noqa: PLC0415 - is timed
    from rlhf_agents.play.setup import Setup  # noqa: PLC0415

    times: list[float] = []
    early: list[bool] = []

    def watch(app: App, _now: float) -> None:
        app.ui.page, app.ui.analysing = "", True
        if not times:
            times.append(time.time())
            early.append(app.builder is None and "torch" not in sys.modules)
        builder = app.builder
        if builder is not None and builder.match.explanation() is not None:
            times.append(time.time())
            app.leaving = True

    play_in_window(Setup("connect_four"), "dark", None, None, watch)
    sys.stdout.write(f"{times[0]} {times[1]} {times[1]} {int(early[0])}\n")


def child_game(nodes: int, seconds: float) -> None:
    """Play the scripted game and print the times between frames."""
    import pygame  # noqa: PLC0415 - only in the child

    from rlhf_agents.cli.play_window import play_in_window  # noqa: PLC0415
    from rlhf_agents.play.setup import Setup  # noqa: PLC0415

    frames: list[float] = []
    goals = ("win", "win_diagonal", "lose", "draw")

    def post(kind: int, **what: object) -> None:
        pygame.event.post(pygame.event.Event(kind, **what))

    def watch(app: App, now: float) -> None:
        app.ui.page, app.ui.analysing = "", True
        app.touch()
        frames.append(time.perf_counter())
        builder = app.builder
        if frames[-1] - frames[0] > seconds:
            post(pygame.QUIT)
        if builder is None or len(frames) % 20:
            return
        match, turn = builder.match, len(frames) // 20
        width, height = app.layout.window.width, app.layout.window.height
        place = (37 * turn % int(width), 53 * turn % int(height))
        post(pygame.MOUSEMOTION, pos=place, rel=(0, 0), buttons=(0, 0, 0))
        if turn % 9 == 0:
            match.steer(goals[turn // 9 % len(goals)])
        if match.session.over:
            match.new()
        elif not match.computer:
            legal = match.session.legal()
            match.play(legal[turn % len(legal)])

    play_in_window(Setup("connect_four", nodes=nodes), "dark", None, None, watch)
    sys.stdout.write("frames " + " ".join(f"{gap:.5f}" for gap in np.diff(frames)) + "\n")


def main() -> None:
    """Measure and print."""
    program = argparse.ArgumentParser(description=__doc__)
    program.add_argument("--nodes", type=int, default=16_000)
    program.add_argument("--seconds", type=float, default=60.0)
    program.add_argument("--child", choices=("start", "game"))
    options = program.parse_args()
    if options.child == "start":
        return child_start()
    if options.child == "game":
        return child_game(options.nodes, options.seconds)
    table = Table("window", "figure")
    start(None)
    for name, cache in (("warm", None), ("cold", Path(tempfile.mkdtemp()))):
        first, ready, closing, early = start(cache)
        when = "before numba, rules and agent are loaded" if early else "after the agent"
        table.add_row(f"first frame, {name}", f"{first:.2f} s ({when})")
        table.add_row(f"ready to be played, {name}", f"{ready:.2f} s")
        table.add_row(f"closed, {name}", f"{closing:.2f} s until the process has ended")
    gaps = game(options.nodes, options.seconds)
    table.add_row(
        f"frames, {options.nodes:,} nodes a move",
        f"{len(gaps)} in {gaps.sum():.0f} s; {100 * (gaps < SLOW).mean():.2f} % under 25 ms; 99th "
        f"percentile {1000 * np.quantile(gaps, 0.99):.1f} ms, longest {1000 * gaps.max():.0f} ms",
    )
    Console().print(table)
    return None


if __name__ == "__main__":
    main()
