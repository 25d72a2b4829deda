"""How strong a model is while it learns a game: the network alone against alpha-beta.

A look takes bounded time in every game: alpha-beta searches as deep as is cheap there, and pairs of
games are played until they are enough or the time is over. It runs in a thread of its own with a
copy of the network, so that neither the time budget of a run nor its end wait for it.
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
"""With fewer, a score says nothing."""
SECONDS = 1.5
"""Of one look: 5 % of the usual time between two."""


class Strength(Protocol):
    """Measures a model while it trains."""

    def __call__(self, model: HFDQN) -> float | None:
        """Return a score in [0, 1], None if there is none yet."""
        ...


class _LookOver(Exception):  # noqa: N818 - it ends a look and is no error
    """The time of a look is over, or the run ends."""


class AlphaBetaScore:
    """The share of points of the network alone against alpha-beta, from random openings.

    A call begins a look and returns the score of the last one that has ended.

    Args:
        seconds: most that a look takes (the first one also compiles).

    Attributes:
        score: of the last look; None before, and where even one ply of alpha-beta takes too long.
        depth: of alpha-beta, None before the first look, 0 where it takes too long.
        scored_at: steps that the model of that score had taken, and when (`time.perf_counter`).
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
        """Return the score and what it is measured against; nothing before the first look."""
        if self.score is None:
            return ""
        return f"score {self.score:.2f} against alpha-beta to depth {self.depth}"

    def __call__(self, model: HFDQN) -> float | None:
        """Begin a look, unless the one before still goes on, and return the last score."""
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
        """Wait for the look that goes on."""
        if self._thread is not None:
            self._thread.join(seconds)

    def close(self) -> None:
        """End the look that goes on; if it compiles, it is left alone."""
        self._ends.set()
        self.wait(0.2)

    def look(self, searcher: Searcher, begun: tuple[int, float] = (0, 0.0)) -> None:
        """Play the games and set `score`, and `scored_at` to when the look has begun."""
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

        A depth is tried only if it is affordable even where it looks at every move.
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
    """The network of a searcher as a player to win; nothing is looked ahead."""

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
