"""Hints: who gives them, and whether there is anything to say."""

from __future__ import annotations

import numpy as np

from rlhf_agents.players.minimax import MinimaxPlayer
from rlhf_agents.players.players import MAX_DEPTH, AgentPlayer, Player
from rlhf_agents.players.timed import TimedPlayer
from rlhf_agents.search.explanation import Explanation
from rlhf_games.base import Game

HINT_SECONDS = 2.0
"""How long the search looks for a hint in games without an agent."""
NO_HINT = "no hint: the search prefers no move here"


def adviser_for(game: Game, analyst: AgentPlayer | None) -> Player:
    """Return the best adviser for a game, however weak the players are.

    Args:
        game: the rules.
        analyst: the agent that values positions; None: a search that knows only the rules advises.
    """
    return analyst or TimedPlayer(MinimaxPlayer(game, MAX_DEPTH), HINT_SECONDS)


def advises(why: Explanation) -> bool:
    """Return whether an explanation prefers a move: if all are worth the same, it is no advice."""
    known = why.values[~np.isnan(why.values)]
    return len(known) == 1 or bool(known.max() > known.min())
