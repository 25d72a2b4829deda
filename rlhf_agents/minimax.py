"""Alpha-beta to a fixed depth, without knowledge: the yardstick opponent `minimax:DEPTH`."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.proofs import HORIZON, ProofTable, new_table, one_ply_back, search
from rlhf_agents.records import Explanation
from rlhf_games.base import Game, Outcome, States
from rlhf_games.compiled import compiled
from rlhf_games.rules import ONGOING, Rules, State, is_legal, load, play, result

WITHOUT_BUDGET = 2**62
ILLEGAL = -2 * HORIZON


@compiled
def move_value(
    rules: Rules, table: ProofTable, state: State, action: int, alpha: int, depth: int
) -> int:
    """Return the value of a legal move; values not above `alpha` are only upper bounds."""
    after = play(rules, state, action)
    over = result(rules, after)
    if over != ONGOING:
        return 0 if over == 0 else -over * (HORIZON - 1)
    if depth <= 1:
        return 0
    window = (-HORIZON, -alpha + 1)
    return one_ply_back(search(rules, table, after, window, depth - 1, WITHOUT_BUDGET))


@compiled
def choose_batch(
    rules: Rules, table: ProofTable, states: States, depth: int, out: NDArray[np.int64]
) -> None:
    """Fill `out` `[B]` with the best moves; the first of equals in `table.order`."""
    for i in range(states.shape[0]):
        state = load(rules, states, i)
        best = ILLEGAL
        out[i] = 0
        for action in table.order:
            if is_legal(rules, state, action):
                value = move_value(rules, table, state, action, max(best, -HORIZON), depth)
                if value > best:
                    best = value
                    out[i] = action


@compiled
def value_moves(
    rules: Rules, table: ProofTable, states: States, depth: int, out: NDArray[np.int64]
) -> None:
    """Fill `out` `[A]` with the exact values of all moves of the first position, or ILLEGAL."""
    state = load(rules, states, 0)
    for action in range(rules.n_actions):
        out[action] = ILLEGAL
        if is_legal(rules, state, action):
            out[action] = move_value(rules, table, state, action, -HORIZON, depth)


class MinimaxPlayer:
    """Looks `depth` plies ahead; wins soon, loses late, and knows nothing beyond.

    Args:
        game: the rules.
        depth: plies, at least 1.
    """

    def __init__(self, game: Game, depth: int) -> None:
        self.game = game
        self.depth = depth
        self.name = f"minimax:{depth}"
        self._table = new_table(game)

    def act(self, states: States, goal: str = "win") -> NDArray[np.int64]:
        """Return one action per position, see `Player.act`; the goal does not matter."""
        del goal
        out = np.zeros(len(states), np.int64)
        choose_batch(self.game.rules, self._table, states, self.depth, out)
        return out

    def explain(self, state: States, goal: str = "win") -> Explanation:
        """Explain the move in one position uint64 `[W]`, see `Player.explain`."""
        begin = time.perf_counter()
        states = np.ascontiguousarray(state)[None]
        if self.game.outcome(states)[0] != Outcome.ONGOING:
            msg = "the game is over, there is nothing to explain"
            raise ValueError(msg)
        scores = np.empty(self.game.n_actions, np.int64)
        value_moves(self.game.rules, self._table, states, self.depth, scores)
        action = int(self.act(states, goal)[0])
        return Explanation(
            action=action,
            goal=goal,
            values=_probabilities(scores),
            line=(action,),
            nodes=0,
            seconds=time.perf_counter() - begin,
            proven=abs(int(scores[action])) > 0,
        )


def _probabilities(scores: NDArray[np.int64]) -> NDArray[np.float32]:
    """Map scores to [0, 1]: a win is near 1, the sooner the nearer; illegal moves are NaN."""
    values = 0.5 + 0.5 * np.sign(scores) * 0.99 ** (HORIZON - np.abs(scores))
    return np.where(scores == ILLEGAL, np.nan, values).astype(np.float32)
