"""The strength of a model during training on a game: the network alone against alpha-beta.

A measurement takes bounded time in every game: alpha-beta searches only as deep as is cheap, and
pairs of games are played until there are enough or the time is over. It runs in a separate thread
with a copy of the network, so that neither the time budget of a run nor its end wait for it.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.evaluation.arena import play_games
from rlhf_agents.evaluation.openings import Openings
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.players.minimax import MinimaxPlayer
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_agents.search.searcher import Searcher
from rlhf_agents.selfplay.learner import GameLearner
from rlhf_games.base import Game, States

DEEPEST = 4
MOST_GAMES, AT_ONCE = 64, 8
FEWEST_GAMES = 8
"""The fewest games of a meaningful score."""
SECONDS = 1.5
"""Seconds of one measurement: 5 % of the usual time between two."""


class StrengthMeter(Protocol):
    """Measures a model during training."""

    def __call__(self, model: HFDQN) -> float | None:
        """Return a score in [0, 1], None if there is none yet."""
        ...


class _LookOver(Exception):  # noqa: N818 - it ends a look and is no error
    """The time of a measurement is over, or the run ends."""


class AlphaBetaScore:
    """The share of points of the network alone against alpha-beta, from random openings.

    A call begins a measurement and returns the score of the last finished one.

    Args:
        seconds: the longest measurement (the first one also compiles).

    Attributes:
        score: of the last measurement; None before, or if even one ply of alpha-beta takes too
            long.
        depth: of alpha-beta, None before the first measurement, 0 if it takes too long.
        scored_at: the steps of the measured model, and the time (`time.perf_counter`).
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.score: float | None = None
        self.depth: int | None = None
        self.scored_at = 0, 0.0
        self._deadline = 0.0
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None

    def __str__(self) -> str:
        """Return the score and its opponent in words, empty before the first measurement."""
        if self.score is None:
            return ""
        return f"score {self.score:.2f} against alpha-beta to depth {self.depth}"

    def __call__(self, model: HFDQN) -> float | None:
        """Begin a measurement, unless one is still running, and return the last score."""
        if self._thread is None or not self._thread.is_alive():
            assert isinstance(model.learner, GameLearner)
            searcher = model.learner.searcher
            weights = PatternWeights._make(np.array(array) for array in searcher.weights)
            copied = Searcher(searcher.game, weights, searcher.goals)
            begun = model.num_timesteps, time.perf_counter()
            self._thread = threading.Thread(target=self.look, args=(copied, begun), daemon=True)
            self._thread.start()
        return self.score

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the running measurement."""
        if self._thread is not None:
            self._thread.join(seconds)

    def close(self) -> None:
        """End the running measurement; abandon it if it is compiling."""
        self._ends.set()
        self.wait(0.2)

    def look(self, searcher: Searcher, begun: tuple[int, float] = (0, 0.0)) -> None:
        """Play the games and set `score`, and `scored_at` to the beginning of the measurement."""
        game = searcher.game
        openings = _openings(game)
        if self.depth is None:
            self.depth = self._affordable(game, openings)
        if self.depth == 0:
            return
        players = _Network(searcher), MinimaxPlayer(game, self.depth)
        self._deadline = time.monotonic() + self.seconds
        points: list[float] = []
        try:
            for first in range(0, MOST_GAMES // 2, AT_ONCE // 2):
                rows = slice(first, first + AT_ONCE // 2)
                some = Openings(openings.states[rows], openings.moves[rows])
                games = play_games(game, players, some, AT_ONCE, on_progress=self._check)
                points += ((games.results + 1) / 2).tolist()
        except _LookOver:
            pass
        if len(points) >= FEWEST_GAMES:
            self.score, self.scored_at = float(np.mean(points)), begun

    def _check(self, _finished: int) -> None:
        if self._ends.is_set() or time.monotonic() > self._deadline:
            raise _LookOver

    def _affordable(self, game: Game, openings: Openings) -> int:
        """Return the greatest depth at which enough games fit into the time, 0 if none does.

        A depth is tried only if it is affordable even without pruning.
        """
        moves = FEWEST_GAMES * game.max_plies / 2
        states, best, worst_case = openings.states[:1], 0, 0.0
        for depth in range(1, DEEPEST + 1):
            if self._ends.is_set() or worst_case > self.seconds:
                break
            if depth == 1:
                MinimaxPlayer(game, depth).act(states)  # compiles
            player, begin = MinimaxPlayer(game, depth), time.monotonic()
            player.act(states)
            taken = time.monotonic() - begin
            if taken * moves > self.seconds:
                break
            best, worst_case = depth, taken * game.n_actions
        return best


class _Network:
    """A searcher's network as a player to win, without looking ahead."""

    name = "network"

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher

    def act(self, states: States, goal: str) -> NDArray[np.int64]:
        """Return the best actions `[B]`."""
        wanted = np.full(len(states), self.searcher.game.goal_index(goal), np.int64)
        return self.searcher.choose(states, wanted, 0)


def _openings(game: Game) -> Openings:
    """Return positions after two random moves, always the same."""
    rng, count = np.random.default_rng(0), MOST_GAMES // 2
    states, moves = game.initial(count), np.zeros((count, 2), np.int64)
    for ply in range(2):
        moves[:, ply] = game.random_actions(states, rng)
        states = game.step(states, moves[:, ply])
    return Openings(states, moves)
