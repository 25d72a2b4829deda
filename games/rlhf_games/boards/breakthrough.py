"""Breakthrough on 8 x 8 and 6 x 6 cells: two rows of pieces each, first to the other end wins.

A position is three words: the pieces of the player to move, the other's, and the number of plies.
It is turned so that the mover's pieces move towards row 0; bits are those of
`rlhf_games.square_boards`. A piece moves one row on, straight or diagonally, onto an empty cell;
diagonally it may also capture. A player who reaches the last row or captures all pieces wins; there
are no draws, because the foremost piece can always move. Rules: Dan Troyka, 2000, see
https://en.wikipedia.org/wiki/Breakthrough_(board_game).

An action is a move in the mover's view, so that both players share what is learnt; an action has
another name for the second player, who sees the board turned.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_games import rules, solver_rules
from rlhf_games.base import Goal, Symmetry
from rlhf_games.compiled import count_bits, implement, inner, random_below, reversed_bits
from rlhf_games.compiled_game import CompiledGame
from rlhf_games.rules import clock_shown, shows
from rlhf_games.solver_rules import (
    CERTAIN,
    hash_words,
)
from rlhf_games.square_boards import (
    EMPTY,
    LARGE,
    LEFT_COLUMN,
    ONE,
    RIGHT_COLUMN,
    SMALL,
    STRIDE,
    bit_of,
    board_of,
    column_letters,
    nth_bit,
)

LEFT, AHEAD, RIGHT = 0, 1, 2
DIRECTIONS = (LEFT, AHEAD, RIGHT)
SHIFTS = (9, 8, 7)
"""The bits by which each direction lowers the index of a cell."""

# By size of the board, the smaller first.
DEADLINES = ((36, 28, 20), (80, 64, 48))
KEPT = ((6, 9), (8, 12))
TAKEN = ((3, 6), (4, 8))
SIZES = (SMALL, LARGE)

LARGE_LAST_ROW = numba.uint64(0xFF << 56)
SMALL_LAST_ROW = numba.uint64(0x7E << 48)

# Rows of the goal table.
WIN, DRAW, LOSE = 0, 1, 2
WIN_BY = 3
LOSE_BY = WIN_BY + 3
KEEP = LOSE_BY + 3
TAKE = KEEP + 2
N_GOALS = TAKE + 2

State = tuple[int, int, int]
Move = tuple[int, int]
"""The cells between which a piece moves, in the mover's view."""


def _moves(side: int) -> list[tuple[Move, int]]:
    """Return all moves on an empty board with their directions: the actions in their order."""
    return [
        ((row * side + column, (row - 1) * side + column + direction - 1), direction)
        for row in range(1, side)
        for column in range(side)
        for direction in DIRECTIONS
        if 0 <= column + direction - 1 < side
    ]


