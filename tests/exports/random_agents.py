"""Agents of any game with random networks: enough to compare two ways of thinking."""

from __future__ import annotations

import numpy as np

import rlhf_games
from rlhf_agents.agent import Agent, load_agent
from rlhf_agents.bundled import bundled_agents
from rlhf_agents.compiled_network import N_SYMBOLS, PatternWeights, windows_of
from rlhf_agents.settings import Foresight

WIDTH, DEPTH = 16, 1
TRAINED = tuple(bundled_agents())


def agent_of(name: str) -> Agent:
    """Return the bundled agent of the game, or else a random one."""
    return load_agent(name) if name in TRAINED else random_agent(name)


def random_agent(name: str, seed: int = 0) -> Agent:
    """Return an agent of the game with a random network."""
    game = rlhf_games.make(name)
    names = [goal.name for goal in game.goals]
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    windows = windows_of(game.observation_shape, game.line_length, game.visible_cells)
    outputs = 2 * len(names) * game.n_actions
    weights = PatternWeights(
        windows=windows,
        table=normal(len(windows) * N_SYMBOLS**game.line_length, WIDTH),
        scale=1 + 0.1 * normal(DEPTH + 1, WIDTH),
        shift=0.1 * normal(DEPTH + 1, WIDTH),
        dense=normal(DEPTH, WIDTH, WIDTH) / 4,
        bias=normal(DEPTH, WIDTH),
        heads=normal(outputs, WIDTH) / 2,
        head_bias=normal(outputs),
        parents=np.array(
            [-1 if goal.implies is None else names.index(goal.implies) for goal in game.goals]
        ),
    )
    return Agent(name, game, weights, Foresight())
