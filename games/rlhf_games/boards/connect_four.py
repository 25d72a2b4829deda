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

Four in a row lie 1 (vertical), 7 (horizontal), 6 or 8 (diagonal) bits apart, see
http://blog.gamesolver.org/solving-connect-four/06-bitboard/ for the algebra.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_games import rules, solver_rules
from rlhf_games.base import Goal, Symmetry
from rlhf_games.column_boards import (
    BITS,
    BOARD,
    BOTTOM,
    CENTRAL_FIRST,
    COLUMN,
    COLUMN_BITS,
    DIAGONAL_DOWN,
    DIAGONAL_UP,
    EMPTY,
    EVEN_ROWS,
    HEIGHT,
    HORIZONTAL,
    LAST_COLUMN,
    MIRRORED_PLIES,
    N_CELLS,
    ODD_ROWS,
    ONE,
    PADDING,
    VERTICAL,
    WIDTH,
    follow_up_answer,
    has_line,
    lines_of,
    mirrored,
    safe_cells,
    winning_cells,
)
from rlhf_games.compiled import count_bits, implement, inner, lowest_bit_index, random_below
from rlhf_games.compiled_game import CompiledGame
from rlhf_games.rules import (
    shows,
)
from rlhf_games.solver_rules import (
    CERTAIN,
    NO,
    UNKNOWN,
    YES,
)

DEADLINES = (30, 24, 18, 12)
LASTING = (20, 30)

# Rows of the goal table.
WIN, DRAW, LOSE = 0, 1, 2
WIN_BY = 3
LOSE_BY = WIN_BY + len(DEADLINES)
BY_LINE = LOSE_BY + len(DEADLINES)
LAST = BY_LINE + 3
N_GOALS = LAST + len(LASTING)

State = tuple[int, int]


@rules.position_words(2)
class ConnectFourRules(NamedTuple):
    """The tag of these rules, see `rlhf_games.rules`."""

    n_actions: int = WIDTH
    n_cells: int = N_CELLS
    n_goals: int = N_GOALS


def _goals() -> tuple[Goal, ...]:
    def chain(kind: str, what: str) -> list[Goal]:
        parents = [kind, *(f"{kind}_by_{ply}" for ply in DEADLINES)]
        return [
            Goal(f"{kind}_by_{ply}", f"{what} no later than ply {ply}", implies=parent)
            for ply, parent in zip(DEADLINES, parents, strict=False)
        ]

    lines = [
        Goal(f"win_{line}", f"win with a {line} line", implies="win", words=f"win with a {words}")
        for line, words in (
            ("horizontal", "row"),
            ("vertical", "column"),
            ("diagonal", "diagonal"),
        )
    ]
    lasting = [
        Goal(
            f"last_{ply}",
            f"do not lose before ply {ply}",
            implies=parent,
            words=f"hold out until move {ply}",
        )
        for ply, parent in zip(LASTING, (None, f"last_{LASTING[0]}"), strict=True)
    ]
    return (
        Goal("win", "win the game; a draw is better than a loss", draw_value=0.5, zero_sum=True),
        Goal("draw", "end the game in a draw"),
        Goal("lose", "let the opponent win"),
        *chain("win", "win"),
        *chain("lose", "let the opponent win"),
        *lines,
        *lasting,
    )


@inner
def has_line_kind(stones: int, kind: int) -> bool:
    """Return whether `stones` hold four in a row: kind 0 horizontal, 1 vertical, 2 diagonal."""
    if kind == 0:
        return lines_of(stones, HORIZONTAL) != EMPTY
    if kind == 1:
        return lines_of(stones, VERTICAL) != EMPTY
    return (lines_of(stones, DIAGONAL_UP) | lines_of(stones, DIAGONAL_DOWN)) != EMPTY


