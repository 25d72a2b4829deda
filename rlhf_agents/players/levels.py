"""Levels: how strong an agent plays, from 1 (beginner) to 12 (perfect), measured in Elo.

A model file holds what `rlhf-arena --calibrate` measured: settings of the search, from weak to
strong, each with its Elo. Levels are equal steps of Elo between the weakest and the strongest, but
those from 2 to 4 are never weaker than the second to the fourth setting, so that from level 4 on
nothing is overlooked that happens at once. What lies between two settings is interpolated.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral
from typing import Any

from rlhf_agents.errors import ModelFileError, SettingError
from rlhf_agents.files.untrusted import WRONG
from rlhf_agents.limits import checked_nodes, checked_seconds
from rlhf_agents.search.handicap import EXACT_SIGHT
from rlhf_agents.words import LEVEL_NAMES

LEVELS = len(LEVEL_NAMES)
SEES_AT_ONCE = 4
"""From this level on, wins and losses within two plies are never overlooked."""
MANIFEST_KEY = "levels"
MOST_SETTINGS = 200
LARGEST_NOISE, LARGEST_SIGHT, LARGEST_ELO = 20.0, 1000.0, 1e5


@dataclass(frozen=True)
class Strength:
    """How an agent searches, and how it misjudges what it finds.

    Attributes:
        nodes: positions to look at per move.
        noise: see `search.handicap.Handicap`.
        sight: likewise.
        seconds: time per move instead of `nodes`, or None; then nothing is misjudged.
    """

    nodes: int
    noise: float = 0.0
    sight: float = EXACT_SIGHT
    seconds: float | None = None


@dataclass(frozen=True)
class Measured:
    """A setting and what it was worth.

    Attributes:
        strength: the setting.
        elo: its rating; random play has 0.
        error: half of the 95 % interval.
    """

    strength: Strength
    elo: float
    error: float


@dataclass(frozen=True)
class LevelTable:
    """The measured settings of an agent, from weak to strong.

    Attributes:
        measured: five or more; every one has a higher Elo than the one before. From the fourth on
            they see exactly what happens at once.
        date: of the measurement, ISO 8601.
        pool: the players that took part beside the settings.
        games: how many were played.
    """

    measured: tuple[Measured, ...]
    date: str
    pool: tuple[str, ...]
    games: int

    @property
    def lowest(self) -> float:
        """The Elo of level 1."""
        return self.measured[0].elo

    @property
    def highest(self) -> float:
        """The Elo of level 12."""
        return self.measured[-1].elo

    def elo_of(self, level: int) -> float:
        """Return the Elo of a level: in equal steps, if the first settings are not stronger."""
        number, last = checked_level(level), SEES_AT_ONCE
        if number <= last:
            even = self.lowest + (number - 1) / (LEVELS - 1) * (self.highest - self.lowest)
            return min(max(self.measured[number - 1].elo, even), self.highest)
        exact = self.elo_of(last)
        return exact + (number - last) / (LEVELS - last) * (self.highest - exact)

    def error_of(self, level: int) -> float:
        """Return half of the 95 % interval of a level's Elo, that of the nearest setting."""
        elo = self.elo_of(level)
        return min(self.measured, key=lambda one: abs(one.elo - elo)).error

    def of_level(self, level: int) -> Strength:
        """Return the settings of a level from 1 to 12.

        Raises:
            SettingError: there is no such level.
        """
        return self.of_elo(self.elo_of(level))

    def of_elo(self, elo: float) -> Strength:
        """Return the settings that play with an Elo.

        Raises:
            SettingError: the agent has no settings so weak or so strong.
        """
        self.check_elo(elo)
        for below, above in pairwise(self.measured):
            if elo <= above.elo:
                share = (elo - below.elo) / (above.elo - below.elo)
                return _between(below.strength, above.strength, min(max(share, 0.0), 1.0))
        return self.measured[-1].strength

    def check_elo(self, elo: float) -> None:
        """Raise `SettingError` if the agent has no settings so weak or so strong."""
        low, high = math.floor(self.lowest), math.ceil(self.highest)
        if not low <= elo <= high:
            msg = f"elo must be {low} to {high}, as this agent was measured, got {elo:g}"
            raise SettingError(msg)

    def to_json(self) -> dict[str, Any]:
        """Return the table as JSON can hold it."""
        settings = [
            {**dataclasses.asdict(one.strength), "elo": one.elo, "error": one.error}
            for one in self.measured
        ]
        return {
            "settings": settings,
            "date": self.date,
            "pool": list(self.pool),
            "games": self.games,
        }

    @classmethod
    def from_json(cls, found: Any) -> LevelTable:
        """Return the table that a file holds.

        Raises:
            ValueError: it is not one.
        """
        settings = found["settings"]
        fewest = SEES_AT_ONCE + 1
        if not isinstance(settings, list) or not fewest <= len(settings) <= MOST_SETTINGS:
            msg = f"levels need {fewest} to {MOST_SETTINGS} settings"
            raise ValueError(msg)
        measured = tuple(_measured(one) for one in settings)
        if any(above.elo <= below.elo for below, above in pairwise(measured)):
            msg = "the settings of the levels are not in the order of their Elo"
            raise ValueError(msg)
        if any(one.strength.sight < EXACT_SIGHT for one in measured[SEES_AT_ONCE - 1 :]):
            msg = f"level {SEES_AT_ONCE} and those above overlook what happens at once"
            raise ValueError(msg)
        if any(one.strength.seconds is not None for one in measured[:-1]):
            msg = "only the strongest setting may have seconds"
            raise ValueError(msg)
        pool = tuple(str(name)[:100] for name in list(found["pool"])[:100])
        return cls(measured, str(found["date"])[:40], pool, int(found["games"]))


