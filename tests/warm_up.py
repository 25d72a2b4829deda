"""Compiles what most tests need into numba's cache, while one core would wait for the type checker.

Two workers that begin with an empty cache would compile the same functions side by side.

    python -m tests.warm_up
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from rlhf_agents import load_agent
from rlhf_agents.training import Plan, train

GAMES = ("tic_tac_toe", "connect_four")
SETTINGS = {"learning_starts": 64, "batch_size": 32, "foresight": {"lesson_nodes": 60, "nodes": 12}}


def main() -> None:
    """Train an agent of each game for a moment, and let it think."""
    with tempfile.TemporaryDirectory() as folder:
        for game in GAMES:
            path = Path(folder) / f"{game}.zip"
            train(Plan(game, steps=256, n_envs=16, out=path, quiet=True, settings=SETTINGS))
            agent = load_agent(path)
            state = agent.game.initial(1)[0]
            agent.explain_state(state, "win", nodes=20)
            agent.forecast(state, ("win", "win"), games=2)


if __name__ == "__main__":
    main()
