"""The functions of every adapter module, and the records that they take and return.

An adapter `from_LIBRARY` has three functions, found by name through `registry`:

    make(config: EnvConfig) -> an environment (n_envs == 1) or an SB3 VecEnv (n_envs > 1)
    worlds() -> list[str]               the names after "LIBRARY:", sorted
    describe(name: str) -> EnvInfo        what `rlhf-games` prints; may be slow
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rlhf_games.base import GameError, Goal, did_you_mean, unknown_name

SELF, RANDOM = "self", "random"

Info = dict[str, Any]
"""Infos from Gymnasium's `reset` and `step`, and the options of `reset`."""
Infos = Info | Sequence[Info]
"""The info of one step, or of several."""
Options = Mapping[str, Any]
"""Options for a library's constructors, by name."""


class EnvError(GameError):
    """A mistake in the use of an environment, in one sentence that names the cure."""


class NoRulesError(EnvError):
    """An environment has no rules to look ahead with."""


FEW, SOME = 15, 3
"""The most names that an error lists; of more, the number of examples."""


DRIVING = re.compile(r"(highway|highway-fast|merge|roundabout|intersection)-v\d+")
"""HighwayEnv's ids, which Gymnasium knows once it is installed."""


def unknown_env(library: str, name: str, known: Sequence[str]) -> str:
    """Return a sentence that says that a library has no environment with a name, and what to do."""
    if DRIVING.fullmatch(name) and importlib.util.find_spec("highway_env") is None:
        return f'{name} needs highway-env: pip install "rlhf-agents[driving]"'
    if len(known) <= FEW:
        return unknown_name(f"{library} environment", name, known)
    near = did_you_mean(name, known)
    such = "" if near else f", such as {', '.join(known[:SOME])}"
    listed = f"`rlhf-games {library}` lists all {len(known)}{such}"
    return f"unknown {library} environment {name!r}; {near}{listed}"


def margin_goals(margins: Sequence[int]) -> list[tuple[Goal, int]]:
    """Return a goal `win_margin_M` for each margin, the easiest first, and the margins."""
    ascending = sorted(margins)
    easier = ["win", *(f"win_margin_{margin}" for margin in ascending)]
    return [
        (Goal(f"win_margin_{margin}", f"win by {margin} or more", implies=implied), margin)
        for margin, implied in zip(ascending, easier, strict=False)
    ]


@dataclass(frozen=True)
class EnvConfig:
    """The arguments of `make_env`.

    Attributes:
        name: `LIBRARY:NAME`, e.g. `gymnasium:CartPole-v1`, a game of `rlhf_games`, or an id of
            Gymnasium's.
        n_envs: 1 for a Gymnasium environment, more for an SB3 `VecEnv`.
        goal: what to play for: a name of the environment's goal table, or what the adapter
            documents.
        opponent: in two-player environments, an opponent or a mixture, see `opponents`; None is the
            default.
        seed: seeds everything random.
        options: passed to the foreign library by name.
    """

    name: str
    n_envs: int = 1
    goal: Any = None
    opponent: Any = None
    seed: int | None = None
    options: Options = field(default_factory=dict)

    @property
    def library(self) -> str:
        """The part of the name before the colon, empty without one."""
        return self.name.partition(":")[0] if ":" in self.name else ""

    @property
    def world(self) -> str:
        """The part of the name after the first colon."""
        return self.name.partition(":")[2]


@dataclass(frozen=True)
class EnvInfo:
    """Facts about an environment.

    Attributes:
        name: with its library, e.g. `openspiel:breakthrough`.
        players: their number.
        actions: the number of discrete actions of each.
        goals: names in the goal table, or one phrase in round brackets for open goals.
        foresight: its rules can be simulated exactly.
    """

    name: str
    players: int
    actions: int
    goals: tuple[str, ...]
    foresight: bool = False
