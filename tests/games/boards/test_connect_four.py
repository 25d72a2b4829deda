"""Connect Four: lines, edges of the board, the bit layout, goals against a plain re-count."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import rlhf_games
from rlhf_games.base import GameError, Outcome, Verdict
from tests.games.game_contract import StoneGameContract, random_games

GAME = rlhf_games.make("connect_four")
HEIGHT, WIDTH = 6, 7
DIRECTIONS = {"horizontal": [(0, 1)], "vertical": [(1, 0)], "diagonal": [(1, 1), (1, -1)]}
SHARED = Path(os.environ.get("RLHF_SHARED", Path(__file__).parents[4] / "shared"))
DRAWN_GAME = "010101101010232323323232454545545454666666"
POSITIONS = (SHARED if SHARED.name == "data" else SHARED / "data") / "connect_four_positions.npz"


class TestConnectFour(StoneGameContract):
    name = "connect_four"
    perft = (7, 49, 343, 2401, 16807, 117649, 823536, 5673234, 39394572)
    deadlines = frozenset({"win_by", "lose_by"})
    thresholds = frozenset({"last"})


class TestSmallBoard(StoneGameContract):
    """An odd and an even side; `perft` was counted by a program of lists without bits."""

    name = "connect_four(columns=4,rows=5)"
    perft = (4, 16, 64, 256, 1024, 4092, 16296, 63420, 246264)
    deadlines = frozenset({"win_by", "lose_by"})
    thresholds = frozenset({"last"})


def test_wide_boards_are_counted_too():
    five = rlhf_games.make("connect_four(columns=5,rows=4)")
    assert [five.perft(ply) for ply in (5, 6, 7, 8)] == [3120, 15500, 76300, 363308]


@pytest.mark.parametrize("columns", range(4, 8))
@pytest.mark.parametrize("rows", range(4, 7))
def test_every_board_has_all_goals_in_order(columns: int, rows: int):
    goals = rlhf_games.make("connect_four", {"columns": columns, "rows": rows}).goals
    plies = [int(goal.name.rpartition("_")[2]) for goal in goals if goal.name[-1].isdigit()]
    assert len({goal.name for goal in goals}) == len(goals) == len(GAME.goals)
    assert 7 < min(plies) < max(plies) < columns * rows


def play(columns: str) -> np.ndarray:
    """The position uint64 `[1, 2]` after moves like "3344"."""
    states = GAME.initial(1)
    for column in columns:
        states = GAME.step(states, np.array([int(column)]))
    return states


def achieved_by_winner(states: np.ndarray) -> set[str]:
    names = [goal.name for goal in GAME.goals]
    return {name for name, has in zip(names, GAME.achieved(states)[0, 1], strict=True) if has}


def kinds_of_lines(stones: np.ndarray) -> set[str]:
    """The kinds of four in a row on a board bool `[6, 7]`, counted cell by cell."""
    found = set()
    for kind, directions in DIRECTIONS.items():
        for down, right in directions:
            for row in range(HEIGHT):
                for column in range(WIDTH):
                    cells = [(row + k * down, column + k * right) for k in range(4)]
                    inside = all(0 <= r < HEIGHT and 0 <= c < WIDTH for r, c in cells)
                    if inside and all(stones[cell] for cell in cells):
                        found.add(kind)
    return found


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ("0011223", "horizontal"),
        ("3344556", "horizontal"),
        ("0101010", "vertical"),
        ("6565656", "vertical"),
        ("01123223633", "diagonal"),
        ("65543443033", "diagonal"),
    ],
)
def test_lines_win_in_every_direction(columns: str, kind: str):
    before, after = play(columns[:-1]), play(columns)
    assert GAME.outcome(before)[0] == Outcome.ONGOING
    assert GAME.outcome(after)[0] == Outcome.LOSS
    assert not GAME.legal(after).any()
    expected = {"win", "win_by_30", "win_by_24", "win_by_18", "win_by_12", f"win_{kind}"}
    assert achieved_by_winner(after) == expected | {"last_20", "last_30"}


def test_every_line_of_the_board_is_seen_and_nothing_wraps():
    """All 69 lines by `outcome`, and four consecutive bits that are no line."""
    lines = [
        [(row + k * down, column + k * right) for k in range(4)]
        for directions in DIRECTIONS.values()
        for down, right in directions
        for row in range(HEIGHT)
        for column in range(WIDTH)
    ]
    inside = [line for line in lines if all(0 <= r < HEIGHT and 0 <= c < WIDTH for r, c in line)]
    assert len(inside) == 69
    for line in lines:
        # Lines that leave the board come back on the other side: what a wrong shift would see.
        cells = {(row % HEIGHT, column % WIDTH) for row, column in line}
        stones = np.uint64(sum(1 << (7 * column + 5 - row) for row, column in cells))
        states = np.array([[0, stones]], np.uint64)  # all stones are the waiting player's
        won = GAME.outcome(states)[0] == Outcome.LOSS
        assert won == (line in inside), line


def test_full_board_is_a_draw():
    states = play(DRAWN_GAME)
    assert GAME.plies(states)[0] == GAME.max_plies
    assert GAME.outcome(states)[0] == Outcome.DRAW
    assert achieved_by_winner(states) == {"draw", "last_20", "last_30"}


def test_full_columns_are_illegal():
    legal = GAME.legal(play("000000"))[0]
    assert legal.tolist() == [False] + [True] * 6


def test_symbols():
    board = GAME.symbols(play("001")).reshape(HEIGHT, WIDTH)
    expected = np.zeros((HEIGHT, WIDTH), int)
    expected[5] = [2, 2, 3, 3, 3, 3, 3]
    expected[4, :2] = [1, 3]
    expected[3, 0] = 3
    assert board.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ([(1, 4, 0)], "floats"),
        ([(0, 5, 0)], "the mover is one ahead"),
        ([(1, 5, 0), (1, 5, 1)], "the other is two ahead"),
        ([(0, 5, c) for c in range(4)] + [(1, 4, c) for c in range(4)], "the mover has won"),
    ],
)
def test_impossible_observations_are_rejected(cells, why: str):
    planes = np.zeros((3, 2, HEIGHT, WIDTH), np.float32)
    for cell in cells:
        planes[(1, *cell)] = 1
    with pytest.raises(GameError, match="observation 1 shows an impossible position of Conn"):
        GAME.from_observation(planes)


def test_goals_agree_with_a_plain_recount():
    """Every goal of 401 finished games, from boards and plies alone."""
    ended = np.concatenate([random_games(GAME, 400, seed=11)[-1], play(DRAWN_GAME)])
    boards, plies = GAME.observe(ended).astype(bool), GAME.plies(ended)
    achieved = GAME.achieved(ended)
    seen = set()
    for row in range(len(ended)):
        lines = [kinds_of_lines(boards[row, seat]) for seat in (0, 1)]
        for seat in (0, 1):
            for number, goal in enumerate(GAME.goals):
                has = expected_goal(goal.name, lines[seat], lines[1 - seat], plies[row])
                assert achieved[row, seat, number] == has, (goal.name, seat)
                seen.add((goal.name, has))
    never = {(goal.name, has) for goal in GAME.goals for has in (True, False)} - seen
    assert never == set()


def expected_goal(name: str, mine: set[str], theirs: set[str], ply: int) -> bool:
    kind, _, detail = name.rpartition("_")
    values = {"win": bool(mine), "lose": bool(theirs), "draw": not mine and not theirs}
    if name in values:
        return values[name]
    if kind == "last":
        return not (theirs and ply < int(detail))
    if kind == "win":
        return detail in mine
    return values[kind.removesuffix("_by")] and ply <= int(detail)


def test_deadlines_that_have_passed_are_impossible():
    states = play(DRAWN_GAME[:12])  # 12 plies, nobody has won
    verdicts = dict(
        zip([goal.name for goal in GAME.goals], GAME.verdicts(states)[0, 0], strict=True)
    )
    assert verdicts["win_by_12"] == verdicts["lose_by_12"] == Verdict.IMPOSSIBLE
    assert verdicts["win_by_18"] == verdicts["win"] == Verdict.OPEN


def test_bit_layout_agrees_with_the_yardstick():
    if not POSITIONS.is_file():
        pytest.skip(f"needs {POSITIONS} (set RLHF_SHARED)")
    with np.load(POSITIONS) as data:
        board, legal, cur, mask = (data[key] for key in ("board", "legal", "cur", "mask"))
    states = np.stack([cur, mask], axis=1)
    planes = np.stack([board == 1, board == -1], axis=1).astype(np.float32)
    assert np.array_equal(GAME.observe(states), planes)
    assert np.array_equal(GAME.from_observation(planes), states)
    assert np.array_equal(GAME.legal(states), legal)
