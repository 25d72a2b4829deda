"""Helpers for small networks: whole numbers with a step per row, and the rows that occur."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.compiled_network import CLOCK_SYMBOLS, N_SYMBOLS
from rlhf_games.base import Game, States
from rlhf_games.rules import symbols_batch

MOST = 127

Bytes = NDArray[np.int8]
Floats = NDArray[np.float32]


def in_shares(rows: Floats, levels: int = MOST) -> tuple[Bytes, Floats]:
    """Return rows `[..., D]` as whole multiples of a step `[...]` per row."""
    largest = np.abs(rows).max(axis=-1)
    scale = np.where(largest > 0, largest / levels, 1.0).astype(np.float32)
    return np.rint(rows / scale[..., None]).astype(np.int8), scale


def table_rows(game: Game, states: States, windows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the table rows of positions, int64 `[B, P]`, see `compiled_network.embed`."""
    cells = int(np.prod(game.observation_shape[1:]))
    symbols = np.empty((len(states), cells + CLOCK_SYMBOLS), np.int8)
    symbols_batch(game.rules, states, symbols[:, :cells])
    digits = game.plies(states)[:, None] >> (2 * np.arange(CLOCK_SYMBOLS))
    symbols[:, cells:] = digits & 3
    rows = np.broadcast_to(np.arange(len(windows)), (len(states), len(windows)))
    for column in windows.T:
        rows = rows * N_SYMBOLS + symbols[:, column]
    return rows