def _tables() -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the start bit of an action, its direction, and the action of both."""
    most = len(_moves(LARGE))
    origins, ways = np.zeros((2, most), np.uint64), np.zeros((2, most), np.int64)
    actions = np.full((2, 3, 64), -1, np.int64)
    for size, side in enumerate(SIZES):
        margin = (STRIDE - side) // 2
        for action, ((origin, _), way) in enumerate(_moves(side)):
            row, column = divmod(origin, side)
            bit = (row + margin) * STRIDE + column + margin
            origins[size, action], ways[size, action] = bit, way
            actions[size, way, bit] = action
    return origins, ways, actions


ORIGINS, WAYS, ACTIONS = _tables()
SHIFT_OF = np.array(SHIFTS, np.uint64)
DEADLINE_TABLE = np.array(DEADLINES)
KEPT_TABLE = np.array(KEPT)
TAKEN_TABLE = np.array(TAKEN)


@rules.position_words(3)
class BreakthroughRules(NamedTuple):
    """The tag of these rules, see `rlhf_games.rules`."""

    n_actions: int
    n_cells: int
    n_goals: int
    side: int


def _goals(size: int) -> tuple[Goal, ...]:
    def chain(kind: str, parent: str | None, numbers: tuple[int, ...], *said: str) -> list[Goal]:
        parents = [parent, *(f"{kind}_{number}" for number in numbers)]
        text, words = said
        return [
            Goal(f"{kind}_{number}", text.format(number), implies=above, words=words.format(number))
            for number, above in zip(numbers, parents, strict=False)
        ]

    late, least = "no later than ply {}", "at least {} pieces"
    lose = "let the opponent win"
    return (
        Goal("win", "win the game", draw_value=0.5, zero_sum=True),
        Goal("draw", "end the game in a draw, which cannot happen in Breakthrough"),
        Goal("lose", lose),
        *chain("win_by", "win", DEADLINES[size], f"win {late}", "win by move {}"),
        *chain("lose_by", "lose", DEADLINES[size], f"{lose} {late}", "lose by move {}"),
        *chain("keep", None, KEPT[size], f"have {least} left in the end", "keep {} pieces"),
        *chain("take", None, TAKEN[size], f"capture {least}", "capture {} pieces"),
    )


@inner
def size_of(side: int) -> int:
    """Return the row of the tables for a board."""
    return 1 if side == LARGE else 0


@inner
def last_row(side: int) -> int:
    """Return the cells that the waiting player, whose pieces move down, wants to reach."""
    return LARGE_LAST_ROW if side == LARGE else SMALL_LAST_ROW


@inner
def is_over(side: int, state: State) -> bool:
    """Return whether the waiting player has won."""
    return (state[1] & last_row(side)) != EMPTY or state[0] == EMPTY


@inner
def movers(side: int, state: State) -> tuple[int, int, int]:
    """Return the pieces that can move to the left, ahead and to the right, in a game not over."""
    mine, theirs, _ = state
    free = board_of(side) & ~mine
    left = (free & ~RIGHT_COLUMN) << numba.uint64(9)
    ahead = (free & ~theirs) << numba.uint64(8)
    right = (free & ~LEFT_COLUMN) << numba.uint64(7)
    return mine & left, mine & ahead, mine & right


@inner
def nth_move(side: int, able: tuple[int, int, int], n: int) -> int:
    """Return the n-th action of `movers`."""
    lefts, aheads = count_bits(able[0]), count_bits(able[1])
    if n < lefts:
        return ACTIONS[size_of(side), LEFT, nth_bit(able[0], n)]
    if n < lefts + aheads:
        return ACTIONS[size_of(side), AHEAD, nth_bit(able[1], n - lefts)]
    return ACTIONS[size_of(side), RIGHT, nth_bit(able[2], n - lefts - aheads)]


@implement(rules.start, BreakthroughRules)
def _start(rules: BreakthroughRules) -> State:
    row = last_row(rules.side)
    mine = row | (row >> numba.uint64(STRIDE))
    return (mine, reversed_bits(mine), EMPTY)


@implement(rules.is_legal, BreakthroughRules)
def _is_legal(rules: BreakthroughRules, state: State, action: int) -> bool:
    if action < 0 or action >= rules.n_actions or is_over(rules.side, state):
        return False
    size = size_of(rules.side)
    way = WAYS[size, action]
    origin = ONE << ORIGINS[size, action]
    target = origin >> SHIFT_OF[way]
    barred = state[0] | state[1] if way == AHEAD else state[0]
    return (state[0] & origin) != EMPTY and (barred & target) == EMPTY


@implement(rules.count_legal, BreakthroughRules)
def _count_legal(rules: BreakthroughRules, state: State) -> int:
    if is_over(rules.side, state):
        return 0
    left, ahead, right = movers(rules.side, state)
    return count_bits(left) + count_bits(ahead) + count_bits(right)


@implement(rules.nth_legal, BreakthroughRules)
def _nth_legal(rules: BreakthroughRules, state: State, n: int) -> int:
    return nth_move(rules.side, movers(rules.side, state), n)


@implement(rules.random_legal, BreakthroughRules)
def _random_legal(rules: BreakthroughRules, state: State, bits: int) -> int:
    if is_over(rules.side, state):
        return -1
    able = movers(rules.side, state)
    choices = count_bits(able[0]) + count_bits(able[1]) + count_bits(able[2])
    return nth_move(rules.side, able, random_below(bits, choices))


@implement(rules.play, BreakthroughRules)
def _play(rules: BreakthroughRules, state: State, action: int) -> State:
    size = size_of(rules.side)
    origin = ONE << ORIGINS[size, action]
    target = origin >> SHIFT_OF[WAYS[size, action]]
    mine, theirs, ply = state
    return (reversed_bits(theirs & ~target), reversed_bits(mine ^ origin | target), ply + ONE)


@implement(rules.result, BreakthroughRules)
def _result(rules: BreakthroughRules, state: State) -> int:
    return -1 if is_over(rules.side, state) else 2


@implement(rules.plies, BreakthroughRules)
def _plies(rules: BreakthroughRules, state: State) -> int:
    return numba.int64(state[2])


@implement(rules.symbol, BreakthroughRules)
def _symbol(rules: BreakthroughRules, state: State, cell: int) -> int:
    bit = ONE << numba.uint64(bit_of(rules.side, cell))
    if state[0] & bit:
        return 1
    if state[1] & bit:
        return 2
    left, ahead, right = movers(rules.side, state)
    entered = (left >> SHIFT_OF[LEFT]) | (ahead >> SHIFT_OF[AHEAD]) | (right >> SHIFT_OF[RIGHT])
    return 3 if entered & bit else 0


@implement(rules.decode, BreakthroughRules)
def _decode(rules: BreakthroughRules, planes: NDArray[np.float32]) -> State:
    mine, theirs = EMPTY, EMPTY
    for cell in range(rules.n_cells):
        bit = ONE << numba.uint64(bit_of(rules.side, cell))
        if planes[0, cell] > 0.5:
            mine |= bit
        if planes[1, cell] > 0.5:
            theirs |= bit
    return (mine, theirs, numba.uint64(clock_shown(planes)))


@implement(solver_rules.position_key, BreakthroughRules)
def _position_key(rules: BreakthroughRules, state: State) -> int:
    return hash_words(state[:2])  # regardless of the number of plies


@implement(solver_rules.order_hint, BreakthroughRules)
def _order_hint(rules: BreakthroughRules, after: State) -> int:
    if is_over(rules.side, after):
        return CERTAIN
    return 0


@implement(solver_rules.needs_deepening, BreakthroughRules)
def _needs_deepening(rules: BreakthroughRules) -> bool:
    return True


@inner
def rows_moved(side: int, pieces: int, own: int) -> tuple[int, int]:
    """Return the fewest and the most plies in which `pieces`, which move up, got there.

    Args:
        side: of the board.
        pieces: of one player.
        own: plies that the player has played.
    """
    rows, row = 0, last_row(side)
    for advanced in range(side):
        rows += advanced * count_bits(pieces & (row >> numba.uint64(STRIDE * advanced)))
    count = count_bits(pieces)
    least = max(rows - min(count, side), 0)
    return least, least if count == 2 * side else own


@implement(rules.is_possible, BreakthroughRules)
def _is_possible(rules: BreakthroughRules, planes: NDArray[np.float32], state: State) -> bool:
    mine, theirs, ply = state
    side = rules.side
    waiting = reversed_bits(theirs)
    # The mover has played half of the plies, rounded down: the other may be one ahead.
    for pieces, own, others in (
        (mine, numba.int64(ply) // 2, (numba.int64(ply) + 1) // 2),
        (waiting, (numba.int64(ply) + 1) // 2, numba.int64(ply) // 2),
    ):
        least, most = rows_moved(side, pieces, own)
        if not (least <= own <= most and 2 * side - count_bits(pieces) <= others):
            return False
    reached = (reversed_bits(mine) & last_row(side)) != EMPTY or waiting == EMPTY
    return not reached and shows(rules, planes, state)


@inner
def finished_verdict(side: int, won: bool, ply: int, goal: int) -> bool:
    """Return whether a player who has `won` or lost achieved a goal of the result."""
    if goal >= LOSE_BY:
        return not won and ply <= DEADLINE_TABLE[size_of(side), goal - LOSE_BY]
    if goal >= WIN_BY:
        return won and ply <= DEADLINE_TABLE[size_of(side), goal - WIN_BY]
    return (goal == WIN and won) or (goal == LOSE and not won)


@inner
def ongoing_verdict(side: int, ply: int, goal: int) -> int:
    """Return the verdict on a goal of the result in an unfinished game."""
    if goal == DRAW:
        return -1
    if goal < WIN_BY:
        return 0
    place = goal - (WIN_BY if goal < LOSE_BY else LOSE_BY)
    return -1 if ply >= DEADLINE_TABLE[size_of(side), place] else 0


@implement(rules.verdict, BreakthroughRules)
def _verdict(rules: BreakthroughRules, state: State, seat: int, goal: int) -> int:
    side = rules.side
    over = is_over(side, state)
    if goal >= TAKE:
        taken = 2 * side - count_bits(state[1 - seat])
        if taken >= TAKEN_TABLE[size_of(side), goal - TAKE]:
            return 1
        return -1 if over else 0
    if goal >= KEEP:
        kept = count_bits(state[seat]) >= KEPT_TABLE[size_of(side), goal - KEEP]
        return -1 if not kept else numba.int64(over)
    if over:
        return 1 if finished_verdict(side, seat == 1, numba.int64(state[2]), goal) else -1
    return ongoing_verdict(side, numba.int64(state[2]), goal)


def _mirror(side: int) -> Symmetry:
    cells = np.arange(side * side).reshape(side, side)[:, ::-1].reshape(-1)
    moves = [move for move, _ in _moves(side)]
    number = {move: action for action, move in enumerate(moves)}
    actions = [number[int(cells[origin]), int(cells[target])] for origin, target in moves]
    return Symmetry(cells.copy(), np.array(actions))


def _names(side: int, *, turned: bool) -> tuple[str, ...]:
    """Return the names of all moves, such as a2b3; row 1 is the first player's first row."""
    cells = [f"{letter}{side - row}" for row in range(side) for letter in column_letters(side)]
    seen = cells[::-1] if turned else cells
    return tuple(seen[origin] + seen[target] for (origin, target), _ in _moves(side))


class _Square(CompiledGame):
    """Breakthrough on a square board."""

    def __init__(self, name: str, title: str, side: int) -> None:
        names = _names(side, turned=False)
        super().__init__(
            name=name,
            title=title,
            rules=BreakthroughRules(len(names), side * side, N_GOALS, side),
            shape=(side, side),
            planes=4,
            # Pieces of the first row can take side - 2 steps and those of the second side - 3
            # without an end of the game; one more step ends it.
            max_plies=2 * side * (2 * side - 5) + 1,
            goals=_goals(SIZES.index(side)),
            symmetries=(_mirror(side),),
            action_names=names,
            line_length=4,
            second_names=_names(side, turned=True),
        )


class Breakthrough(_Square):
    """Breakthrough on 8 x 8 cells, 16 pieces each."""

    def __init__(self) -> None:
        super().__init__("breakthrough", "Breakthrough", LARGE)


class Breakthrough6x6(_Square):
    """Breakthrough on 6 x 6 cells, 12 pieces each."""

    def __init__(self) -> None:
        super().__init__("breakthrough_6x6", "Breakthrough 6x6", SMALL)
