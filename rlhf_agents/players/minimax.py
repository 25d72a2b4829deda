"""Alpha-beta to a fixed depth, without knowledge of the game: the opponent `minimax:DEPTH`."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.alpha_beta import (
    HORIZON,
    NO_BUDGET,
    ProofTable,
    new_table,
    one_ply_back,
    search,
)
from rlhf_agents.search.explanation import Explanation, unfinished
from rlhf_games.base import MOVER, Game, States
from rlhf_games.compiled import compiled, inner
from rlhf_games.rules import ONGOING, Rules, State, is_legal, load, play, result

ILLEGAL = -2 * HORIZON


@inner
def move_value(rules: Rules, table: ProofTable, after: State, alpha: int, depth: int) -> int:
    """Return what a move to `after` is worth; values not above `alpha` are only upper bounds."""
    over = result(rules, after)
    if over != ONGOING or depth <= 1:
        table.spent[0] += 1
        return -over * (HORIZON - 1) if over != ONGOING else 0
    window = (-HORIZON, -alpha + 1)
    return one_ply_back(search(rules, table, after, window, depth - 1, NO_BUDGET))


@inner
def choose(rules: Rules, table: ProofTable, state: State, depth: int) -> int:
    """Return the best move of an unfinished position, the first of equals in `table.order`."""
    best, chosen = ILLEGAL, 0
    for action in table.order:
        if is_legal(rules, state, action):
            after = play(rules, state, action)
            value = move_value(rules, table, after, max(best, -HORIZON), depth)
            if value > best:
                best, chosen = value, action
    return chosen


@compiled
def choose_batch(
    rules: Rules, table: ProofTable, states: States, depth: int, out: NDArray[np.int64]
) -> None:
    """Fill `out` `[B]` with the best moves."""
    for i in range(states.shape[0]):
        out[i] = choose(rules, table, load(rules, states, i), depth)


@compiled
def score_first(
    rules: Rules, table: ProofTable, states: States, action: int, alpha: int, depth: int
) -> int:
    """Return the `move_value` of a legal move in the first position, `depth` plies deep."""
    after = play(rules, load(rules, states, 0), action)
    return move_value(rules, table, after, alpha, depth)


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

    def explain(self, state: States, goal: str = "win", seat: int = MOVER) -> Explanation:
        """Explain the move in one position uint64 `[W]`, see `Player.explain`.

        Whatever the goal, the values are those of winning. `line` goes as far as it looks.
        """
        *_, last = self._deepen(unfinished(self.game, state), goal, seat, self.depth)
        assert last is not None
        return last

    def think(self, state: States, goal: str = "win", seat: int = MOVER) -> Iterator[Explanation]:
        """Look ahead one ply, two plies, ..., see `Player.think`."""
        states = unfinished(self.game, state)
        thoughts = self._deepen(states, goal, seat, 1)
        return (thought for thought in thoughts if thought is not None)

    def _deepen(
        self, states: States, goal: str, seat: int, first: int
    ) -> Iterator[Explanation | None]:
        """Return what is known after every move looked at, from depth `first` on."""
        begin, known = time.perf_counter(), None
        table = new_table(self.game)  # threads may think at the same time
        for depth in range(first, self.depth + 1):
            scores = np.full(self.game.n_actions, ILLEGAL, np.int64)
            table.spent[0] = 0
            for action in np.flatnonzero(self.game.legal(states)[0]):
                scores[action] = score_first(
                    self.game.rules, table, states, int(action), -HORIZON, depth
                )
                yield known
            nodes = int(table.spent[0])
            best = int(table.order[scores[table.order].argmax()])  # the first of equals: `choose`
            line = [best]
            for move in self._replies(table, states, best, depth - 1):
                line += [] if move is None else [move]
                yield known
            values = _probabilities(scores)
            known = Explanation(
                action=best,
                goal=goal,
                values=values if seat == MOVER else 1 - values,
                line=tuple(line),
                nodes=nodes,
                seconds=time.perf_counter() - begin,
                proven=bool(scores[best] != 0),
                seat=seat,
            )
            yield known

    def _replies(
        self, table: ProofTable, states: States, action: int, depth: int
    ) -> Iterator[int | None]:
        """Return the best play of both after a move; None while a reply is being looked for."""
        for left in range(depth, 0, -1):
            states = self.game.step(states, np.array([action]))
            legal = self.game.legal(states)[0]
            best = ILLEGAL
            for move in table.order[legal[table.order]].tolist():  # `choose`, in steps
                alpha = max(best, -HORIZON)
                value = score_first(self.game.rules, table, states, move, alpha, left)
                if value > best:
                    best, action = value, move
                yield None
            if best == ILLEGAL:
                return
            yield action


def _probabilities(scores: NDArray[np.int64]) -> NDArray[np.float32]:
    """Map scores to [0, 1]: a win is near 1, the sooner the nearer; illegal moves are NaN."""
    values = 0.5 + 0.5 * np.sign(scores) * 0.99 ** (HORIZON - np.abs(scores))
    return np.where(scores == ILLEGAL, np.nan, values).astype(np.float32)
