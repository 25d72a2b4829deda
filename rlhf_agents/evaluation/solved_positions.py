"""Solved positions: how often a player's move keeps a perfect solver's value of the position.

A file of solver-labelled positions (`.npz`, no pickles) holds, for n positions of one game:

    cur, mask   uint64 [n]      the position's two words: the mover's stones, all stones
    ply         int    [n]      stones on the board
    legal       bool   [n, A]   the legal moves
    wdl         int    [n, A]   +1 won, 0 drawn, -1 lost for the mover after that move
    scores      int    [n, A]   the solver's score of that move, larger = sooner win or later loss

VP, the value-preserving rate, is the share of positions whose chosen move has the largest `wdl`;
BS, the best-score rate, the share whose chosen move has the largest `scores`. An illegal move
counts as wrong.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import SettingError
from rlhf_games.base import Game, GameError, States

Act = Callable[[States], NDArray[np.int64]]
"""Chooses one action per position: uint64 `[B, W]` -> int64 `[B]`."""

BANDS = ((0, 6), (7, 12), (13, 18), (19, 24), (25, 32))
"""First and last ply of the bands that results are split into."""

_ARRAYS = ("cur", "mask", "ply", "legal", "wdl", "scores")
_WORDS = 2
_UNREADABLE = (
    OSError,
    ValueError,  # also numpy's error for a pickle
    EOFError,
    RuntimeError,  # an encrypted archive
    MemoryError,  # a header that claims an absurd shape
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class SolvedPositions:
    """Positions of one game with the solver's value of every move.

    Attributes:
        states: uint64 `[n, W]`.
        ply: int64 `[n]`.
        legal: bool `[n, A]`.
        wdl: int64 `[n, A]`, +1 won, 0 drawn, -1 lost; only read where legal.
        scores: int64 `[n, A]`, larger is better for the mover; only read where legal.
    """

    states: States
    ply: NDArray[np.int64]
    legal: NDArray[np.bool_]
    wdl: NDArray[np.int64]
    scores: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.states)


@dataclass(frozen=True)
class PositionScores:
    """A player's results on some positions.

    Attributes:
        first_ply: fewest stones on the board among the positions meant.
        last_ply: most stones on the board among the positions meant.
        positions: their number, > 0.
        vp: value-preserving rate in [0, 1].
        vp_error: its standard error.
        bs: best-score rate in [0, 1].
        bs_error: its standard error.
    """

    first_ply: int
    last_ply: int
    positions: int
    vp: float
    vp_error: float
    bs: float
    bs_error: float


@dataclass(frozen=True)
class SolvedPositionsReport:
    """A player's results on solved positions.

    Attributes:
        overall: the rates over all positions.
        bands: the rates by ply, see `BANDS`; bands without positions are left out.
        illegal: the number of chosen moves that were illegal.
    """

    overall: PositionScores
    bands: tuple[PositionScores, ...]
    illegal: int


def load_positions(path: str | Path, game: Game) -> SolvedPositions:
    """Read a file of solver-labelled positions of `game`.

    Raises:
        SettingError: the file is missing, is not of this kind, or is for another board.
    """
    if game.n_words != _WORDS:
        msg = f"files of positions have two words per position, but {game.title} has {game.n_words}"
        raise SettingError(msg)
    arrays = _read(Path(path))
    _check_shapes(arrays, path, game)
    states = np.stack([arrays["cur"], arrays["mask"]], axis=1).astype(np.uint64)
    positions = SolvedPositions(
        states,
        arrays["ply"].astype(np.int64),
        arrays["legal"].astype(np.bool_),
        arrays["wdl"].astype(np.int64),
        arrays["scores"].astype(np.int64),
    )
    _check_rules(positions, path, game)
    return positions


def _read(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        # Opened here because numpy leaves a damaged file open.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                msg = f"{path} holds a single array, not an .npz archive of positions"
                raise SettingError(msg)
            missing = [name for name in _ARRAYS if name not in archive.files]
            if missing:
                msg = f"{path} lacks the arrays {', '.join(missing)} of a file of positions"
                raise SettingError(msg)
            return {name: archive[name] for name in _ARRAYS}
    except FileNotFoundError as error:
        msg = f"there is no file of positions {path}"
        raise SettingError(msg) from error
    except _UNREADABLE as error:
        msg = f"{path} is not a readable .npz file of positions"
        raise SettingError(msg) from error


def _check_shapes(arrays: dict[str, NDArray[np.generic]], path: str | Path, game: Game) -> None:
    for name, array in arrays.items():
        if array.dtype.kind not in "bui":
            msg = (
                f"{path} is not a file of positions: {name} holds {array.dtype}, not whole numbers"
            )
            raise SettingError(msg)
    count = arrays["mask"].size
    if not count or any(arrays[name].shape != (count,) for name in ("cur", "mask", "ply")):
        msg = (
            f"{path} is not a file of positions: cur, mask and ply must be of one length, not empty"
        )
        raise SettingError(msg)
    wanted = (count, game.n_actions)
    for name in ("legal", "wdl", "scores"):
        if arrays[name].shape != wanted:
            msg = (
                f"{path} is for another board: {game.title} needs {name} of the shape "
                f"{list(wanted)}, not {list(arrays[name].shape)}"
            )
            raise SettingError(msg)


def _check_rules(positions: SolvedPositions, path: str | Path, game: Game) -> None:
    states, legal = positions.states, positions.legal
    try:
        is_board = np.array_equal(game.from_observation(game.observe(states)), states)
    except GameError:
        is_board = False
    if not is_board or not np.array_equal(game.legal(states), legal):
        msg = f"{path} is for another board: its positions are not those of {game.title}"
        raise SettingError(msg)
    if not legal.any(axis=1).all() or not np.array_equal(game.plies(states), positions.ply):
        msg = f"{path} is not a file of positions: a game is over or `ply` miscounts the stones"
        raise SettingError(msg)


def choose(
    act: Act,
    positions: SolvedPositions,
    *,
    batch: int = 250,
    on_progress: Callable[[int], None] | None = None,
) -> NDArray[np.int64]:
    """Return the player's moves, int64 `[n]`.

    Args:
        act: the player.
        positions: the positions.
        batch: positions per call.
        on_progress: called after every batch with the number of positions done.
    """
    actions = np.empty(len(positions), np.int64)
    for first in range(0, len(positions), batch):
        part = slice(first, first + batch)
        actions[part] = act(positions.states[part])
        if on_progress is not None:
            on_progress(min(first + batch, len(positions)))
    return actions


def mark(positions: SolvedPositions, actions: NDArray[np.int64]) -> SolvedPositionsReport:
    """Judge the moves `actions`, int64 `[n]`, chosen in `positions`."""
    rows = np.arange(len(positions))
    inside = (actions >= 0) & (actions < positions.legal.shape[1])
    columns = np.where(inside, actions, 0)
    is_legal = inside & positions.legal[rows, columns]
    keeps = is_legal & _is_best(positions.wdl, positions.legal, columns)
    best = is_legal & _is_best(positions.scores, positions.legal, columns)
    bands = [
        _rates(keeps[within], best[within], band)
        for band in BANDS
        if (within := (positions.ply >= band[0]) & (positions.ply <= band[1])).any()
    ]
    overall = _rates(keeps, best, (int(positions.ply.min()), int(positions.ply.max())))
    return SolvedPositionsReport(overall, tuple(bands), int((~is_legal).sum()))


def measure(act: Act, positions: SolvedPositions) -> SolvedPositionsReport:
    """Let the player `act` choose in all `positions`, and judge its moves."""
    return mark(positions, choose(act, positions))


def _is_best(
    values: NDArray[np.int64], legal: NDArray[np.bool_], columns: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return the rows in which the chosen column has the largest legal value, bool `[n]`."""
    worst = np.iinfo(np.int64).min
    chosen = values[np.arange(len(values)), columns]
    return np.asarray(chosen == np.where(legal, values, worst).max(axis=1))


def _rates(
    keeps: NDArray[np.bool_], best: NDArray[np.bool_], band: tuple[int, int]
) -> PositionScores:
    vp, bs = float(keeps.mean()), float(best.mean())
    count = len(keeps)
    return PositionScores(
        *band, count, vp, standard_error(vp, count), bs, standard_error(bs, count)
    )


def standard_error(rate: float, count: int) -> float:
    """Return the standard error of a rate in [0, 1] from `count` > 0 trials."""
    return math.sqrt(rate * (1.0 - rate) / count)
