"""Connect Four on two bitboards.

A position is two words: the stones of the player to move, and all stones. Bit = column * 7 + row,
row 0 at the bottom; the seventh bit of every column stays empty, so that shifts never wrap:

       6 13 20 27 34 41 48    <- always empty
      +--------------------+
      | 5 12 19 26 33 40 47|  <- row 0 of an observation (the top)
      | 4 11 18 25 32 39 46|
      | 3 10 17 24 31 38 45|
      | 2  9 16 23 30 37 44|
      | 1  8 15 22 29 36 43|
      | 0  7 14 21 28 35 42|  <- row 5 of an observation (the bottom)
      +--------------------+
        0  1  2  3  4  5  6   <- action

Boards with fewer columns or rows are the lower left corner of this one; all other bits stay empty.

Four in a row lie 1 (vertical), 7 (horizontal), 6 or 8 (diagonal) bits apart, see
http://blog.gamesolver.org/solving-connect-four/06-bitboard/ for the algebra.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_games import rules, solver_rules
from rlhf_games.base import Symmetry, options_words
from rlhf_games.column_boards import (
    BITS,
    BOARD,
    BOARDS,
    BOTTOM,
    COLUMN,
    COLUMN_BITS,
    EMPTY,
    EVEN_ROWS,
    HEIGHT,
    LAST_COLUMN,
    MIRRORED_PLIES,
    N_CELLS,
    ODD_ROWS,
    ONE,
    PADDING,
    WIDTH,
    follow_up_answer,
    has_line,
    mirrored,
    safe_cells,
    winning_cells,
)
from rlhf_games.column_goals import (
    N_GOALS,
    finished_verdict,
    goal_table,
    ongoing_verdict,
)
from rlhf_games.compiled import count_bits, implement, inner, lowest_bit_index, random_below
from rlhf_games.compiled_game import CompiledGame
from rlhf_games.rules import Rules, shows
from rlhf_games.solver_rules import (
    CERTAIN,
    NO,
    UNKNOWN,
    YES,
)

State = tuple[int, int]


@rules.position_words(2)
class ConnectFourRules(NamedTuple):
    """The tag of the rules on seven columns and six rows, see `rlhf_games.rules`."""

    n_actions: int = WIDTH
    n_cells: int = N_CELLS
    n_goals: int = N_GOALS


@rules.position_words(2)
class SmallBoardRules(NamedTuple):
    """The tag of the rules on a smaller board: a tag of its own leaves the other's constants."""

    n_actions: int
    n_cells: int
    n_goals: int
    rows: int


BOTH = (ConnectFourRules, SmallBoardRules)


def size_of(rules: Rules) -> tuple[int, int]:
    """Return the number of columns and of rows."""
    msg = f"the board of {type(rules).__name__} is known inside compiled code only"
    raise TypeError(msg)


@implement(size_of, ConnectFourRules)
def _full_size(rules: Rules) -> tuple[int, int]:
    return WIDTH, HEIGHT


@implement(size_of, SmallBoardRules)
def _small_size(rules: Rules) -> tuple[int, int]:
    return rules.n_actions, rules.rows


def board_of(rules: Rules) -> int:
    """Return the cells of the board."""
    msg = f"the board of {type(rules).__name__} is known inside compiled code only"
    raise TypeError(msg)


@implement(board_of, ConnectFourRules)
def _full_board(rules: Rules) -> int:
    return BOARD


@implement(board_of, SmallBoardRules)
def _small_board(rules: Rules) -> int:
    return BOARDS[rules.n_actions, rules.rows]


@inner
def cells_of(rules: Rules) -> int:
    """Return the number of cells of the board."""
    columns, rows = size_of(rules)
    return columns * rows


@inner
def playable(board: int, state: State) -> int:
    """Return the cells on which a stone can land, none in a finished game."""
    mine, stones = state
    if has_line(mine ^ stones):
        return EMPTY
    return (stones + BOTTOM) & board


@implement(rules.start, *BOTH)
def _start(rules: Rules) -> State:
    return (EMPTY, EMPTY)


@implement(rules.is_legal, *BOTH)
def _is_legal(rules: Rules, state: State, action: int) -> bool:
    if action < 0 or action >= size_of(rules)[0]:
        return False
    column = COLUMN << numba.uint64(COLUMN_BITS * action)
    return (playable(board_of(rules), state) & column) != EMPTY


