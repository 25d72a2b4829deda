"""Goals of Connect Four: their table, and what a position says of each."""

from __future__ import annotations

from rlhf_games.base import Goal
from rlhf_games.column_boards import (
    DIAGONAL_DOWN,
    DIAGONAL_UP,
    EMPTY,
    HORIZONTAL,
    N_CELLS,
    VERTICAL,
    has_line,
    lines_of,
)
from rlhf_games.compiled import inner

# Plies of the goals on the full board; on a smaller board they are `scaled`.
DEADLINES = (30, 24, 18, 12)
LASTING = (20, 30)
FIRST_END = 7
"""No game ends before this ply."""

# Rows of the goal table.
WIN, DRAW, LOSE = 0, 1, 2
WIN_BY = 3
LOSE_BY = WIN_BY + len(DEADLINES)
BY_LINE = LOSE_BY + len(DEADLINES)
LAST = BY_LINE + 3
N_GOALS = LAST + len(LASTING)


@inner
def scaled(cells: int, plies: int) -> int:
    """Return as many plies of a game on a board of so many cells, early or late alike."""
    return FIRST_END + (plies - FIRST_END) * (cells - FIRST_END) // (N_CELLS - FIRST_END)


def goal_table(cells: int) -> tuple[Goal, ...]:
    """Return the goals on a board of so many cells."""
    deadlines = [scaled(cells, ply) for ply in DEADLINES]
    least, most = (scaled(cells, ply) for ply in LASTING)

    def chain(kind: str, what: str) -> list[Goal]:
        parents = [kind, *(f"{kind}_by_{ply}" for ply in deadlines)]
        return [
            Goal(f"{kind}_by_{ply}", f"{what} no later than ply {ply}", implies=parent)
            for ply, parent in zip(deadlines, parents, strict=False)
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
        for ply, parent in ((least, None), (most, f"last_{least}"))
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
def finished_verdict(
    cells: int, won: bool, lost: bool, winner_stones: int, ply: int, goal: int
) -> bool:
    """Return whether a player whose finished game is `won`, `lost` or neither achieved a goal."""
    if goal >= LAST:
        return not (lost and ply < scaled(cells, LASTING[goal - LAST]))
    if goal >= BY_LINE:
        return won and has_line_kind(winner_stones, goal - BY_LINE)
    if goal >= WIN_BY:
        in_time = ply <= scaled(cells, DEADLINES[(goal - WIN_BY) % len(DEADLINES)])
        return in_time and (won if goal < LOSE_BY else lost)
    if goal == DRAW:
        return not won and not lost
    return won if goal == WIN else lost


@inner
def ongoing_verdict(board: int, cells: int, own: int, stones: int, ply: int, goal: int) -> int:
    """Return the verdict for a player with the stones `own` in an unfinished game."""
    free_for_me = board & ~(own ^ stones)
    free_for_other = board & ~own
    if goal == DRAW:
        return 0
    if goal >= LAST:
        end = scaled(cells, LASTING[goal - LAST])
        safe = ply >= end - 1 or not has_line(free_for_other)
        return 1 if safe else 0
    if WIN_BY <= goal < LOSE_BY and ply >= scaled(cells, DEADLINES[goal - WIN_BY]):
        return -1
    if LOSE_BY <= goal < BY_LINE and ply >= scaled(cells, DEADLINES[goal - LOSE_BY]):
        return -1
    if BY_LINE <= goal < LAST:
        return 0 if has_line_kind(free_for_me, goal - BY_LINE) else -1
    needs_mine = goal == WIN or WIN_BY <= goal < LOSE_BY
    return 0 if has_line(free_for_me if needs_mine else free_for_other) else -1
