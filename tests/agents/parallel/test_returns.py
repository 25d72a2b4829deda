"""Lambda returns, against the definition written out one step at a time."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_agents.parallel.returns import lambda_returns


def by_definition(rewards, ended, after, follows, gamma, lam):
    out = np.zeros_like(rewards)
    for t in reversed(range(len(rewards))):
        last = t == len(rewards) - 1
        for env in range(rewards.shape[1]):
            value = after[t, env]
            if not last and not ended[t, env] and follows[t + 1, env]:
                value = (1 - lam) * value + lam * out[t + 1, env]
            out[t, env] = rewards[t, env] + gamma * value
    return out


def returns(rewards, ended, after, follows, gamma, lam):
    out = np.full(rewards.shape, np.nan, np.float32)
    lambda_returns(rewards, ended, after, follows, (gamma, lam), out)
    return out


@pytest.mark.parametrize("lam", [0.0, 0.65, 1.0])
def test_they_are_those_of_the_definition(lam: float):
    rng = np.random.default_rng(0)
    rewards, after = rng.normal(size=(2, 12, 5)).astype(np.float32)
    ended, follows = rng.random((2, 12, 5)) < 0.3
    expected = by_definition(rewards, ended, after, follows, 0.9, lam)
    found = returns(rewards, ended, after, follows, 0.9, lam)
    assert np.allclose(found, expected, atol=1e-5)


def test_nothing_runs_from_one_episode_into_the_next():
    rewards = np.array([[0.0], [0.0], [100.0]], np.float32)
    after = np.array([[0.0], [7.0], [0.0]], np.float32)  # truncated after step 1, worth 7
    ended = np.array([[False], [True], [True]])
    found = returns(rewards, ended, after, np.ones_like(ended), 0.5, 1.0)
    assert found[:, 0].tolist() == [0.5 * 3.5, 3.5, 100.0]
