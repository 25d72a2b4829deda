"""Makes the file of a board agent small enough to come with the package.

    python tests/benchmarks/shrink_agent.py RUN.zip rlhf_agents/models/othello.zip

RUN.zip is a whole run, with the optimizer's state: rows of the table of patterns that no gradient
ever reached hold their first, random weights, and become 0. The others are rounded to 6 binary
digits of the largest weight in their row; the heads, by whose small differences moves are chosen,
are not. Files keep their format, float16, and compress better. The script says how often the agents
before and after it play the same move in positions of random games.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rlhf_agents import load_agent
from rlhf_agents.files.model_file import OPTIMIZER, POLICY, read_model, write_model
from rlhf_agents.search.network_files import PLAYING
from rlhf_games.base import Outcome

TABLE = "features_extractor.table"
SECOND_MOMENT = "0.exp_avg_sq"
"""Of the table, the network's first parameter."""
LARGEST = 63
RUN_FACTS = ("run", "members")
POSITIONS = 2000


def rounded(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return weights `[..., D]`, rounded to multiples of a power of two in each row."""
    most = np.abs(weights).max(axis=-1, keepdims=True)
    step = 2.0 ** np.ceil(np.log2(np.maximum(most, 1e-6) / LARGEST))
    return np.asarray(np.round(weights / step) * step, np.float32)


def shrink(run: Path, out: Path) -> None:
    """Write a small file that plays like a run."""
    file = read_model(run)
    seen = file.arrays[OPTIMIZER][SECOND_MOMENT].any(axis=1)
    playing = {k: v for k, v in file.arrays[POLICY].items() if k.startswith(PLAYING)}
    table = playing[PLAYING + TABLE]
    assert table.shape == file.arrays[OPTIMIZER][SECOND_MOMENT].shape
    playing[PLAYING + TABLE] = rounded(np.where(seen[:, None], table, 0.0))
    small = {name: weights.astype(np.float16) for name, weights in playing.items()}
    manifest = {k: v for k, v in file.manifest.items() if k not in RUN_FACTS}
    write_model(out, manifest, {POLICY: small})
    print(f"{out.stat().st_size / 1e6:.1f} MB; {seen.mean():.0%} of the patterns were seen")


def agreement(run: Path, out: Path, nodes: int) -> float:
    """Return the share of positions of random games in which both play the same move."""
    before, after = load_agent(run), load_agent(out)
    game, rng = before.game, np.random.default_rng(0)
    states, found = game.initial(POSITIONS), []
    for _ in range(game.max_plies):
        states = game.step(states, game.random_actions(states, rng))
        states = states[game.outcome(states) == Outcome.ONGOING]
        found.append(states[: POSITIONS // 40])
    chosen = [each.act_states(np.concatenate(found), "win", nodes) for each in (before, after)]
    return float((chosen[0] == chosen[1]).mean())


def main() -> None:
    """Write the file and print what it costs."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program.add_argument("run", type=Path)
    program.add_argument("out", type=Path)
    options = program.parse_args()
    shrink(options.run, options.out)
    for nodes in (0, 64):
        print(f"same move with {nodes} nodes: {agreement(options.run, options.out, nodes):.1%}")


if __name__ == "__main__":
    main()
