"""Protocols for the members of PettingZoo's objects that are used here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rlhf_adapters.kinds import Picture, Space
from rlhf_adapters.specs import Info


class ZooEnv(Protocol):
    """An environment with several agents."""

    agents: list[str]
    possible_agents: list[str]
    metadata: Mapping[str, Any]

    @property
    def unwrapped(self) -> Any:
        """The environment without wrappers; every game has its own members."""

    def observation_space(self, agent: str) -> Space:
        """Return an agent's observation."""
        ...

    def action_space(self, agent: str) -> Space:
        """Return an agent's action space."""
        ...

    def render(self) -> Picture:
        """Return a picture."""
        ...

    def close(self) -> None:
        """Release its resources."""
        ...


class ParallelEnv(ZooEnv, Protocol):
    """An environment whose agents move at the same time."""

    def reset(
        self, seed: int | None = None, options: Info | None = None
    ) -> tuple[Mapping[str, object], Mapping[str, Info]]:
        """Begin an episode; return observations and infos."""
        ...

    def step(
        self, actions: Mapping[str, int]
    ) -> tuple[
        Mapping[str, object],
        Mapping[str, float],
        Mapping[str, bool],
        Mapping[str, bool],
        Mapping[str, Info],
    ]:
        """Let all agents act; return observations, rewards, ends, cuts and infos."""
        ...


class AecEnv(ZooEnv, Protocol):
    """An environment whose agents take turns."""

    agent_selection: str
    rewards: Mapping[str, float]
    terminations: Mapping[str, bool]
    truncations: Mapping[str, bool]
    infos: Mapping[str, Info]

    def reset(self, seed: int | None = None, options: Info | None = None) -> None:
        """Begin an episode."""
        ...

    def step(self, action: int | None) -> None:
        """Let the next agent act; None removes one that is done."""
        ...

    def observe(self, agent: str) -> Any:
        """Return an agent's observation: an array, or a Dict of an observation and a mask."""
        ...