@implement(rules.count_legal, *BOTH)
def _count_legal(rules: Rules, state: State) -> int:
    return count_bits(playable(board_of(rules), state))


@implement(rules.nth_legal, *BOTH)
def _nth_legal(rules: Rules, state: State, n: int) -> int:
    cells = playable(board_of(rules), state)
    for _ in range(n):
        cells &= cells - ONE
    return lowest_bit_index(cells) // COLUMN_BITS


@implement(rules.play, *BOTH)
def _play(rules: Rules, state: State, action: int) -> State:
    mine, stones = state
    grown = stones | (stones + (ONE << numba.uint64(COLUMN_BITS * action)))
    return (mine ^ stones, grown)


@implement(rules.result, *BOTH)
def _result(rules: Rules, state: State) -> int:
    mine, stones = state
    if has_line(mine ^ stones):
        return -1
    if stones == board_of(rules):
        return 0
    return 2


@implement(rules.plies, *BOTH)
def _plies(rules: Rules, state: State) -> int:
    return count_bits(state[1])


@implement(rules.symbol, *BOTH)
def _symbol(rules: Rules, state: State, cell: int) -> int:
    mine, stones = state
    columns, rows = size_of(rules)
    bit = ONE << BITS[columns, rows, cell]
    if mine & bit:
        return 1
    if stones & bit:
        return 2
    if (stones + BOTTOM) & bit:
        return 3
    return 0


@implement(rules.random_legal, *BOTH)
def _random_legal(rules: Rules, state: State, bits: int) -> int:
    mine, stones = state
    if has_line(mine ^ stones) or stones == board_of(rules):
        return -1
    open_columns = ((board_of(rules) ^ stones) >> numba.uint64(size_of(rules)[1] - 1)) & BOTTOM
    # Seven numbers of seven bits each: how many columns are open up to and including this one.
    ranks = open_columns * BOTTOM
    choice = random_below(bits, (ranks >> LAST_COLUMN) & numba.uint64(WIDTH))
    # Bit 6 of a number rises where its rank exceeds the choice: no loop, no branch to mispredict.
    beyond = (ranks + BOTTOM * (numba.uint64(63) - numba.uint64(choice))) & PADDING
    return WIDTH - count_bits(beyond)


@implement(rules.fill_symbols, *BOTH)
def _fill_symbols(rules: Rules, state: State, out: NDArray[Any]) -> None:
    mine, stones = state
    landing = stones + BOTTOM
    low, high = mine | landing, (mine ^ stones) | landing
    columns, rows = size_of(rules)
    bits = BITS[columns, rows]
    for cell in range(columns * rows):
        out[cell] = ((low >> bits[cell]) & ONE) + numba.uint64(2) * ((high >> bits[cell]) & ONE)


@implement(rules.fill_planes, *BOTH)
def _fill_planes(rules: Rules, state: State, out: NDArray[np.float32]) -> None:
    mine, stones = state
    other = mine ^ stones
    columns, rows = size_of(rules)
    bits = BITS[columns, rows]
    for cell in range(columns * rows):
        out[0, cell] = numba.int32((mine >> bits[cell]) & ONE)
        out[1, cell] = numba.int32((other >> bits[cell]) & ONE)


@implement(rules.decode, *BOTH)
def _decode(rules: Rules, planes: NDArray[np.float32]) -> State:
    mine, stones = EMPTY, EMPTY
    columns, rows = size_of(rules)
    for cell in range(columns * rows):
        bit = ONE << BITS[columns, rows, cell]
        if planes[0, cell] > 0.5:
            mine |= bit
            stones |= bit
        if planes[1, cell] > 0.5:
            stones |= bit
    return (mine, stones)


@implement(rules.is_possible, *BOTH)
def _is_possible(rules: Rules, planes: NDArray[np.float32], state: State) -> bool:
    mine, stones = state
    lead = count_bits(mine ^ stones) - count_bits(mine)
    floating = stones & ~BOTTOM & ~(stones << ONE)
    fair = 0 <= lead <= 1 and floating == EMPTY and not has_line(mine)
    return fair and shows(rules, planes, state)


