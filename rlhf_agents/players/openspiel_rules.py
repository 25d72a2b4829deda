"""Our rules for OpenSpiel's tree search: the state and the game that its Python MCTS needs.

OpenSpiel's compiled search can set up positions of few games, and in its wheels fails for every
game written in Python, including its own (2.0.2). Its Python search needs little from a state. This
is only used where OpenSpiel is installed, but does not import it.
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
"""OpenSpiel's player number when the game is over."""


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
    """A position of our game with the interface of OpenSpiel's search.

    Args:
        game: the rules.
        words: the position, uint64 `[1, W]`.
    """

    def __init__(self, game: Game, words: States) -> None:
        self.game = game
        self.words = words
        self._outcome: int | None = None

    def clone(self) -> RulesState:
        """Return a copy; positions are never changed in place."""
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
        """Return whether the game is over."""
        return self.outcome != Outcome.ONGOING

    def is_chance_node(self) -> bool:
        """Return False: there are no chance events."""
        return False

    def current_player(self) -> int:
        """Return the number of the player to move."""
        return OVER if self.is_terminal() else int(self.game.mover(self.words)[0])

    def legal_actions(self, player: int | None = None) -> list[int]:
        """Return the legal actions of the player to move."""
        del player  # only the player to move has legal actions
        actions: list[int] = np.flatnonzero(self.game.legal(self.words)[0]).tolist()
        return actions

    def returns(self) -> list[float]:
        """Return the results of the first and the second player."""
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
        """Return both players' results of a random game, float64 `[2]`."""
        won = float(random_game(state.game.rules, state.words, int(self._rng.integers(1 << 63))))
        return np.array([won, -won])

    def prior(self, state: RulesState) -> list[tuple[int, float]]:
        """Return the legal actions with equal weights."""
        actions = state.legal_actions()
        return [(action, 1 / len(actions)) for action in actions]


class RulesGame:
    """The members of a game that the search needs.

    Args:
        kind: the type of a sequential OpenSpiel game with rewards at the end.
    """

    def __init__(self, kind: SpielKind) -> None:
        self._kind = kind

    def get_type(self) -> SpielKind:
        """Return the kind."""
        return self._kind

    @staticmethod
    def max_utility() -> float:
        """Return the reward of a win."""
        return 1.0


def _first_players(game: Game, words: States) -> float:
    outcome = int(game.outcome(words)[0])
    return float(outcome if game.mover(words)[0] == 0 else -outcome)
