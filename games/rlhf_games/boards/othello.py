"""Othello on 8 x 8 and 6 x 6 cells, with goals for the margin of a win or loss.

A position is four words: the discs of the player to move, the other's, the cells on which the mover
can play, and 2 * plies + 1 if it must pass. Moves are computed once per position, when it is
created, and stored in it. Bits are those of `rlhf_games.square_boards`.

A disc is played where it encloses a straight row of the other's discs, which change their owner.
A player who cannot play passes, which is an action, so that players always alternate; the game ends
when neither can play. Empty cells do not count. Rules:
https://www.worldothello.org/about/about-othello/othello-rules/official-rules/english

The rows of enclosed discs are found by parallel prefix, see
https://www.chessprogramming.org/Kogge-Stone_Algorithm.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_games import rules, solver_rules
from rlhf_games.base import Goal, Symmetry
from rlhf_games.compiled import count_bits, implement, inner, random_below
from rlhf_games.compiled_game import CompiledGame
from rlhf_games.rules import clock_shown, shows
from rlhf_games.square_boards import (
    EMPTY,
    LARGE,
    LEFT_COLUMN,
    ONE,
    RIGHT_COLUMN,
    SMALL,
    bit_of,
    board_of,
    cell_of,
    column_letters,
    nth_bit,
)

START_DISCS = 4
MARGINS = (4, 8, 16)
CLOSE = 4
CORNERS = (1, 2, 3)

# d4 and e5 are the second player's, e4 and d5 the first's; on 6 x 6 they are called c3, d4, d3, c4.
FIRST_DISCS = numba.uint64(1 << 28 | 1 << 35)
SECOND_DISCS = numba.uint64(1 << 27 | 1 << 36)
CENTRE = numba.uint64(1 << 27 | 1 << 28 | 1 << 35 | 1 << 36)
LARGE_CORNERS = numba.uint64(1 | 1 << 7 | 1 << 56 | 1 << 63)
SMALL_CORNERS = numba.uint64(1 << 9 | 1 << 14 | 1 << 49 | 1 << 54)
INNER_COLUMNS = ~(LEFT_COLUMN | RIGHT_COLUMN)
HORIZONTAL, VERTICAL, DIAGONAL_DOWN, DIAGONAL_UP = 1, 8, 9, 7

# Rows of the goal table.
WIN, DRAW, LOSE = 0, 1, 2
MARGIN = 3
DEFICIT = MARGIN + len(MARGINS)
CLOSE_GAME = DEFICIT + len(MARGINS)
CORNER = CLOSE_GAME + 1
N_GOALS = CORNER + len(CORNERS)

State = tuple[int, int, int, int]


@rules.position_words(4)
class OthelloRules(NamedTuple):
    """The tag of these rules, see `rlhf_games.rules`."""

    n_actions: int
    n_cells: int
    n_goals: int
    side: int


def _goals() -> tuple[Goal, ...]:
    def chain(kind: str, parent: str, verb: str) -> list[Goal]:
        parents = [parent, *(f"{kind}_{discs}" for discs in MARGINS)]
        return [
            Goal(
                f"{kind}_{discs}",
                f"{verb} by at least {discs} discs",
                implies=above,
                words=f"{verb} by {discs} discs or more",
            )
            for discs, above in zip(MARGINS, parents, strict=False)
        ]

    corners = [
        Goal(
            f"corners_{count}",
            f"own at least {count} of the four corners",
            implies=f"corners_{count - 1}" if count > 1 else None,
            words="own a corner" if count == 1 else f"own {count} corners",
        )
        for count in CORNERS
    ]
    return (
        Goal("win", "win the game; a draw is better than a loss", draw_value=0.5, zero_sum=True),
        Goal("draw", "end the game in a draw"),
        Goal("lose", "let the opponent win"),
        *chain("margin", "win", "win"),
        *chain("deficit", "lose", "lose"),
        Goal(
            f"close_{CLOSE}",
            f"end the game at most {CLOSE} discs apart",
            words=f"finish within {CLOSE} discs",
        ),
        *corners,
    )


@inner
def run_up(discs: int, through: int, step: int) -> int:
    """Return the cells of `through` in unbroken rows beside `discs`, towards higher bits."""
    one, two = numba.uint64(step), numba.uint64(2 * step)
    run = through & (discs << one)
    run |= through & (run << one)
    pairs = through & (through << one)
    run |= pairs & (run << two)
    return run | (pairs & (run << two))  # six discs: no row between two others is longer


@inner
def run_down(discs: int, through: int, step: int) -> int:
    """Return the cells of `through` in unbroken rows beside `discs`, towards lower bits."""
    one, two = numba.uint64(step), numba.uint64(2 * step)
    run = through & (discs >> one)
    run |= through & (run >> one)
    pairs = through & (through >> one)
    run |= pairs & (run >> two)
    return run | (pairs & (run >> two))


@inner
def ends(mine: int, through: int, step: int) -> int:
    """Return the cells at the ends of rows of `through` that begin beside `mine`."""
    up = run_up(mine, through, step) << numba.uint64(step)
    return up | (run_down(mine, through, step) >> numba.uint64(step))


@inner
def moves_of(side: int, mine: int, theirs: int) -> int:
    """Return the cells on which the owner of `mine` can play."""
    inner = theirs & INNER_COLUMNS
    found = ends(mine, inner, HORIZONTAL) | ends(mine, theirs, VERTICAL)
    found |= ends(mine, inner, DIAGONAL_DOWN) | ends(mine, inner, DIAGONAL_UP)
    return found & board_of(side) & ~(mine | theirs)


@inner
def enclosed(disc: int, mine: int, through: int, step: int) -> int:
    """Return the cells of `through` that a new disc encloses along one line."""
    up, down = run_up(disc, through, step), run_down(disc, through, step)
    gain = EMPTY
    if (up << numba.uint64(step)) & mine:
        gain |= up
    if (down >> numba.uint64(step)) & mine:
        gain |= down
    return gain


@inner
def flips(disc: int, mine: int, theirs: int) -> int:
    """Return the discs that change their owner when `disc` is played."""
    inner = theirs & INNER_COLUMNS
    gain = enclosed(disc, mine, inner, HORIZONTAL) | enclosed(disc, mine, theirs, VERTICAL)
    gain |= enclosed(disc, mine, inner, DIAGONAL_DOWN)
    return gain | enclosed(disc, mine, inner, DIAGONAL_UP)


@inner
def position(side: int, mine: int, theirs: int, ply: int) -> State:
    """Return the position with these discs, including its moves."""
    moves = moves_of(side, mine, theirs)
    must_pass = moves == EMPTY and moves_of(side, theirs, mine) != EMPTY
    return (mine, theirs, moves, numba.uint64(2 * ply + must_pass))


@inner
def must_pass(state: State) -> bool:
    """Return whether the mover has no other move while the game goes on."""
    return state[3] & ONE == ONE


@implement(rules.start, OthelloRules)
def _start(rules: OthelloRules) -> State:
    return position(rules.side, FIRST_DISCS, SECOND_DISCS, 0)


@implement(rules.is_legal, OthelloRules)
def _is_legal(rules: OthelloRules, state: State, action: int) -> bool:
    if action < 0 or action > rules.n_cells:
        return False
    if action == rules.n_cells:
        return must_pass(state)
    return (state[2] >> numba.uint64(bit_of(rules.side, action))) & ONE == ONE


@implement(rules.count_legal, OthelloRules)
def _count_legal(rules: OthelloRules, state: State) -> int:
    return count_bits(state[2]) + numba.int64(state[3] & ONE)


@implement(rules.nth_legal, OthelloRules)
def _nth_legal(rules: OthelloRules, state: State, n: int) -> int:
    if state[2] == EMPTY:
        return rules.n_cells
    return cell_of(rules.side, nth_bit(state[2], n))


@implement(rules.random_legal, OthelloRules)
def _random_legal(rules: OthelloRules, state: State, bits: int) -> int:
    moves = state[2]
    if moves == EMPTY:
        return rules.n_cells if must_pass(state) else -1
    return cell_of(rules.side, nth_bit(moves, random_below(bits, count_bits(moves))))


@implement(rules.play, OthelloRules)
def _play(rules: OthelloRules, state: State, action: int) -> State:
    mine, theirs = state[0], state[1]
    if action < rules.n_cells:
        disc = ONE << numba.uint64(bit_of(rules.side, action))
        gain = flips(disc, mine, theirs)
        mine, theirs = mine | disc | gain, theirs & ~gain
    return position(rules.side, theirs, mine, numba.int64(state[3] >> ONE) + 1)


@implement(rules.result, OthelloRules)
def _result(rules: OthelloRules, state: State) -> int:
    if state[2] != EMPTY or must_pass(state):
        return 2
    lead = count_bits(state[0]) - count_bits(state[1])
    return (lead > 0) - (lead < 0)


@implement(rules.plies, OthelloRules)
def _plies(rules: OthelloRules, state: State) -> int:
    return numba.int64(state[3] >> ONE)


@implement(rules.age, OthelloRules)
def _age(rules: OthelloRules, state: State) -> int:
    # At most one pass follows each disc.
    return 2 * (count_bits(state[0] | state[1]) - START_DISCS)


@implement(solver_rules.proof_plies, OthelloRules)
def _proof_plies(rules: OthelloRules) -> int:
    return 24  # twelve empty cells, each with a pass


@implement(rules.symbol, OthelloRules)
def _symbol(rules: OthelloRules, state: State, cell: int) -> int:
    bit = ONE << numba.uint64(bit_of(rules.side, cell))
    if state[0] & bit:
        return 1
    if state[1] & bit:
        return 2
    return 3 if state[2] & bit else 0


@implement(rules.decode, OthelloRules)
def _decode(rules: OthelloRules, planes: NDArray[np.float32]) -> State:
    mine, theirs = EMPTY, EMPTY
    for cell in range(rules.n_cells):
        bit = ONE << numba.uint64(bit_of(rules.side, cell))
        if planes[0, cell] > 0.5:
            mine |= bit
        if planes[1, cell] > 0.5:
            theirs |= bit
    return position(rules.side, mine, theirs, clock_shown(planes))


@implement(rules.is_possible, OthelloRules)
def _is_possible(rules: OthelloRules, planes: NDArray[np.float32], state: State) -> bool:
    discs = state[0] | state[1]
    played, ply = count_bits(discs) - START_DISCS, numba.int64(state[3] >> ONE)
    in_time = played <= ply <= 2 * played
    return in_time and discs & CENTRE == CENTRE and shows(rules, planes, state)


@inner
def corner_verdict(side: int, own: int, other: int, count: int) -> int:
    """Return whether the owner of `own` holds so many corners: they never change their owner."""
    corners = LARGE_CORNERS if side == LARGE else SMALL_CORNERS
    if count_bits(own & corners) >= count:
        return 1
    return -1 if 4 - count_bits(other & corners) < count else 0


@inner
def finished_verdict(lead: int, goal: int) -> bool:
    """Return whether a player who is `lead` discs ahead at the end achieved a goal of discs."""
    if goal == CLOSE_GAME:
        return abs(lead) <= CLOSE
    if goal >= DEFICIT:
        return -lead >= MARGINS[goal - DEFICIT]
    if goal >= MARGIN:
        return lead >= MARGINS[goal - MARGIN]
    if goal == DRAW:
        return lead == 0
    return lead > 0 if goal == WIN else lead < 0


@implement(rules.verdict, OthelloRules)
def _verdict(rules: OthelloRules, state: State, seat: int, goal: int) -> int:
    own, other = (state[0], state[1]) if seat == 0 else (state[1], state[0])
    over = state[2] == EMPTY and not must_pass(state)
    if goal >= CORNER:
        certain = corner_verdict(rules.side, own, other, CORNERS[goal - CORNER])
        return -1 if over and certain == 0 else certain
    if not over:
        return 0
    return 1 if finished_verdict(count_bits(own) - count_bits(other), goal) else -1


def _symmetries(side: int) -> tuple[Symmetry, ...]:
    board = np.arange(side * side).reshape(side, side)
    turned = [np.rot90(half, turns).reshape(-1) for half in (board, board.T) for turns in range(4)]
    passing = [side * side]
    return tuple(Symmetry(cells, np.concatenate([cells, passing])) for cells in turned[1:])


class _Square(CompiledGame):
    """Othello on a square board."""

    def __init__(self, name: str, title: str, side: int) -> None:
        cells = side * side
        names = [f"{letter}{row + 1}" for row in range(side) for letter in column_letters(side)]
        super().__init__(
            name=name,
            title=title,
            rules=OthelloRules(cells + 1, cells, N_GOALS, side),
            shape=(side, side),
            planes=4,
            max_plies=2 * (cells - START_DISCS),
            goals=_goals(),
            symmetries=_symmetries(side),
            action_names=(*names, "pass"),
            line_length=4,
        )


class Othello(_Square):
    """Othello on 8 x 8 cells."""

    def __init__(self) -> None:
        super().__init__("othello", "Othello", LARGE)


class Othello6x6(_Square):
    """Othello on 6 x 6 cells: games of half the length."""

    def __init__(self) -> None:
        super().__init__("othello_6x6", "Othello 6x6", SMALL)
