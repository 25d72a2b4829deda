"""One game of OpenSpiel behind the protocol `foreign_games.backend.Backend`."""

from __future__ import annotations

import random
import re
import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.foreign_games.spiel_types import SpielGame, SpielState

FEN = re.compile(r"[^\s/]+(/[^\s/]+){7,} .*")
TRIAL_GAMES = 15
TRIAL_PLIES = 400
LEVELS = 6
"""The most bits that a number in an observation becomes: one per level that it may exceed."""


class Trial:
    """A few random games, always the same, and the facts learned from them.

    Args:
        game: OpenSpiel's.
        last_ply: where games are stopped, or None.

    Attributes:
        typical_plies: the median of their lengths.
        cells: int64 `[F]`, the entry of the observation tensor behind each feature.
        levels: float32 `[F]`, the value above which the feature is set.
    """

    def __init__(self, game: SpielGame, last_ply: int | None = None) -> None:
        self._values: dict[int, set[float]] = {}
        self._observe = observer(game)
        rng = random.Random(0)
        longest = min(TRIAL_PLIES, last_ply or TRIAL_PLIES)
        lengths = [self._play(game, rng, longest) for _ in range(TRIAL_GAMES)]
        self.typical_plies = statistics.median(lengths)
        self.cells, self.levels = self._features(int(np.prod(game.observation_tensor_shape())))

    def _play(self, game: SpielGame, rng: random.Random, longest: int) -> int:
        """Play one game and return its plies, including the passes of the other player."""
        state, plies, before = game.new_initial_state(), 0, -1
        while not state.is_terminal() and plies < longest:
            mover = state.current_player()
            plies += 1 + (mover == before)
            before = mover
            self._look(self._observe(state, mover))
            state.apply_action(rng.choice(state.legal_actions()))
        return plies

    def _look(self, tensor: NDArray[np.float32]) -> None:
        """Note the values of all entries that are not always 0 or 1."""
        for cell in np.flatnonzero((tensor != 0) & (tensor != 1)).tolist():
            self._values.setdefault(cell, {0.0})
        for cell, seen in self._values.items():
            seen.add(float(tensor[cell]))

    def _features(self, size: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        pairs = [pair for cell in range(size) for pair in self._of_cell(cell)]
        cells, levels = zip(*pairs, strict=True)
        return np.array(cells, np.int64), np.array(levels, np.float32)

    def _of_cell(self, cell: int) -> list[tuple[int, float]]:
        values = sorted(self._values.get(cell, ()))
        between = [(low + high) / 2 for low, high in pairwise(values)]
        step = max(1.0, len(between) / LEVELS)
        chosen = [between[int(k * step)] for k in range(min(LEVELS, len(between)))]
        return [(cell, level) for level in chosen] or [(cell, 0.5)]


def observer(game: SpielGame) -> Callable[[SpielState, int], NDArray[np.float32]]:
    """Return a function from a state and a seat to the observation tensor, float32 `[size]`.

    The array is overwritten by the next call. It is ten times faster than `observation_tensor`.
    """
    from open_spiel.python.observation import make_observation  # noqa: PLC0415 - an optional extra

    observation = make_observation(game)

    def observe(state: SpielState, seat: int) -> NDArray[np.float32]:
        observation.set_from(state, seat)
        tensor: NDArray[np.float32] = observation.tensor
        return tensor

    return observe


def spread(text: str) -> str:
    """Return a position in Forsyth-Edwards notation with one line per row.

    "p2/1P1/... w - 0 1" becomes "p..", ".P.", ... and "w - 0 1"; other text stays as it is.
    """
    if not FEN.fullmatch(text):
        return text
    board, _, rest = text.partition(" ")
    rows = [re.sub(r"\d", lambda empty: "." * int(empty[0]), row) for row in board.split("/")]
    return "\n".join([*rows, rest])


class OpenSpielBackend:
    """A game of OpenSpiel, see `foreign_games.backend.Backend`.

    Args:
        game: OpenSpiel's.
        trial: says how its observations become bits.
        names: names of the actions; numbers by default.
    """

    def __init__(self, game: SpielGame, trial: Trial, names: Sequence[str] | None = None) -> None:
        self.n_actions: int = game.num_distinct_actions()
        self.max_actions: int = game.max_game_length()
        self.n_features = len(trial.cells)
        self._game = game
        self._trial = trial
        self._names = names
        self._observe = observer(game)
        # In chess White moves first but is OpenSpiel's player 1.
        self._first: int = game.new_initial_state().current_player()

    def initial(self) -> SpielState:
        """Return the starting position."""
        return self._game.new_initial_state()

    def child(self, position: SpielState, action: int) -> SpielState:
        """Return the position after an action."""
        return position.child(action)

    def mover(self, position: SpielState) -> int:
        """Return who moves."""
        return int(position.current_player()) ^ self._first

    def legal(self, position: SpielState) -> Sequence[int]:
        """Return the legal actions."""
        actions: list[int] = position.legal_actions()
        return actions

    def score(self, position: SpielState) -> int | None:
        """Return the first player's win, rounded away from a draw."""
        if not position.is_terminal():
            return None
        won: float = position.returns()[self._first]
        return round(won) or (won > 0) - (won < 0)

    def features(self, position: SpielState, seat: int) -> bytes:
        """Return the observation tensor in bits."""
        trial = self._trial
        above: NDArray[np.bool_] = (
            self._observe(position, seat ^ self._first)[trial.cells] > trial.levels
        )
        return above.tobytes()

    def text(self, position: SpielState) -> str:
        """Return the position as OpenSpiel prints it, a chess position as a board."""
        return spread(str(position).rstrip("\n"))

    def label(self, position: SpielState, action: int) -> str:
        """Return OpenSpiel's name of an action."""
        name: str = position.action_to_string(action)
        return name if self._names is None else self._names[action]
