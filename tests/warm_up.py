"""Compiles what most tests need into numba's cache, while one core would wait for the type checker.

Two workers that begin with an empty cache would compile the same functions side by side.

    python -m tests.warm_up
"""

from __future__ import annotations

import multiprocessing
import tempfile
from pathlib import Path

from rlhf_agents import load_agent
from rlhf_agents.search.distances import warm_up as proofs_warm_up
from rlhf_agents.training.train import TrainingConfig, train

GAMES = ("connect_four", "tic_tac_toe")
SETTINGS = {"learning_starts": 64, "batch_size": 32, "foresight": {"lesson_nodes": 60, "nodes": 12}}


def warm_up(game: str) -> None:
    """Train an agent for a moment, and let it think."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agent.zip"
        train(TrainingConfig(game, steps=256, n_envs=16, out=path, quiet=True, settings=SETTINGS))
        agent = load_agent(path)
    state = agent.game.initial(1)[0]
    agent.explain_state(state, nodes=20)
    proofs_warm_up(agent.game)
    agent.forecast(state, games=2)


if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(len(GAMES)) as pool:
        pool.map(warm_up, GAMES)
