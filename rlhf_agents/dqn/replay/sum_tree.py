"""A sum tree: draws indices in proportion to their priorities in logarithmic time.

Schaul et al., 2016, "Prioritized Experience Replay", appendix B.2.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_games.compiled import compiled_fast


@compiled_fast
def put(tree: NDArray[np.float64], indices: NDArray[np.int64], values: NDArray[np.float64]) -> None:
    """Set the priorities of `indices` in a tree of `2 * size` nodes, leaves last."""
    size = tree.shape[0] // 2
    for i in range(indices.shape[0]):
        node = size + indices[i]
        change = values[i] - tree[node]
        while node >= 1:
            tree[node] += change
            node //= 2


@compiled_fast
def find(tree: NDArray[np.float64], shares: NDArray[np.float64], out: NDArray[np.int64]) -> None:
    """Write the leaf at every share in [0, 1) of the sum of priorities."""
    size = tree.shape[0] // 2
    for i in range(shares.shape[0]):
        rest = shares[i] * tree[1]
        node = 1
        while node < size:
            node *= 2
            # Without weight on the right the rest is a rounding error: do not follow it.
            if rest >= tree[node] and tree[node + 1] > 0.0:
                rest -= tree[node]
                node += 1
        out[i] = node - size


class SumTree:
    """Priorities of `capacity` slots, 0 at first.

    Args:
        capacity: their number.
    """

    def __init__(self, capacity: int) -> None:
        size = 1 << max(1, (capacity - 1).bit_length())
        self.tree = np.zeros(2 * size)

    def put(self, indices: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Set priorities `[B]` >= 0."""
        put(self.tree, indices, np.ascontiguousarray(values, np.float64))

    def fits(self, tree: NDArray[np.float64], filled: int) -> bool:
        """Return whether a tree of the same shape has weight on its first `filled` leaves only."""
        size = len(tree) // 2
        if not np.isfinite(tree).all() or (tree < 0).any() or tree[size + filled :].any():
            return False
        sums = tree[2::2] + tree[3::2]
        # Sums drift by rounding, but empty sums are exactly 0.
        return bool(np.isclose(tree[1:size], sums, rtol=1e-3, atol=0.0).all())

    def draw(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return `count` indices and the probability of each."""
        within = np.random.random_sample(count)  # noqa: NPY002 - the generator that SB3 seeds
        shares = (np.arange(count) + within) / count
        indices = np.empty(count, np.int64)
        find(self.tree, shares, indices)
        return indices, self.tree[len(self.tree) // 2 + indices] / self.tree[1]
