"""Agents of any game, to compare with what was exported of them."""

from __future__ import annotations

import rlhf_games
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.settings import Foresight
from tests.agents.weights import random_weights


def agent_of(name: str) -> Agent:
    """Return the bundled agent of the game, or else one with a random network."""
    if name in bundled_agents():
        return load_agent(name)
    game = rlhf_games.make(name)
    return Agent(name, game, random_weights(game), Foresight())
