"""Tight weights: a pattern network in a limited number of bytes.

A table row is int8 times its own step, which is finer for rows that occur more often in games: an
error counts each time it occurs, so steps are proportional to the inverse root of the frequency
(reverse water-filling, Cover & Thomas, Elements of Information Theory, section 10.3.3). Rows that
never occur are left out. Steps are small multiples of powers of two, so that sums of rows are exact
in float32 in any order. Dense layers and heads are int8 times a float32 per output.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.bots.exports.quantize import MOST, Bytes, Floats, in_shares, table_rows
from rlhf_agents.bots.exports.registry import ExportError
from rlhf_agents.players.agent import Agent
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_games.base import Array, Outcome

HEAD_LEVELS = (127, 31, 7)
"""Largest codes of heads: the first that leaves most of the space to the table, otherwise the
last."""
HEAD_SHARE = 1 / 3
LEFT_OUT = 127
"""The exponent of a row that is zero."""
EXPONENTS = (-1, 6)
USUAL = 0.02
"""The frequency of a row with exponent 0."""
CHANCES = (0.1, 0.3, 1.0)
"""Games for measuring frequencies: their probabilities of a random move instead of the agent's."""
GAMES = 1500
SEED = 0
FINEST, COARSEST = -10, 4
"""Binary logarithms of the steps to try."""
FILTERS = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 22, "lc": 0, "lp": 0, "pb": 0}]
"""LZMA filters, which a reader needs to unpack."""
SEARCH = {"mode": lzma.MODE_NORMAL, "mf": lzma.MF_BT4, "nice_len": 8, "depth": 1}
"""Codes hardly repeat: short matches found in one pass compress as well, in a fifth of the time."""


@dataclass(frozen=True)
class TightWeights:
    """The network of `PatternWeights`, see there, in small numbers.

    Attributes:
        step: a small multiple of a power of two.
        exponents: int8 `[R]`, a row is its codes times `step * 2**exponent`; or LEFT_OUT.
        codes: int8 `[K, D]`, the other rows, sorted by exponent.
        dense: int8 `[depth, D, D]`, `[layer, output, input]`.
        dense_scale: float32 `[depth, D]`, one per output.
        heads: int8 `[2 * G * A, D]`.
        head_scale: float32 `[2 * G * A]`.
        exact: arrays that are not rounded: windows, scale, shift, bias, head_bias, parents.
    """

    step: float
    exponents: Bytes
    codes: Bytes
    dense: Bytes
    dense_scale: Floats
    heads: Bytes
    head_scale: Floats
    exact: PatternWeights

    def weights(self) -> PatternWeights:
        """Return the exported bot's network."""
        kept = np.flatnonzero(self.exponents != LEFT_OUT)
        kept = kept[np.argsort(self.exponents[kept], kind="stable")]
        table = np.zeros((len(self.exponents), self.codes.shape[1]), np.float32)
        steps = np.ldexp(np.float32(self.step), self.exponents[kept].astype(np.int32))
        table[kept] = self.codes * steps[:, None]
        dense = (self.dense * self.dense_scale[..., None]).transpose(0, 2, 1)
        return self.exact._replace(
            table=table,
            dense=np.ascontiguousarray(dense),
            heads=self.heads * self.head_scale[:, None],
        )

    def arrays(self) -> list[Array]:
        """Return the arrays of a file in its order; the step is stored separately."""
        exact = self.exact
        return [
            self.exponents,
            self.codes,
            exact.scale,
            exact.shift,
            self.dense_scale,
            self.dense,
            exact.bias,
            self.head_scale,
            self.heads,
            exact.head_bias,
        ]

    def packed(self) -> bytes:
        """Return the arrays, little-endian, compressed by raw LZMA2 with FILTERS."""
        little = (np.asarray(one, one.dtype.newbyteorder("<")) for one in self.arrays())
        return _compressed(b"".join(one.tobytes() for one in little))


def tighten(agent: Agent, most_bytes: int) -> tuple[TightWeights, bytes]:
    """Round an agent's network as finely as fits, and return it with its packed bytes.

    Raises:
        ExportError: it does not fit with the coarsest steps.
    """
    frequencies = row_frequencies(agent)
    ladder = [
        quarters / 4 * 2.0**power
        for power in range(FINEST, COARSEST)
        for quarters in range(4, 8)
        if quarters / 4 * 2.0**power * MOST >= np.abs(agent.weights.table).max() / 2
    ]
    levels = _head_levels(agent.weights.heads, most_bytes)
    low, high = 0, len(ladder)
    best = None
    while low < high:
        middle = (low + high) // 2
        tight = rounded(agent.weights, frequencies, ladder[middle], levels)
        packed = tight.packed()
        if len(packed) <= most_bytes:
            best, high = (tight, packed), middle
        else:
            low = middle + 1
    if best is None:
        msg = f"the network of {agent.name} is too large: it does not fit {most_bytes // 1000} kB"
        raise ExportError(msg)
    return best


def _head_levels(heads: Floats, most_bytes: int) -> int:
    for levels in HEAD_LEVELS:
        if len(_compressed(in_shares(heads, levels)[0].tobytes())) <= HEAD_SHARE * most_bytes:
            return levels
    return HEAD_LEVELS[-1]


def rounded(
    weights: PatternWeights, frequencies: NDArray[np.float64], step: float, levels: int = MOST
) -> TightWeights:
    """Round a network.

    Args:
        weights: the network.
        frequencies: float64 `[R]`, how often each row occurs in a position, 0 for never.
        step: of a row of the frequency USUAL.
        levels: the largest code of a head.
    """
    wanted = -0.5 * np.log2(np.maximum(frequencies, 1e-12) / USUAL)
    exponents = np.clip(np.rint(wanted), *EXPONENTS).astype(np.int8)
    steps = np.ldexp(np.float32(step), exponents.astype(np.int32))
    codes = np.clip(np.rint(weights.table / steps[:, None]), -MOST, MOST).astype(np.int8)
    zero = (frequencies == 0) | ~codes.any(axis=1)
    exponents[zero] = LEFT_OUT
    request = np.argsort(exponents, kind="stable")[: int((~zero).sum())]
    dense, dense_scale = in_shares(weights.dense.transpose(0, 2, 1))
    heads, head_scale = in_shares(weights.heads, levels)
    return TightWeights(
        step, exponents, codes[request], dense, dense_scale, heads, head_scale, weights
    )


def _compressed(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_RAW, filters=[FILTERS[0] | SEARCH])


def row_frequencies(agent: Agent) -> NDArray[np.float64]:
    """Return the share of positions in which each table row occurs, float64 `[R]`.

    The positions are those of games that the agent plays against itself with random moves.
    """
    game, rng = agent.game, np.random.default_rng(SEED)
    counts = np.zeros(len(agent.weights.table), np.int64)
    total = 0
    for chance in CHANCES:
        states = game.initial(GAMES)
        while len(states):
            rows = table_rows(game, states, agent.weights.windows)
            counts += np.bincount(rows.reshape(-1), minlength=len(counts))
            total += len(states)
            actions, other = agent.act_states(states, "win", 0), game.random_actions(states, rng)
            actions = np.where(rng.random(len(states)) < chance, other, actions)
            states = game.step(states, actions)
            states = states[game.outcome(states) == Outcome.ONGOING]
    return counts / total
