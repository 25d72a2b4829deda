"""Rounds a board agent in such fine steps that exported bots carry its very weights.

    python tests/benchmarks/round_agent.py AGENT.zip OUT.zip

Exports with little room (`python`, `kaggle`, `web`) keep the weights of such an agent as they are.
The script says how often the agents before and after it play the same move in positions of games of
its own, and how they do against each other.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from rlhf_agents import load_agent
from rlhf_agents.bots.exports.rounding import compact
from rlhf_agents.bots.exports.sensitivity import played_positions
from rlhf_agents.evaluation.arena import MatchSettings, play_match
from rlhf_agents.files.model_file import POLICY, read_model, write_model
from rlhf_agents.players.players import AgentPlayer
from rlhf_agents.search.network_files import PLAYING

MOST_BYTES = 350_000
"""Room that all three formats have."""
NAMES = {
    "features_extractor.table": "table",
    "head.scale": "scale",
    "head.shift": "shift",
    "head.dense": "dense",
    "head.bias": "bias",
    "head.heads.weight": "heads",
    "head.heads.bias": "head_bias",
}
"""Names of arrays, and the fields of `PatternWeights`."""
POSITIONS = 1000
MATCHES = {0: 1000, 64: 400}
"""Games by nodes."""


def round_agent(path: Path, out: Path) -> None:
    """Write an agent with rounded weights."""
    file, agent = read_model(path), load_agent(path)
    weights, packed = compact(agent, MOST_BYTES)
    arrays = {PLAYING + name: getattr(weights, field) for name, field in NAMES.items()}
    halves = {name: array.astype(np.float16) for name, array in arrays.items()}
    assert set(halves) == set(file.arrays[POLICY])
    assert all((halves[name] == array).all() for name, array in arrays.items())
    notes = dict(file.manifest["notes"])
    before = [str(notes["how"])] if "how" in notes else []
    notes["how"] = "; ".join([*before, "weights rounded by tests/benchmarks/round_agent.py"])
    write_model(out, {**file.manifest, "notes": notes}, {POLICY: halves})
    print(f"{out.stat().st_size / 1e6:.1f} MB, in exports {len(packed) / 1e3:.0f} kB", flush=True)


def compare(path: Path, out: Path) -> None:
    """Print how the agents before and after play."""
    before, after = load_agent(path), load_agent(out)
    states = played_positions(before)
    states = states[np.random.default_rng(1).permutation(len(states))[:POSITIONS]]
    for nodes, games in MATCHES.items():
        moves = [agent.act_states(states, "win", nodes) for agent in (before, after)]
        same = np.mean(moves[0] == moves[1])
        players = AgentPlayer(after, nodes), AgentPlayer(before, nodes)
        total = play_match(before.game, players, MatchSettings(games=games)).total
        print(
            f"{nodes} nodes: same move {same:.1%}; {games} games: won {total.wins}, drew "
            f"{total.draws}, lost {total.losses}, score {total.score:.3f}",
            flush=True,
        )


def main() -> None:
    """Write the file and print what it costs."""
    program = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program.add_argument("agent", type=Path)
    program.add_argument("out", type=Path)
    options = program.parse_args()
    round_agent(options.agent, options.out)
    compare(options.agent, options.out)


if __name__ == "__main__":
    main()
