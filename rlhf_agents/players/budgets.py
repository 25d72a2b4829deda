"""Budgets behind an @: `agent@16`, `agent@0.5s`, `agent@level7`, `agent@elo1200`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rlhf_agents.errors import SettingError

if TYPE_CHECKING:
    from rlhf_agents.players.agent import Agent

WITHOUT_LEVELS = ("random", "minimax", "openspiel-mcts", "perfect", "human")
"""Kinds of players that are always equally strong."""
_PLAYER = re.compile(
    r"(?P<player>.+)@(?:(?P<nodes>\d{1,18})|(?P<seconds>\d+(?:\.\d+)?)s"
    r"|level(?P<level>\d{1,9})|elo(?P<elo>-?\d{1,9}))",
    re.ASCII,
)


@dataclass(frozen=True)
class MoveBudget:
    """What an agent may spend on a move, or how strong it shall be; one of them is given.

    Attributes:
        nodes: positions to look at.
        seconds: time.
        level: from 1 to 12.
        elo: the same in Elo.
    """

    nodes: int | None = None
    seconds: float | None = None
    level: int | None = None
    elo: int | None = None

    def levelled(self, agent: Agent) -> Agent:
        """Return an agent at this level or Elo, as it is if neither is given.

        Raises:
            SettingError: it has no such level.
        """
        if self.level is not None:
            return agent.at_level(self.level)
        return agent if self.elo is None else agent.at_elo(self.elo)


def split_budget(spec: str) -> tuple[str, MoveBudget | None]:
    """Return the player that a spec names, and its budget if it names one."""
    found = _PLAYER.fullmatch(spec)
    if found is None or Path(spec).exists():
        return spec, None
    seconds, numbers = found["seconds"], ("nodes", "level", "elo")
    given = {name: int(found[name]) for name in numbers if found[name] is not None}
    budget = MoveBudget(seconds=None if seconds is None else float(seconds), **given)
    return found["player"], budget


def with_seconds(spec: str, seconds: float) -> str:
    """Return the spec of a player with a time per move behind it."""
    return f"{spec}@{seconds:.6f}".rstrip("0").rstrip(".") + "s"


def with_level(spec: str, level: int | None, elo: int | None) -> str:
    """Return the spec of a player with the level or the Elo of options behind it.

    Raises:
        SettingError: the player has a budget already, or is none that has levels.
    """
    if level is None and elo is None:
        return spec
    if spec.partition(":")[0] in WITHOUT_LEVELS or spec.endswith(".py"):
        msg = f"{spec} has no levels: leave out --level and --elo, or name an agent"
        raise SettingError(msg)
    if split_budget(spec)[1] is not None:
        msg = f"{spec} says already how strong it plays: leave out --level and --elo"
        raise SettingError(msg)
    return f"{spec}@level{level}" if level is not None else f"{spec}@elo{elo}"
