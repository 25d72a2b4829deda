"""Random numbers for many games at once: one generator per game."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_games.compiled import compiled_views, next_random, random_unit


@compiled_views
def throw(
    generators: NDArray[np.uint64], which: NDArray[np.bool_], out: NDArray[np.float64]
) -> None:
    """Fill the rows of `out` `[n, K]` that are in `which`, each from its generator."""
    for row in range(len(which)):
        if which[row]:
            generator = generators[row]
            for k in range(out.shape[1]):
                generator, bits = next_random(generator)
                out[row, k] = random_unit(bits)
            generators[row] = generator


class Dice:
    """n random generators; the numbers of game i depend only on seed + i.

    Args:
        n: number of games.
        seed: of all generators; None takes one from the operating system.
    """

    def __init__(self, n: int, seed: int | None = None) -> None:
        if seed is None:
            seed = int(np.random.default_rng().integers(1 << 62))
        sources = [np.random.SeedSequence(seed + i) for i in range(n)]
        words = [source.generate_state(1, np.uint64)[0] for source in sources]
        self.generators = np.array(words, np.uint64)

    def throw(self, which: NDArray[np.bool_], out: NDArray[np.float64]) -> None:
        """Fill rows of `out` `[n, K]` with numbers in [0, 1).

        Args:
            which: the games to draw for, bool `[n]`; the others stay unchanged.
            out: receives the numbers.
        """
        throw(self.generators, which, out)
