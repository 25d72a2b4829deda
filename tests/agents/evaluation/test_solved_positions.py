"""The yardstick: a plain Tic-Tac-Toe solver, and known figures on the shared positions."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.solved_positions import (
    BANDS,
    SolvedPositions,
    choose,
    load_positions,
    mark,
    measure,
    standard_error,
)
from rlhf_games.base import Game, States

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
SHARED = Path(os.environ.get("RLHF_SHARED", Path(__file__).resolve().parents[4] / "shared"))
CONNECT_FOUR_FILE = SHARED / "data" / "connect_four_positions.npz"


@cache
def solve(mine: int, stones: int) -> int:
    """Return the score for the mover: win soon > win late > draw 0 > lose late > lose soon."""
    others = mine ^ stones
    if any(all(others >> cell & 1 for cell in line) for line in LINES):
        return stones.bit_count() - 10
    free = [cell for cell in range(9) if not stones >> cell & 1]
    return max((-solve(others, stones | 1 << cell) for cell in free), default=0)


def labelled(positions: list[tuple[int, int]]) -> dict[str, np.ndarray]:
    """Return the arrays of a file of Tic-Tac-Toe positions (mine, stones)."""
    count = len(positions)
    scores = np.full((count, 9), -100, np.int8)
    for row, (mine, stones) in enumerate(positions):
        for cell in range(9):
            if not stones >> cell & 1:
                scores[row, cell] = -solve(mine ^ stones, stones | 1 << cell)
    legal = scores > -100
    return {
        "cur": np.array([mine for mine, _ in positions], np.uint64),
        "mask": np.array([stones for _, stones in positions], np.uint64),
        "ply": np.array([stones.bit_count() for _, stones in positions], np.int8),
        "legal": legal,
        "wdl": np.where(legal, np.sign(scores), -100).astype(np.int8),
        "scores": scores,
    }


def load_labelled(path: Path) -> SolvedPositions:
    if not path.exists():
        pytest.skip(f"needs {path} (set RLHF_SHARED)")
    return load_positions(path, rlhf_games.make("connect_four"))


@pytest.fixture(scope="module")
def game() -> Game:
    return rlhf_games.make("tic_tac_toe")


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    # X X .    X . .    empty
    # O O .    . O .
    # . . .    . . X
    return labelled([(0b000000011, 0b000011011), (0b000010000, 0b100010001), (0, 0)])


@pytest.fixture
def file(tmp_path: Path, arrays: dict[str, np.ndarray]) -> Path:
    path = tmp_path / "positions.npz"
    np.savez(path, **arrays)
    return path


def always(action: int) -> Callable[[States], np.ndarray]:
    return lambda states: np.full(len(states), action, np.int64)


def test_positions_are_read(game: Game, file: Path, arrays: dict[str, np.ndarray]):
    positions = load_positions(file, game)
    assert len(positions) == 3
    assert positions.states.dtype == np.uint64
    assert positions.states.tolist() == [[3, 27], [16, 273], [0, 0]]
    assert positions.ply.tolist() == [4, 3, 0]
    np.testing.assert_array_equal(positions.scores, arrays["scores"])


def test_best_moves_have_full_marks(game: Game, file: Path):
    positions = load_positions(file, game)
    best = np.where(positions.legal, positions.scores, -1000).argmax(axis=1)
    marks = mark(positions, best)
    assert (marks.overall.vp, marks.overall.bs, marks.illegal) == (1.0, 1.0, 0)
    assert marks.overall.vp_error == 0.0
    assert [(band.first_ply, band.positions) for band in marks.bands] == [(0, 3)]


def test_worse_moves_cost_marks(game: Game, file: Path):
    """Blocking at 5 draws a won game, a corner loses a drawn one, the first move is free."""
    positions = load_positions(file, game)
    assert mark(positions, np.array([5, 1, 4])).overall.vp == pytest.approx(2 / 3)
    assert mark(positions, np.array([2, 2, 8])).overall.vp == pytest.approx(2 / 3)
    assert mark(positions, np.array([5, 2, 0])).overall.vp == pytest.approx(1 / 3)


def test_a_slow_win_keeps_the_value_but_not_the_best_score(game: Game, tmp_path: Path):
    # X . X  the mover, X, wins at once with 1; 6 keeps a won game, more slowly
    # O . .
    # . . O
    arrays = labelled([(0b000000101, 0b100001101)])
    assert arrays["wdl"][0, 6] == arrays["wdl"][0, 1] == 1
    np.savez(tmp_path / "slow.npz", **arrays)
    positions = load_positions(tmp_path / "slow.npz", game)
    slow, fast = mark(positions, np.array([6])).overall, mark(positions, np.array([1])).overall
    assert (slow.vp, slow.bs) == (1.0, 0.0)
    assert (fast.vp, fast.bs) == (1.0, 1.0)


@pytest.mark.parametrize("action", [-1, 0, 9, 100])
def test_illegal_moves_are_wrong_and_counted(game: Game, file: Path, action: int):
    positions = load_positions(file, game)
    marks = measure(always(action), positions)
    illegal = 2 if action == 0 else 3
    assert marks.illegal == illegal
    assert marks.overall.vp == pytest.approx((3 - illegal) / 3)


def test_bands_partition_the_positions():
    positions = load_labelled(CONNECT_FOUR_FILE)
    marks = measure(always(3), positions)
    assert [(band.first_ply, band.last_ply) for band in marks.bands] == list(BANDS)
    assert [band.positions for band in marks.bands] == [400] * 5
    mean = sum(band.vp * band.positions for band in marks.bands) / len(positions)
    assert marks.overall.vp == pytest.approx(mean)


def test_known_figure_most_central_column():
    """VP 0.564, BS 0.442: `shared/reference/peers_connect_four.md`."""
    positions = load_labelled(CONNECT_FOUR_FILE)
    order = np.array([3, 2, 4, 1, 5, 0, 6])
    game = rlhf_games.make("connect_four")
    marks = measure(lambda states: order[game.legal(states)[:, order].argmax(axis=1)], positions)
    assert marks.overall.vp == pytest.approx(0.564, abs=5e-4)
    assert marks.overall.bs == pytest.approx(0.442, abs=5e-4)
    assert marks.overall.vp_error == pytest.approx(0.011, abs=5e-4)


def test_known_figure_uniformly_random():
    """VP 0.375, BS 0.238: `shared/data/README.md`; the mean of 50 runs, standard error 0.0016."""
    positions = load_labelled(CONNECT_FOUR_FILE)
    game = rlhf_games.make("connect_four")
    rng = np.random.default_rng(0)
    runs = [measure(lambda s: game.random_actions(s, rng), positions).overall for _ in range(50)]
    assert np.mean([run.vp for run in runs]) == pytest.approx(0.375, abs=0.006)
    assert np.mean([run.bs for run in runs]) == pytest.approx(0.238, abs=0.006)


def test_choose_asks_in_batches_and_tells_progress(game: Game, file: Path):
    positions = load_positions(file, game)
    batches, told = [], []

    def act(states: States) -> np.ndarray:
        batches.append(len(states))
        return np.full(len(states), len(batches), np.int64)

    actions = choose(act, positions, batch=2, on_progress=told.append)
    assert (actions.tolist(), batches, told) == ([1, 1, 2], [2, 1], [2, 3])


def test_marks_are_ready_for_json(game: Game, file: Path):
    marks = dataclasses.asdict(measure(always(4), load_positions(file, game)))
    assert json.loads(json.dumps(marks))["overall"]["positions"] == 3


def test_standard_error_of_a_rate():
    assert standard_error(0.5, 100) == pytest.approx(0.05)
    assert standard_error(1.0, 7) == 0.0


# ---- files that are refused -------------------------------------------------------------------


def refused(path: Path, game: Game) -> str:
    with pytest.raises(SettingError) as caught:
        load_positions(path, game)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_missing_file(game: Game, tmp_path: Path):
    assert "there is no file" in refused(tmp_path / "none.npz", game)


def test_folder(game: Game, tmp_path: Path):
    assert "not a readable" in refused(tmp_path, game)


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_truncated_file(game: Game, file: Path, keep: int):
    file.write_bytes(file.read_bytes()[:keep])
    assert "not a readable" in refused(file, game)


def test_damaged_member(game: Game, file: Path):
    data = bytearray(file.read_bytes())
    data[130] ^= 0xFF  # inside the first array
    file.write_bytes(bytes(data))
    assert "not a readable" in refused(file, game)


def test_text_file(game: Game, file: Path):
    file.write_text("plainly no archive")
    assert "not a readable" in refused(file, game)


def test_single_array(game: Game, tmp_path: Path):
    path = tmp_path / "single.npy"
    np.save(path, np.arange(3))
    assert "single array" in refused(path, game)


def test_pickles_are_never_opened(game: Game, tmp_path: Path, arrays: dict[str, np.ndarray]):
    canary = tmp_path / "canary"

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (canary,))

    path = tmp_path / "trap.npz"
    np.savez(path, **{**arrays, "cur": np.array([Trap(), 0, 0], dtype=object)})
    assert "not a readable" in refused(path, game)
    assert not canary.exists()


@pytest.mark.parametrize("name", ["cur", "mask", "ply", "legal", "wdl", "scores"])
def test_missing_array(game: Game, tmp_path: Path, arrays: dict[str, np.ndarray], name: str):
    del arrays[name]
    path = tmp_path / "lacks.npz"
    np.savez(path, **arrays)
    assert f"lacks the arrays {name} " in refused(path, game)


def test_other_board(file: Path):
    message = refused(file, rlhf_games.make("connect_four"))
    assert "for another board: Connect Four needs legal" in message


def change_cur(arrays: dict[str, np.ndarray]) -> None:
    arrays["cur"][0] = 0b100000000  # a stone that `mask` lacks


def change_legal(arrays: dict[str, np.ndarray]) -> None:
    arrays["legal"][2, 4] = False


def change_ply(arrays: dict[str, np.ndarray]) -> None:
    arrays["ply"][0] = 5


def change_length(arrays: dict[str, np.ndarray]) -> None:
    arrays["cur"] = arrays["cur"][:2]


def change_dtype(arrays: dict[str, np.ndarray]) -> None:
    arrays["scores"] = arrays["scores"].astype(np.float64)


def change_to_nothing(arrays: dict[str, np.ndarray]) -> None:
    for name in arrays:
        arrays[name] = arrays[name][:0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (change_cur, "its positions are not those of Tic-Tac-Toe"),
        (change_legal, "its positions are not those of Tic-Tac-Toe"),
        (change_ply, "miscounts the stones"),
        (change_length, "of one length"),
        (change_dtype, "scores holds float64"),
        (change_to_nothing, "not empty"),
    ],
)
def test_inconsistent_file(
    game: Game,
    tmp_path: Path,
    arrays: dict[str, np.ndarray],
    change: Callable[[dict[str, np.ndarray]], None],
    sentence: str,
):
    change(arrays)
    path = tmp_path / "changed.npz"
    np.savez(path, **arrays)
    assert sentence in refused(path, game)
