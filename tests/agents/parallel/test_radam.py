"""The fused step of RAdam is torch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rlhf_agents.dqn.gradient_steps import clip_and_step_radam


def train(kind, ours, **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 33), nn.ReLU(), nn.Linear(33, 3))
    optimizer = kind(model.parameters(), lr=1e-2, **options)
    for step in range(60):
        torch.manual_seed(step)
        optimizer.zero_grad()
        (10 * model(torch.randn(16, 4))).square().mean().backward()
        if ours:
            clip_and_step_radam(optimizer, list(model.parameters()), 1.0)
        else:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    return model, optimizer.state_dict()["state"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (torch.optim.RAdam, {}),
        (torch.optim.RAdam, {"betas": (0.8, 0.95), "eps": 1e-3}),
        (torch.optim.RAdam, {"weight_decay": 0.1}),
        (torch.optim.Adam, {}),
    ],
)
def test_steps_are_those_of_torch(kind, options):
    (model, state), (other, expected) = (train(kind, ours, **options) for ours in (True, False))
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-4, atol=1e-6)
    for index, slot in expected.items():
        for key, value in slot.items():
            assert torch.allclose(state[index][key], value, rtol=1e-4, atol=1e-7)
