"""A solver for every compiled game: does the mover get at least a win, at least a draw?

Each question is a search with two answers only. A position is answered YES as soon as one move
leaves the other player without its own, complementary question: the mover gets at least q in
{0, 1} if it can reach a position whose mover does not get at least 1 - q. The search is a loop over
a stack that it owns, so that it can be interrupted after any number of nodes and go on later.

Games say what they know by the second group of hooks in `rlhf_games.rules`: answers at sight, moves
worth a look, their order. Games of long lines are searched to ever larger depths (`limit`): then an
answer at the limit counts against the side whose success is looked for, and only its successes, or
answers that no limit touched, are proofs.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.proof_table import (
    ProofTable,
    Word,
    answer_in,
    fingerprint,
    place_of,
    prefetch,
    proven,
    remember,
)
from rlhf_games.base import Game, States
from rlhf_games.compiled import compiled, compiled_views, inner_views
from rlhf_games.rules import (
    Rules,
    State,
    age,
    is_legal,
    load,
    play,
    result,
    store,
)
from rlhf_games.solver_rules import (
    CERTAIN,
    NO,
    UNKNOWN,
    YES,
    needs_deepening,
    order_hint,
    position_key,
    quick_answer,
    safe_moves,
)

UNLIMITED = 1 << 20
NO_MOVE = -1
TABLE_PLIES, LOOK_PLIES = 6, 12
"""So close to the longest possible end looking at the table, or at the children's, costs more than
it saves."""
NO_MARK = numba.uint64(0)

# Registers of a search.
DEPTH, NODES, QUESTION, LIMIT, HOPE, TOUCHED, ACTION = range(7)


class SolverStack(NamedTuple):
    """A search that may be under way; D depth, W words of a position, A actions.

    Attributes:
        words: uint64 `[D, W]`, the positions on the way.
        moves: int16 `[D, A]`, their moves, most promising first.
        counts: int64 `[D]`, how many they are.
        tried: int64 `[D]`, which of them is being looked at.
        mark: uint64 `[D]`, fingerprints, or `NO_MARK` where the table is not asked.
        since: int64 `[D]`, how many nodes there were at entry.
        marks: uint64 `[A]`, fingerprints of children.
        hints: int64 `[A]`, their order.
        order: int64 `[A]`, rank of each action at the root.
        registers: int64 `[7]`.
    """

    words: States
    moves: NDArray[np.int16]
    counts: NDArray[np.int64]
    tried: NDArray[np.int64]
    mark: NDArray[np.uint64]
    since: NDArray[np.int64]
    marks: NDArray[np.uint64]
    hints: NDArray[np.int64]
    order: NDArray[np.int64]
    registers: NDArray[np.int64]


def new_stack(game: Game) -> SolverStack:
    """Allocate a stack for the searches of a game."""
    depth, actions = game.max_plies + 2, game.n_actions
    return SolverStack(
        words=np.zeros((depth, game.n_words), np.uint64),
        moves=np.zeros((depth, actions), np.int16),
        counts=np.zeros(depth, np.int64),
        tried=np.zeros(depth, np.int64),
        mark=np.zeros(depth, np.uint64),
        since=np.zeros(depth, np.int64),
        marks=np.zeros(actions, np.uint64),
        hints=np.zeros(actions, np.int64),
        order=np.zeros(actions, np.int64),
        registers=np.zeros(7, np.int64),
    )


@inner_views
def limited_mark(stack: SolverStack, depth: int, mark: int) -> Word:
    """Return the fingerprint under which failures up to the limit are kept."""
    left = numba.uint64(stack.registers[LIMIT] - depth + 1)
    side = numba.uint64(stack.registers[HOPE] ^ (depth & 1))
    return fingerprint(mark ^ (((left << numba.uint64(1)) | side) << numba.uint64(32)))


@inner_views
def recall(table: ProofTable, stack: SolverStack, depth: int, mark: int, question: int) -> int:
    """Return the answer that the table has for the position at `depth`, else UNKNOWN."""
    answer = answer_in(proven(table, mark), question)
    if answer != UNKNOWN or stack.registers[LIMIT] == UNLIMITED:
        return answer
    answer = answer_in(proven(table, limited_mark(stack, depth, mark)), question)
    if answer != UNKNOWN:
        stack.registers[TOUCHED] = 1
    return answer


@inner_views
def keep(table: ProofTable, stack: SolverStack, depth: int, answer: int, nodes: int) -> None:
    """Put the answer for the position at `depth` into the table."""
    mark = stack.mark[depth]
    if mark == NO_MARK:
        return
    question = (stack.registers[QUESTION] ^ depth) & 1
    failed = (answer ^ depth) & 1 != stack.registers[HOPE]
    if stack.registers[LIMIT] != UNLIMITED and failed:
        mark = limited_mark(stack, depth, mark)
    remember(table, mark, question, answer, nodes - stack.since[depth])


@inner_views
def rank_moves(
    rules: Rules, table: ProofTable, stack: SolverStack, depth: int, count: int, look: bool
) -> int:
    """Put the moves of the position at `depth` in order; YES if the first is certain to win."""
    state = load(rules, stack.words, depth)
    for n in range(count):
        move = stack.moves[depth, n]
        after = play(rules, state, move)
        hint = order_hint(rules, after)
        if hint == CERTAIN:
            stack.moves[depth, 0] = move
            return YES
        mark = NO_MARK
        if look:
            mark = fingerprint(position_key(rules, after))
            prefetch(table.entries, place_of(table, mark))
        if depth == 0:
            hint = stack.order[move]
        place = n
        while place > 0 and stack.hints[place - 1] < hint:
            stack.hints[place] = stack.hints[place - 1]
            stack.marks[place] = stack.marks[place - 1]
            stack.moves[depth, place] = stack.moves[depth, place - 1]
            place -= 1
        stack.hints[place] = hint
        stack.marks[place] = mark
        stack.moves[depth, place] = move
    return UNKNOWN


@inner_views
def look_at_children(
    table: ProofTable, stack: SolverStack, depth: int, count: int, question: int
) -> int:
    """Leave out the moves that the table refutes; YES if it proves one, which comes first then."""
    left = 0
    for n in range(count):
        answer = recall(table, stack, depth + 1, stack.marks[n], 1 - question)
        if answer == NO:
            stack.moves[depth, 0] = stack.moves[depth, n]
            return YES
        if answer == UNKNOWN:
            stack.moves[depth, left] = stack.moves[depth, n]
            left += 1
    stack.counts[depth] = left
    return UNKNOWN if left > 0 else NO


@inner_views
def winning_move(rules: Rules, state: State) -> int:
    """Return a move that ends the game in a win, or NO_MOVE."""
    for action in range(rules.n_actions):
        if is_legal(rules, state, action) and result(rules, play(rules, state, action)) == -1:
            return action
    return NO_MOVE


@inner_views
def enter(rules: Rules, table: ProofTable, stack: SolverStack, depth: int, nodes: int) -> int:
    """Begin the position at `depth`: answer it, or list its moves and return UNKNOWN."""
    state = load(rules, stack.words, depth)
    question = (stack.registers[QUESTION] ^ depth) & 1
    stack.mark[depth] = NO_MARK
    stack.tried[depth] = 0
    if depth == 0:  # the move is wanted too, and hooks may rely on the moves that led here
        win = winning_move(rules, state)
        if win != NO_MOVE:
            stack.registers[ACTION] = win
            return YES
    else:
        answer = quick_answer(rules, state, question)
        if answer != UNKNOWN:
            return answer
    if depth >= stack.registers[LIMIT]:
        stack.registers[TOUCHED] = 1
        return int(1 - stack.registers[HOPE]) ^ (depth & 1)
    count = safe_moves(rules, state, stack.moves[depth])
    stack.counts[depth] = count
    if count <= 1:
        return UNKNOWN if count == 1 else NO
    left = stack.words.shape[0] - 2 - age(rules, state)
    if left > TABLE_PLIES:
        stack.mark[depth] = fingerprint(position_key(rules, state))
        if depth > 0:  # the root's move comes from the search
            answer = recall(table, stack, depth, stack.mark[depth], question)
            if answer != UNKNOWN:
                stack.mark[depth] = NO_MARK
                return answer
    stack.since[depth] = nodes
    look = left > LOOK_PLIES
    answer = rank_moves(rules, table, stack, depth, count, look)
    if answer == UNKNOWN and look:
        answer = look_at_children(table, stack, depth, count, question)
    return answer


@inner_views
def descend(rules: Rules, stack: SolverStack, depth: int) -> None:
    """Place the child by the move that comes next at `depth + 1`."""
    move = stack.moves[depth, stack.tried[depth]]
    store(stack.words, depth + 1, play(rules, load(rules, stack.words, depth), move))


@inner_views
def carry_up(
    table: ProofTable, stack: SolverStack, depth: int, answer: int, nodes: int
) -> tuple[int, int]:
    """Carry an answer up to the first position that has another move to try.

    Returns:
        its depth, and UNKNOWN; or 0 and the answer for the root.
    """
    while depth > 0:
        depth -= 1
        if answer == NO:
            answer = YES
        else:
            stack.tried[depth] += 1
            if stack.tried[depth] < stack.counts[depth]:
                return depth, UNKNOWN
            answer = NO
        keep(table, stack, depth, answer, nodes)
    if answer == YES and stack.registers[ACTION] == NO_MOVE:
        stack.registers[ACTION] = stack.moves[0, stack.tried[0]]
    return 0, answer


@inner_views
def pose(stack: SolverStack, question: int, hope: int, limit: int) -> None:
    """Set a stack, whose first position is there, to a question; see `begin`."""
    for register in range(stack.registers.shape[0]):
        stack.registers[register] = 0
    stack.registers[QUESTION] = question
    stack.registers[HOPE] = hope
    stack.registers[LIMIT] = limit
    stack.registers[ACTION] = NO_MOVE


@compiled
def begin(
    rules: Rules,
    stack: SolverStack,
    states: States,
    question: int,
    hope: int,
    limit: int,
) -> None:
    """Set a stack to a question about an unfinished position, uint64 `[1, W]`.

    Args:
        rules: the game.
        stack: receives the question.
        states: the position.
        question: 1: at least a win, 0: at least a draw?
        hope: the answer that is looked for; answers at the limit count as the other one.
        limit: plies to look ahead, or UNLIMITED.
    """
    store(stack.words, 0, load(rules, states, 0))
    pose(stack, question, hope, limit)


@compiled_views
def proceed(rules: Rules, table: ProofTable, stack: SolverStack, budget: int) -> int:
    """Let a search go on.

    Args:
        rules: the game.
        table: of this game.
        stack: the search.
        budget: nodes after which it pauses.

    Returns:
        NO, YES (then the register ACTION holds the move), or UNKNOWN: it paused.
    """
    depth, nodes = stack.registers[DEPTH], stack.registers[NODES]
    last = nodes + budget
    while nodes < last:
        nodes += 1
        answer = enter(rules, table, stack, depth, nodes)
        if answer != UNKNOWN:
            keep(table, stack, depth, answer, nodes)
            depth, answer = carry_up(table, stack, depth, answer, nodes)
        if answer != UNKNOWN:
            stack.registers[DEPTH], stack.registers[NODES] = 0, nodes
            return answer
        descend(rules, stack, depth)
        depth += 1
    stack.registers[DEPTH], stack.registers[NODES] = depth, nodes
    return UNKNOWN


@compiled
def deepens(rules: Rules) -> bool:
    """Tell whether a game wants `limit`."""
    return needs_deepening(rules)
