"""Nim, the foreign game of the tests of foreign games."""

from __future__ import annotations

from rlhf_adapters.foreign_games.game import HistoryGame, goal_table

STONES = 10
PASS = 3


class Nim:
    """Take 1, 2 or 3 stones; who takes the last one wins. Taking 3 gives another turn.

    A position is (stones left, who moves, who moved last).
    """

    n_actions = 3
    max_actions = STONES
    n_features = STONES + 1

    def initial(self):
        return STONES, 0, 1

    def child(self, position, action):
        left, mover, _ = position
        return left - action - 1, mover if action == 2 else 1 - mover, mover

    def mover(self, position):
        return position[1]

    def legal(self, position):
        return range(min(3, position[0]))

    def score(self, position):
        left, _, last = position
        return None if left else (1, -1)[last]

    def features(self, position, seat):
        return bytes(stones == position[0] for stones in range(STONES + 1))

    def text(self, position):
        return f"{position[0]} stones"


def nim(backend=None, **options) -> HistoryGame:
    return HistoryGame("test:nim", "Nim", backend or Nim(), goal_table(6), **options)
