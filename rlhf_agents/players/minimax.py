"""Alpha-beta search to a fixed depth without game knowledge: the opponent `minimax:DEPTH`.

It searches in slices of some 20 ms, so that a signal, a clock or `stop` ends it at any depth.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.alpha_beta import (
    HORIZON,
    NO_BUDGET,
    UNKNOWN,
    AlphaBetaTable,
    begin,
    by_callbacks,
    new_table,
    one_ply_back,
    proceed,
)
from rlhf_agents.search.budget import SLICE_SECONDS, Clock, TimeBudget
from rlhf_agents.search.explanation import Explanation, unfinished
from rlhf_games.base import MOVER, Game, States
from rlhf_games.compiled import compiled, inner
from rlhf_games.rules import ONGOING, Rules, State, is_legal, load, play, result

ILLEGAL = -2 * HORIZON
MOST_CALLBACKS = 8
"""Nodes of a slice where Python makes the positions: the next ones may take 10 ms each."""
POSITION, MOVE, HALFWAY = 0, 1, 2
"""Registers of `score_some`: the position, the place of its move in the order, is it searched?"""


@inner
def begin_move(rules: Rules, table: AlphaBetaTable, after: State, alpha: int, depth: int) -> int:
    """Return what a move to `after` is worth if that is known at once; else begin to search it."""
    over = result(rules, after)
    if over != ONGOING or depth <= 1:
        table.spent[0] += 1
        return -over * (HORIZON - 1) if over != ONGOING else 0
    begin(rules, table, after, (-HORIZON, -alpha + 1), depth - 1)
    return UNKNOWN


@compiled
def score_some(
    rules: Rules,
    table: AlphaBetaTable,
    states: States,
    depth: int,
    exactly: bool,
    budget: int,
    scores: NDArray[np.int64],
    registers: NDArray[np.int64],
) -> bool:
    """Go on to score the moves of unfinished positions, and return whether all are scored.

    Args:
        rules: the game.
        table: serves this call and the next ones until all moves are scored.
        states: uint64 `[B, W]`.
        depth: plies to look ahead.
        exactly: score all moves exactly; else those that are not above an earlier one in
            `table.order` get an upper bound that is not above it either.
        budget: nodes for this call, at least 1.
        scores: int64 `[B, A]`, filled; ILLEGAL at first.
        registers: int64 `[3]`, 0 at first: where the work is.
    """
    last = table.spent[0] + budget
    while registers[POSITION] < states.shape[0]:
        row = scores[registers[POSITION]]
        action = table.order[registers[MOVE]]
        state = load(rules, states, registers[POSITION])
        if registers[HALFWAY] or is_legal(rules, state, action):
            value = UNKNOWN
            if not registers[HALFWAY]:
                alpha = -HORIZON if exactly else max(row.max(), -HORIZON)
                value = begin_move(rules, table, play(rules, state, action), alpha, depth)
            if value == UNKNOWN:
                value = proceed(rules, table, depth - 1, last - table.spent[0])
                registers[HALFWAY] = value == UNKNOWN
                if value == UNKNOWN:
                    return False
                value = one_ply_back(value)
            row[action] = value
        registers[MOVE] += 1
        if registers[MOVE] == table.order.shape[0]:
            registers[POSITION] += 1
            registers[MOVE] = 0
        if table.spent[0] >= last:
            break
    return registers[POSITION] == states.shape[0]


class MinimaxPlayer:
    """Looks `depth` plies ahead; prefers early wins and late losses, and evaluates nothing else.

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
        for scores, done in self._score(self._table, states, self.depth):
            if done:
                return self._best(scores)
        return np.zeros(0, np.int64)

    def explain(self, state: States, goal: str = "win", seat: int = MOVER) -> Explanation:
        """Explain the move in one position uint64 `[W]`, see `Player.explain`.

        Whatever the goal, the values are for winning. `line` is as long as the search is deep.
        """
        *_, last = self.think(state, goal, seat)
        return last

    def think(self, state: States, goal: str = "win", seat: int = MOVER) -> Iterator[Explanation]:
        """Look ahead one ply, two plies, ..., see `Player.think`.

        At first, moves that are not looked at yet count as even.
        """
        return self._deepen(unfinished(self.game, state), goal, seat)

    def _score(
        self, table: AlphaBetaTable, states: States, depth: int, exactly: bool = False
    ) -> Iterator[tuple[NDArray[np.int64], bool]]:
        """Yield the scores so far, int64 `[B, A]`, slice by slice, and whether they are final."""
        budget, begun = TimeBudget(Clock(math.inf)), time.perf_counter()
        most = MOST_CALLBACKS if by_callbacks(self.game) else NO_BUDGET
        scores = np.full((len(states), self.game.n_actions), ILLEGAL, np.int64)
        registers, done = np.zeros(3, np.int64), len(states) == 0
        while not done:
            before, allowed = int(table.spent[0]), min(max(budget.next_slice(), 1), most)
            done = score_some(
                self.game.rules, table, states, depth, exactly, allowed, scores, registers
            )
            budget.used(int(table.spent[0]) - before)
            if done or time.perf_counter() - begun > SLICE_SECONDS / 2:
                yield scores, done
                begun = time.perf_counter()

    def _best(self, scores: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the best moves `[B]`, of equals the first in the table's order."""
        order = self._table.order
        best: NDArray[np.int64] = order[scores[:, order].argmax(axis=1)]
        return best

    def _deepen(self, states: States, goal: str, seat: int) -> Iterator[Explanation]:
        """Explain what is known after every slice."""
        begun = time.perf_counter()
        table = new_table(self.game)  # several threads may search at the same time

        def explained(scores: NDArray[np.int64], line: tuple[int, ...] = ()) -> Explanation:
            best = int(self._best(scores[None])[0])
            values = _probabilities(scores)
            return Explanation(
                action=best,
                goal=goal,
                values=values if seat == MOVER else 1 - values,
                line=line,  # empty until all moves are searched one ply deep
                nodes=int(table.spent[0]),
                seconds=time.perf_counter() - begun,
                proven=bool(scores[best] != 0),
                seat=seat,
            )

        scored = np.where(self.game.legal(states)[0], 0, ILLEGAL)
        known = explained(scored)
        for depth in range(1, self.depth + 1):
            for scores, done in self._score(table, states, depth, exactly=True):
                if done:
                    scored = scores[0]
                    best = int(self._best(scores)[0])
                elif depth == 1:
                    known = explained(np.where(scores[0] > ILLEGAL, scores[0], scored))
                yield known
            replies: list[int] = []
            for move in self._replies(table, states, best, depth - 1):
                replies += [] if move is None else [move]
                yield known
            known = explained(scored, (best, *replies))
            yield known

    def _replies(
        self, table: AlphaBetaTable, states: States, action: int, depth: int
    ) -> Iterator[int | None]:
        """Yield the replies to a move one by one, None while one is being searched."""
        for left in range(depth, 0, -1):
            states = self.game.step(states, np.array([action]))
            if not self.game.legal(states).any():
                return
            for scores, done in self._score(table, states, left):
                yield int(self._best(scores)[0]) if done else None
            action = int(self._best(scores)[0])


def _probabilities(scores: NDArray[np.int64]) -> NDArray[np.float32]:
    """Map scores to [0, 1]: a win is near 1, the sooner the nearer; illegal moves are NaN."""
    values = 0.5 + 0.5 * np.sign(scores) * 0.99 ** (HORIZON - np.abs(scores))
    return np.where(scores == ILLEGAL, np.nan, values).astype(np.float32)
