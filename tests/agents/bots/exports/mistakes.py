"""Mistakes in random games, with what the window says of them."""

from __future__ import annotations

import numpy as np

from rlhf_agents.play.reasons import reason
from rlhf_games.base import Outcome


def mistakes_of(game, count: int):
    """Moves in random games, and what the window says against them."""
    rng, cases, said = np.random.default_rng(0), [], []
    while len(cases) < count:
        states, moves = game.initial(1), []
        while game.outcome(states)[0] == Outcome.ONGOING and len(cases) < count:
            played, better = rng.permutation(np.flatnonzero(game.legal(states)[0]))[[0, -1]]
            before, after = rng.choice([0.95, 0.7, 0.5]), rng.choice([0.55, 0.42, 0.1])
            values = {"before": float(before), "after": float(after)}
            words = reason(game, states[0], int(played), int(better), tuple(values.values()))
            if played != better and len(moves) > 2:
                mistake = {"played": int(played), "better": int(better), **values}
                cases.append({"moves": moves.copy(), "seat": len(moves) % 2, "mistake": mistake})
                said.append(words)
            states = game.step(states, np.array([played]))
            moves.append(int(played))
    return cases, said
