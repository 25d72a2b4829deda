"""Exact values of a small game for all goals, by the recursion of DESIGN section 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.goal_values import GoalRules
from rlhf_agents.selfplay.targets import one_ply, reply_weights
from rlhf_games.base import Game, Outcome, Verdict


def solve(game: Game, goals: GoalRules) -> dict[bytes, NDArray[np.float32]]:
    """Return float32 `[2, G, A]` (M and W, illegal moves 0) for every unfinished position."""
    table: dict[bytes, NDArray[np.float32]] = {}
    _visit(game, goals, game.initial(1), table)
    return table


def _visit(game, goals, states, table):
    key = states.tobytes()
    if key in table:
        return
    legal = np.flatnonzero(game.legal(states)[0])
    children = game.step(np.repeat(states, len(legal), axis=0), legal)
    over = game.outcome(children) != Outcome.ONGOING
    values = np.zeros((2, len(game.goals), game.n_actions), np.float32)
    for action, child, done in zip(legal, children, over, strict=True):
        if done:
            values[:, :, action] = _finished(game, goals, child[None])
        else:
            _visit(game, goals, child[None], table)
            values[:, :, action] = _one_ply(game, goals, child[None], table[child.tobytes()])
    table[key] = values


def _finished(game, goals, states):
    """M and W of the player who just moved and of the other one, for a finished game."""
    achieved = game.verdicts(states)[0] == Verdict.ACHIEVED
    drawn = game.outcome(states)[0] == Outcome.DRAW
    worth = np.maximum(achieved, goals.draw_value * drawn)
    return worth[::-1]  # who moved is the waiting player now


def _one_ply(game, goals, states, child):
    legal = game.legal(states)[0]
    replies = np.zeros(game.n_actions, np.float32)
    reply_weights(goals, child, legal, replies)
    pairs = [one_ply(goals, g, child, legal, replies) for g in range(len(game.goals))]
    return np.array(pairs, np.float32).T


def negamax(game: Game, states, cache: dict[bytes, int]) -> int:
    """Return the game value of a position for its mover, by plain negamax in Python."""
    key = states.tobytes()
    if key not in cache:
        outcome = int(game.outcome(states)[0])
        if outcome != Outcome.ONGOING:
            cache[key] = outcome
        else:
            legal = np.flatnonzero(game.legal(states)[0])
            children = game.step(np.repeat(states, len(legal), axis=0), legal)
            cache[key] = max(-negamax(game, child[None], cache) for child in children)
    return cache[key]
