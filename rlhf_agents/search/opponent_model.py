"""How likely each reply of the opponent is, who plays to win."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.goal_values import GoalRules
from rlhf_games.compiled import inner_fast_views, inner_views

NO_REPLY = -1.0
"""In place of the value of an illegal move."""
CERTAIN = 1.0
AT_ONCE = 0.3
"""How much worse than a loss later on a loss at once looks to the opponent."""
LEAST = 1e-6
"""What is left of such a reply, at least: it may be the only one."""

Replies = NDArray[np.float32]


@inner_fast_views
def fill_replies(goals: GoalRules, replies: Replies) -> bool:
    """Turn a mover's own `win` values `[A]` into probabilities (softmax).

    Returns:
        whether it wins at once.
    """
    best = np.float32(-1.0)
    for action in range(replies.shape[0]):
        best = max(best, replies[action])
    total = np.float32(0.0)
    for action in range(replies.shape[0]):
        if replies[action] < 0.0:
            replies[action] = 0.0
        else:
            gap = (replies[action] - best) / np.float32(goals.temperature)
            replies[action] = np.exp(gap)
            total += replies[action]
    for action in range(replies.shape[0]):
        replies[action] /= total
    return bool(best >= CERTAIN)


@inner_views
def avoid_blunder(goals: GoalRules, replies: Replies, action: int) -> None:
    """Make a reply `[A]` unlikely after which the other player wins at once: that is seen.

    The values of someone who is losing say little about it, as all of them are near 0.
    """
    kept = max(np.exp(-np.float32(AT_ONCE) / np.float32(goals.temperature)), np.float32(LEAST))
    lost = (np.float32(1.0) - kept) * replies[action]
    replies[action] -= lost
    for other in range(replies.shape[0]):
        replies[other] /= np.float32(1.0) - lost
