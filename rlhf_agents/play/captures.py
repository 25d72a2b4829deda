"""Captured stones of a game, counted from its positions."""

from __future__ import annotations

import numpy as np

from rlhf_agents.play.board_cells import stones_of
from rlhf_agents.play.session import Session

MOST_KEPT = 4096


class Captures:
    """Counts captured stones; every position is looked at once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[int, int]] = {}

    def of(self, session: Session) -> tuple[int, int]:
        """Return how many stones the first and the second player have captured since the opening.

        A stone that has changed its owner counts as captured.
        """
        history, moves = session.history, tuple(session.moves)
        known = len(history) - 1
        while known and moves[: session.opening + known] not in self._known:
            known -= 1
        mine, theirs = self._known.get(moves[: session.opening + known], (0, 0))
        if len(self._known) > MOST_KEPT:
            self._known.clear()
        for ply in range(known, len(history) - 1):
            before, after = (stones_of(session.game, state) for state in history[ply : ply + 2])
            gone = before != after
            mine += int(np.count_nonzero(gone & (before == 2)))
            theirs += int(np.count_nonzero(gone & (before == 1)))
            self._known[moves[: session.opening + ply + 1]] = (mine, theirs)
        return mine, theirs
