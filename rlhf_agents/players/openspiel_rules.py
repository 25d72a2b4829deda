"""Our rules under OpenSpiel's tree search: what its MCTS in Python asks of a state and a game.

OpenSpiel's compiled search sets up positions of few games, and in its wheels fails on every game
that is written in Python, its own among them (2.0.2). Its search in Python asks little of a state.
Only needed where OpenSpiel is installed; nothing of it is imported here.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.foreign_games.spiel_types import SpielKind
from rlhf_games.base import Game, Outcome, States
from rlhf_games.compiled import compiled, next_random
from rlhf_games.rules import ONGOING, Rules, load, play, plies, random_legal, result

OVER = -4
"""OpenSpiel's number for whose turn it is when the game is over."""


@compiled
def random_game(rules: Rules, states: States, seed: int) -> int:
    """Play one random game from `states[0]` and return what the first player wins: -1, 0 or 1."""
    state, generator = load(rules, states, 0), numba.uint64(seed)
    while result(rules, state) == ONGOING:
        generator, bits = next_random(generator)
        state = play(rules, state, random_legal(rules, state, bits))
    outcome = result(rules, state)
    return outcome if plies(rules, state) % 2 == 0 else -outcome


class RulesState:
    """A position of our game as OpenSpiel's search sees it.

    Args:
        game: the rules.
        words: the position, uint64 `[1, W]`.
    """

    def __init__(self, game: Game, words: States) -> None:
        self.game = game
        self.words = words
        self._outcome: int | None = None

    def clone(self) -> RulesState:
        """Return another one; positions are never changed in place."""
        return RulesState(self.game, self.words)

    def apply_action(self, action: int) -> None:
        """Play a legal action."""
        self.words = self.game.step(self.words, np.array([action]))
        self._outcome = None

    @property
    def outcome(self) -> int:
        """The `Outcome` for the mover."""
        if self._outcome is None:
            self._outcome = int(self.game.outcome(self.words)[0])
        return self._outcome

    def is_terminal(self) -> bool:
        """Tell whether the game is over."""
        return self.outcome != Outcome.ONGOING

    def is_chance_node(self) -> bool:
        """Return False: there are no chance events."""
        return False

    def current_player(self) -> int:
        """Return the number of the player to move."""
        return OVER if self.is_terminal() else int(self.game.mover(self.words)[0])

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the legal actions of the player to move."""
        del player  # only the player to move has any
        actions: list[int] = np.flatnonzero(self.game.legal(self.words)[0]).tolist()
        return actions

    def returns(self) -> list[float]:
        """Return what the first and the second player have won."""
        won = _first_players(self.game, self.words)
        return [won, -won]


class CompiledRollouts:
    """One random game from a position, by compiled rules: an evaluator of OpenSpiel's search.

    Args:
        seed: of the moves.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def evaluate(self, state: RulesState) -> NDArray[np.float64]:
        """Return what both players win in a random game, float64 `[2]`."""
        won = float(random_game(state.game.rules, state.words, int(self._rng.integers(1 << 63))))
        return np.array([won, -won])

    def prior(self, state: RulesState) -> list[tuple[int, float]]:
        """Return the legal actions, all of the same weight."""
        actions = state.legal_actions()
        return [(action, 1 / len(actions)) for action in actions]


class RulesGame:
    """What the search asks of a game.

    Args:
        kind: of a sequential game of OpenSpiel's that pays at its end.
    """

    def __init__(self, kind: SpielKind) -> None:
        self._kind = kind

    def get_type(self) -> SpielKind:
        """Return the kind."""
        return self._kind

    @staticmethod
    def max_utility() -> float:
        """Return what a win pays."""
        return 1.0


def _first_players(game: Game, words: States) -> float:
    outcome = int(game.outcome(words)[0])
    return float(outcome if game.mover(words)[0] == 0 else -outcome)
