"""An entropy coder for small whole numbers, whose readers are short in Python and JavaScript.

Asymmetric numeral systems (Duda, arXiv 1311.2540; the range variant) with a fixed histogram per
class of numbers, in many lanes at once, so that numpy decodes a whole lane per operation. Numbers
beyond MOST are written apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LANES = 512
MOST = 40
"""The largest number with a symbol; symbol 0 is -MOST, the last means any other number."""
ESCAPE = 2 * MOST + 1
BITS = 14
"""Binary logarithm of the sum of a histogram."""
CLASSES = 24
WORD = 16
"""Bits of a word; a lane's state has two words."""

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Coded:
    """Numbers in code.

    Attributes:
        histograms: uint16 `[CLASSES, ESCAPE + 1]`, each sums to `2**BITS` or is empty.
        escapes: int32, the numbers beyond MOST, in order.
        words: uint16.
    """

    histograms: NDArray[np.uint16]
    escapes: NDArray[np.int32]
    words: NDArray[np.uint16]


def encode(numbers: Whole, classes: NDArray[np.uint8]) -> Coded:
    """Write numbers `[N]`, which fit int32, of some classes `[N]`, which are less than CLASSES."""
    symbols = np.where(np.abs(numbers) > MOST, ESCAPE, numbers + MOST)
    padding = -len(symbols) % LANES
    symbols = np.pad(symbols, (0, padding), constant_values=MOST)
    classes = np.pad(classes, (0, padding))
    histograms = _histograms(symbols, classes)
    place = classes.astype(np.int64) * (ESCAPE + 1) + symbols
    shares = histograms.ravel()[place].astype(np.uint64).reshape(-1, LANES)
    below = (np.cumsum(histograms, axis=1) - histograms).ravel()[place]
    starts = below.astype(np.uint64).reshape(-1, LANES)
    state = np.full(LANES, 1 << WORD, np.uint64)
    chunks = []
    for share, start in zip(shares[::-1], starts[::-1], strict=True):
        full = state >= share << np.uint64(2 * WORD - BITS)
        chunks.append(state[full].astype(np.uint16))
        state[full] >>= np.uint64(WORD)
        quotient, rest = np.divmod(state, share)
        state = (quotient << np.uint64(BITS)) + rest + start
    chunks.append(state.astype("<u4").view(np.uint16))
    escapes = numbers[np.abs(numbers) > MOST].astype(np.int32)
    return Coded(histograms.astype(np.uint16), escapes, np.concatenate(chunks[::-1]))


def _histograms(symbols: Whole, classes: NDArray[np.uint8]) -> Whole:
    """Return how often each symbol occurs in each class, in shares of `2**BITS`."""
    width = ESCAPE + 1
    counts = np.bincount(classes * np.int64(width) + symbols, minlength=CLASSES * width)
    counts = counts.reshape(CLASSES, width)
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares = np.where(counts > 0, np.maximum(counts * ((1 << BITS) - width) // total, 1), 0)
    rows = np.flatnonzero(shares.any(axis=1))
    shares[rows, shares[rows].argmax(axis=1)] += (1 << BITS) - shares[rows].sum(axis=1)
    return shares
