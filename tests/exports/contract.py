"""What every exported bot must do, for any test class with the fixtures `twin` and `choose`."""

from __future__ import annotations

import numpy as np
import pytest

from tests.agents.test_foresight import random_positions

TIE = 1e-5
"""Moves whose values differ by less are ties: sums in another order round differently."""
SURE = 1e-4
"""So near to 0 and 1 the values of a trained network's moves differ by a few float32 steps only."""
TIES = 0.005
"""At most this share of positions may be ties of other values."""


class BotContract:
    """Inherit, and give these fixtures.

    `twin`: the `Agent` with the very weights that the exported file carries. `choose`: a function
    of positions uint64 `[B, W]`, the name of a goal and a number of nodes that returns the exported
    bot's moves `[B]`. `complaints`: what the bot answered to malformed inputs, by input.
    """

    asked = ("win", "lose")
    nodes = (0, 1, 40)
    positions = 400

    def test_plays_as_the_agent(self, twin, choose):
        states = self._states(twin.game)
        for goal in self.asked:
            for nodes in self.nodes:
                actions = np.asarray(choose(states, goal, nodes))
                legal = twin.game.legal(states)[np.arange(len(states)), actions]
                assert legal.all(), f"illegal in {states[~legal][0]}"
                other = np.flatnonzero(actions != twin.act_states(states, goal, nodes))
                ties = self._ties(twin, states[other], actions[other], goal, nodes)
                assert ties <= TIES * len(states), f"{ties} ties for {goal}, {nodes}"

    def test_refuses_malformed_input_in_one_line(self, complaints):
        assert complaints
        for what, message in complaints.items():
            assert message.strip(), what
            assert "Traceback" not in message, what
            assert len(message.strip().splitlines()) == 1, what

    def _states(self, game):
        """Return reachable, unfinished positions of all lengths."""
        each = -(-self.positions // (game.max_plies // 2))
        states = [random_positions(game, each, ply, seed=ply) for ply in range(game.max_plies)]
        found = np.unique(np.concatenate([batch for batch in states if len(batch)]), axis=0)
        return np.random.default_rng(0).permutation(found)[: self.positions]

    def _ties(self, twin, states, actions, goal, nodes):
        """Check that other moves are worth the same; count those whose value is not sure."""
        doubts = 0
        for state, action in zip(states, actions, strict=True):
            values = twin.explain_state(state, goal, nodes).values
            best = np.nanmax(values)
            assert best == pytest.approx(values[action], abs=TIE), (goal, nodes, state)
            doubts += SURE < best < 1 - SURE
        return doubts
