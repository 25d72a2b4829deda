"""What the solver proves of the values of moves: a lowest and a highest value for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.proof_table import ProofTable, answer_in, fingerprint, proven
from rlhf_agents.search.solver import NODES, UNLIMITED, SolverStack, pose, proceed
from rlhf_games.base import States
from rlhf_games.compiled import compiled, inner
from rlhf_games.rules import ONGOING, Rules, State, is_legal, load, play, result, store
from rlhf_games.solver_rules import NO, YES, position_key

BLUR = 0.01
"""How much other values count among moves of the same proven value."""

BoundArray = NDArray[np.int8]
"""int8 `[..., 2]`: the lowest and the highest value for the mover, each -1, 0 or 1."""


@inner
def first_bounds(rules: Rules, state: State, out: BoundArray) -> int:
    """Fill `out` `[A, 2]` with what the rules say of each move; return how many are open.

    Illegal moves get bounds that exclude each other, 1 and -1.
    """
    open_moves = 0
    for action in range(rules.n_actions):
        out[action, 0], out[action, 1] = 1, -1
        if is_legal(rules, state, action):
            outcome = result(rules, play(rules, state, action))
            out[action, 0], out[action, 1] = -1, 1
            if outcome != ONGOING:
                out[action, 0] = out[action, 1] = -outcome
            else:
                open_moves += 1
    return open_moves


@inner
def narrow_by(answer: int, question: int, out: BoundArray) -> None:
    """Narrow the bounds `[2]` of a move by an answer about the position after it."""
    if answer == YES:  # the other player gets at least that
        out[1] = min(out[1], -question)
    elif answer == NO:
        out[0] = max(out[0], 1 - question)


@inner
def look_up(rules: Rules, table: ProofTable, after: State, out: BoundArray) -> None:
    """Narrow the bounds `[2]` of the move to an unfinished position by what the table knows."""
    flags = proven(table, fingerprint(position_key(rules, after)))
    for question in range(2):
        narrow_by(answer_in(flags, question), question, out)


@inner
def prove_move(
    rules: Rules, table: ProofTable, stack: SolverStack, after: State, budget: int, out: BoundArray
) -> int:
    """Narrow the bounds `[2]` of the move to an unfinished position; return the nodes visited.

    Args:
        rules: the game.
        table: of this game.
        stack: any; the search uses it.
        after: the position after the move.
        budget: nodes for each of the two questions.
        out: the bounds.
    """
    look_up(rules, table, after, out)
    spent = 0
    for question in range(2):
        if out[1] <= -question or out[0] >= 1 - question:
            continue  # the answer is known
        store(stack.words, 0, after)
        pose(stack, question, YES, UNLIMITED)
        answer = proceed(rules, table, stack, budget)
        spent += stack.registers[NODES]
        narrow_by(answer, question, out)
    return spent


@compiled
def prove_moves(
    rules: Rules,
    table: ProofTable,
    stack: SolverStack,
    states: States,
    budgets: NDArray[np.int64],
    out: BoundArray,
) -> None:
    """Fill `out` `[B, A, 2]` with what is proven of every move of unfinished positions.

    Args:
        rules: the game.
        table: of this game.
        stack: any; the searches of the moves use it.
        states: uint64 `[B, W]`.
        budgets: int64 `[B]`, nodes per position, beside what the table knows.
        out: receives the bounds, see `first_bounds`.
    """
    for i in range(states.shape[0]):
        state = load(rules, states, i)
        left, open_moves = budgets[i], first_bounds(rules, state, out[i])
        for turn in range(2 if left > 0 else 1):  # what cheap moves leave serves the others
            still_open = 0
            for action in range(rules.n_actions):
                if out[i, action, 0] >= out[i, action, 1]:
                    continue
                after, each = play(rules, state, action), left // (2 * open_moves)
                if each > 0:
                    left -= prove_move(rules, table, stack, after, each, out[i, action])
                elif turn == 0:
                    look_up(rules, table, after, out[i, action])
                open_moves -= 1
                still_open += out[i, action, 0] < out[i, action, 1]
            open_moves = still_open


class Bounds:
    """What is proven of the moves in a position, for the mover.

    Args:
        n_actions: A.

    Attributes:
        low: int64 `[A]`, the least value of each move: -1, 0 or 1.
        high: int64 `[A]`, the largest.
        nodes: positions visited for it.
    """

    def __init__(self, n_actions: int) -> None:
        self.low = np.full(n_actions, -1)
        self.high = np.full(n_actions, 1)
        self.nodes = 0

    def narrow(self, bounds: BoundArray) -> None:
        """Take bounds `[A, 2]` into account; illegal moves have none that overlap."""
        self.low = np.maximum(self.low, bounds[:, 0])
        self.high = np.minimum(self.high, bounds[:, 1])

    def learn(self, question: int, answer: int, action: int | None) -> None:
        """Take the answer to a question about the position into account."""
        if answer == NO:
            self.high = np.minimum(self.high, question - 1)
        elif action is not None:
            self.low[action] = max(self.low[action], question)

    def answers(self, question: int) -> bool:
        """Tell whether a question about the position is answered."""
        legal = self.low <= self.high
        return bool(self.low[legal].max() >= question or self.high[legal].max() < question)

    @property
    def settled(self) -> bool:
        """The value of the position is proven."""
        legal = self.low <= self.high
        return bool(self.low[legal].max() == self.high[legal].max())

    @property
    def any_proven(self) -> bool:
        """The value of some move is proven."""
        return bool((self.low == self.high).any())

    def of_move(self, action: int) -> bool:
        """Tell whether the value of a move is proven."""
        return bool(self.low[action] == self.high[action])

    def applied(
        self, values: NDArray[np.float32], hopes: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return values float32 `[A]` of `win` for the mover, moved within the bounds.

        Args:
            values: by other means.
            hopes: what tells moves apart that are proven to draw or to lose, see `equal_moves`.
        """
        least, most = (self.low + 1) / 2, (self.high + 1) / 2
        narrowed = (self.low > -1) | (self.high < 1)
        inside = np.minimum(np.maximum(values, least), most)
        order = np.where((self.low == self.high) & (self.low < 1), hopes, values)
        found = np.where(narrowed, (1 - BLUR) * inside + BLUR * order, values)
        legal = self.low <= self.high
        if self.settled:
            top = self.low[legal].max()
            worse = legal & (self.low < top)
            below = (1 - BLUR) * (top + 1) / 2 - BLUR
            found = np.where(worse, np.minimum(found, below), found)
        return found.astype(np.float32)
