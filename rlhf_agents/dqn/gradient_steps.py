"""Gradient steps without SB3's overhead; the arithmetic is the same.

All calls of torch's private functions are here. They are used only with the version of torch that
they were tested with; other versions use public functions, which are slower but equivalent.
"""

from __future__ import annotations

import torch
from stable_baselines3.common.utils import polyak_update
from torch import nn

TESTED = "2.13"
FAST = torch.__version__.startswith(f"{TESTED}.")
"""Whether private functions are used."""


def prefer_fused(optimizer: torch.optim.Optimizer) -> None:
    """Let Adam update all parameters in one call, unless its options say otherwise."""
    if not isinstance(optimizer, torch.optim.Adam | torch.optim.AdamW):
        return
    for group in optimizer.param_groups:
        untouched = group.get("fused") is None and group.get("foreach") is None
        if untouched and not group.get("differentiable"):
            group["fused"] = True


@torch.no_grad()
def clip(parameters: list[nn.Parameter], max_norm: float) -> None:
    """Clip the gradient to `max_norm`, as `clip_grad_norm_` does."""
    if not FAST:
        nn.utils.clip_grad_norm_(parameters, max_norm)
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    share = max_norm / (norm + 1e-6)
    if not share >= 1.0:  # also if it is NaN
        torch._foreach_mul_(gradients, share)


@torch.no_grad()
def clip_and_step(
    optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], max_norm: float
) -> None:
    """Clip the gradient to `max_norm`, as `clip_grad_norm_` does, and let the optimizer step."""
    clip(parameters, max_norm)
    if FAST and _is_plain(optimizer, torch.optim.Adam, parameters):
        _adam_step(optimizer, parameters)
    else:
        optimizer.step()


PLAIN = ("weight_decay", "amsgrad", "maximize", "capturable", "differentiable", "foreach")
"""Options of Adam; if none is set, it is exactly the algorithm of the paper."""


def _is_plain(optimizer: torch.optim.Optimizer, kind: type, parameters: list[nn.Parameter]) -> bool:
    """Return whether an optimizer is a `kind` without extras; False before its first step."""
    if type(optimizer) is not kind or len(optimizer.param_groups) != 1:
        return False
    group = optimizer.param_groups[0]
    if any(group.get(name) for name in PLAIN) or not isinstance(group["lr"], float):
        return False
    hooks = optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks
    same = len(group["params"]) == len(parameters) == len(optimizer.state)
    return not hooks and same and all(p.grad is not None for p in parameters)


def _adam_step(optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter]) -> None:
    """Take Adam's step (Kingma & Ba, 2015) in the order of `torch.optim.Adam`, so no bit differs.

    torch loops over the parameters in Python, with much overhead; here each operation is one call
    for all of them. All have taken the same number of steps.
    """
    group = optimizer.param_groups[0]
    (beta1, beta2), rate, eps = group["betas"], group["lr"], group["eps"]
    slots = [optimizer.state[p] for p in parameters]
    weights: list[torch.Tensor] = list(parameters)
    gradients = [p.grad for p in parameters if p.grad is not None]
    steps = [slot["step"] for slot in slots]
    means = [slot["exp_avg"] for slot in slots]
    squares = [slot["exp_avg_sq"] for slot in slots]
    torch._foreach_add_(steps, 1)
    if group.get("fused"):
        torch._fused_adam_(
            weights,
            gradients,
            means,
            squares,
            [],
            steps,
            lr=rate,
            beta1=beta1,
            beta2=beta2,
            weight_decay=0.0,
            eps=eps,
            amsgrad=False,
            maximize=False,
        )
        return
    torch._foreach_lerp_(means, gradients, 1 - beta1)
    torch._foreach_mul_(squares, beta2)
    torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
    count = steps[0].item()
    spread = torch._foreach_sqrt(squares)
    torch._foreach_div_(spread, (1 - beta2**count) ** 0.5)
    torch._foreach_add_(spread, eps)
    torch._foreach_addcdiv_(weights, means, spread, -(rate / (1 - beta1**count)))


@torch.no_grad()
def clip_and_step_radam(
    optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], max_norm: float
) -> None:
    """Like `clip_and_step`, for RAdam (Liu et al., 2020) with Adam's fused kernel.

    It rounds differently from `torch.optim.RAdam`, so it is not used to reproduce SB3.
    """
    clip(parameters, max_norm)
    fits = FAST and _is_plain(optimizer, torch.optim.RAdam, parameters)
    if fits and all(p.device.type == "cpu" for p in parameters):
        length, limit = _averaged_steps(optimizer)
        if length > 5.0:
            _rectified_step(optimizer, parameters, length, limit)
            return
    optimizer.step()


def _averaged_steps(optimizer: torch.optim.Optimizer) -> tuple[float, float]:
    """Return the length of RAdam's moving average at the next step, and its limit."""
    beta = optimizer.param_groups[0]["betas"][1]
    step = float(next(iter(optimizer.state.values()))["step"]) + 1
    limit = 2 / (1 - beta) - 1
    return limit - 2 * step * beta**step / (1 - beta**step), limit


def _rectified_step(
    optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], length: float, limit: float
) -> None:
    """Take an Adam step at RAdam's rectified rate, with epsilon scaled to match RAdam."""
    group, slots = optimizer.param_groups[0], [optimizer.state[p] for p in parameters]
    square = (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
    beta1, beta2 = group["betas"]
    weights: list[torch.Tensor] = list(parameters)
    steps = [slot["step"] for slot in slots]
    torch._foreach_add_(steps, 1)
    torch._fused_adam_(
        weights,
        [p.grad for p in parameters if p.grad is not None],
        [slot["exp_avg"] for slot in slots],
        [slot["exp_avg_sq"] for slot in slots],
        [],
        steps,
        lr=group["lr"] * square**0.5,
        beta1=beta1,
        beta2=beta2,
        weight_decay=0.0,
        eps=group["eps"] / (1 - beta2 ** steps[0].item()) ** 0.5,
        amsgrad=False,
        maximize=False,
    )


@torch.no_grad()
def follow(online: nn.Module, target: nn.Module, share: float) -> None:
    """Move the parameters of `target` by `share` in [0, 1] towards those of `online`."""
    if not FAST:
        polyak_update(online.parameters(), target.parameters(), share)
        return
    to: list[torch.Tensor] = list(target.parameters())
    towards: list[torch.Tensor] = list(online.parameters())
    if share == 1.0:
        torch._foreach_copy_(to, towards)
    else:  # in the order of SB3's polyak_update, so that no bit differs
        torch._foreach_mul_(to, 1 - share)
        torch._foreach_add_(to, towards, alpha=share)
