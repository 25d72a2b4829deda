"""Counting games and positions: random playouts, and perft, whose numbers verify rules."""

from __future__ import annotations

import numba
import numpy as np

from rlhf_games.base import States
from rlhf_games.compiled import compiled, inner, next_random
from rlhf_games.rules import (
    Rules,
    State,
    count_legal,
    is_legal,
    load,
    play,
    random_legal,
    result,
    start,
    store,
)


@compiled
def random_playouts(rules: Rules, games: int, seed: int) -> tuple[int, int, int, int]:
    """Play random games from the start.

    Returns:
        plies played, games won by the first player, drawn, won by the second player.
    """
    generator = numba.uint64(seed)
    moves, first, drawn, second = 0, 0, 0, 0
    for _ in range(games):
        state = start(rules)
        length = 0
        generator, bits = next_random(generator)
        action = random_legal(rules, state, bits)
        while action >= 0:
            state = play(rules, state, action)
            length += 1
            generator, bits = next_random(generator)
            action = random_legal(rules, state, bits)
        moves += length
        value = result(rules, state)
        if value == 0:
            drawn += 1
        elif (value == 1) == (length % 2 == 0):
            first += 1
        else:
            second += 1
    return moves, first, drawn, second


@inner
def perft(rules: Rules, state: State, depth: int) -> int:
    """Count the positions at `depth` plies; finished games have none below them."""
    if depth == 0:
        return 1
    # An explicit stack: numba cannot link a cached function that calls itself.
    words = np.empty((depth, len(state)), np.uint64)
    tried = np.zeros(depth, np.int64)
    store(words, 0, state)
    total, level = 0, 0
    while level >= 0:
        here = load(rules, words, level)
        action = tried[level]
        if level == depth - 1:
            total += count_legal(rules, here)
            level -= 1
        elif action == rules.n_actions:
            level -= 1
        else:
            tried[level] += 1
            if is_legal(rules, here, action):
                level += 1
                store(words, level, play(rules, here, action))
                tried[level] = 0
    return total


@compiled
def perft_from(rules: Rules, states: States, depth: int) -> int:
    """Count the positions `depth` plies below the first row of `states`."""
    return perft(rules, load(rules, states, 0), depth)
