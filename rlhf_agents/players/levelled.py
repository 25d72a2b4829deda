"""What an agent may spend on a move: nodes, seconds, or what its level says."""

from __future__ import annotations

from copy import copy
from typing import Self

from rlhf_agents.errors import SettingError
from rlhf_agents.limits import checked_nodes, checked_seconds, checked_seed
from rlhf_agents.players.levels import LevelTable, Strength
from rlhf_agents.search.handicap import Handicap

DEFAULT_NODES = 256


def checked_budget(nodes: int | None, seconds: float | None) -> int:
    """Check the budget of a search and return its nodes; `seconds` take precedence.

    Raises:
        SettingError: one of them is impossible, or both are given.
    """
    if seconds is not None:
        checked_seconds(seconds)
        if nodes is not None:
            msg = f"give nodes={nodes} or seconds={seconds:g}, not both"
            raise SettingError(msg)
    return checked_nodes(DEFAULT_NODES if nodes is None else nodes)


class Levelled:
    """An agent whose strength can be chosen; its searches use `_effort`.

    Args:
        levels: how strong it plays with which settings; None: nothing was measured.

    Attributes:
        name: how it is called.
        strength: how it searches where no budget is named, see `at_level`; None: 256 nodes.
        budget_name: the same as players are named: "level5", "" if there is none.
        error_seed: of what it misjudges at its level.
    """

    name: str

    def __init__(self, levels: LevelTable | None) -> None:
        self.levels = levels
        self.strength: Strength | None = None
        self.budget_name, self.error_seed = "", 0

    def at_level(self, level: int, seed: int = 0) -> Self:
        """Return the same agent as strong as a level from 1 (beginner) to 12 (perfect).

        Args:
            level: how strong.
            seed: of what it misjudges; with the same seed it plays the same.

        Raises:
            SettingError: there is no such level, or nothing was measured.
        """
        return self.with_strength(self._table.of_level(level), f"level{level}", seed)

    def at_elo(self, elo: float, seed: int = 0) -> Self:
        """Return the same agent as strong as an Elo, see `at_level`.

        Raises:
            SettingError: it cannot play so weakly or so strongly, or nothing was measured.
        """
        return self.with_strength(self._table.of_elo(elo), f"elo{elo:.0f}", seed)

    def with_errors(self, seed: int) -> Self:
        """Return the same agent, which misjudges other things at its level."""
        return self.with_strength(self.strength, self.budget_name, seed)

    def with_strength(self, strength: Strength | None, name: str, seed: int) -> Self:
        """Return the same agent with other settings.

        Args:
            strength: the settings, None for 256 nodes.
            name: what they are called behind the agent's name.
            seed: of what it misjudges.
        """
        twin = copy(self)
        twin.strength, twin.budget_name, twin.error_seed = strength, name, checked_seed(seed)
        return twin

    @property
    def _table(self) -> LevelTable:
        if self.levels is None:
            msg = f"{self.name} has no levels: measure them by rlhf-arena --calibrate FILE.zip"
            raise SettingError(msg)
        return self.levels

    def _effort(
        self, nodes: int | None, seconds: float | None
    ) -> tuple[int, float | None, Handicap | None]:
        """Return nodes, seconds and handicap of a search; a named budget replaces the level's.

        Raises:
            SettingError: a budget is impossible, or both are given.
        """
        if nodes is not None or seconds is not None or self.strength is None:
            return checked_budget(nodes, seconds), seconds, None
        own = self.strength
        exact = own.seconds is not None or not own.noise
        handicap = None if exact else Handicap(own.noise, own.sight, self.error_seed)
        return own.nodes, own.seconds, handicap
