"""The solver at work for a game: questions about positions, answered slice by slice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search import alpha_beta
from rlhf_agents.search.bounds import BoundArray, prove_moves
from rlhf_agents.search.budget import Budget, NodeBudget
from rlhf_agents.search.explanation import unfinished
from rlhf_agents.search.proof_table import new_proof_table
from rlhf_agents.search.solver import (
    ACTION,
    NO_MOVE,
    NODES,
    TOUCHED,
    UNLIMITED,
    begin,
    deepens,
    new_stack,
    proceed,
)
from rlhf_games.base import Game, Outcome, States, Verdict
from rlhf_games.solver_rules import (
    NO,
    UNKNOWN,
    YES,
)

TABLE_MEGABYTES = 64
WIN, DRAW = 1, 0
"""Questions: does the mover get at least that?"""
FIRST_SLOW_BUDGET = 64


@dataclass(frozen=True)
class ProofAnswer:
    """What is known of a question.

    Attributes:
        answer: NO, YES or UNKNOWN.
        action: a move that proves YES, else None.
        nodes: positions visited.
    """

    answer: int
    action: int | None
    nodes: int


class Prover:
    """Proves what positions of one game are worth if both play perfectly.

    What is proven stays proven: the table serves all games that are ever played with this object,
    also in several threads.

    Args:
        game: the rules.
        megabytes: of memory for the table.
    """

    def __init__(self, game: Game, megabytes: int = TABLE_MEGABYTES) -> None:
        self.game = game
        self.by_callbacks = alpha_beta.by_callbacks(game)
        self._deepens = not self.by_callbacks and deepens(game.rules)
        self._table = new_proof_table(1 if self.by_callbacks else megabytes)
        self._slow = alpha_beta.new_table(game) if self.by_callbacks else None

    @property
    def entries(self) -> NDArray[np.uint64]:
        """What is proven, see `proof_table.ProofTable.entries`."""
        return self._table.entries

    @cached_property
    def questions(self) -> tuple[int, ...]:
        """The questions worth asking; in a game without draws `DRAW` is the same as `WIN`."""
        names = [goal.name for goal in self.game.goals]
        if "draw" in names:
            verdicts = self.game.verdicts(self.game.initial(1))[0, :, names.index("draw")]
            if (verdicts == Verdict.IMPOSSIBLE).all():
                return (WIN,)
        return (WIN, DRAW)

    def ask(
        self,
        state: States,
        question: int,
        budget: Budget,
        ranking: NDArray[np.float32] | None = None,
    ) -> Iterator[ProofAnswer]:
        """Answer a question about an unfinished position, one slice of the budget at a time.

        Args:
            state: uint64 `[W]`.
            question: `WIN` or `DRAW`: does the mover get at least that?
            budget: how much to spend.
            ranking: float32 `[A]`, how good its moves look; the best are tried first.

        Yields:
            what is known after each slice; the last is not UNKNOWN unless the budget is used up.

        Raises:
            ValueError: the game is over.
        """
        states = unfinished(self.game, state)
        if self.by_callbacks:
            return self._ask_callbacks(states, question, budget)
        return self._ask(states, question, budget, ranking)

    def _ask(
        self,
        states: States,
        question: int,
        budget: Budget,
        ranking: NDArray[np.float32] | None,
    ) -> Iterator[ProofAnswer]:
        rules, stack, before = self.game.rules, new_stack(self.game), 0
        stack.order[:] = rank(ranking, self.game.n_actions)
        limits = range(1, self.game.max_plies + 2) if self._deepens else (UNLIMITED,)
        hopes = (YES, NO) if self._deepens else (YES,)
        for limit in limits:
            for hope in hopes:
                begin(rules, stack, states, question, hope, limit)
                answer = UNKNOWN
                while answer == UNKNOWN:
                    allowed = budget.next_slice()
                    if not allowed:
                        return
                    done = int(stack.registers[NODES])
                    answer = proceed(rules, self._table, stack, allowed)
                    budget.used(int(stack.registers[NODES]) - done)
                    nodes = before + int(stack.registers[NODES])
                    if answer == UNKNOWN:
                        yield ProofAnswer(UNKNOWN, None, nodes)
                before = nodes
                if answer == hope or not stack.registers[TOUCHED]:
                    action = int(stack.registers[ACTION])
                    yes = answer == YES and action != NO_MOVE
                    yield ProofAnswer(answer, action if yes else None, nodes)
                    return

    def _ask_callbacks(
        self, states: States, question: int, budget: Budget
    ) -> Iterator[ProofAnswer]:
        """Answer by alpha-beta with ever larger budgets: positions that Python makes are few."""
        assert self._slow is not None
        legal = np.flatnonzero(self.game.legal(states)[0])
        children = self.game.step(np.repeat(states, len(legal), axis=0), legal)
        open_moves = list(range(len(legal)))
        nodes, each = 0, FIRST_SLOW_BUDGET
        while open_moves:
            for child in tuple(open_moves):
                allowed = budget.next_slice()
                if not allowed:
                    return
                before = int(self._slow.spent[0])
                value = alpha_beta.bound_first(
                    self.game.rules,
                    self._slow,
                    children[child : child + 1],
                    (-question, 1 - question),
                    min(allowed, each),
                )
                spent = int(self._slow.spent[0]) - before
                budget.used(spent)
                nodes += spent
                if value == alpha_beta.UNKNOWN:
                    yield ProofAnswer(UNKNOWN, None, nodes)
                elif value <= -question:
                    yield ProofAnswer(YES, int(legal[child]), nodes)
                    return
                else:
                    open_moves.remove(child)
            each *= 2
        yield ProofAnswer(NO, None, nodes)

    def prove(self, state: States, nodes: int) -> int | None:
        """Return the value of an unfinished position uint64 `[W]` for its mover.

        Args:
            state: the position.
            nodes: budget per question.

        Returns:
            1, 0 or -1; None if the budget is too small.

        Raises:
            ValueError: the game is over.
        """
        for question in self.questions:
            answer = UNKNOWN
            for known in self.ask(state, question, NodeBudget(nodes)):
                answer = known.answer
            if answer == UNKNOWN:
                return None
            if answer == YES:
                return question
        return -1

    def bounds(self, state: States, nodes: int = 0) -> BoundArray:
        """Return what is proven of the moves in one position, see `bounds_of`."""
        found: BoundArray = self.bounds_of(np.asarray(state)[None], np.array([nodes]))[0]
        return found

    def bounds_of(self, states: States, nodes: NDArray[np.int64]) -> BoundArray:
        """Return what is proven of the moves in unfinished positions, int8 `[B, A, 2]`.

        Args:
            states: uint64 `[B, W]`.
            nodes: int64 `[B]`, budget per position, beside what is known already.

        Returns:
            the least and the largest value for the mover, each -1, 0 or 1; 1 and -1 if illegal.
        """
        states = np.ascontiguousarray(states, np.uint64)
        out = np.empty((len(states), self.game.n_actions, 2), np.int8)
        if not self.by_callbacks:
            prove_moves(self.game.rules, self._table, new_stack(self.game), states, nodes, out)
            return out
        for state, row in zip(states, out, strict=True):
            legal = np.flatnonzero(self.game.legal(state[None])[0])
            after = self.game.step(np.repeat(state[None], len(legal), axis=0), legal)
            outcomes = self.game.outcome(after)
            over = outcomes != Outcome.ONGOING
            row[:] = 1, -1
            row[legal] = -1, 1
            row[legal[over]] = -outcomes[over, None]
        return out


def rank(ranking: NDArray[np.float32] | None, n_actions: int) -> NDArray[np.int64]:
    """Return how early each move is tried, int64 `[A]`, the largest first.

    Args:
        ranking: float32 `[A]` how good the moves look, NaN where illegal; None: the middle first.
        n_actions: A.
    """
    if ranking is None:
        middle = (n_actions - 1) / 2
        return np.asarray(-np.abs(2 * (np.arange(n_actions) - middle)), np.int64)
    order = np.argsort(np.nan_to_num(ranking, nan=-1.0), kind="stable")
    ranks = np.empty(n_actions, np.int64)
    ranks[order] = np.arange(n_actions)
    return ranks
