"""Finding the reader of a game's pictures: the first that understands random games.

Readers are chosen by what a game writes, its first position and the names of its moves, not by
its id; so games with other options, and those of other libraries, get their boards, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import numpy as np

from rlhf_agents.play.pictures.base import Cell, MisreadError, Move, Picture, Reader
from rlhf_agents.play.pictures.chess import fen_readers
from rlhf_agents.play.pictures.counts import nim_readers, pits_readers
from rlhf_agents.play.pictures.hexes import hex_readers
from rlhf_agents.play.pictures.hive import hive_readers
from rlhf_agents.play.pictures.lines import boxes_readers, morris_readers, quoridor_readers
from rlhf_agents.play.pictures.nested import pentago_readers, twixt_readers, ultimate_readers
from rlhf_agents.play.pictures.proof import random_moves, understood
from rlhf_agents.play.pictures.squares import squares_readers
from rlhf_games.base import Game

__all__ = ["Cell", "MisreadError", "Picture", "Reader", "find_reader", "reader_of"]

Maker = Callable[[str, tuple[str, ...], int], Iterable[Reader]]
"""Returns the readers that may fit: takes the first text, the first legal labels, the actions."""

MAKERS: tuple[Maker, ...] = (
    fen_readers,
    hex_readers,
    hive_readers,
    quoridor_readers,
    boxes_readers,
    morris_readers,
    pits_readers,
    nim_readers,
    ultimate_readers,
    pentago_readers,
    twixt_readers,
    squares_readers,
)

PROOF = (100, 0.3)
"""Random games, and the seconds after which no more of them are begun."""

SHARE = 0.2

_known: dict[str, Reader | None] = {}


def reader_of(game: Game) -> Reader | None:
    """Return the reader of a game that writes its positions, found once; None if there is none."""
    if game.name not in _known:
        _known[game.name] = find_reader(game)
    return _known[game.name]


def find_reader(game: Game) -> Reader | None:
    """Return the first reader that understands a game, or None."""
    states = game.initial(1)
    text = game.text(states[0])
    if text is None:
        return None
    legal = np.flatnonzero(game.legal(states)[0]).tolist()
    labels = tuple(game.label(states[0], action) for action in legal)
    moves = list(random_moves(game, *PROOF, share=SHARE))
    readers = chain.from_iterable(make(text, labels, game.n_actions) for make in MAKERS)
    return next((reader for reader in readers if fits(reader, moves)), None)


def fits(reader: Reader, moves: Sequence[Move]) -> bool:
    """Return whether a reader learns and understands random moves."""
    try:
        return reader.learn(moves) and understood(reader, moves)
    except MisreadError:
        return False
