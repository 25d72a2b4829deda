"""Compiled functions that the solver asks of a game, each with a meaning by default.

A game implements those that pay for its rules tag with `rlhf_games.compiled.implement`. All of them
are about certainty and order only: none values a position.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_games.compiled import by_default, inner
from rlhf_games.rules import ONGOING, Rules, State, count_legal, nth_legal, result

NO, YES, UNKNOWN = 0, 1, 2
"""Answers to a question about a position, see `quick_answer`."""
CERTAIN = 1 << 40
"""The `order_hint` of a move that wins."""


@inner
def hash_words(state: State) -> int:
    """Mix the words of a position into 64 bits."""
    mixed = numba.uint64(0x9E3779B97F4A7C15)
    for word in state:
        mixed = (mixed ^ word) * numba.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> numba.uint64(29)
    return mixed


def quick_answer(rules: Rules, state: State, question: int) -> int:
    """Answer cheaply and with certainty whether the mover gets at least `question`.

    Args:
        rules: the game.
        state: any position that a move of `safe_moves` led to.
        question: 1: a win, 0: a draw.

    Returns:
        NO, YES or UNKNOWN; by default an answer in finished games only.
    """
    raise TypeError(_only_compiled(rules))


@by_default(quick_answer)
def _quick_answer(rules: Rules, state: State, question: int) -> int:
    outcome = result(rules, state)
    if outcome == ONGOING:
        return UNKNOWN
    return YES if outcome >= question else NO


def safe_moves(rules: Rules, state: State, out: NDArray[np.int16]) -> int:
    """Fill `out` `[A]` with the legal moves worth a look and return their number.

    Moves that lose for certain may be left out; if none is left, the mover loses. By default all
    legal moves, in the order of their numbers. Among equals of `order_hint` the first comes first.
    """
    raise TypeError(_only_compiled(rules))


@by_default(safe_moves)
def _safe_moves(rules: Rules, state: State, out: NDArray[np.int16]) -> int:
    count = count_legal(rules, state)
    for n in range(count):
        out[n] = nth_legal(rules, state, n)
    return count


def order_hint(rules: Rules, after: State) -> int:
    """Return how promising a move of `safe_moves` to `after` is, the larger the sooner looked at.

    `CERTAIN` if it wins. By default the fewer replies the better.
    """
    raise TypeError(_only_compiled(rules))


@by_default(order_hint)
def _order_hint(rules: Rules, after: State) -> int:
    outcome = result(rules, after)
    if outcome != ONGOING:
        return CERTAIN if outcome == -1 else 0
    return -count_legal(rules, after)


def position_key(rules: Rules, state: State) -> int:
    """Return 64 bits that only positions of equal value share; by default a hash of the words."""
    raise TypeError(_only_compiled(rules))


@by_default(position_key)
def _position_key(rules: Rules, state: State) -> int:
    return hash_words(state)


def needs_deepening(rules: Rules) -> bool:
    """Tell whether proofs are looked for at ever larger depths; by default to the end at once.

    Depth first suits games whose lines end soon, such as those that fill a board.
    """
    raise TypeError(_only_compiled(rules))


@by_default(needs_deepening)
def _needs_deepening(rules: Rules) -> bool:
    return False


def proof_plies(rules: Rules) -> int:
    """Return how many plies before the end of the longest games short proofs begin to succeed.

    Searches that count nodes try none earlier. By default 16.
    """
    raise TypeError(_only_compiled(rules))


@by_default(proof_plies)
def _proof_plies(rules: Rules) -> int:
    return 16


def _only_compiled(rules: Any) -> str:
    return f"the solver's rules of {type(rules).__name__} run inside compiled code only"
