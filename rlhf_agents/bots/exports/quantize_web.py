"""Small weights: a pattern network in whole numbers, a fifth of its size.

The table is int8 times one power of two, so that its sums are exact in any order; dense layers and
heads are int8 times a float32 per output. Table rows for patterns that never occur in random games
are left out: they were never trained, and most cannot occur.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.bots.exports.quantize import MOST, Bytes, Floats, in_shares, table_rows
from rlhf_agents.search.compiled_network import N_SYMBOLS, PatternWeights
from rlhf_games.base import Game, Outcome

STEP_SHARE = 0.45
"""The step of the table is at most this share of its root mean square."""
GAMES = 8_000
SEED = 0


@dataclass(frozen=True)
class SmallWeights:
    """The network of `PatternWeights`, see there, in small numbers.

    Attributes:
        step: a power of two.
        kept: bool `[R]`, table rows that are not zero.
        table: int8 `[K, D]`, the kept rows in steps.
        dense: int8 `[depth, D, D]`, `[layer, output, input]`.
        dense_scale: float32 `[depth, D]`, one per output.
        heads: int8 `[2 * G * A, D]`.
        head_scale: float32 `[2 * G * A]`.
        exact: arrays that are not rounded: windows, scale, shift, bias, head_bias, parents.
    """

    step: float
    kept: NDArray[np.bool_]
    table: Bytes
    dense: Bytes
    dense_scale: Floats
    heads: Bytes
    head_scale: Floats
    exact: PatternWeights

    def weights(self) -> PatternWeights:
        """Return the exported bot's network."""
        table = np.zeros((len(self.kept), self.table.shape[1]), np.float32)
        table[self.kept] = self.table * np.float32(self.step)
        dense = (self.dense * self.dense_scale[..., None]).transpose(0, 2, 1)
        return self.exact._replace(
            table=table,
            dense=np.ascontiguousarray(dense),
            heads=self.heads * self.head_scale[:, None],
        )

    def packed(self) -> bytes:
        """Return all arrays, little-endian, compressed by zlib.

        In this order: step, kept as bits, table, scale, shift, bias, head_bias; then dense and
        heads, the scales before the numbers.
        """
        exact = self.exact
        parts = (
            np.array([self.step], np.float32),
            np.packbits(self.kept, bitorder="little"),
            self.table,
            exact.scale,
            exact.shift,
            exact.bias,
            exact.head_bias,
            self.dense_scale,
            self.dense,
            self.head_scale,
            self.heads,
        )
        little = (np.asarray(part, part.dtype.newbyteorder("<")) for part in parts)
        return zlib.compress(b"".join(part.tobytes() for part in little), 9)


def shrink(game: Game, weights: PatternWeights) -> SmallWeights:
    """Round a game's network to small numbers."""
    kept = rows_that_occur(game, weights.windows)
    table, step = _in_steps(weights.table[kept])
    dense, dense_scale = in_shares(weights.dense.transpose(0, 2, 1))
    heads, head_scale = in_shares(weights.heads)
    return SmallWeights(step, kept, table, dense, dense_scale, heads, head_scale, weights)


def _in_steps(table: Floats) -> tuple[Bytes, float]:
    """Return the rows as multiples of a power of two; the few beyond int8 are clipped."""
    spread = max(float(np.sqrt(np.square(table).mean())), 1e-9) if table.size else 1.0
    step = float(2.0 ** np.floor(np.log2(STEP_SHARE * spread)))
    return np.clip(np.rint(table / step), -MOST, MOST).astype(np.int8), step


def rows_that_occur(game: Game, windows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which table rows a position of some random game uses, bool `[P * 4**L]`."""
    occurs = np.zeros(len(windows) * N_SYMBOLS ** windows.shape[1], np.bool_)
    states, rng = game.initial(GAMES), np.random.default_rng(SEED)
    while len(states):
        for column in table_rows(game, states, windows).T:
            occurs[column] = True
        states = game.step(states, game.random_actions(states, rng))
        states = states[game.outcome(states) == Outcome.ONGOING]
    return occurs
