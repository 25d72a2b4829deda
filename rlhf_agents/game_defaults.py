"""DQN's defaults, and what they give way to on a two-player game."""

from __future__ import annotations

from typing import Any

GAME_DEFAULTS: dict[str, Any] = {
    "learning_rate": 4e-3,
    "buffer_size": 500_000,
    "learning_starts": 10_000,
    "batch_size": 1024,
    "gradient_steps": 3,
    "tau": 0.03,
    "train_freq": 1,
    "exploration_fraction": 0.02,
    "exploration_final_eps": 0.15,
}
"""What SB3's own defaults are replaced by on a two-player game (other values are kept)."""

DQN_DEFAULTS: dict[str, Any] = {
    "learning_rate": 1e-4,
    "buffer_size": 1_000_000,
    "learning_starts": 100,
    "batch_size": 32,
    "gradient_steps": 1,
    "tau": 1.0,
    "train_freq": 4,
    "exploration_fraction": 0.1,
    "exploration_final_eps": 0.05,
}
