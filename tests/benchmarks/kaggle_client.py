"""The Kaggle submission in Kaggle's own client: 100 games against each of its bots.

    python tests/benchmarks/kaggle_client.py [--games 100] [--nodes 400] [--venv FOLDER]

The client has pins of its own, so that it lives in a virtual environment of its own, which is made
if need be (about 100 MB). Prints one JSON object per opponent.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from rlhf_agents import export

PACKAGES = ["kaggle-environments"], ["jsonschema", "numpy", "requests"]
MATCH = """
import json, sys
from kaggle_environments import make
file, opponent, games = sys.argv[1], sys.argv[2], int(sys.argv[3])
score = {"opponent": opponent, "won": 0, "drawn": 0, "lost": 0, "errors": 0, "least_bank": 60.0}
for game in range(games):
    seat = game % 2
    players = [file, opponent] if seat == 0 else [opponent, file]
    env = make("connectx")
    steps = env.run(players)
    last = steps[-1][seat]
    score["errors"] += last.status != "DONE" or last.reward is None
    score[{1: "won", 0: "drawn"}.get(last.reward, "lost")] += 1
    bank = min(step[seat].observation.remainingOverageTime for step in steps)
    score["least_bank"] = min(score["least_bank"], bank)
print(json.dumps(score))
"""


def make_client(folder: Path) -> Path:
    """Return the Python of a virtual environment with Kaggle's client; it is made if need be.

    Raises:
        subprocess.CalledProcessError: the packages cannot be had, e.g. without a network.
    """
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "-q", "--timeout", "20", "--retries", "1"]
        for extra, packages in zip((["--no-deps"], []), PACKAGES, strict=True):
            subprocess.run(
                [*install, *extra, *packages], check=True, capture_output=True, text=True
            )
        ready.touch()
    return python


def match(python: Path, file: Path, opponent: str, games: int) -> dict:
    """Play games in the client, the first seat in turns, and return how they ended."""
    command = [str(python), "-I", "-c", MATCH, str(file), opponent, str(games)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, cwd=file.parent)
    return json.loads(ran.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", type=int, default=100)
    parser.add_argument("--nodes", type=int, default=400)
    parser.add_argument("--venv", type=Path, default=Path(tempfile.gettempdir()) / "kaggle_client")
    options = parser.parse_args()
    python = make_client(options.venv)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "submission.py"
        export("connect_four", "kaggle", file, nodes=options.nodes)
        for opponent in ("negamax", "random"):
            print(json.dumps(match(python, file, opponent, options.games)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
