"""Bit flipping: plain DQN never sees a reward; hindsight learns from what it achieved instead.

python examples/learn_with_hindsight.py [--bits 10] [--steps 2000]
"""

from __future__ import annotations

import argparse

from stable_baselines3 import DQN
from stable_baselines3.common.envs import BitFlippingEnv
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor

from rlhf_agents import HFDQN


def main() -> None:
    """Train both for the same number of steps, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bits", type=int, default=10)
    parser.add_argument("--steps", type=int, default=2_000)
    options = parser.parse_args()

    env = Monitor(BitFlippingEnv(options.bits))
    settings = {
        "learning_starts": 50,
        "train_freq": 1,
        "learning_rate": 1e-3,
        "target_update_interval": 100,
        "exploration_fraction": 0.3,
        "seed": 0,
    }
    for name, algorithm in (("SB3's DQN", DQN), ("HFDQN with hindsight", HFDQN)):
        model = algorithm("MultiInputPolicy", env, **settings).learn(options.steps)
        # Each step costs 1 until the goal is reached, so a return near 0 is good.
        mean, spread = evaluate_policy(model, env, 50)
        print(f"{name:22} return {mean:6.2f} (standard deviation {spread:.2f})")


if __name__ == "__main__":
    main()
