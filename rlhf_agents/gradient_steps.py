"""Gradient steps without SB3's overhead; the arithmetic is the same."""

from __future__ import annotations

import torch
from torch import nn


def prefer_fused(optimizer: torch.optim.Optimizer) -> None:
    """Let Adam update all parameters in one call, unless its owner chose otherwise."""
    if not isinstance(optimizer, torch.optim.Adam | torch.optim.AdamW):
        return
    for group in optimizer.param_groups:
        untouched = group.get("fused") is None and group.get("foreach") is None
        if untouched and not group.get("differentiable"):
            group["fused"] = True


@torch.no_grad()
def clip_and_step(
    optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], max_norm: float
) -> None:
    """Clip the gradient to `max_norm`, as `clip_grad_norm_` does, and let the optimizer step."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    share = max_norm / (norm + 1e-6)
    if not share >= 1.0:  # also if it is not a number
        torch._foreach_mul_(gradients, share)
    optimizer.step()


@torch.no_grad()
def follow(online: nn.Module, target: nn.Module, share: float) -> None:
    """Move the parameters of `target` by `share` in [0, 1] towards those of `online`."""
    to: list[torch.Tensor] = list(target.parameters())
    towards: list[torch.Tensor] = list(online.parameters())
    if share == 1.0:
        torch._foreach_copy_(to, towards)
    else:  # in the order of SB3's polyak_update, so that no bit differs
        torch._foreach_mul_(to, 1 - share)
        torch._foreach_add_(to, towards, alpha=share)
