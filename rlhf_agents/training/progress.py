"""What a training run shows while it goes on: one line, in a terminal redrawn."""

from __future__ import annotations

import sys
from typing import Any

from stable_baselines3.common.utils import safe_mean
from tqdm import tqdm

PLAIN_INTERVAL = 30.0
"""Seconds between lines of progress where no terminal can redraw one."""


def tell(line: str) -> None:
    """Write one line, without tearing the progress bar."""
    tqdm.write(line, file=sys.stderr)


class Progress:
    """A bar over steps or seconds.

    Args:
        total: of the budget.
        done: of it, before this run.
        unit: "steps" or "s".
        quiet: show nothing.
    """

    def __init__(self, total: int, done: int, unit: str, quiet: bool) -> None:
        self._shown, self._total = done, total
        self._bar: Any = tqdm(
            total=total,
            initial=min(done, total),
            disable=quiet,
            mininterval=0.5 if sys.stderr.isatty() else PLAIN_INTERVAL,
            bar_format=f"{{l_bar}}{{bar}}| {{n_fmt}}/{{total_fmt}} {unit}{{postfix}}",
        )

    def show(self, done: int, text: str) -> None:
        """Move the bar to `done`, with a text behind it."""
        self._shown = done
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(min(done, self._total) - self._bar.n)

    def due(self, done: int) -> bool:
        """Return whether there is something new to show: a thousandth, or a second."""
        return done >= self._shown + max(1, self._total // 1000)

    def close(self) -> None:
        """End the line."""
        self._bar.close()


def summary(model: Any, rate: float, score: float) -> str:
    """Return how a model learns, in a few words.

    Args:
        model: an HFDQN in training.
        rate: steps per second.
        score: against alpha-beta, in [0, 1], NaN if unknown.
    """
    loss = model.logger.name_to_value.get("train/loss", float("nan"))
    if model.learner is not None:
        return (
            f"{model.episodes} games, {rate / 1000:.1f}k moves/s, loss {loss:.4f}, "
            f"score vs alpha-beta {score:.2f}"
        )
    parts = [f"{model.episodes} episodes", f"{rate:.0f} steps/s", f"loss {loss:.4g}"]
    if model.ep_info_buffer:
        mean = safe_mean([info["r"] for info in model.ep_info_buffer])
        parts.append(f"mean return {mean:.2f}")
    if model.ep_success_buffer:
        parts.append(f"success {safe_mean(model.ep_success_buffer):.2f}")
    return ", ".join(parts)
