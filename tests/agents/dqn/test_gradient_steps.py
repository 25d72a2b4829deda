"""Gradient steps without torch's overhead end in the same bits."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from rlhf_agents.dqn import gradient_steps
from rlhf_agents.dqn.gradient_steps import clip_and_step, follow

ROWS = 16


def test_private_functions_of_torch_are_those_that_were_tested():
    """With a new torch: see that the tests below pass with `FAST` set, then name it here."""
    assert torch.__version__.startswith("2.13.")
    assert gradient_steps.TESTED == "2.13"
    assert gradient_steps.FAST


@pytest.fixture(params=[True, False], ids=["private", "public"])
def fast(request, monkeypatch):
    monkeypatch.setattr(gradient_steps, "FAST", request.param)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 33), nn.ReLU(), nn.Linear(33, 3))


def train(steps: int, kind: Any, ours: bool, **options: Any) -> tuple[nn.Module, Any]:
    model = network()
    optimizer = kind(model.parameters(), lr=1e-2, **options)
    for step in range(steps):
        torch.manual_seed(step)
        optimizer.zero_grad()
        (10 * model(torch.randn(ROWS, 4))).square().mean().backward()
        if ours:
            clip_and_step(optimizer, list(model.parameters()), 1.0)
        else:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    return model, optimizer


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (torch.optim.Adam, {}),
        (torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-3}),
        (torch.optim.Adam, {"fused": True}),
        (torch.optim.Adam, {"weight_decay": 0.1}),
        (torch.optim.Adam, {"amsgrad": True}),
        (torch.optim.AdamW, {}),
        (torch.optim.SGD, {"momentum": 0.9}),
    ],
)
def test_steps_are_those_of_torch(fast, kind: Any, options: dict):
    ours, our_optimizer = train(50, kind, ours=True, **options)
    theirs, their_optimizer = train(50, kind, ours=False, **options)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other)
    mine, other = our_optimizer.state_dict()["state"], their_optimizer.state_dict()["state"]
    for index, slot in other.items():
        assert all(torch.equal(mine[index][key], value) for key, value in slot.items())


def test_hooks_of_the_optimizer_are_called(fast):
    model, optimizer = train(2, torch.optim.Adam, ours=True)
    called = []
    optimizer.register_step_post_hook(lambda *_: called.append(1))
    clip_and_step(optimizer, list(model.parameters()), 1.0)
    assert called == [1]


@pytest.mark.parametrize("share", [1.0, 0.25])
def test_a_target_follows(fast, share: float):
    online, target = network(), network()
    with torch.no_grad():
        for parameter in online.parameters():
            parameter.add_(4.0)
    follow(online, target, share)
    gap = online[0].weight - target[0].weight
    torch.testing.assert_close(gap, torch.full_like(gap, 4.0 * (1 - share)))
