"""Choosing and explaining moves with a handicap: searched as always, then misjudged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.choices import best_actions
from rlhf_agents.search.explanation import Explanation
from rlhf_agents.search.handicap import CERTAIN, Handicap, shown
from rlhf_agents.search.searcher import Searcher
from rlhf_games.base import States


def choose(
    searcher: Searcher, states: States, wanted: NDArray[np.int64], nodes: int, handicap: Handicap
) -> NDArray[np.int64]:
    """Return the action `[B]` that seems best for each mover's goal, see `Searcher.choose`."""
    if len(states) == 0:
        return np.zeros(0, np.int64)
    return best_actions(judged(searcher, states, wanted, nodes, handicap))


def judged(
    searcher: Searcher, states: States, wanted: NDArray[np.int64], nodes: int, handicap: Handicap
) -> NDArray[np.float32]:
    """Return what the moves seem to be worth, float32 `[B, A]`, see `Handicap.judged`."""
    found = searcher.think(states, wanted, nodes)
    relative = ~searcher.goals.zero_sum[found.pursued]
    rows = np.ascontiguousarray(states, np.uint64)
    return handicap.judged(rows, found.values, found.plies, relative)


def explained(
    searcher: Searcher, state: States, goal: int, nodes: int, handicap: Handicap
) -> Iterator[Explanation]:
    """Explain the choice in one position uint64 `[W]`, with the values that the player believes.

    Raises:
        GameOverError: the game is over.
    """
    why = searcher.explain(state, goal, nodes)
    seen = judged(searcher, state[None], np.array([goal]), nodes, handicap)
    action = int(best_actions(seen)[0])
    proven, same = bool(abs(seen[0, action]) > CERTAIN / 2), action == why.action
    yield replace(
        why,
        action=action,
        values=shown(seen)[0],
        line=why.line if same else (action,),
        proven=proven,
        distance=why.distance if proven and same else None,
    )
