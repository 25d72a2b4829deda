"""A trial of an OpenSpiel game in a separate process, limited in time and memory.

OpenSpiel does not check all of its options: some crash the process, others never return.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache

from rlhf_adapters.foreign_games.openspiel import Trial

SECONDS, GIGABYTES = 5, 4
"""Limits of CPU time and memory; playable games need a tenth of them."""
LIMITS = f"OpenSpiel crashes, or needs more than {SECONDS} seconds or {GIGABYTES} GB"


@cache
def trouble_with(name: str, options: str, last_ply: int | None) -> str:
    """Return what is wrong with a game, an empty text if its first games can be played.

    Args:
        name: of the game.
        options: as `as_json` writes them.
        last_ply: where games are stopped, or None.
    """
    try:
        ended = subprocess.run(
            [sys.executable, "-m", __name__, name, options, str(last_ply or 0)],
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return LIMITS
    lines = ended.stdout.splitlines()
    said = str(json.loads(lines[-1])) if lines else ""
    return LIMITS if said.startswith("std::") or ended.returncode else said


def as_json(options: Mapping[str, object]) -> str:
    """Return options as JSON; equal options give equal texts."""
    return json.dumps(dict(options), sort_keys=True)


def _limit() -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    memory = GIGABYTES << 30
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _try(name: str, options: str, last_ply: int) -> str:
    import pyspiel  # noqa: PLC0415 - an optional library

    try:
        game = pyspiel.load_game(name, json.loads(options))
        for action in range(game.num_distinct_actions()):
            game.action_to_string(0, action)
        Trial(game, last_ply or None)
    except Exception as error:
        return str(error) or type(error).__name__
    return ""


if __name__ == "__main__":
    _limit()
    if said := _try(sys.argv[1], sys.argv[2], int(sys.argv[3])):
        print(json.dumps(said))  # noqa: T201 - the answer
