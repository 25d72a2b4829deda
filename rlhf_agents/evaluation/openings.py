"""Random openings, so that deterministic players also play distinct games."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import SettingError
from rlhf_games.base import Game, Outcome, States

MIN_PLIES = 2
"""The shortest default length of openings."""
MAX_LEVEL = 20_000
"""The most positions kept per ply, so that long openings cost no more than short ones."""
MOST_WORDS = 30_000_000
"""What the grandchildren of a ply's positions may need, in words of 8 bytes: of games with many
moves fewer positions are kept, but twice as many as openings are needed."""


@dataclass(frozen=True)
class Openings:
    """Positions to start games from.

    Attributes:
        states: uint64 `[K, W]`; distinct up to symmetry.
        moves: int64 `[K, P]`, the moves that led there from the start.
    """

    states: States
    moves: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.states)


def draw_openings(game: Game, count: int, seed: int, plies: int | None = None) -> Openings:
    """Return up to `count` random openings; fewer only if the game has no more of that length.

    Openings in which the player to move can win at once, or cannot stop the other from winning with
    the next move, are left out: they would decide the game.

    Args:
        game: the rules.
        count: the desired number, > 0.
        seed: of the choice.
        plies: their length; None: the shortest (of 2 plies or more) that yields enough.

    Raises:
        SettingError: there is no opening of that length.
    """
    rng = np.random.default_rng(seed)
    shortest = MIN_PLIES if plies is None else plies
    longest = max(game.max_plies // 2, shortest) if plies is None else plies
    level = Openings(game.initial(1), np.empty((1, 0), np.int64))
    best = _pick(level, np.empty(0, np.int64))
    for ply in range(longest + 1):
        if ply >= shortest:
            quiet = _pick(level, np.flatnonzero(is_quiet(game, level.states)))
            best = max(best, quiet, key=len)
        if len(best) >= count or not len(level):
            break
        level = _deepen(game, level, rng, 2 * count)
    if not len(best):
        msg = f"{game.title} has no undecided openings of {longest} plies; ask for fewer"
        raise SettingError(msg)
    return _pick(best, rng.permutation(len(best))[:count])


def _deepen(game: Game, level: Openings, rng: np.random.Generator, least: int) -> Openings:
    """Return the unfinished positions one ply further, one of each symmetric group."""
    rows, actions = np.nonzero(game.legal(level.states))
    words = (len(rows) / len(level)) ** 2 * level.states.shape[1]
    most = int(min(max(MOST_WORDS / max(words, 1), least), MAX_LEVEL))
    states = game.step(level.states[rows], actions)
    moves = np.concatenate([level.moves[rows], actions[:, None]], axis=1)
    deeper = Openings(states, moves)
    deeper = _pick(deeper, np.flatnonzero(game.outcome(states) == Outcome.ONGOING))
    _, firsts = np.unique(canonical(game, deeper.states), axis=0, return_index=True)
    if len(firsts) > most:
        firsts = rng.choice(firsts, most, replace=False)
    return _pick(deeper, firsts)


def _pick(openings: Openings, rows: NDArray[np.int64]) -> Openings:
    return Openings(openings.states[rows], openings.moves[rows])


def canonical(game: Game, states: States) -> States:
    """Return the smallest mirror image or rotation of each position `[B, W]`."""
    least = states.copy()
    boards = game.observe(states)
    for symmetry in game.symmetries:
        image = game.from_observation(symmetry.seen(boards))
        first = (image != least).argmax(axis=1)[:, None]
        smaller = np.take_along_axis(image, first, 1) < np.take_along_axis(least, first, 1)
        least = np.where(smaller, image, least)
    return least


def _children(game: Game, states: States) -> tuple[NDArray[np.int64], States]:
    rows, actions = np.nonzero(game.legal(states))
    return rows, game.step(states[rows], actions)


def _wins_at_once(game: Game, states: States) -> NDArray[np.bool_]:
    rows, children = _children(game, states)
    wins = np.zeros(len(states), np.bool_)
    wins[rows[game.outcome(children) == Outcome.LOSS]] = True
    return wins


def is_quiet(game: Game, states: States) -> NDArray[np.bool_]:
    """Return where the mover neither wins at once nor loses with every move, bool `[B]`."""
    rows, children = _children(game, states)
    safe = np.zeros(len(states), np.bool_)
    safe[rows[~_wins_at_once(game, children)]] = True
    return np.asarray(safe & ~_wins_at_once(game, states))