@implement(rules.verdict, *BOTH)
def _verdict(rules: Rules, state: State, seat: int, goal: int) -> int:
    mine, stones = state
    waiting = mine ^ stones
    board, cells, ply = board_of(rules), cells_of(rules), count_bits(stones)
    mover_lost = has_line(waiting)
    if mover_lost or stones == board:
        won, lost = (mover_lost and seat == 1), (mover_lost and seat == 0)
        return 1 if finished_verdict(cells, won, lost, waiting, ply, goal) else -1
    return ongoing_verdict(board, cells, mine if seat == 0 else waiting, stones, ply, goal)


# ---- rules for the solver --------------------------------------------------------------------


@implement(solver_rules.quick_answer, *BOTH)
def _quick_answer(rules: Rules, state: State, question: int) -> int:
    """Answer for a mover who has no line at once, as `safe_cells` ensures."""
    mine, stones = state
    board = board_of(rules)
    if safe_cells(board, state) == EMPTY and stones != board:
        return NO
    left = cells_of(rules) - count_bits(stones)
    if left <= 2:  # neither this stone nor the next can complete a line
        return YES if question == 0 else NO
    if question == 1:
        if not has_line(board ^ (mine ^ stones)):
            return NO
    elif not has_line(board ^ mine):
        return YES
    return follow_up_answer(board, size_of(rules)[1], state, question) if left % 2 == 0 else UNKNOWN


@implement(solver_rules.safe_moves, *BOTH)
def _safe_moves(rules: Rules, state: State, out: NDArray[np.int16]) -> int:
    cells, count = safe_cells(board_of(rules), state), 0
    column = size_of(rules)[0] // 2  # the central first: 3, 2, 4, 1, 5, 0, 6
    for step in range(1, size_of(rules)[0] + 1):
        if cells & (COLUMN << numba.uint64(COLUMN_BITS * column)):
            out[count] = column
            count += 1
        column += -step if step % 2 == 1 else step
    return count


@implement(solver_rules.order_hint, *BOTH)
def _order_hint(rules: Rules, after: State) -> int:
    """Count open threats, those on rows that zugzwang gives to their owner half as much again."""
    other, stones = after
    threats = winning_cells(board_of(rules), other ^ stones, stones)
    at_once = threats & (stones + BOTTOM)
    if at_once & (at_once - ONE) or (at_once << ONE) & threats:
        return CERTAIN  # two at once, or one above the other
    good = ODD_ROWS if count_bits(stones) % 2 == 1 else EVEN_ROWS
    return 2 * count_bits(threats) + count_bits(threats & good)


@implement(solver_rules.position_key, *BOTH)
def _position_key(rules: Rules, state: State) -> int:
    """Return the position itself, early in the game it or its mirror image."""
    key = state[0] + state[1]
    if count_bits(state[1]) <= MIRRORED_PLIES:
        columns = size_of(rules)[0]
        key = min(key, mirrored(columns, state[0]) + mirrored(columns, state[1]))
    return key


@implement(solver_rules.proof_plies, *BOTH)
def _proof_plies(rules: Rules) -> int:
    return 34


def _mirror(columns: int, rows: int) -> Symmetry:
    cells = np.arange(columns * rows).reshape(rows, columns)[:, ::-1].reshape(-1)
    return Symmetry(cells.copy(), np.arange(columns)[::-1].copy())


class ConnectFour(CompiledGame):
    """Connect Four: seven columns, six rows, four in a row win.

    Args:
        columns: 4 to 7.
        rows: 4 to 6.
    """

    def __init__(self, columns: int = WIDTH, rows: int = HEIGHT) -> None:
        tag: Rules = ConnectFourRules()
        size = ""
        if (columns, rows) != (WIDTH, HEIGHT):
            tag = SmallBoardRules(columns, columns * rows, N_GOALS, rows)
            size = f"columns={columns},rows={rows}"
        super().__init__(
            name=f"connect_four({size})" if size else "connect_four",
            title=f"Connect Four{options_words(size)}",
            rules=tag,
            shape=(rows, columns),
            max_plies=columns * rows,
            goals=goal_table(columns * rows),
            symmetries=(_mirror(columns, rows),),
            action_names=tuple(str(column + 1) for column in range(columns)),
            line_length=4,
            gravity=True,
            lines_win=True,
        )
