"""Proving over random games that a reader understands a game's pictures and its moves."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from rlhf_agents.play.pictures.base import Cell, MisreadError, Move, Picture, Reader
from rlhf_games.base import Game, Outcome

MOST_PLIES = 400
LABELS = 6
"""So many labels per position are asked for on average at most: games of 361 moves have many."""
UNCLICKED = frozenset(("pass", "place stone", "up", "down", "left", "right"))
"""Moves that have no cells, in small letters, perhaps behind the player's mark."""


def random_moves(
    game: Game, games: int, seconds: float | None = None, *, share: float = 1.0, seed: int = 0
) -> Iterator[Move]:
    """Yield the moves of random games until the time is up, but at least those of one game.

    Args:
        game: the rules.
        games: how many.
        seconds: the most time of the processor to take; None: all games are played.
        share: of the positions in which all legal moves get their labels.
        seed: of the moves.
    """
    rng, start = np.random.default_rng(seed), time.thread_time()
    for number in range(games):
        states = game.initial(1)
        before = game.text(states[0]) or ""
        for _ in range(MOST_PLIES):
            if seconds is not None and number and time.thread_time() - start > seconds:
                return
            if game.outcome(states)[0] != Outcome.ONGOING:
                break
            legal = np.flatnonzero(game.legal(states)[0]).tolist()
            action = int(rng.choice(legal))
            fully = rng.random() < min(share, LABELS / len(legal))
            named = legal if fully else [action]
            labels = {action: game.label(states[0], action) for action in named}
            seat = int(game.mover(states)[0])
            states = game.step(states, np.array([action]))
            after = game.text(states[0]) or ""
            yield Move(before, labels, action, seat, after)
            before = after


def paths_in(
    reader: Reader, picture: Picture, labels: dict[int, str], seat: int
) -> dict[int, tuple[Cell, ...]]:
    """Return the paths of the legal moves.

    Raises:
        MisreadError: a path leads to no cell, or two moves have the same path and name.
    """
    paths = {action: reader.path(label, action, seat, picture) for action, label in labels.items()}
    known = set(reader.cells()) | set(picture.symbols)
    for action, path in paths.items():
        bare = labels[action].lower()
        if not path and not UNCLICKED.intersection((bare, bare.split(" ", 1)[-1])):
            msg = f"{labels[action]!r} has no cells"
            raise MisreadError(msg)
        if not known.issuperset(path):
            msg = f"{labels[action]!r} leads off the board"
            raise MisreadError(msg)
    if len({(paths[action], labels[action]) for action in paths}) < len(paths):
        msg = "two moves look the same"
        raise MisreadError(msg)
    return paths


def understood(reader: Reader, moves: Iterable[Move]) -> bool:
    """Return whether a reader understands random moves.

    All legal moves must lead to cells, and the picture after each move must be the one that the
    move makes of the picture before.
    """
    read = lru_cache(maxsize=2)(reader.read)  # most positions are after one move, before another
    try:
        for move in moves:
            before, after = read(move.before), read(move.after)
            path = paths_in(reader, before, move.labels, move.seat)[move.action]
            if not reader.explains(before, path, after, move.seat):
                return False
    except MisreadError:
        return False
    return True
