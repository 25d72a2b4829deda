"""Train Connect Four by self-play, save the agent, and play with it.

    python examples/train_by_self_play.py [--steps 50000] [--out four.zip]

`rlhf-train --game connect_four` makes a strong agent in twenty minutes; this does it in Python.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rlhf_agents import HFDQN, load_agent, make_env


def main() -> None:
    """Train, save, load, act."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=50_000, help="moves of all games together")
    parser.add_argument("--out", type=Path, default=Path("four.zip"))
    options = parser.parse_args()

    env = make_env("connect_four", n_envs=256)
    model = HFDQN("MultiInputPolicy", env, seed=0)
    model.learn(options.steps)
    model.save(options.out)

    agent = load_agent(options.out)
    opening = agent.game.initial(1)
    print("first move, for a win:", agent.act_states(opening, "win", nodes=64)[0] + 1)
    print(f"play against it: rlhf-play --game connect_four --agent {options.out}")


if __name__ == "__main__":
    main()
