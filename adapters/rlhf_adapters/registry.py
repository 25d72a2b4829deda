"""Which libraries have an adapter: strings, imported on first use, each with its cure.

Third parties add theirs by an entry point of the group `rlhf_adapters`, whose name is the library
and whose value is a module with the functions that `worlds` describes.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from rlhf_adapters.specs import EnvError
from rlhf_games.base import unknown_name


@dataclass(frozen=True)
class Library:
    """An adapter and what it needs.

    Attributes:
        name: what stands before the colon.
        module: the adapter.
        needs: foreign modules that must be importable.
        extra: of this distribution, which installs them.
        text: what its worlds are, in a few words.
    """

    name: str
    module: str
    needs: tuple[str, ...] = ()
    extra: str = ""
    text: str = ""

    @property
    def installed(self) -> bool:
        """Whether all that it needs can be imported; nothing is imported for the answer."""
        return all(importlib.util.find_spec(module) is not None for module in self.needs)

    @property
    def cure(self) -> str:
        """The command that installs what it needs."""
        return f'pip install "rlhf-agents[{self.extra}]"'

    def load(self) -> Any:
        """Import the adapter.

        Raises:
            WorldError: what it needs is not installed.
        """
        if not self.installed:
            msg = f"{self.name}: worlds need {' and '.join(self.needs)}: {self.cure}"
            raise EnvError(msg)
        return import_module(self.module)


_LIBRARIES: tuple[Library, ...] = (
    Library(
        "ale",
        "rlhf_adapters.from_ale",
        needs=("ale_py", "cv2"),
        extra="ale",
        text="Atari 2600 games, prepared as SB3 does",
    ),
    Library(
        "gymnasium",
        "rlhf_adapters.from_gymnasium",
        text="classic control, toy text, Box2D, and whatever is registered",
    ),
    Library(
        "minatar",
        "rlhf_adapters.from_minatar",
        extra="minatar",
        text="five small Atari games, the original and compiled ones for many at once",
    ),
    Library(
        "minigrid",
        "rlhf_adapters.from_minigrid",
        needs=("minigrid",),
        extra="minigrid",
        text="grid worlds with keys, doors and lava",
    ),
    Library(
        "mpe2",
        "rlhf_adapters.from_mpe2",
        needs=("mpe2",),
        extra="mpe2",
        text="particles that spread, chase and talk, several agents at a time",
    ),
    Library(
        "openspiel",
        "rlhf_adapters.from_openspiel",
        needs=("pyspiel",),
        extra="openspiel",
        text="two-player games of perfect information, with exact foresight",
    ),
    Library(
        "pettingzoo",
        "rlhf_adapters.from_pettingzoo",
        needs=("pettingzoo",),
        extra="pettingzoo",
        text="turn-based games of two players, and worlds of many agents that move at once",
    ),
)


def libraries() -> dict[str, Library]:
    """Return all adapters by the name of their library."""
    plugins = {
        plugin.name: Library(plugin.name, plugin.value, text="a plugin")
        for plugin in entry_points(group="rlhf_adapters")
    }
    return {**plugins, **{library.name: library for library in _LIBRARIES}}


def library(name: str) -> Library:
    """Return the adapter of a library.

    Raises:
        WorldError: there is none; near names and the list are given.
    """
    table = libraries()
    if name not in table:
        msg = unknown_name("library", name, table)
        raise EnvError(msg)
    return table[name]
