"""The loss of self-play: cross-entropy of bounded goal values, and its gradient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.selfplay.batches import (
    TrainingBatch,
)
from rlhf_games.base import Game
from rlhf_games.compiled import Real, compiled_fast


def bounding_parents(game: Game, parents: list[int]) -> list[int]:
    """Drop zero-sum parents: only they are evaluated against the worst reply."""
    return [-1 if p < 0 or game.goals[p].zero_sum else p for p in parents]


@compiled_fast
def loss_and_gradient(
    parents: NDArray[np.int64],
    logits: NDArray[np.float32],
    batch: TrainingBatch,
    gradient: NDArray[np.float32],
) -> float:
    """Return the weighted squared error of the values and fill the gradient of cross-entropy.

    With s = sigmoid(logit) and the parent's value p held fixed, q = p * s and the cross-entropy of
    q against t has d/dlogit = (q - t) (1 - s) / (1 - q).

    Args:
        parents: int64 `[G]`.
        logits: float32 `[R, 2, G, A]`.
        batch: targets and weights.
        gradient: float32 `[R, 2, G, A]`, overwritten; already divided by R.
    """
    rows, _, n_goals, n_actions = logits.shape
    values = np.empty((n_goals, n_actions), np.float32)
    one = np.float32(1.0)
    total: Real = 0.0
    mass: Real = 0.0
    for i in range(rows):
        for seat in range(2):
            for goal in range(n_goals):
                weight = batch.weights[i, seat, goal]
                for action in range(n_actions):
                    share = one / (one + np.exp(-logits[i, seat, goal, action]))
                    value = share
                    if parents[goal] >= 0:
                        value *= values[parents[goal], action]
                    values[goal, action] = value
                    gap = value - batch.targets[i, seat, goal, action]
                    slope = (one - share) / (one - value + np.float32(1e-6))
                    factor = weight if batch.known[i, action] else np.float32(0.0)
                    gradient[i, seat, goal, action] = factor * gap * slope / np.float32(rows)
                    total += factor * gap * gap
                    mass += factor
    return float(total / max(mass, 1e-9))
