"""Lambda returns of Q-learning (Watkins's and Peng's Q(lambda) without cutting)."""

from __future__ import annotations

import numpy as np

from rlhf_agents.files.types import Bools, Floats
from rlhf_games.compiled import compiled_views


@compiled_views
def lambda_returns(
    rewards: Floats,
    ended: Bools,
    after: Floats,
    follows: Bools,
    discounts: tuple[float, float],
    out: Floats,
) -> None:
    """Fill `out` `[T, n]` with the returns of T steps in n environments, or for n heads.

        G_t = r_t + gamma * ((1 - lam) * V(s_{t+1}) + lam * G_{t+1})

    Where an episode ended after step t, and after the last step, `lam` is 0, so that no return
    extends into the next episode. It is also 0 where step t + 1 did not follow the policy whose
    values are learnt.

    Args:
        rewards: `[T, n]`.
        ended: `[T, n]`, whether step t was the last of its episode, for whatever reason.
        after: `[T, n]`, V(s_{t+1}), the best value in the state after step t: 0 where the episode
            terminated, the value of its last observation where it was truncated.
        follows: `[T, n]`, whether step t followed the policy whose values are learnt.
        discounts: gamma and lambda, each in [0, 1].
        out: receives the returns.
    """
    gamma, lam = discounts
    steps, n = rewards.shape
    for env in range(n):
        following = np.float32(0)
        for t in range(steps - 1, -1, -1):
            ahead = after[t, env]
            if t < steps - 1 and not ended[t, env] and follows[t + 1, env]:
                ahead += np.float32(lam) * (following - ahead)
            following = rewards[t, env] + np.float32(gamma) * ahead
            out[t, env] = following
