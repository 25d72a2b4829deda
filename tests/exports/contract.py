"""What every exported bot must do, for any test class with the fixtures `twin` and `choose`."""

from __future__ import annotations

import numpy as np
import pytest

from tests.agents.test_foresight import random_positions

TIE = 1e-5
"""Moves whose values differ by less are ties: sums in another order round differently."""
TIES = 0.005
"""At most this share of positions may be such ties."""


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
                self._check_ties(twin, states[other], actions[other], goal, nodes)
                assert len(other) <= TIES * len(states), f"{len(other)} ties for {goal}, {nodes}"

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
        found = np.concatenate([batch for batch in states if len(batch)])
        return np.random.default_rng(0).permutation(found)[: self.positions]

    def _check_ties(self, twin, states, actions, goal, nodes):
        for state, action in zip(states, actions, strict=True):
            values = twin.explain_state(state, goal, nodes).values
            assert np.nanmax(values) == pytest.approx(values[action], abs=TIE), (goal, nodes, state)
