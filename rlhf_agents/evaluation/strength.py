"""How strong a model is while it learns a game: the network alone against alpha-beta."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.search.searcher import Searcher
from rlhf_games.base import Game

Strength = Callable[[HFDQN], float]
"""Measures a model while it trains: a score in [0, 1]."""

STRENGTH_DEPTH = 4
STRENGTH_GAMES = 64


def score_against_alpha_beta(model: HFDQN) -> float:
    """Return the share of points of the network alone against alpha-beta, from random openings."""
    from rlhf_agents.players.minimax import MinimaxPlayer  # noqa: PLC0415

    learner = model.learner
    assert learner is not None
    opponent = MinimaxPlayer(learner.game, STRENGTH_DEPTH)
    return _score(learner.game, learner.searcher, opponent)


def _score(game: Game, searcher: Searcher, opponent: Any) -> float:
    rng = np.random.default_rng(0)
    states = game.initial(STRENGTH_GAMES)
    for _ in range(2):
        states = game.step(states, game.random_actions(states, rng))
    ours = np.arange(STRENGTH_GAMES) % 2
    wanted = np.zeros(STRENGTH_GAMES, np.int64)
    while (legal := game.legal(states).any(axis=1)).any():
        actions = np.zeros(STRENGTH_GAMES, np.int64)
        turn = game.mover(states) == ours
        mine, theirs = legal & turn, legal & ~turn
        actions[mine] = searcher.choose(states[mine], wanted[mine], 0)
        if theirs.any():
            actions[theirs] = opponent.act(states[theirs], "win")
        states = game.step(states, actions)
    outcome = game.outcome(states).astype(np.float64)
    points = np.where(game.mover(states) == ours, outcome, -outcome)
    return float((points.mean() + 1) / 2)