def table_of(manifest: dict[str, Any], path: str) -> LevelTable | None:
    """Return the levels that the manifest of a model file holds, None if there are none.

    Raises:
        ModelFileError: they are damaged.
    """
    if manifest.get(MANIFEST_KEY) is None:
        return None
    try:
        return LevelTable.from_json(manifest[MANIFEST_KEY])
    except (*WRONG, SettingError) as error:
        msg = f"{path} does not describe levels ({error})"
        raise ModelFileError(msg) from error


def checked_level(level: Any) -> int:
    """Return a level.

    Raises:
        SettingError: it is not a whole number from 1 to 12.
    """
    fits = isinstance(level, Integral) and not isinstance(level, bool)
    if not fits or not 1 <= int(level) <= LEVELS:
        msg = f"a level must be 1 ({LEVEL_NAMES[0]}) to {LEVELS} ({LEVEL_NAMES[-1]}), got {level}"
        raise SettingError(msg)
    return int(level)


def level_rows(table: LevelTable) -> Sequence[tuple[int, str, float, float, Strength]]:
    """Return number, name, Elo, its error and settings of every level."""
    numbers = range(1, LEVELS + 1)
    return [
        (k, LEVEL_NAMES[k - 1], table.elo_of(k), table.error_of(k), table.of_level(k))
        for k in numbers
    ]


def _between(below: Strength, above: Strength, share: float) -> Strength:
    """Return the settings at a share in [0, 1] of the way between two."""
    if above.seconds is not None:
        return above if share >= 0.5 else below
    nodes = math.exp((1 - share) * math.log(below.nodes) + share * math.log(above.nodes))
    return Strength(
        nodes=round(nodes),
        noise=(1 - share) * below.noise + share * above.noise,
        sight=(1 - share) * below.sight + share * above.sight,
    )


def _measured(row: Any) -> Measured:
    """Return a checked setting.

    Raises:
        ValueError: a number is impossible.
    """
    seconds = row["seconds"]
    strength = Strength(
        nodes=checked_nodes(row["nodes"]),
        noise=_number(row["noise"], 0.0, LARGEST_NOISE),
        sight=_number(row["sight"], 0.0, LARGEST_SIGHT),
        seconds=None if seconds is None else checked_seconds(seconds),
    )
    if not strength.nodes:
        msg = "a level looks at one position or more"
        raise ValueError(msg)
    elo = _number(row["elo"], -LARGEST_ELO, LARGEST_ELO)
    return Measured(strength, elo, _number(row["error"], 0.0, LARGEST_ELO))


def _number(value: Any, least: float, most: float) -> float:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits or not least <= value <= most:
        msg = f"{value!r} is not a number from {least:g} to {most:g}"
        raise ValueError(msg)
    return float(value)
