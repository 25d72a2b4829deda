"""The libraries with an adapter: strings, imported on first use, each with its install command.

Third parties add theirs with an entry point of the group `rlhf_adapters`, whose name is the library
and whose value is a module with the functions described in `specs`.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType

import rlhf_games
from rlhf_adapters.plugins import is_registered, offers
from rlhf_adapters.specs import EnvError, unknown_env
from rlhf_games.base import UnknownGameError, did_you_mean, unknown_name


@dataclass(frozen=True)
class Library:
    """An adapter and what it needs.

    Attributes:
        name: the part before the colon.
        module: the adapter.
        needs: third-party modules that must be importable.
        extra: the extra of this distribution that installs them.
        text: a few words about its environments.
        example: one of its environments.
    """

    name: str
    module: str
    needs: tuple[str, ...] = ()
    extra: str = ""
    text: str = ""
    example: str = "NAME"

    @property
    def installed(self) -> bool:
        """Whether all of `needs` can be imported; this imports nothing."""
        return all(importlib.util.find_spec(module) is not None for module in self.needs)

    @property
    def cure(self) -> str:
        """The command that installs what it needs."""
        return f'pip install "rlhf-agents[{self.extra}]"'

    def load(self) -> ModuleType:
        """Import the adapter.

        Raises:
            EnvError: one of `needs` is not installed.
        """
        if not self.installed:
            msg = f"{self.name}: environments need {' and '.join(self.needs)}: {self.cure}"
            raise EnvError(msg)
        return import_module(self.module)


_LIBRARIES: tuple[Library, ...] = (
    Library(
        "ale",
        "rlhf_adapters.from_ale",
        needs=("ale_py", "cv2"),
        extra="ale",
        text="Atari 2600 games, prepared as SB3 does",
        example="Breakout-v5",
    ),
    Library(
        "gymnasium",
        "rlhf_adapters.from_gymnasium",
        text="classic control, toy text, Box2D, and anything registered",
        example="CartPole-v1",
    ),
    Library(
        "minatar",
        "rlhf_adapters.from_minatar",
        extra="minatar",
        text="five small Atari games, the original and compiled ones for many at once",
        example="breakout",
    ),
    Library(
        "minigrid",
        "rlhf_adapters.from_minigrid",
        needs=("minigrid",),
        extra="minigrid",
        text="grid environments with keys, doors and lava",
        example="MiniGrid-Empty-8x8-v0",
    ),
    Library(
        "mpe2",
        "rlhf_adapters.from_mpe2",
        needs=("mpe2",),
        extra="mpe2",
        text="particles that spread, chase and talk, several agents at a time",
        example="simple_spread_v3",
    ),
    Library(
        "openspiel",
        "rlhf_adapters.from_openspiel",
        needs=("pyspiel",),
        extra="openspiel",
        text="two-player games of perfect information, with exact foresight",
        example="breakthrough",
    ),
    Library(
        "pettingzoo",
        "rlhf_adapters.from_pettingzoo",
        needs=("pettingzoo",),
        extra="pettingzoo",
        text="turn-based games of two players, and environments of many agents that move at once",
        example="connect_four_v3",
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
        EnvError: there is none; lists similar names and all libraries.
    """
    table = libraries()
    if name not in table:
        msg = unknown_name("library", name, table)
        raise EnvError(msg)
    return table[name]


GYMNASIUM = "gymnasium"
_ID = re.compile(r"(?:[\w:.-]+/)?[\w:.-]+-v\d+")
_IDS = {
    "ale": re.compile(r"ALE/.+-v5|\w+?(?:-ram)?(?:NoFrameskip|Deterministic)-v[04]"),
    "minigrid": re.compile(r"(?:MiniGrid|BabyAI)-.+-v\d+"),
}
"""Ids that Gymnasium has only once the library is imported."""
ATARI = "ALE/"


def full_name(name: str) -> str:
    """Return the canonical name of an environment.

    A game of `rlhf_games` keeps its name, without options: connect_four(rows=6) is connect_four. An
    id of Gymnasium's, `CartPole-v1`, gets its library, `gymnasium:CartPole-v1`; so does one whose
    module is imported first, as Gymnasium spells it, `highway_env:highway-fast-v0`. Where an
    installed plugin offers that id, the module is left out: `gymnasium:highway-fast-v0`.

    Raises:
        UnknownGameError: no environment has that name; suggests similar names.
        EnvError: there is no such library or module.
    """
    first, colon, rest = name.partition(":")
    if first == GYMNASIUM and colon:
        module, inner, world = rest.partition(":")
        return _of_module(rest, module) if inner and _ID.fullmatch(world) else name
    if first in libraries() and colon:
        return f"{first}:{rest.removeprefix(ATARI)}" if first == "ale" else name
    if colon and _ID.fullmatch(rest):
        return _of_module(name, first)
    if colon:
        library(first)
    bare = name.partition("(")[0]
    if bare in rlhf_games.names():
        return rlhf_games.plain_name(name)
    if name in libraries():
        example = libraries()[name].example
        msg = (
            f"{name} is a library, not an environment: name one of its environments, such as "
            f"{name}:{example}; `rlhf-games {name}` lists them"
        )
        raise UnknownGameError(msg)
    return _of_gymnasium(name)


def _of_module(name: str, module: str) -> str:
    try:
        found = importlib.util.find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        found = False
    if not found:
        near = did_you_mean(module, libraries())
        msg = (
            f"{name}: {module} is neither a library ({', '.join(libraries())}) nor a module that "
            f"is installed; {near}install the package that has it"
        )
        raise EnvError(msg)
    world = name.rpartition(":")[2]
    return f"{GYMNASIUM}:{world if offers(module, world) else name}"


def _of_library(name: str, owner: Library) -> str:
    if not owner.installed:
        raise EnvError(f"{name} needs {' and '.join(owner.needs)}: {owner.cure}")
    return f"{owner.name}:{name.removeprefix(ATARI)}"


def _of_gymnasium(name: str) -> str:
    for prefix, ids in _IDS.items():
        if ids.fullmatch(name):
            return _of_library(name, library(prefix))
    from gymnasium.envs.registration import registry  # noqa: PLC0415 - takes a moment

    if is_registered(name):
        origin = str(registry[name].entry_point)
        owners = [each.name for each in _LIBRARIES if each.needs and origin.startswith(each.needs)]
        return f"{(owners or [GYMNASIUM])[0]}:{name}"
    if _ID.fullmatch(name):
        near = [one for one in registry if one.rpartition("-v")[0] == name.rpartition("-v")[0]]
        raise UnknownGameError(unknown_env(GYMNASIUM, name, near or sorted(registry)))
    games = rlhf_games.names()
    near_names = did_you_mean(name, [*games, *libraries(), *registry])
    msg = (
        f"unknown game {name!r}; {near_names}known: {', '.join(games)}, every id of Gymnasium's, "
        "and LIBRARY:NAME"
    )
    raise UnknownGameError(msg)
