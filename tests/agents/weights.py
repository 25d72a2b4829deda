"""Networks with random weights, for tests."""

from __future__ import annotations

import numpy as np

from rlhf_agents.search.compiled_network import PatternWeights, windows_of
from rlhf_games.base import Game


def random_weights(game: Game, width=16, depth=1, seed=0, scale=1.0) -> PatternWeights:
    rng = np.random.default_rng(seed)
    windows = windows_of(game.observation_shape, game.line_length, game.visible_cells)
    outputs = 2 * len(game.goals) * game.n_actions

    def draw(*shape):
        return (scale * rng.standard_normal(shape)).astype(np.float32)

    return PatternWeights(
        windows=windows,
        table=draw(len(windows) * 4 ** windows.shape[1], width),
        scale=np.ones((depth + 1, width), np.float32),
        shift=draw(depth + 1, width),
        dense=draw(depth, width, width) / np.float32(width) ** 0.5,
        bias=draw(depth, width),
        heads=draw(outputs, width) / np.float32(width) ** 0.5,
        head_bias=np.zeros(outputs, np.float32),
        parents=np.full(len(game.goals), -1, np.int64),
    )
