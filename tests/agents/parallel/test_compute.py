"""Compiled code and torch agree on values, losses and gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.dqn.policies import DQNPolicy, MultiInputPolicy

from rlhf_agents.parallel.compute import (
    PlanesComputation,
    TorchComputation,
    computation_of,
    fits_planes,
)
from rlhf_agents.parallel.networks import (
    AllGoalsPolicy,
    PlanesExtractor,
    VectorExtractor,
    seen_keys,
)

ACTIONS = 6


def space_of(shape=(4, 10, 10), goals=0):
    board = spaces.Box(0, 1, shape, np.uint8)
    if not goals:
        return board
    goal = spaces.Box(-1.0, 1.0, (goals,), np.float32)
    mask = spaces.Box(0, 1, (ACTIONS,), np.int8)
    parts = {"observation": board, "achieved_goal": goal, "desired_goal": goal}
    return spaces.Dict({**parts, "action_mask": mask})


def policy_for(space, kind=None, **kwargs):
    torch.manual_seed(0)
    kind = kind or (MultiInputPolicy if isinstance(space, spaces.Dict) else DQNPolicy)
    kwargs = {"net_arch": [], "features_extractor_class": PlanesExtractor, **kwargs}
    policy = kind(space, spaces.Discrete(ACTIONS), lambda _: 1e-3, **kwargs)
    for parameter in policy.q_net.parameters():  # scales of 1 and shifts of 0 hide mistakes
        parameter.data += 0.1 * torch.randn_like(parameter)
    return policy


def batch(space, all_goals=False, count=50):
    rng = np.random.default_rng(1)
    shape = space["observation"].shape if isinstance(space, spaces.Dict) else space.shape
    planes = (rng.random((count, *shape)) < 0.1).astype(np.uint8)
    seen = {"": planes}
    if isinstance(space, spaces.Dict):
        seen = {"observation": planes}
        if "desired_goal" in seen_keys(space):
            goals = rng.normal(size=(count, *space["desired_goal"].shape))
            seen["desired_goal"] = goals.astype(np.float32)
    heads = space["desired_goal"].shape[0] + 1 if all_goals else 1
    columns = rng.integers(ACTIONS, size=(count, 1)) + ACTIONS * np.arange(heads)
    targets, weights = rng.normal(size=(2, count, heads)).astype(np.float32)
    return seen, columns, targets, (weights > 0).astype(np.float32)


ALL_GOALS = {"kind": AllGoalsPolicy, "features_extractor_kwargs": {"sees_goal": False}}


@pytest.mark.parametrize(
    ("space", "options"),
    [
        (space_of(), {}),
        (space_of((7, 5, 8)), {}),
        (space_of(goals=1), {}),
        (space_of(goals=3), {}),
        (space_of(goals=3), ALL_GOALS),
    ],
    ids=["planes", "a low grid", "score", "goals", "all goals"],
)
def test_they_agree_with_torch(space, options):
    policy = policy_for(space, **options)
    seen, *lesson = batch(space, all_goals=bool(options))
    whole = dict(seen)
    if isinstance(space, spaces.Dict):  # SB3 wants all of the space
        count = len(lesson[0])
        whole = {key: np.zeros((count, *part.shape), part.dtype) for key, part in space.items()}
        whole |= seen
    slow = TorchComputation(policy)
    values, loss = slow.values(whole), slow.gradient(whole, *lesson)
    expected = [parameter.grad.clone() for parameter in policy.q_net.parameters()]
    fast = computation_of(policy, space)
    assert type(fast) is PlanesComputation
    for _ in range(2):  # nothing is left over from the first time
        assert np.allclose(fast.values(seen), values, atol=1e-5)
        assert fast.gradient(seen, *lesson) == pytest.approx(loss, rel=1e-5)
        for mine, other in zip(policy.q_net.parameters(), expected, strict=True):
            assert torch.allclose(mine.grad, other, rtol=1e-4, atol=1e-6)


def test_compiled_code_follows_the_network():
    policy = policy_for(space_of())
    fast, (seen, *_) = PlanesComputation(policy), batch(space_of())
    before = fast.values(seen).copy()
    with torch.no_grad():
        for parameter in policy.q_net.parameters():
            parameter.mul_(1.5)
    after = fast.values(seen)
    assert not np.allclose(before, after)
    assert np.allclose(after, TorchComputation(policy).values(seen), atol=1e-4)


def test_torch_computes_the_rest():
    floats = spaces.Box(0.0, 1.0, (4, 10, 10), np.float32)
    pixels = spaces.Box(0, 9, (4, 10, 10), np.uint8)
    vector = spaces.Box(-1.0, 1.0, (3,), np.float32)
    for space in (floats, pixels):
        assert not fits_planes(policy_for(space), space)
    wide = policy_for(space_of(), features_extractor_kwargs={"channels": 8})
    deep = policy_for(space_of(), net_arch=[8])
    for policy in (wide, deep):
        assert type(computation_of(policy, space_of())) is TorchComputation
    policy = policy_for(vector, features_extractor_class=VectorExtractor)
    assert type(computation_of(policy, vector)) is TorchComputation
