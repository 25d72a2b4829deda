"""What the web page's rounded weights cost: the yardstick, and how often the moves are the same.

RLHF_SHARED=... python tests/benchmarks/web_page.py
"""

from __future__ import annotations

import os
from pathlib import Path

from rlhf_agents.bots.exports import to_web
from rlhf_agents.bots.exports.quantize_web import shrink
from rlhf_agents.bots.exports.registry import ExportRequest
from rlhf_agents.evaluation.solved_positions import SolvedPositions, choose, load_positions, mark
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.settings import Foresight

NODES = (0, 1, 64, 256)
SHARED = Path(os.environ.get("RLHF_SHARED", "../shared"))


def moves(agent: Agent, positions: SolvedPositions, nodes: int):
    return choose(lambda states: agent.act_states(states, "win", nodes), positions)


def main() -> None:
    agent = load_agent("connect_four")
    # The bundled agent was trained with the default foresight.
    small = Agent("rounded", agent.game, shrink(agent.game, agent.weights).weights(), Foresight())
    page = to_web.contents(ExportRequest(agent, "win", 256))
    print(f"page: {len(page) / 1e6:.2f} MB")
    path = SHARED / "data" / "connect_four_positions.npz"
    if not path.exists():
        print(f"no positions at {path}: set RLHF_SHARED")
        return
    positions = load_positions(path, agent.game)
    for nodes in NODES:
        theirs, ours = moves(agent, positions, nodes), moves(small, positions, nodes)
        rates = [mark(positions, actions).overall.vp for actions in (theirs, ours)]
        same = (theirs == ours).mean()
        print(f"{nodes:4} nodes: VP {rates[0]:.3f}, rounded {rates[1]:.3f}; same move {same:.3f}")


if __name__ == "__main__":
    main()
