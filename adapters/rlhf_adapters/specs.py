"""What every adapter module offers, and the records that it speaks in.

An adapter `from_LIBRARY` has three functions, found by name through `registry`:

    make(order: Order) -> an environment (n_envs == 1) or an SB3 VecEnv (n_envs > 1)
    worlds() -> list[str]               the names after "LIBRARY:", sorted
    describe(world: str) -> World       what `rlhf-games` prints; may be slow
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rlhf_games.base import GameError

SELF, RANDOM = "self", "random"


def unknown(kind: str, name: str, known: Iterable[str], most: int = 40) -> str:
    """Return a sentence that says that a name is unknown and which are near."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"unknown {kind} {name!r}; {hint}known: {', '.join(names[:most])}{more}"


class WorldError(GameError):
    """A mistake in the use of a world, in one sentence that names the cure."""


class NoRulesError(WorldError):
    """Rules were asked for of a world that has none to look ahead with."""


@dataclass(frozen=True)
class Order:
    """What `make_env` was asked for.

    Attributes:
        library: the part of the name before the colon.
        world: the part after it.
        n_envs: 1 for a Gymnasium environment, more for an SB3 `VecEnv`.
        goal: what to play for: a name of the world's goal table, or what the adapter documents.
        opponent: in two-player worlds, an opponent or a mixture, see `opponents`; None is the
            default.
        seed: of everything random.
        options: passed to the foreign library by name.
    """

    library: str
    world: str
    n_envs: int = 1
    goal: Any = None
    opponent: Any = None
    seed: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The full name, e.g. `gymnasium:CartPole-v1`."""
        return f"{self.library}:{self.world}"


@dataclass(frozen=True)
class World:
    """What is known of a world without playing it.

    Attributes:
        name: with its library, e.g. `openspiel:breakthrough`.
        players: how many take part.
        actions: discrete actions of each.
        goals: names in the goal table, or one phrase in round brackets for open goals.
        foresight: its rules can be simulated exactly.
    """

    name: str
    players: int
    actions: int
    goals: tuple[str, ...]
    foresight: bool = False
