"""Protocols for the parts of results that pictures show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class RatedPlayer(Protocol):
    """A player of a league, see `league_table.Row`."""

    @property
    def player(self) -> str:
        """Its name."""
        ...

    @property
    def elo(self) -> float:
        """Its rating."""
        ...

    @property
    def low(self) -> float:
        """Lower end of the rating's 95 % interval."""
        ...

    @property
    def high(self) -> float:
        """Its upper end."""
        ...

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds per move."""
        ...


class Pairing(Protocol):
    """The score of one player against another, see `league_table.HeadToHead`."""

    @property
    def player(self) -> str:
        """One player."""
        ...

    @property
    def opponent(self) -> str:
        """The other."""
        ...

    @property
    def score(self) -> float:
        """Points of the player per game, in [0, 1]."""
        ...


class ShownLeague(Protocol):
    """The result of a league, see `league_table.Table`."""

    @property
    def game(self) -> str:
        """The name of the game."""
        ...

    @property
    def games(self) -> int:
        """The number of games."""
        ...

    @property
    def anchored(self) -> bool:
        """Whether random play is 0; otherwise the mean is."""
        ...

    @property
    def rows(self) -> Sequence[RatedPlayer]:
        """The players, the strongest first."""
        ...

    @property
    def cells(self) -> Sequence[Pairing]:
        """All pairs of players that met."""
        ...


class Curve(Protocol):
    """A model's performance during training, see `curves.LearningCurve`."""

    name: str
    measure: str
    steps: list[int]
    seconds: list[float]
    values: list[float]
