"""Chance for many games at once: one random generator per game."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_games.compiled import compiled_views, next_random, random_unit


@compiled_views
def throw_row(generators: NDArray[np.uint64], row: int, out: NDArray[np.float64]) -> None:
    """Fill row `row` of `out` `[B, K]` with uniform numbers from its generator, which moves on."""
    generator = generators[row]
    for k in range(out.shape[1]):
        generator, bits = next_random(generator)
        out[row, k] = random_unit(bits)
    generators[row] = generator


@compiled_views
def throw(generators: NDArray[np.uint64], out: NDArray[np.float64]) -> None:
    """Fill `out` `[B, K]` with uniform numbers, see `throw_row`."""
    for row in range(out.shape[0]):
        throw_row(generators, row, out)


class Dice:
    """n random generators. What game i is dealt depends on the seed and on i, not on n.

    Args:
        n: how many games.
        seed: of all generators; None takes one from the operating system.
    """

    def __init__(self, n: int, seed: int | None = None) -> None:
        words = np.random.SeedSequence(seed).generate_state(n, np.uint64)
        self.generators: NDArray[np.uint64] = words.astype(np.uint64, copy=False)

    def throw(self, k: int) -> NDArray[np.float64]:
        """Return k numbers in [0, 1) for every game, float64 `[n, k]`."""
        out = np.empty((len(self.generators), k))
        throw(self.generators, out)
        return out
