"""The strengths that a person can choose for agents: their levels, or budgets if they have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rlhf_agents.players.levels import LEVELS, LevelTable
from rlhf_agents.players.players import AgentPlayer, Player
from rlhf_agents.words import LEVEL_NAMES, nodes_words

BUDGETS = (0, 1, 16, 64, 256, 1000, 4000, 16000)
"""Positions per move to choose from where nobody measured levels."""


@dataclass(frozen=True)
class NamedStrength:
    """A strength to choose.

    Attributes:
        name: what people call it.
        detail: what the name does not say, such as "level 7, 1,240 Elo"; else empty.
        level: from 1 to 12; None if it is a number of nodes.
        nodes: positions per move.
    """

    name: str
    detail: str = ""
    level: int | None = None
    nodes: int = 0

    def __str__(self) -> str:
        """Return its name, and what the name does not say."""
        return f"{self.name} ({self.detail})" if self.detail else self.name

    def applied_to(self, player: AgentPlayer) -> AgentPlayer:
        """Return the same player with this strength.

        Raises:
            SettingError: its levels were not measured.
        """
        if self.level is not None:
            return AgentPlayer(player.agent.at_level(self.level), seed=player.seed)
        agent = player.agent.with_strength(None, "", 0)
        return AgentPlayer(agent, self.nodes, seed=player.seed)

    def is_of(self, player: AgentPlayer) -> bool:
        """Return whether a player has this strength."""
        if self.level is not None:
            return player.level is not None and player.agent.budget_name == f"level{self.level}"
        return player.level is None and player.seconds is None and player.nodes == self.nodes


def strengths_of(players: Sequence[Player | None]) -> tuple[NamedStrength, ...]:
    """Return the strengths that all agents among the players can have; none without agents."""
    tables = [player.agent.levels for player in _agents(players)]
    if not tables:
        return ()
    if tables[0] is not None and all(tables):
        return tuple(_level(number, tables[0]) for number in range(1, LEVELS + 1))
    return tuple(NamedStrength(nodes_words(n), nodes=n) for n in BUDGETS)


def place_of(strengths: Sequence[NamedStrength], players: Sequence[Player | None]) -> int | None:
    """Return the index of the strength that all agents among the players have, None if none is."""
    for place, strength in enumerate(strengths):
        if all(strength.is_of(player) for player in _agents(players)):
            return place
    return None


def _level(number: int, table: LevelTable) -> NamedStrength:
    detail = f"level {number}, {table.elo_of(number):,.0f} Elo"
    return NamedStrength(LEVEL_NAMES[number - 1], detail, level=number)


def _agents(players: Sequence[Player | None]) -> list[AgentPlayer]:
    return [player for player in players if isinstance(player, AgentPlayer)]
