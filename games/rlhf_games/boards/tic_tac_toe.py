"""Tic-Tac-Toe: the smallest complete example of a game.

A position is two words: the stones of the player to move, and all stones. Bit = cell:

      0 1 2
      3 4 5
      6 7 8
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_games import rules
from rlhf_games.base import Goal, Symmetry
from rlhf_games.compiled import count_bits, implement, inner, lowest_bit_index
from rlhf_games.compiled_game import CompiledGame
from rlhf_games.rules import shows

SIDE = 3
N_CELLS = SIDE * SIDE
BOARD = numba.uint64(0b111_111_111)
EMPTY = numba.uint64(0)
ONE = numba.uint64(1)
LINES = np.array(
    [0b111, 0b111 << 3, 0b111 << 6, 0b1001001, 0b1001001 << 1, 0b1001001 << 2, 0x111, 0x54],
    np.uint64,
)
FAST_WIN_PLY = 6

WIN, DRAW, LOSE, FAST_WIN, FAST_LOSS = range(5)

State = tuple[int, int]


@rules.position_words(2)
class TicTacToeRules(NamedTuple):
    """The tag of these rules, see `rlhf_games.rules`."""

    n_actions: int = N_CELLS
    n_cells: int = N_CELLS
    n_goals: int = 5


GOALS = (
    Goal("win", "win the game; a draw is better than a loss", draw_value=0.5, zero_sum=True),
    Goal("draw", "end the game in a draw"),
    Goal("lose", "let the opponent win"),
    Goal(f"win_by_{FAST_WIN_PLY}", f"win no later than ply {FAST_WIN_PLY}", implies="win"),
    Goal(f"lose_by_{FAST_WIN_PLY}", f"lose no later than ply {FAST_WIN_PLY}", implies="lose"),
)


@inner
def has_line(stones: int) -> bool:
    """Return whether `stones` hold three in a row."""
    for line in LINES:  # noqa: SIM110 - any() over a generator does not compile
        if stones & line == line:
            return True
    return False


@inner
def playable(state: State) -> int:
    """Return the empty cells, none in a finished game."""
    mine, stones = state
    return EMPTY if has_line(mine ^ stones) else BOARD & ~stones


@implement(rules.start, TicTacToeRules)
def _start(rules: TicTacToeRules) -> State:
    return (EMPTY, EMPTY)


@implement(rules.is_legal, TicTacToeRules)
def _is_legal(rules: TicTacToeRules, state: State, action: int) -> bool:
    if action < 0 or action >= N_CELLS:
        return False
    return (playable(state) >> numba.uint64(action)) & ONE == ONE


@implement(rules.count_legal, TicTacToeRules)
def _count_legal(rules: TicTacToeRules, state: State) -> int:
    return count_bits(playable(state))


@implement(rules.nth_legal, TicTacToeRules)
def _nth_legal(rules: TicTacToeRules, state: State, n: int) -> int:
    cells = playable(state)
    for _ in range(n):
        cells &= cells - ONE
    return lowest_bit_index(cells)


@implement(rules.play, TicTacToeRules)
def _play(rules: TicTacToeRules, state: State, action: int) -> State:
    mine, stones = state
    return (mine ^ stones, stones | (ONE << numba.uint64(action)))


@implement(rules.result, TicTacToeRules)
def _result(rules: TicTacToeRules, state: State) -> int:
    mine, stones = state
    if has_line(mine ^ stones):
        return -1
    return 0 if stones == BOARD else 2


@implement(rules.plies, TicTacToeRules)
def _plies(rules: TicTacToeRules, state: State) -> int:
    return count_bits(state[1])


@implement(rules.symbol, TicTacToeRules)
def _symbol(rules: TicTacToeRules, state: State, cell: int) -> int:
    mine, stones = state
    bit = ONE << numba.uint64(cell)
    if mine & bit:
        return 1
    return 2 if stones & bit else 3


@implement(rules.decode, TicTacToeRules)
def _decode(rules: TicTacToeRules, planes: NDArray[np.float32]) -> State:
    mine, stones = EMPTY, EMPTY
    for cell in range(N_CELLS):
        bit = ONE << numba.uint64(cell)
        if planes[0, cell] > 0.5:
            mine |= bit
            stones |= bit
        if planes[1, cell] > 0.5:
            stones |= bit
    return (mine, stones)


@implement(rules.is_possible, TicTacToeRules)
def _is_possible(rules: TicTacToeRules, planes: NDArray[np.float32], state: State) -> bool:
    mine, stones = state
    lead = count_bits(mine ^ stones) - count_bits(mine)
    return 0 <= lead <= 1 and not has_line(mine) and shows(rules, planes, state)


@inner
def finished_verdict(won: bool, lost: bool, ply: int, goal: int) -> bool:
    """Return whether a player whose finished game is `won`, `lost` or neither achieved a goal."""
    if goal == WIN:
        return won
    if goal == DRAW:
        return not won and not lost
    if goal == LOSE:
        return lost
    return (won if goal == FAST_WIN else lost) and ply <= FAST_WIN_PLY


@implement(rules.verdict, TicTacToeRules)
def _verdict(rules: TicTacToeRules, state: State, seat: int, goal: int) -> int:
    mine, stones = state
    mover_lost = has_line(mine ^ stones)
    ply = count_bits(stones)
    if mover_lost or stones == BOARD:
        won, lost = (mover_lost and seat == 1), (mover_lost and seat == 0)
        return 1 if finished_verdict(won, lost, ply, goal) else -1
    return -1 if goal >= FAST_WIN and ply >= FAST_WIN_PLY else 0


def _symmetries() -> tuple[Symmetry, ...]:
    board = np.arange(N_CELLS).reshape(SIDE, SIDE)
    turned = [np.rot90(side, turns) for side in (board, board.T) for turns in range(4)]
    return tuple(Symmetry(cells.reshape(-1), cells.reshape(-1)) for cells in turned[1:])


class TicTacToe(CompiledGame):
    """Tic-Tac-Toe: three by three cells, three in a row win."""

    def __init__(self) -> None:
        super().__init__(
            name="tic_tac_toe",
            title="Tic-Tac-Toe",
            rules=TicTacToeRules(),
            shape=(SIDE, SIDE),
            max_plies=N_CELLS,
            goals=GOALS,
            symmetries=_symmetries(),
            action_names=tuple(str(cell + 1) for cell in range(N_CELLS)),
            line_length=3,
            lines_win=True,
        )
