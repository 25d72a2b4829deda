"""HFDQN on your own environment, with action masks.

    python examples/your_own_environment.py [--steps 3000]

A corridor: walk right to the end. Moves into a wall are masked, and HFDQN never tries them.
"""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from rlhf_agents import HFDQN

LEFT, RIGHT = 0, 1


class Corridor(gymnasium.Env[np.ndarray, int]):
    """Reach the last of `length` cells.

    Args:
        length: number of cells in the corridor.
    """

    def __init__(self, length: int = 12) -> None:
        self.length = length
        self.action_space = spaces.Discrete(2)
        self.observation_space = spaces.Box(0.0, 1.0, (length,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin at a random cell of the left half."""
        super().reset(seed=seed)
        self.cell = int(self.np_random.integers(self.length // 2))
        self.steps = 0
        return self._observation(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Walk one cell; the last one ends the episode with reward 1."""
        self.cell += 1 if action == RIGHT else -1
        self.steps += 1
        arrived = self.cell == self.length - 1
        return self._observation(), float(arrived), arrived, self.steps >= 50, {}

    def action_masks(self) -> np.ndarray:
        """Return which actions are allowed, as sb3-contrib spells it."""
        return np.array([self.cell > 0, self.cell < self.length - 1])

    def _observation(self) -> np.ndarray:
        return np.eye(self.length, dtype=np.float32)[self.cell]


def main() -> None:
    """Train, then walk one episode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3_000)
    options = parser.parse_args()

    env = Corridor()
    settings = {"learning_starts": 100, "learning_rate": 1e-3, "target_update_interval": 100}
    model = HFDQN("MlpPolicy", env, seed=0, train_freq=1, **settings).learn(options.steps)

    observation, _ = env.reset(seed=1)
    done = False
    while not done:
        masks = env.action_masks()
        action, _ = model.predict(observation, deterministic=True, action_masks=masks)
        observation, reward, arrived, out_of_time, _ = env.step(int(action))
        done = arrived or out_of_time
    print(f"arrived: {arrived}, after {env.steps} steps, reward {reward}")


if __name__ == "__main__":
    main()
