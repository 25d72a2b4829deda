"""In how many plies a proven win or loss comes about: exactly where that is cheap, else at most."""

from __future__ import annotations

from math import log

import numpy as np

from rlhf_agents.search import alpha_beta
from rlhf_agents.search.alpha_beta import HORIZON, UNKNOWN, bound_first
from rlhf_agents.search.bounds import Bounds
from rlhf_agents.search.explanation import Distance
from rlhf_agents.search.prover import Prover
from rlhf_agents.search.root_proofs import NodeShares, plies_left, root_proofs
from rlhf_agents.search.tree import Tree, new_tree
from rlhf_games.base import Game, Outcome, States
from rlhf_games.rules import ANY_NUMBER


class Distances:
    """When a game ends after the moves of one position.

    Args:
        game: the rules.
        states: uint64 `[1, W]`, unfinished.
        discount: of `win`, per ply, by which trees tell distances.
    """

    def __init__(self, game: Game, states: States, discount: float) -> None:
        self.game, self.states, self.discount = game, states, discount
        self._found: dict[int, Distance] = {}

    def of(self, action: int, wins: bool, tree: Tree, nodes: int) -> Distance:
        """Return when the game ends after a move that is proven to win, or to lose.

        Args:
            action: the move.
            wins: the mover wins, else loses.
            tree: grown for `win`; it may know, too.
            nodes: budget of the search for the exact number.
        """
        found = self._found.get(action)
        if found is None:
            found = self._found[action] = self._searched(action, wins, nodes)
        if found.exact or not tree.exact[0, action] or self.discount == 1:
            return found
        gain = abs(2 * float(tree.value[0, action]) - 1)
        plies = max(1, round(log(gain) / log(self.discount)))
        return Distance(min(plies, found.plies), exact=False)

    def _searched(self, action: int, wins: bool, nodes: int) -> Distance:
        game = self.game
        after = game.step(self.states, np.array([action]))
        if game.outcome(after)[0] != Outcome.ONGOING:
            return Distance(1, exact=True)
        most = game.max_plies
        if type(game.rules).WORDS != ANY_NUMBER:
            most = plies_left(game.rules, self.states, game.max_plies)
            window = (-HORIZON, 0) if wins else (0, HORIZON)
            value = bound_first(game.rules, alpha_beta.new_table(game), after, window, nodes)
            if value not in {UNKNOWN, 0}:
                return Distance(HORIZON - abs(value) + 1, exact=True)
        return Distance(most, exact=False)


def warm_up(game: Game) -> None:
    """Compile, or load what is compiled, of proofs, which searches need only later in a game."""
    states = game.initial(1)
    prover, values = Prover(game, 1), np.full(game.n_actions, 0.5, np.float32)
    shares = NodeShares(2)
    for _ in root_proofs(prover, Bounds(game.n_actions), states[0], values, shares.share, int):
        pass
    action = int(np.flatnonzero(game.legal(states)[0])[0])
    Distances(game, states, 1.0).of(action, True, new_tree(1, game.n_words, game.n_actions, 1), 1)