@inner
def bit_of_cell(cell: int) -> int:
    """Return the bit index of cell = row * 7 + column, row 0 at the top."""
    return (cell % WIDTH) * COLUMN_BITS + (HEIGHT - 1 - cell // WIDTH)


@inner
def playable(state: State) -> int:
    """Return the cells on which a stone can land, none in a finished game."""
    mine, stones = state
    if has_line(mine ^ stones):
        return EMPTY
    return (stones + BOTTOM) & BOARD


@implement(rules.start, ConnectFourRules)
def _start(rules: ConnectFourRules) -> State:
    return (EMPTY, EMPTY)


@implement(rules.is_legal, ConnectFourRules)
def _is_legal(rules: ConnectFourRules, state: State, action: int) -> bool:
    if action < 0 or action >= WIDTH:
        return False
    column = numba.uint64(BOARD) & (numba.uint64(0x3F) << numba.uint64(COLUMN_BITS * action))
    return (playable(state) & column) != EMPTY


@implement(rules.count_legal, ConnectFourRules)
def _count_legal(rules: ConnectFourRules, state: State) -> int:
    return count_bits(playable(state))


@implement(rules.nth_legal, ConnectFourRules)
def _nth_legal(rules: ConnectFourRules, state: State, n: int) -> int:
    cells = playable(state)
    for _ in range(n):
        cells &= cells - ONE
    return lowest_bit_index(cells) // COLUMN_BITS


@implement(rules.play, ConnectFourRules)
def _play(rules: ConnectFourRules, state: State, action: int) -> State:
    mine, stones = state
    grown = stones | (stones + (ONE << numba.uint64(COLUMN_BITS * action)))
    return (mine ^ stones, grown)


@implement(rules.result, ConnectFourRules)
def _result(rules: ConnectFourRules, state: State) -> int:
    mine, stones = state
    if has_line(mine ^ stones):
        return -1
    if stones == BOARD:
        return 0
    return 2


@implement(rules.plies, ConnectFourRules)
def _plies(rules: ConnectFourRules, state: State) -> int:
    return count_bits(state[1])


@implement(rules.symbol, ConnectFourRules)
def _symbol(rules: ConnectFourRules, state: State, cell: int) -> int:
    mine, stones = state
    bit = ONE << numba.uint64(bit_of_cell(cell))
    if mine & bit:
        return 1
    if stones & bit:
        return 2
    if (stones + BOTTOM) & bit:
        return 3
    return 0


@implement(rules.random_legal, ConnectFourRules)
def _random_legal(rules: ConnectFourRules, state: State, bits: int) -> int:
    mine, stones = state
    if has_line(mine ^ stones) or stones == BOARD:
        return -1
    open_columns = ~(stones >> numba.uint64(HEIGHT - 1)) & BOTTOM
    # Seven numbers of seven bits each: how many columns are open up to and including this one.
    ranks = open_columns * BOTTOM
    choice = random_below(bits, (ranks >> LAST_COLUMN) & numba.uint64(WIDTH))
    # Bit 6 of a number rises where its rank exceeds the choice: no loop, no branch to mispredict.
    beyond = (ranks + BOTTOM * (numba.uint64(63) - numba.uint64(choice))) & PADDING
    return WIDTH - count_bits(beyond)


@implement(rules.fill_symbols, ConnectFourRules)
def _fill_symbols(rules: ConnectFourRules, state: State, out: NDArray[Any]) -> None:
    mine, stones = state
    landing = stones + BOTTOM
    low, high = mine | landing, (mine ^ stones) | landing
    for cell in range(N_CELLS):
        out[cell] = ((low >> BITS[cell]) & ONE) + numba.uint64(2) * ((high >> BITS[cell]) & ONE)


@implement(rules.fill_planes, ConnectFourRules)
def _fill_planes(rules: ConnectFourRules, state: State, out: NDArray[np.float32]) -> None:
    mine, stones = state
    other = mine ^ stones
    for cell in range(N_CELLS):
        out[0, cell] = numba.int32((mine >> BITS[cell]) & ONE)
        out[1, cell] = numba.int32((other >> BITS[cell]) & ONE)


@implement(rules.decode, ConnectFourRules)
def _decode(rules: ConnectFourRules, planes: NDArray[np.float32]) -> State:
    mine, stones = EMPTY, EMPTY
    for cell in range(N_CELLS):
        bit = ONE << BITS[cell]
        if planes[0, cell] > 0.5:
            mine |= bit
            stones |= bit
        if planes[1, cell] > 0.5:
            stones |= bit
    return (mine, stones)


@implement(rules.is_possible, ConnectFourRules)
def _is_possible(rules: ConnectFourRules, planes: NDArray[np.float32], state: State) -> bool:
    mine, stones = state
    lead = count_bits(mine ^ stones) - count_bits(mine)
    floating = stones & ~BOTTOM & ~(stones << ONE)
    fair = 0 <= lead <= 1 and floating == EMPTY and not has_line(mine)
    return fair and shows(rules, planes, state)


@inner
def finished_verdict(won: bool, lost: bool, winner_stones: int, ply: int, goal: int) -> bool:
    """Return whether a player whose finished game is `won`, `lost` or neither achieved a goal."""
    if goal >= LAST:
        return not (lost and ply < LASTING[goal - LAST])
    if goal >= BY_LINE:
        return won and has_line_kind(winner_stones, goal - BY_LINE)
    if goal >= WIN_BY:
        in_time = ply <= DEADLINES[(goal - WIN_BY) % len(DEADLINES)]
        return in_time and (won if goal < LOSE_BY else lost)
    if goal == DRAW:
        return not won and not lost
    return won if goal == WIN else lost


@inner
def ongoing_verdict(own: int, stones: int, ply: int, goal: int) -> int:
    """Return the verdict for a player with the stones `own` in an unfinished game."""
    free_for_me = BOARD & ~(own ^ stones)
    free_for_other = BOARD & ~own
    if goal == DRAW:
        return 0
    if goal >= LAST:
        safe = ply >= LASTING[goal - LAST] - 1 or not has_line(free_for_other)
        return 1 if safe else 0
    if WIN_BY <= goal < LOSE_BY and ply >= DEADLINES[goal - WIN_BY]:
        return -1
    if LOSE_BY <= goal < BY_LINE and ply >= DEADLINES[goal - LOSE_BY]:
        return -1
    if BY_LINE <= goal < LAST:
        return 0 if has_line_kind(free_for_me, goal - BY_LINE) else -1
    needs_mine = goal == WIN or WIN_BY <= goal < LOSE_BY
    return 0 if has_line(free_for_me if needs_mine else free_for_other) else -1


@implement(rules.verdict, ConnectFourRules)
def _verdict(rules: ConnectFourRules, state: State, seat: int, goal: int) -> int:
    mine, stones = state
    waiting = mine ^ stones
    ply = count_bits(stones)
    mover_lost = has_line(waiting)
    if mover_lost or stones == BOARD:
        won, lost = (mover_lost and seat == 1), (mover_lost and seat == 0)
        return 1 if finished_verdict(won, lost, waiting, ply, goal) else -1
    return ongoing_verdict(mine if seat == 0 else waiting, stones, ply, goal)


# ---- rules for the solver --------------------------------------------------------------------


@implement(solver_rules.quick_answer, ConnectFourRules)
def _quick_answer(rules: ConnectFourRules, state: State, question: int) -> int:
    """Answer for a mover who has no line at once, as `safe_cells` ensures."""
    mine, stones = state
    if safe_cells(state) == EMPTY and stones != BOARD:
        return NO
    ply = count_bits(stones)
    if ply >= N_CELLS - 2:  # neither this stone nor the next can complete a line
        return YES if question == 0 else NO
    if question == 1:
        if not has_line(BOARD ^ (mine ^ stones)):
            return NO
    elif not has_line(BOARD ^ mine):
        return YES
    return follow_up_answer(state, question) if ply % 2 == 0 else UNKNOWN


@implement(solver_rules.safe_moves, ConnectFourRules)
def _safe_moves(rules: ConnectFourRules, state: State, out: NDArray[np.int16]) -> int:
    cells, count = safe_cells(state), 0
    for column in CENTRAL_FIRST:
        if cells & (COLUMN << numba.uint64(COLUMN_BITS * column)):
            out[count] = column
            count += 1
    return count


@implement(solver_rules.order_hint, ConnectFourRules)
def _order_hint(rules: ConnectFourRules, after: State) -> int:
    """Count open threats, those on rows that zugzwang gives to their owner half as much again."""
    other, stones = after
    threats = winning_cells(other ^ stones, stones)
    at_once = threats & (stones + BOTTOM)
    if at_once & (at_once - ONE) or (at_once << ONE) & threats:
        return CERTAIN  # two at once, or one above the other
    good = ODD_ROWS if count_bits(stones) % 2 == 1 else EVEN_ROWS
    return 2 * count_bits(threats) + count_bits(threats & good)


@implement(solver_rules.position_key, ConnectFourRules)
def _position_key(rules: ConnectFourRules, state: State) -> int:
    """Return the position itself, early in the game it or its mirror image."""
    key = state[0] + state[1]
    if count_bits(state[1]) <= MIRRORED_PLIES:
        key = min(key, mirrored(state[0]) + mirrored(state[1]))
    return key


@implement(solver_rules.proof_plies, ConnectFourRules)
def _proof_plies(rules: ConnectFourRules) -> int:
    return 34


def _mirror() -> Symmetry:
    cells = np.arange(N_CELLS).reshape(HEIGHT, WIDTH)[:, ::-1].reshape(-1)
    return Symmetry(cells.copy(), np.arange(WIDTH)[::-1].copy())


class ConnectFour(CompiledGame):
    """Connect Four: seven columns, six rows, four in a row win."""

    def __init__(self) -> None:
        super().__init__(
            name="connect_four",
            title="Connect Four",
            rules=ConnectFourRules(),
            shape=(HEIGHT, WIDTH),
            max_plies=N_CELLS,
            goals=_goals(),
            symmetries=(_mirror(),),
            action_names=tuple(str(column + 1) for column in range(WIDTH)),
            line_length=4,
            gravity=True,
            lines_win=True,
        )
