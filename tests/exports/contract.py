"""What every exported bot must do, for any test class with the fixtures `twin` and `choose`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from tests.agents.test_foresight import random_positions

OTHER = 0.0005
"""At most this share of the moves may be others: sums in another order round differently."""


class BotContract:
    """Inherit, and give these fixtures.

    `twin`: the `Agent` with the very weights that the exported file carries. `choose`: a function
    of positions uint64 `[B, W]`, the name of a goal and a number of nodes that returns the exported
    bot's moves `[B]`. `complaints`: what the bot answered to malformed inputs, by input.

    Attributes:
        asked: goals, of which those that the game has are asked for.
        positions: how many positions are compared, by the number of nodes.
    """

    asked = ("win", "lose", "win_diagonal")
    positions: ClassVar[Mapping[int, int]] = {0: 2000, 1: 500, 40: 150}

    def test_plays_as_the_agent(self, twin, choose):
        states = reachable(twin.game, max(self.positions.values()))
        other, compared = [], 0
        for goal in set(self.asked) & set(twin.goals):
            for nodes, count in self.positions.items():
                seen = states[:count]
                actions = np.asarray(choose(seen, goal, nodes))
                legal = twin.game.legal(seen)[np.arange(len(seen)), actions]
                assert legal.all(), f"illegal in {seen[~legal][0]}"
                differ = seen[actions != twin.act_states(seen, goal, nodes)]
                other += [(goal, nodes, state.tolist()) for state in differ]
                compared += len(seen)
        assert len(other) <= OTHER * compared, f"{len(other)} of {compared}: {other[:5]}"

    def test_refuses_malformed_input_in_one_line(self, complaints):
        assert complaints
        for what, message in complaints.items():
            assert message.strip(), what
            assert "Traceback" not in message, what
            assert len(message.strip().splitlines()) == 1, what


def reachable(game, count):
    """Return at most `count` unfinished positions of random games, of all lengths, shuffled."""
    each = -(-2 * count // game.max_plies)
    states = [random_positions(game, each, ply, seed=ply) for ply in range(game.max_plies)]
    found = np.unique(np.concatenate([batch for batch in states if len(batch)]), axis=0)
    return np.random.default_rng(0).permutation(found)[:count]
