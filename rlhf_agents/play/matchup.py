"""Matchups: from the settings of a game to its rules and players."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import rlhf_games
from rlhf_agents.play.auto_level import AutoLevel
from rlhf_agents.play.hints import adviser_for
from rlhf_agents.play.session import Session
from rlhf_agents.play.setup import Setup
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.budgets import with_level
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.levelled import DEFAULT_NODES
from rlhf_agents.players.players import AgentPlayer, Player, make_player
from rlhf_agents.words import player_words
from rlhf_games.base import Game

OPENING_PLIES = 2
REVIEW_NODES = 1000


@dataclass(frozen=True)
class Matchup:
    """The rules and the players of a game.

    Attributes:
        game: the rules.
        agent: the player whose goal the person sets.
        other: its opponent, None for a person.
        analyst: an agent that values any position for any goal; None if the game has none.
        adviser: gives hints, see `hints.adviser_for`.
    """

    game: Game
    agent: Player
    other: Player | None
    analyst: AgentPlayer | None
    adviser: Player

    def players(self, agent_seat: int) -> tuple[Player | None, Player | None]:
        """Return the first and the second player, None for a person."""
        return (self.agent, self.other) if agent_seat == 0 else (self.other, self.agent)

    def names(self, agent_seat: int) -> tuple[str, str]:
        """Return the names of the first and the second player."""
        agent, other = self._words_for(self.agent), self._words_for(self.other)
        if agent == other:
            return f"{agent} (first)", f"{agent} (second)"
        return (agent, other) if agent_seat == 0 else (other, agent)

    def _words_for(self, player: Player | None) -> str:
        return "you" if player is None else player_words(player.name, self.game.name)


def load_matchup(setup: Setup) -> Matchup:
    """Load the rules and the players.

    Raises:
        rlhf_games.base.GameError: there is no such game or goal.
        UserError: there is no such player, or a setting or a file is wrong.
    """
    game = rlhf_games.make(setup.game)
    game.goal_index(setup.goal)

    def load(name: str) -> Agent:
        return load_agent(name, game.name)

    nodes = DEFAULT_NODES if setup.nodes is None else setup.nodes

    def make(spec: str, seed: int) -> Player:
        return make_player(spec, game, nodes=nodes, seed=seed, load=load, seconds=setup.seconds)

    own = setup.agent or "agent"
    if setup.follows:
        own = with_level(own, AutoLevel(setup.game).level, None)
    agent, other = make(own, setup.seed), None
    if setup.opponent != "human":
        other = make(own if setup.opponent == "agent" else setup.opponent, setup.seed + 1)
    analyst = _analyst(game, (agent, other))
    return Matchup(game, agent, other, analyst, adviser_for(game, analyst))


def _analyst(game: Game, players: tuple[Player | None, ...]) -> AgentPlayer | None:
    for player in players:
        if isinstance(player, AgentPlayer):
            return AgentPlayer(player.agent, REVIEW_NODES)
    if game.name in bundled_agents():
        return AgentPlayer(load_agent(game.name, game.name), REVIEW_NODES)
    return None


def agent_seat(setup: Setup, number: int, rng: np.random.Generator) -> int:
    """Return the agent's seat in game `number` (from 0)."""
    if setup.side is None:
        return 1 - (number % 2 if setup.opponent != "human" else 0)
    if setup.side == "random":
        return int(rng.integers(2))
    return 1 if setup.side == "first" else 0


def new_session(setup: Setup, game: Game, seat: int, opening: list[int]) -> Session:
    """Return a game in which the agent has a `seat`, after an opening of random moves."""
    goals = [setup.goal, "win"] if seat == 0 else ["win", setup.goal]
    return Session(game, goals, opening, opening=len(opening))


def random_opening(game: Game, rng: np.random.Generator) -> list[int]:
    """Return a few random moves, so that the games of a match differ."""
    states, moves = game.initial(1), []
    for _ in range(OPENING_PLIES):
        action = game.random_actions(states, rng)
        states = game.step(states, action)
        moves.append(int(action[0]))
    return moves
