"""The progress of a training run: one line, redrawn in a terminal."""

from __future__ import annotations

import math

from stable_baselines3.common.utils import safe_mean

from rlhf_agents.hfdqn import HFDQN


def summary(model: HFDQN, rate: float, score: str) -> str:
    """Return the progress of a model in a few words, the score first; unknown values are left out.

    Args:
        model: in training.
        rate: steps per second.
        score: its strength and the scale, "" if unknown.
    """
    loss = model.logger.name_to_value.get("train/loss", math.nan)
    said_loss = "" if math.isnan(loss) else f"loss {loss:.3g}"
    if model.game is not None:
        parts = [score, f"{model.episodes} games", f"{rate / 1000:.1f}k moves/s", said_loss]
        return ", ".join(part for part in parts if part)
    parts = []
    if model.ep_info_buffer:
        returns = [info["r"] for info in model.ep_info_buffer]
        parts.append(f"mean return {safe_mean(returns):.2f} (last {len(returns)})")
    if model.ep_success_buffer:
        parts.append(f"success {safe_mean(model.ep_success_buffer):.0%}")
    parts += [f"{model.episodes} episodes", f"{rate:.0f} steps/s", said_loss]
    return ", ".join(part for part in parts if part)
